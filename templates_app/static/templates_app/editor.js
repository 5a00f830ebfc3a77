// The editor of one template: what is written on the left, what people get on the right, kept in step.

import { ask as call, channels, mayWrite } from "./api.js";
import { Desk } from "./desk.js";
import { ask } from "./dialogs.js";
import { byId, el, fill, toast, trouble } from "./dom.js";
import { Draft, placeOf } from "./draft.js";
import { blank, fieldsOf, head, jsonInput } from "./fields.js";
import { select } from "./findings.js";
import { listen } from "./keys.js";
import { required } from "./preview.js";
import { drawVersions } from "./versions.js";

const SECTIONS = { words: "Words", variables: "Variables", example: "Example data", versions: "Versions" };

export async function openEditor(key) {
  let shown = null;
  try {
    shown = await call("GET", `templates/${encodeURIComponent(key)}`);
  } catch (refused) {
    if (refused.status !== 404) { trouble(refused.message); return; }
  }
  new Editor(new Draft(key, shown)).begin();
}

class Editor extends Desk {
  constructor(draft) {
    super();
    this.draft = draft;
    this.path = `templates/${encodeURIComponent(draft.key)}`;
    this.locale = "";
    this.channel = channels.find((channel) => draft.content(channel, "")) || channels[0];
  }

  begin() {
    this.lay();
    this.drawActions();
    this.draw();
    this.refresh();
    this.preview.offerSamples(this.path);
    listen({
      "Ctrl S": () => this.save(), "Ctrl Enter": () => this.publish(), "Alt ,": () => this.stepChannel(-1), "Alt .": () => this.stepChannel(1),
      "Alt L": () => this.stepLocale(), "Alt P": () => this.preview.flip("device"), "Alt D": () => this.preview.flip("scheme"), F8: () => this.findings.step(),
    });
  }

  drawActions() {
    this.saveButton = el("button", { type: "button", id: "save", onclick: () => this.save() }, "Save draft");
    this.publishButton = el("button", { type: "button", id: "publish", class: "primary", onclick: () => this.publish() }, "Publish …");
    this.discardButton = el("button", { type: "button", id: "discard", onclick: () => this.discard() }, "Discard draft");
    const test = el("button", { type: "button", id: "test", onclick: () => this.sendTest() }, "Send me a test …");
    if (mayWrite) fill(byId("actions"), this.discardButton, test, this.saveButton, this.publishButton);
  }

  drawState() {
    const { head: state, dirty, name, key } = this.draft;
    fill(this.title, el("h1", {}, name), el("code", {}, key),
      state.quarantined && el("span", { class: "chip bad" }, "held back"),
      state.live_version ? el("span", { class: "chip good" }, `version ${state.live_version} in use`) : el("span", { class: "chip" }, "not in use yet"),
      state.canary && el("span", { class: "chip draft", id: "canary-chip" }, `version ${state.canary.version} for ${state.canary.percent} %`),
      state.origin === "platform" && el("span", { class: "chip" }, "comes with Carillon"),
      dirty ? el("span", { class: "chip draft", id: "dirty" }, "not saved") : state.has_draft && el("span", { class: "chip draft" }, "draft"));
    this.saveButton.disabled = !dirty;
    this.discardButton.hidden = !state.has_draft && !dirty;
  }

  draw() {
    const { id, selectionStart, selectionEnd } = document.activeElement || {};
    this.drawAll();
    const again = id && this.panel.contains(byId(id)) ? byId(id) : null;
    again?.focus();
    if (selectionStart !== undefined && selectionStart !== null) again?.setSelectionRange?.(selectionStart, selectionEnd);
  }

  drawAll() {
    this.drawState();
    fill(this.tabs, Object.entries(SECTIONS).map(([section, words]) => this.tab(words, section === this.section, () => { this.section = section; this.draw(); })));
    const sections = { words: () => this.drawWords(), variables: () => this.drawVariables(), example: () => this.drawExample(), versions: () => this.drawVersions() };
    sections[this.section]();
  }

  tab(words, selected, onclick, mark) {
    return el("button", { type: "button", role: "tab", "aria-selected": String(selected), onclick }, words, mark && el("span", { class: "mark", title: "has errors" }, el("span", { class: "hidden" }, "has errors")));
  }

  drawWords() {
    const tabs = el("div", { class: "sections channels", role: "tablist", "aria-label": "Channel" });
    fill(tabs, channels.map((channel) => this.tab(channel.replace("_", " "), channel === this.channel, () => this.show({ channel }), this.findings.errors.some((one) => one.part === channel))));
    const choose = el("select", { id: "locale", onchange: (event) => this.show({ locale: event.target.value }) },
      ["", ...new Set([...this.draft.locales(), this.locale].filter(Boolean))].map((locale) => el("option", { value: locale, selected: locale === this.locale }, nameOf(locale))));
    const more = mayWrite && el("button", { type: "button", class: "small", id: "add-locale", onclick: () => this.addLocale() }, "Add a language");
    const content = this.draft.content(this.channel, this.locale);
    fill(this.panel, el("div", { class: "locales" }, el("label", { for: "locale" }, "Language"), choose, more), tabs, el("div", { class: "field" }),
      content ? this.fields(content) : this.absent());
  }

  fields(content) {
    const remove = () => { this.draft.write(this.channel, this.locale, undefined); this.changed(); this.draw(); };
    return [
      ...fieldsOf(this.channel, content, { locale: this.locale, changed: () => this.changed(), invalid: this.draft.invalid, frozen: !mayWrite }),
      mayWrite && el("div", { class: "foot" }, el("button", { type: "button", class: "small", onclick: remove }, `Remove ${this.channel.replace("_", " ")}${this.locale ? ` in ${nameOf(this.locale)}` : ""}`)),
    ];
  }

  absent() {
    const first = this.draft.content(this.channel, "");
    const begin = (content) => { this.draft.write(this.channel, this.locale, content); this.changed(); this.draw(); };
    return el("div", { class: "absent" },
      el("p", {}, this.locale && first ? `Nothing is written in ${nameOf(this.locale)} for this channel; people get the words without a language.` : "Nothing is written for this channel."),
      mayWrite && el("div", { class: "row" }, el("button", { type: "button", onclick: () => begin(blank(this.channel)) }, "Write it"),
        this.locale && first && el("button", { type: "button", onclick: () => begin(structuredClone(first)) }, "Begin with a copy")));
  }

  drawVariables() {
    fill(this.panel, this.lineOf("name", "Name", "what people call this template"), this.lineOf("layout", "Layout", "the key of the frame around its mails"),
      this.jsonOf("variables", "Variables", "JSON Schema of the data that programs give"));
  }

  drawExample() {
    fill(this.panel, this.jsonOf("example_data", "Example data", "fills in previews, and every part before it is published"));
  }

  lineOf(name, label, hint) {
    const target = name === "name" ? this.draft : this.draft.source;
    return el("div", { class: "field" }, head(`field-${name}`, label, hint),
      el("input", { id: `field-${name}`, value: target[name], readonly: !mayWrite, autocomplete: "off", oninput: (event) => { target[name] = event.target.value; this.changed(); } }));
  }

  jsonOf(name, label, hint) {
    const id = `field-${name}`;
    const fault = el("p", { class: "fault", id: `${id}-fault`, hidden: true });
    const set = (value) => { this.draft.source[name] = value ?? {}; this.changed(); };
    return el("div", { class: "field" }, head(id, label, hint),
      jsonInput({ id, field: { label, rows: 24 }, value: this.draft.source[name], set, changed: () => this.changed(), fault, invalid: this.draft.invalid, frozen: !mayWrite }), fault);
  }

  async drawVersions() {
    fill(this.panel, el("p", { class: "muted" }, "Looking …"));
    await drawVersions(this.panel, this.draft, { done: () => this.inTurn(() => this.reload()), fail: (refused) => trouble(refused.message) }).catch((refused) => trouble(refused.message));
  }

  show({ channel = this.channel, locale = this.locale }) {
    const focused = document.activeElement?.getAttribute("role") === "tab";
    [this.channel, this.locale, this.section] = [channel, locale, "words"];
    this.draw();
    if (focused) this.panel.querySelector('[role="tab"][aria-selected="true"]').focus();
    this.refresh();
  }

  stepChannel(by) { this.show({ channel: channels[(channels.indexOf(this.channel) + by + channels.length) % channels.length] }); }

  stepLocale() {
    const all = ["", ...this.draft.locales()];
    this.show({ locale: all[(all.indexOf(this.locale) + 1) % all.length] });
  }

  async addLocale() {
    const said = await ask("Another language", { fields: [{ name: "locale", label: "Locale", hint: "like de, de-AT or ar", required: true, pattern: "[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", most: 40 }], yes: "Add" });
    if (said) this.show({ locale: said.locale });
  }

  async refresh() {
    const turn = this.asked += 1;
    if (this.draft.invalid.size) return;
    this.preview.busy();
    const { example_data: example, variables } = this.draft.source;
    const data = this.preview.sample.value === "required" ? required(variables)(example) : this.preview.real();
    const asked = { template: this.draft.body(), channel: this.channel, data, ...(this.locale ? { locale: this.locale } : {}) };
    try {
      const found = await call("POST", `${this.path}/preview`, asked);
      if (turn !== this.asked) return;
      this.showPart(found.parts);
      this.findings.show(found.findings);
      if (this.lost) trouble("");
      this.lost = false;
    } catch (refused) {
      if (turn !== this.asked) return;
      this.preview.show(this.preview.part, "not up to date");
      if (refused.errors.length) this.findings.show(refused.errors.map((one) => ({ ...one, severity: "error", line: 1 })));
      else { trouble(refused.message); this.lost = true; }
    }
  }

  showPart(parts) {
    const own = parts.find((part) => part.locale === this.locale);
    const written = this.draft.content(this.channel, this.locale) !== undefined;
    const here = `${this.channel} ${this.locale}`;
    if (own) this.preview.show(own);
    else if (!written) this.preview.show(parts.find((part) => !part.locale), parts.length ? "not written in this language; this is what people get" : "");
    else this.preview.show(this.shownAt === here ? this.preview.part : undefined, "as it was before the error");
    this.shownAt = here;
  }

  async saveNow() {
    if (!mayWrite || !this.draft.dirty) return true;
    if (this.draft.invalid.size) { trouble([...this.draft.invalid.values()].join("; ")); return false; }
    const sent = this.draft.text();
    try {
      const shown = await call("PUT", this.path, this.draft.body(), { "If-Match": `"r${this.draft.revision}"` });
      this.draft.kept(shown);
      this.draft.saved = sent;
      this.drawState();
      trouble("");
      toast("Draft saved");
      return true;
    } catch (refused) {
      this.refused(refused, "This cannot be saved yet: ");
      return false;
    }
  }

  async publish() {
    if (!mayWrite || !(await this.save())) return;
    if (!this.draft.head.has_draft) { toast("There is nothing new to publish"); return; }
    const note = { name: "note", label: "What is new?", hint: "people read it in the list of versions", most: 500 };
    const first = { name: "percent", label: "To how many of 100 people first?", hint: "empty: to all at once", pattern: "[1-9][0-9]?" };
    const own = this.draft.head.live_version && this.draft.head.origin === "tenant";
    const said = await ask(`Publish ${this.draft.name}?`, { words: "From now on people get these words. The version before stays, and you can go back to it.", fields: own ? [note, first] : [note], yes: "Publish" });
    if (!said) return;
    const canary = said.percent ? { percent: Number(said.percent) } : null;
    await this.inTurn(async () => {
      try {
        const done = await call("POST", `${this.path}/publish`, { note: said.note, canary }, { "If-Match": `"r${this.draft.revision}"` });
        await this.reload();
        toast(done.live ? `Version ${done.version} is in use` : `Version ${done.version} goes to ${canary.percent} of 100 people first`);
      } catch (refused) {
        this.refused(refused, "This cannot be published yet: ");
      }
    });
  }

  async sendTest() {
    if (!(await this.save())) return;
    const address = { email: "Your e-mail address", sms: "Your phone number" }[this.channel] || "Your id as a recipient";
    const said = await ask(`Send a test by ${this.channel.replace("_", " ")}`, { words: "It goes through the real providers, with the example data.", fields: [{ name: "to", label: address, value: this.lastTo?.[this.channel], required: true, most: 255 }], yes: "Send" });
    if (!said) return;
    this.lastTo = { ...this.lastTo, [this.channel]: said.to };
    try {
      await call("POST", `${this.path}/test-send`, { to: said.to, channel: this.channel, locale: this.locale });
      trouble("");
      toast("The test is on its way");
    } catch (refused) { trouble(refused.errors.map((one) => one.message).join("; ") || refused.message); }
  }

  async discard() {
    if (!(await ask("Discard the draft?", { words: "What is in use stays. What you wrote since is gone.", yes: "Discard", danger: true }))) return;
    await this.inTurn(async () => {
      try {
        if (this.draft.head.has_draft) await call("DELETE", `${this.path}/draft`);
        await this.reload({ anew: true });
      } catch (refused) { trouble(refused.message); }
    });
  }

  get dirty() { return this.draft.dirty; }

  where(error) { return { ...placed(error.pointer), line: Number(/line (\d+)/.exec(error.message)?.[1] || 1) }; }

  async reload({ anew = false } = {}) { // what somebody wrote meanwhile stays
    const shown = await call("GET", this.path);
    if (anew || !this.draft.dirty) { this.draft.invalid.clear(); this.draft.take(shown); } else this.draft.kept(shown);
    this.draw();
    this.refresh();
  }

  go(finding) {
    const place = placeOf(finding.pointer);
    this.section = place.section;
    if (place.section === "words") [this.channel, this.locale] = [place.channel || this.channel, place.locale];
    this.draw();
    const field = byId(place.field ? `field-${place.field}` : place.section === "example" ? "field-example_data" : `field-${finding.pointer.split("/")[1]}`);
    field?.focus();
    if (field?.tagName === "TEXTAREA" && place.field) select(field, finding.line);
  }
}

const placed = (pointer) => { const { channel, locale } = placeOf(pointer); return { part: channel, locale }; };

function nameOf(locale) {
  if (!locale) return "Without a language";
  try { return `${new Intl.DisplayNames([], { type: "language" }).of(locale)} (${locale})`; } catch { return locale; }
}
