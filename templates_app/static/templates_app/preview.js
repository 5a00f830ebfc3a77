// The right side: what people get, for the channel, language, device and scheme that are chosen.

import { ask as call, frameUrl } from "./api.js";
import { el, fill, when } from "./dom.js";

const csrf = document.body.dataset.csrf;
let frames = 0;

export class Preview {
  constructor({ sampled, samples = true }) {
    this.device = "desktop";
    this.scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    this.shows = "page";
    this.state = el("span", { class: "state", role: "status" });
    this.stage = el("div", { class: "stage", id: "stage", tabindex: "0", "aria-label": "Preview", role: "region" });
    this.sample = el("select", { id: "sample", onchange: sampled },
      el("option", { value: "example" }, "Example data"), el("option", { value: "required" }, "Only what is required"));
    this.tools = el("div", { class: "tools" },
      this.switch("Device", "device", { desktop: "Desktop", phone: "Phone" }),
      this.switch("Scheme", "scheme", { light: "Light", dark: "Dark" }),
      this.page = this.switch("Form of the mail", "shows", { page: "Page", text: "Text" }),
      samples && el("label", { for: "sample", class: "hidden" }, "Sample data"), samples && this.sample, this.state);
    this.node = el("section", { class: "pane show", "aria-label": "Preview" }, this.tools, this.stage);
  }

  switch(label, name, choices) {
    const group = el("div", { class: "switch", role: "group", "aria-label": label });
    for (const [value, words] of Object.entries(choices)) {
      group.append(el("button", { type: "button", "data-value": value, "aria-pressed": String(this[name] === value), onclick: () => this.choose(group, name, value) }, words));
    }
    group.dataset.name = name;
    return group;
  }

  choose(group, name, value) {
    this[name] = value;
    for (const button of group.children) button.setAttribute("aria-pressed", String(button.dataset.value === value));
    this.draw();
  }

  flip(name) {
    const group = this.tools.querySelector(`[data-name="${name}"]`);
    const other = [...group.children].find((button) => button.getAttribute("aria-pressed") === "false");
    this.choose(group, name, other.dataset.value);
  }

  async offerSamples(path) { // what was said lately; who has sent nothing yet misses nothing
    const found = await call("GET", `${path}/samples`).catch(() => ({ results: [] }));
    this.samples = found.results;
    if (!this.samples.length) return;
    this.sample.append(el("optgroup", { label: "Real messages, veiled" }, this.samples.map((one, number) => el("option", { value: `real-${number}` }, when(one.created_at)))));
  }

  real() { return this.sample.value.startsWith("real-") ? this.samples[Number(this.sample.value.slice(5))].data : undefined; }

  busy() { this.stage.dataset.busy = ""; this.state.textContent = "Updating …"; }

  show(part, words = "") {
    this.part = part;
    delete this.stage.dataset.busy;
    this.state.textContent = words;
    this.draw();
  }

  draw() {
    const part = this.part;
    this.page.hidden = part?.channel !== "email";
    if (!part) return fill(this.stage, el("p", { class: "empty" }, "Nothing to show yet: write something for this channel."));
    const device = el("div", { class: "device", "data-device": this.device, "data-scheme": this.scheme });
    fill(this.stage, device);
    if (part.error) return device.append(el("p", { class: "cannot" }, `This cannot be filled in: ${part.error.detail}`));
    (LOOKS[part.channel] || plain).call(this, device, part);
    return undefined;
  }
}

const LOOKS = { email: mail, sms: bubble, chat: bubble, push: card, web_push: card, in_app: card };

function mail(device, { content }) {
  device.append(el("div", { class: "mail-head" },
    el("p", { class: "subject", dir: "auto" }, content.subject), content.preheader && el("p", { class: "preheader", dir: "auto" }, content.preheader)));
  if (this.shows === "text" || !content.html) {
    device.append(el("pre", { dir: "auto" }, content.text || ""));
    return;
  }
  // A new frame each time: its first page leaves no trace in the history of the browser.
  const name = `mail-${frames += 1}`;
  const form = el("form", { method: "post", action: frameUrl, target: name, hidden: true },
    el("input", { type: "hidden", name: "csrfmiddlewaretoken", value: csrf }), el("input", { type: "hidden", name: "scheme", value: this.scheme }),
    el("textarea", { name: "html", value: content.html }));
  device.append(el("iframe", { name, title: "The mail as people see it", sandbox: "" }), form);
  form.submit();
  form.remove();
}

function bubble(device, { content, units }) {
  device.append(el("div", { class: "seen" }, el("p", { class: "bubble", dir: "auto" }, content.body ?? content.text),
    units !== null && units !== undefined && el("p", { class: "cost" }, `${units} ${units === 1 ? "segment" : "segments"}`),
    content.blocks && el("pre", {}, JSON.stringify(content.blocks, null, 2))));
}

function card(device, { content }) {
  device.append(el("div", { class: "seen" }, el("div", { class: "note-card", dir: "auto" },
    el("b", {}, content.title), el("p", {}, content.body), content.url && el("p", { class: "goes", dir: "ltr" }, `leads to ${content.url}`),
    content.actions?.length && el("div", { class: "press" }, content.actions.map((each) => el("span", { title: each.url }, each.title))))));
}

function plain(device, { content }) {
  device.append(el("pre", {}, JSON.stringify(content.body ?? content, null, 2)));
}

export function required(schema) { // the values of nothing but what the schema asks for
  return (example) => Object.fromEntries(Object.entries(example).filter(([name]) => (schema.required || []).includes(name)));
}
