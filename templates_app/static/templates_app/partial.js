// The editor of one partial: its forms on the left, how it looks on the right, and the templates that have it.

import { ask as call, everything, mayWrite, pageOf } from "./api.js";
import { Desk } from "./desk.js";
import { ask } from "./dialogs.js";
import { byId, el, fill, toast, trouble, when } from "./dom.js";
import { head, jsonInput } from "./fields.js";
import { select } from "./findings.js";
import { listen } from "./keys.js";
import { older } from "./list.js";

const SECTIONS = { words: "Words", parameters: "Parameters", example: "Example data", uses: "Templates", versions: "Versions" };
const FORMS = {
  mjml: ["In MJML", "for mails written in MJML"], html: ["In HTML", "for mails in HTML, and in MJML when that is empty"], text: ["As text", "for everything else"],
};
const WORDS = ["mjml", "html", "text", "parameters", "example_data"];
const EMPTY = { name: "", mjml: "", html: "", text: "", parameters: { type: "object", properties: {} }, example_data: {}, revision: 0, uses: [] };

export async function openPartial(key) {
  let shown = EMPTY;
  try {
    shown = await call("GET", `partials/${encodeURIComponent(key)}`);
  } catch (refused) {
    if (refused.status !== 404) { trouble(refused.message); return; }
  }
  new PartialEditor(key, shown).begin();
}

class PartialEditor extends Desk {
  constructor(key, shown) {
    super({ samples: false });
    this.key = key;
    this.path = `partials/${encodeURIComponent(key)}`;
    this.invalid = new Map();
    this.take(shown);
  }

  take(shown) {
    this.head = shown;
    this.name = shown.name || this.key;
    this.source = structuredClone(Object.fromEntries(WORDS.map((name) => [name, shown[name] ?? EMPTY[name]])));
    this.saved = this.text();
  }

  body() { return { name: this.name, ...this.source }; }
  text() { return JSON.stringify(this.body()); }
  get dirty() { return this.text() !== this.saved; }

  begin() {
    this.lay();
    this.saveButton = el("button", { type: "button", id: "save", onclick: () => this.save() }, "Save draft");
    this.discardButton = el("button", { type: "button", id: "discard", onclick: () => this.discard() }, "Discard draft");
    const publish = el("button", { type: "button", id: "publish", class: "primary", onclick: () => this.publish() }, "Publish …");
    if (mayWrite) fill(byId("actions"), this.discardButton, this.saveButton, publish);
    this.draw();
    this.refresh();
    listen({
      "Ctrl S": () => this.save(), "Ctrl Enter": () => this.publish(),
      "Alt P": () => this.preview.flip("device"), "Alt D": () => this.preview.flip("scheme"), F8: () => this.findings.step(),
    });
  }

  drawState() {
    const { live_version: live, origin, has_draft: draft, outdated } = this.head;
    fill(this.title, el("h1", {}, this.name), el("code", {}, this.key), el("span", { class: "chip" }, "partial"),
      live ? el("span", { class: "chip good" }, `version ${live} in use`) : el("span", { class: "chip" }, "not in use yet"),
      origin === "platform" && el("span", { class: "chip" }, "comes with Carillon"), outdated > 0 && el("span", { class: "chip draft", id: "outdated" }, older(outdated)),
      this.dirty ? el("span", { class: "chip draft", id: "dirty" }, "not saved") : draft && el("span", { class: "chip draft" }, "draft"));
    this.saveButton.disabled = !this.dirty;
    this.discardButton.hidden = !draft && !this.dirty;
  }

  draw() {
    this.drawState();
    fill(this.tabs, Object.entries(SECTIONS).map(([section, words]) => el("button", {
      type: "button", role: "tab", "aria-selected": String(section === this.section), onclick: () => { this.section = section; this.draw(); },
    }, words)));
    ({ words: () => this.drawWords(), parameters: () => this.drawParameters(), example: () => this.drawExample(), uses: () => this.drawUses(), versions: () => this.drawVersions() })[this.section]();
  }

  drawWords() {
    fill(this.panel, el("p", { class: "muted" }, "In a template: ", el("code", {}, this.call())), el("div", { class: "field" }),
      Object.entries(FORMS).map(([form, [label, hint]]) => this.area(form, label, hint)));
  }

  call() { // how templates render it
    const given = (this.source.parameters.required || []).map((name) => `, ${name}: …`).join("");
    return `{% render '${this.key}'${given} %}`;
  }

  area(form, label, hint) {
    const id = `field-${form}`;
    const write = (event) => { this.source[form] = event.target.value; this.changed(); };
    return el("div", { class: "field" }, head(id, label, hint),
      el("textarea", { id, class: "code", rows: form === "text" ? 4 : 9, spellcheck: "false", readonly: !mayWrite, value: this.source[form], oninput: write }));
  }

  drawParameters() {
    const rename = (event) => { this.name = event.target.value; this.changed(); };
    fill(this.panel, el("div", { class: "field" }, head("field-name", "Name", "what people call this partial"),
      el("input", { id: "field-name", value: this.name, readonly: !mayWrite, autocomplete: "off", oninput: rename })),
    this.json("parameters", "Parameters", "JSON Schema of what it is given; it sees nothing else"));
  }

  drawExample() { fill(this.panel, this.json("example_data", "Example data", "fills in the preview, and every form before it is published")); }

  json(name, label, hint) {
    const id = `field-${name}`;
    const fault = el("p", { class: "fault", id: `${id}-fault`, hidden: true });
    const set = (value) => { this.source[name] = value ?? {}; this.changed(); };
    return el("div", { class: "field" }, head(id, label, hint),
      jsonInput({ id, field: { label, rows: 20 }, value: this.source[name], set, changed: () => this.changed(), fault, invalid: this.invalid, frozen: !mayWrite }), fault);
  }

  drawUses() {
    const { uses } = this.head;
    const behind = uses.filter((use) => use.outdated);
    const again = mayWrite && behind.length > 0 && el("button", { type: "button", id: "republish", class: "primary", onclick: () => this.republish(behind) }, "Publish them again …");
    fill(this.panel,
      behind.length > 0 && el("div", { class: "canary" }, el("h3", {}, older(behind.length)),
        el("p", {}, "They keep it until they are published again. That takes their words in use, with this partial, their layout and translations as they are now; drafts stay what they are."), el("div", { class: "does" }, again)),
      uses.length ? el("div", { class: "versions" }, uses.map((use) => el("article", { class: "version", "data-use": use.template },
        el("h3", {}, el("a", { href: pageOf(use.template) }, use.template), el("span", { class: use.outdated ? "chip draft" : "chip good" }, use.outdated ? "older words" : "newest words")),
        el("p", { class: "muted" }, `version ${use.version}, with version ${use.partial_version} of the partial`)))) : el("p", { class: "absent" }, "No template of this tenant has it in use."));
  }

  async drawVersions() {
    if (!this.head.key || this.head.origin === "platform") {
      fill(this.panel, el("p", { class: "absent" }, "These words come with Carillon. The first time you save them they become this tenant's own, with versions of their own."));
      return;
    }
    const rows = await everything(`${this.path}/versions`).catch((refused) => { trouble(refused.message); return []; });
    if (this.section !== "versions") return;
    const bring = async (row) => {
      Object.assign(this.source, Object.fromEntries(Object.entries(await call("GET", `${this.path}/versions/${row.version}`)).filter(([name]) => WORDS.includes(name))));
      this.section = "words";
      this.draw();
      this.changed();
    };
    fill(this.panel, rows.length ? el("div", { class: "versions" }, rows.map((row) => el("article", { class: "version", "data-version": row.version },
      el("h3", {}, `Version ${row.version}`, row.live && el("span", { class: "chip good" }, "in use")), el("p", { class: "note" }, row.note || "No note"),
      el("p", { class: "muted" }, `${when(row.published_at)}, by ${row.publisher.replace("user:", "")}`),
      mayWrite && el("div", { class: "does" }, el("button", { type: "button", class: "small", onclick: () => bring(row).catch((refused) => trouble(refused.message)) }, "Write on from here"))))) : el("p", { class: "muted" }, "Nothing was published yet."));
  }

  async refresh() {
    const turn = this.asked += 1;
    if (this.invalid.size) return;
    this.preview.busy();
    try {
      const found = await call("POST", `${this.path}/preview`, { partial: this.body() });
      if (turn !== this.asked) return;
      const said = found.mjml || found.html || found.text;
      if (said || !found.findings.some((one) => one.severity === "error")) this.preview.show({ channel: "email", content: { subject: this.name, html: found.mjml || found.html, text: found.text } });
      else this.preview.show(this.preview.part, this.preview.part ? "as it was before the error" : "");
      this.findings.show(found.findings);
    } catch (refused) {
      if (turn !== this.asked) return;
      this.preview.show(this.preview.part, "not up to date");
      trouble(refused.message);
    }
  }

  async saveNow() {
    if (!mayWrite || !this.dirty) return true;
    if (this.invalid.size) { trouble([...this.invalid.values()].join("; ")); return false; }
    const sent = this.text();
    try {
      this.head = await call("PUT", this.path, this.body(), { "If-Match": `"r${this.head.revision}"` });
      this.saved = sent;
      this.drawState();
      trouble("");
      toast("Draft saved");
      return true;
    } catch (refused) { this.refused(refused, "This cannot be saved yet: "); return false; }
  }

  async publish() {
    if (!mayWrite || !(await this.save())) return;
    if (!this.head.has_draft) { toast("There is nothing new to publish"); return; }
    const said = await ask(`Publish ${this.name}?`, { words: "Templates get these words when they are published next. Those in use keep what they have until then.", fields: [{ name: "note", label: "What is new?", hint: "people read it in the list of versions", most: 500 }], yes: "Publish" });
    if (!said) return;
    await this.inTurn(async () => {
      try {
        const done = await call("POST", `${this.path}/publish`, { note: said.note }, { "If-Match": `"r${this.head.revision}"` });
        await this.reload();
        if (done.outdated.length) { this.section = "uses"; this.draw(); }
        toast(`Version ${done.version} is there for templates`);
      } catch (refused) { this.refused(refused, "This cannot be published yet: "); }
    });
  }

  async republish(behind) {
    const said = await ask(behind.length === 1 ? `Publish ${behind[0].template} again?` : `Publish ${behind.length} templates again?`, { words: behind.map((use) => use.template).join(", "), fields: [{ name: "note", label: "Why?", value: `Newer words of ${this.name}`, most: 500 }], yes: "Publish again" });
    if (!said) return;
    await this.inTurn(async () => {
      try {
        const { results } = await call("POST", `${this.path}/republish`, { templates: behind.map((use) => use.template), note: said.note });
        const left = results.filter((one) => one.version === null);
        await this.reload();
        trouble(left.map((one) => `${one.template} stays as it was: ${one.errors.map((error) => error.message).join("; ") || one.detail}`).join(" "));
        toast(`${results.length - left.length} of ${results.length} published again`);
      } catch (refused) { trouble(refused.message); }
    });
  }

  async discard() {
    if (!(await ask("Discard the draft?", { words: "What is in use stays. What you wrote since is gone.", yes: "Discard", danger: true }))) return;
    await this.inTurn(async () => {
      try {
        if (this.head.has_draft) await call("DELETE", `${this.path}/draft`);
        await this.reload({ anew: true });
      } catch (refused) { trouble(refused.message); }
    });
  }

  async reload({ anew = false } = {}) { // what somebody wrote meanwhile stays
    const shown = await call("GET", this.path).catch((refused) => { if (refused.status === 404) return EMPTY; throw refused; });
    if (anew || !this.dirty) { this.invalid.clear(); this.take(shown); } else this.head = shown;
    this.draw();
    this.refresh();
  }

  go(finding) {
    const field = finding.pointer.split("/")[1];
    this.section = { parameters: "parameters", example_data: "example" }[field] || "words";
    this.draw();
    byId(`field-${field}`)?.focus();
    if (FORMS[field]) select(byId(`field-${field}`), finding.line);
  }
}
