// All templates of the tenant: what state they are in, and what they are written for.

import { everything, mayWrite, pageOf } from "./api.js";
import { ask } from "./dialogs.js";
import { byId, el, fill, trouble } from "./dom.js";

export async function drawList() {
  const main = byId("main");
  const find = el("input", { id: "find", type: "search", placeholder: "Find a template", autocomplete: "off", "aria-label": "Find a template" });
  const cards = el("ul", { class: "cards" });
  const create = mayWrite && el("button", { type: "button", class: "primary", id: "new", onclick: begin }, "New template");
  fill(main, el("div", { class: "list" }, el("div", { class: "list-head" },
    el("div", {}, el("h1", {}, "Templates"), el("p", { class: "muted" }, "What your messages say, on every channel and in every language.")), create), el("p", { class: "field" }, find), cards));
  let rows = [];
  try {
    rows = await everything("templates");
  } catch (refused) {
    trouble(refused.message);
  }
  const draw = () => {
    const wanted = find.value.trim().toLowerCase();
    const shown = rows.filter((row) => `${row.key} ${row.name}`.toLowerCase().includes(wanted));
    fill(cards, shown.length ? shown.map(card) : el("li", { class: "empty" }, rows.length ? "No template has these words." : "No templates yet. The first one is a click away."));
  };
  find.addEventListener("input", draw);
  draw();
}

function card(row) {
  const languages = [...new Set(Object.values(row.offers).flat())].map((locale) => locale || "default").sort();
  return el("li", {}, el("a", { class: "card-link", href: pageOf(row.key), "data-key": row.key },
    el("span", {}, el("strong", {}, row.name), el("code", {}, row.key)),
    el("span", { class: "states" }, row.quarantined && el("span", { class: "chip bad" }, "held back"), row.has_draft && el("span", { class: "chip draft" }, "draft"),
      row.live_version !== null && el("span", { class: "chip good" }, `version ${row.live_version} in use`), row.canary && el("span", { class: "chip draft" }, `version ${row.canary.version} for ${row.canary.percent} %`), row.origin === "platform" && el("span", { class: "chip" }, "comes with Carillon")),
    el("span", { class: "offers" }, Object.keys(row.offers).map((channel) => el("span", { class: "chip" }, channel.replace("_", " "))), el("span", {}, languages.join(", ")))));
}

async function begin() {
  const said = await ask("A new template", { words: "The key is what programs call it. It stays; the name can change.", fields: [{ name: "key", label: "Key", hint: "small letters, digits, - and _", required: true, most: 100, pattern: "[a-z0-9][a-z0-9_.\\-]*" }], yes: "Begin" });
  if (said) location.href = pageOf(said.key);
}
