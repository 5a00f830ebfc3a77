// The fields of each channel's content. What is typed goes into the draft at once.

import { el } from "./dom.js";

const line = (name, label, hint = "") => ({ name, label, hint, kind: "line" });
const area = (name, label, hint = "", rows = 4) => ({ name, label, hint, rows, kind: "area" });
const code = (name, label, hint = "", rows = 18) => ({ name, label, hint, rows, kind: "code" });
const json = (name, label, hint = "", rows = 8) => ({ name, label, hint, rows, kind: "json" });
const actions = { name: "actions", label: "Buttons", hint: "what it says, where it leads", kind: "actions" };
const push = [
  line("title", "Title"), area("body", "Text"), line("url", "Link", "where a tap leads"),
  line("image", "Image", "an address"), actions, line("collapse_key", "Takes the place of", "messages with the same words here"),
];
const FIELDS = {
  email: [
    line("subject", "Subject"), line("preheader", "Preheader", "shown beside the subject"),
    code("mjml", "Body in MJML", "without a layout: a whole page"), code("html", "Body in HTML"),
    area("text", "Plain text", "made from the body when empty", 6), line("reply_to", "Replies go to"),
  ],
  sms: [area("body", "Message", "", 5)],
  push,
  web_push: push,
  in_app: [line("title", "Title"), area("body", "Text"), line("url", "Link"), line("icon", "Icon", "an address"), actions, line("category", "Category")],
  chat: [area("text", "Text", "", 6), json("blocks", "Blocks", "the product's own layout, as JSON")],
  webhook: [json("body", "Body", "any JSON", 16)],
};
const BLANK = {
  email: { subject: "", mjml: "<mj-section>\n  <mj-column>\n    <mj-text></mj-text>\n  </mj-column>\n</mj-section>\n" },
  sms: { body: "" }, push: { title: "", body: "" }, web_push: { title: "", body: "" }, in_app: { title: "", body: "" },
  chat: { text: "" }, webhook: { body: {} },
};
const NEEDED = { text: "" };

export const blank = (channel) => structuredClone(BLANK[channel] || NEEDED);

export function fieldsOf(channel, content, { locale, changed, invalid, frozen }) {
  const wanted = FIELDS[channel] || Object.keys(content).map((name) => json(name, name));
  const rtl = /^(ar|he|fa|ur)\b/.test(locale);
  return wanted.filter((field) => fits(field, content)).map((field) => {
    const id = `field-${field.name}`;
    const fault = el("p", { class: "fault", id: `${id}-fault`, hidden: true });
    const set = (value) => {
      if (value === "" || value === undefined) delete content[field.name];
      else content[field.name] = value;
      if (value === "" && (BLANK[channel] || {})[field.name] !== undefined) content[field.name] = "";
      changed();
    };
    const input = { line: lineInput, area: areaInput, code: areaInput, json: jsonInput, actions: actionsInput }[field.kind];
    return el("div", { class: "field" },
      head(id, field.label, field.hint, field.kind === "actions" ? "span" : "label"),
      input({ id, field, value: content[field.name], set, changed, fault, invalid, frozen, dir: rtl && !["code", "json"].includes(field.kind) ? "auto" : undefined }),
      fault,
    );
  });
}

export function head(id, label, hint, name = "label") { // the hint is no part of the name
  return el("p", { class: "head" }, el(name, name === "label" ? { for: id } : {}, label), hint && el("span", { class: "hint" }, hint));
}

function fits(field, content) {
  if (field.name === "html") return content.html !== undefined;
  return field.name !== "mjml" || content.mjml !== undefined || content.html === undefined;
}

function lineInput({ id, value, set, frozen, dir }) {
  return el("input", { id, value: value ?? "", dir, readonly: frozen, autocomplete: "off", oninput: (event) => set(event.target.value) });
}

function areaInput({ id, field, value, set, frozen, dir }) {
  const isCode = field.kind === "code";
  return el("textarea", { id, rows: field.rows, value: value ?? "", dir, class: isCode && "code", spellcheck: isCode ? "false" : undefined, readonly: frozen, oninput: (event) => set(event.target.value) });
}

export function jsonInput({ id, field, value, set, changed, fault, invalid, frozen }) {
  const text = value === undefined ? "" : JSON.stringify(value, null, 2);
  const node = el("textarea", { id, rows: field.rows, value: text, class: "code", spellcheck: "false", readonly: frozen, "aria-describedby": fault.id });
  node.addEventListener("input", () => {
    let read;
    try {
      read = node.value.trim() ? JSON.parse(node.value) : undefined;
      invalid.delete(id);
    } catch (wrong) {
      invalid.set(id, `${field.label}: no JSON yet (${wrong.message})`);
    }
    fault.textContent = invalid.get(id) || "";
    fault.hidden = !invalid.has(id);
    node.setAttribute("aria-invalid", String(invalid.has(id)));
    if (invalid.has(id)) changed();
    else set(read);
  });
  return node;
}

function actionsInput({ value, set, frozen }) {
  const rows = structuredClone(value || []);
  const holder = el("div", { class: "buttons-list" });
  const tell = () => set(rows.length ? rows : undefined);
  const draw = () => holder.replaceChildren(
    ...rows.map((row, place) => el("div", { class: "button-row" },
      el("input", { value: row.title, "aria-label": `Words of button ${place + 1}`, dir: "auto", readonly: frozen, oninput: (event) => { row.title = event.target.value; tell(); } }),
      el("input", { value: row.url || "", "aria-label": `Link of button ${place + 1}`, readonly: frozen, oninput: (event) => { row.url = event.target.value; tell(); } }),
      el("button", { type: "button", class: "icon", "aria-label": `Remove button ${place + 1}`, disabled: frozen, onclick: () => { rows.splice(place, 1); draw(); tell(); } }, "×"),
    )),
    el("div", {}, el("button", { type: "button", class: "small", disabled: frozen || rows.length >= 3, onclick: () => { rows.push({ title: "", url: "" }); draw(); } }, "Add a button")),
  );
  draw();
  return holder;
}
