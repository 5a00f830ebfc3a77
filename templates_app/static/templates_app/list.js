// All templates and partials of the tenant: what state they are in, and what they are written for.

import { everything, mayWrite, pageOf, pageOfPartial } from "./api.js";
import { ask } from "./dialogs.js";
import { byId, el, fill, trouble } from "./dom.js";

export async function drawList() {
  const main = byId("main");
  const find = el("input", { id: "find", type: "search", placeholder: "Find a template", autocomplete: "off", "aria-label": "Find a template" });
  const cards = el("ul", { class: "cards" });
  const fragments = el("ul", { class: "cards" });
  const create = mayWrite && el("button", { type: "button", class: "primary", id: "new", onclick: () => begin("template", pageOf) }, "New template");
  const createPartial = mayWrite && el("button", { type: "button", id: "new-partial", onclick: () => begin("partial", pageOfPartial) }, "New partial");
  fill(main, el("div", { class: "list" }, el("div", { class: "list-head" },
    el("div", {}, el("h1", {}, "Templates"), el("p", { class: "muted" }, "What your messages say, on every channel and in every language.")), create), el("p", { class: "field" }, find), cards,
    el("div", { class: "list-head second" }, el("div", {}, el("h2", {}, "Partials"), el("p", { class: "muted" }, "Pieces that many templates share, like a button or a footer.")), createPartial), fragments));
  let rows = [];
  let partials = [];
  try {
    [rows, partials] = await Promise.all([everything("templates"), everything("partials")]);
  } catch (refused) {
    trouble(refused.message);
  }
  const draw = () => {
    const wanted = find.value.trim().toLowerCase();
    const named = (row) => `${row.key} ${row.name}`.toLowerCase().includes(wanted);
    const [shown, pieces] = [rows.filter(named), partials.filter(named)];
    fill(cards, shown.length ? shown.map(card) : el("li", { class: "empty" }, rows.length ? "No template has these words." : "No templates yet. The first one is a click away."));
    fill(fragments, pieces.length ? pieces.map(piece) : el("li", { class: "empty" }, partials.length ? "No partial has these words." : "No partials yet."));
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

function piece(row) {
  return el("li", {}, el("a", { class: "card-link", href: pageOfPartial(row.key), "data-partial": row.key },
    el("span", {}, el("strong", {}, row.name), el("code", {}, row.key)),
    el("span", { class: "states" }, row.has_draft && el("span", { class: "chip draft" }, "draft"),
      row.live_version !== null && el("span", { class: "chip good" }, `version ${row.live_version} in use`), row.outdated > 0 && el("span", { class: "chip draft" }, older(row.outdated)),
      row.origin === "platform" && el("span", { class: "chip" }, "comes with Carillon")),
    el("span", { class: "offers" }, row.used_by ? `in ${row.used_by} ${row.used_by === 1 ? "template" : "templates"}` : "in no template of this tenant")));
}

export const older = (number) => (number === 1 ? "1 template uses an older version" : `${number} templates use an older version`);

async function begin(what, pageOfIt) {
  const said = await ask(`A new ${what}`, { words: "The key is what programs call it. It stays; the name can change.", fields: [{ name: "key", label: "Key", hint: "small letters, digits, - and _", required: true, most: 100, pattern: "[a-z0-9][a-z0-9_.\\-]*" }], yes: "Begin" });
  if (said) location.href = pageOfIt(said.key);
}
