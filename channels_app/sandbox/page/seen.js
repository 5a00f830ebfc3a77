// How a message looks to the person it reached: a phone, a browser, a chat room, the program behind a webhook.
// Everything of the message becomes text; pictures and links are named, never loaded.
"use strict";

const SEEN = {
  sms: (message, make) => phone(make, message.from || "SMS",
    make("div", { class: "bubble" }, message.text || ""),
    make("p", { class: "phone-note" }, segmentsOf(message.text || ""))),
  push: (message, make) => phone(make, clockOf(message), card(message, make)),
  web_push: (message, make) => make("div", { class: "desktop" },
    make("div", { class: "desktop-bar", "aria-hidden": "true" }), card(message, make)),
  chat: (message, make) => make("div", { class: "room" },
    make("div", { class: "room-name" }, `# ${message.to}`),
    make("div", { class: "room-line" },
      make("span", { class: "room-face", "aria-hidden": "true" }, "C"),
      make("div", {}, make("b", {}, "Carillon"), make("span", { class: "room-tag" }, "app"),
        make("p", { class: "room-text" }, message.text || message.subject || ""), details(message, make)))),
  webhook: (message, make) => make("div", { class: "terminal" },
    make("p", { class: "terminal-line" }, `POST ${message.to}`),
    ...Object.entries(message.headers || {}).filter(([name]) => /^(webhook-|content-type)/i.test(name))
      .map(([name, value]) => make("p", { class: "terminal-head" }, `${name}: ${[value].flat().join(", ")}`)),
    make("pre", {}, pretty(message))),
  in_app: (message, make) => make("div", { class: "desktop" },
    make("div", { class: "desktop-bar", "aria-hidden": "true" }),
    make("div", { class: "inbox" }, make("div", { class: "inbox-head" }, "Inbox"), card(message, make))),
};

function phone(make, heading, ...children) {
  return make("div", { class: "phone" }, make("div", { class: "phone-screen" }, make("div", { class: "phone-head" }, heading), ...children));
}

function card(message, make) {
  const content = contentOf(message);
  const buttons = content.actions.map((action) => make("span", { class: "card-action" }, String(action.title || action.action || "")));
  return make("div", { class: "card" },
    make("span", { class: "card-app" }, message.from || message.provider),
    make("b", { class: "card-title" }, message.subject || ""),
    make("p", { class: "card-body" }, message.text || ""),
    content.image ? make("p", { class: "card-extra" }, `Picture: ${content.image}`) : null,
    content.url ? make("p", { class: "card-extra" }, `Opens ${content.url}`) : null,
    buttons.length ? make("div", { class: "card-actions" }, ...buttons) : null);
}

/** What a rich message carries beside its words, wherever its provider's JSON keeps it. */
function contentOf(message) {
  const found = { actions: [], image: "", url: "" };
  const look = (value, depth) => {
    if (!value || typeof value !== "object" || depth > 6) return;
    for (const [name, inner] of Object.entries(value)) {
      if (name === "receipts" || name === "attachments") continue;
      if (["image", "big_picture", "imageUrl", "chrome_web_image"].includes(name) && typeof inner === "string") found.image ||= inner;
      else if (["url", "link", "click_action"].includes(name) && typeof inner === "string") found.url ||= inner;
      else if (["actions", "buttons"].includes(name)) found.actions = listOf(inner) || found.actions;
      else look(inner, depth + 1);
    }
  };
  look(message.payload, 0);
  return found;
}

function listOf(value) {
  try {
    const list = typeof value === "string" ? JSON.parse(value) : value;
    return Array.isArray(list) ? list.filter((entry) => entry && typeof entry === "object") : null;
  } catch {
    return null;
  }
}

function details(message, make) {
  const blocks = message.payload?.blocks || message.payload?.embeds || message.payload?.attachments;
  if (!Array.isArray(blocks) || !blocks.length) return null;
  return make("details", { class: "room-blocks" }, make("summary", {}, "Layout"), make("pre", {}, JSON.stringify(blocks, null, 2)));
}

function pretty(message) {
  try {
    return JSON.stringify(JSON.parse(message.text), null, 2);
  } catch {
    return message.text || JSON.stringify(message.payload, null, 2);
  }
}

const clockOf = (message) => new Date(message.received_at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });

// GSM 03.38: the basic characters, and those that take two places. 3GPP TS 23.038 6.2.1, read 2026-11.
const GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_TWO = "^{}\\[~]|€\f";

function segmentsOf(text) {
  const plain = [...text].every((letter) => GSM.includes(letter) || GSM_TWO.includes(letter));
  const length = plain ? [...text].reduce((sum, letter) => sum + (GSM_TWO.includes(letter) ? 2 : 1), 0) : text.length;
  const [single, joined] = plain ? [160, 153] : [70, 67];
  const count = length <= single ? 1 : Math.ceil(length / joined);
  return `${count} ${count === 1 ? "segment" : "segments"}, ${plain ? "GSM-7" : "UCS-2"}, ${length} of ${count === 1 ? single : count * joined}`;
}
