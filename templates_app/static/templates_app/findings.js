// What is to be said of the words: errors keep them from being saved and published, warnings are shown.

import { el, fill } from "./dom.js";

export class Findings {
  constructor({ go }) {
    this.go = go;
    this.all = [];
    this.node = el("section", { class: "findings", id: "findings", "aria-label": "What there is to say", "aria-live": "polite" });
    this.next = 0;
  }

  show(findings) {
    this.all = [...findings].sort((one, other) => (one.severity === other.severity ? 0 : one.severity === "error" ? -1 : 1));
    const [errors, warnings] = ["error", "warning"].map((kind) => this.all.filter((one) => one.severity === kind).length);
    fill(this.node,
      el("h2", {}, errors ? el("span", { class: "chip bad" }, count(errors, "error")) : el("span", { class: "chip good" }, "No errors"),
        warnings > 0 && el("span", { class: "chip draft" }, count(warnings, "warning"))),
      this.all.length > 0 && el("ul", {}, this.all.map((one) => this.row(one))));
  }

  row(one) {
    const where = [one.part, one.locale, field(one.pointer), one.line > 1 && `line ${one.line}`].filter(Boolean).join(" · ");
    return el("li", {}, el("button", { type: "button", "data-severity": one.severity, onclick: () => this.go(one) },
      el("span", { class: one.severity === "error" ? "chip bad" : "chip draft" }, one.severity), el("span", {}, one.message), el("span", { class: "where" }, where)));
  }

  step() {
    if (!this.all.length) return;
    this.go(this.all[this.next % this.all.length]);
    this.next += 1;
  }

  get errors() { return this.all.filter((one) => one.severity === "error"); }
}

const field = (pointer) => (/^\/(parts\/[^/]+|locales\/[^/]+\/[^/]+)\/(.+)/.exec(pointer)?.[2] || pointer.slice(1)).replaceAll("/", " › ");
const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

export function select(field, line) { // the line a finding speaks of
  const lines = field.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  field.setSelectionRange(start, start + (lines[line - 1] || "").length);
  field.scrollTop = Math.max(0, (line - 4) * parseFloat(getComputedStyle(field).lineHeight));
}
