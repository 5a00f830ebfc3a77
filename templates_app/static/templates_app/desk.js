// What editors have in common: the panes, one change after the other, and how a refusal is told.

import { byId, el, fill, trouble } from "./dom.js";
import { Findings } from "./findings.js";
import { Preview } from "./preview.js";

const PAUSE = 350; // milliseconds without a key before the preview asks

export class Desk { // whoever is one has `dirty`, `drawState`, `refresh`, `saveNow` and `go`
  constructor({ samples = true } = {}) {
    this.section = "words";
    this.asked = 0;
    this.turn = Promise.resolve();
    this.preview = new Preview({ sampled: () => this.refresh(), samples });
    this.findings = new Findings({ go: (finding) => this.go(finding) });
  }

  lay() {
    this.title = el("div", { class: "title" });
    this.tabs = el("div", { class: "sections", role: "tablist", "aria-label": "What to write" });
    this.panel = el("div", { class: "pane-scroll", role: "tabpanel", id: "panel", tabindex: "-1" });
    this.preview.node.append(this.findings.node);
    fill(byId("main"), el("div", { class: "split" },
      el("section", { class: "pane write", "aria-label": "What is written" }, this.title, this.tabs, this.panel), this.preview.node));
    addEventListener("beforeunload", (event) => { if (this.dirty) event.preventDefault(); });
  }

  changed() {
    this.drawState();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.refresh(), PAUSE);
  }

  inTurn(work) { // one change after the other, each knowing what the one before it did
    const done = this.turn.then(work);
    this.turn = done.catch(() => {});
    return done;
  }

  save() { return this.inTurn(() => this.saveNow()); }

  refused(refused, words) {
    const { errors } = refused;
    trouble(errors.length ? `${words}${errors.length === 1 ? "one error" : `${errors.length} errors`}, told at the right.` : refused.message);
    if (errors.length) this.findings.show(errors.map((one) => ({ ...one, severity: "error", line: 1, ...this.where(one) })));
  }

  where() { return {}; } // where an error is, beyond what it says itself
}
