// Questions: one dialog, filled anew each time. Escape and Cancel say no.

import { byId, el, fill } from "./dom.js";
import { head } from "./fields.js";

export function ask(title, { words = "", fields = [], yes, no = "Cancel", danger = false }) {
  const dialog = byId("dialog");
  const given = () => Object.fromEntries(fields.map(({ name }) => [name, dialog.querySelector(`[name="${name}"]`).value.trim()]));
  return new Promise((resolve) => {
    const form = el("form", { method: "dialog", onsubmit: (event) => { event.preventDefault(); answer(given()); } },
      el("h2", { id: "dialog-title" }, title), words && el("p", {}, words),
      fields.map((field) => el("div", { class: "field" }, head(`ask-${field.name}`, field.label, field.hint),
        el("input", { id: `ask-${field.name}`, name: field.name, value: field.value || "", required: field.required, maxlength: field.most, pattern: field.pattern, autocomplete: "off" }))),
      el("div", { class: "row" }, el("button", { type: "button", onclick: () => answer(null) }, no), el("button", { class: danger ? "danger" : "primary" }, yes)));
    const answer = (value) => { dialog.onclose = null; dialog.close(); resolve(value); };
    dialog.className = "";
    fill(dialog, form);
    dialog.onclose = () => resolve(null);
    dialog.showModal();
  });
}

export function show(title, ...inside) {
  const dialog = byId("dialog");
  dialog.className = "wide";
  dialog.onclose = null;
  fill(dialog, el("h2", { id: "dialog-title" }, title), ...inside,
    el("div", { class: "row" }, el("button", { type: "button", class: "primary", autofocus: true, onclick: () => dialog.close() }, "Close")));
  dialog.showModal();
}
