// What is being written: the parts by channel and language, and whether it is saved.

const WORDS = ["parts", "locales", "layout", "variables", "example_data", "missing"];
const EMPTY = { parts: {}, locales: {}, layout: "", variables: { type: "object", properties: {} }, example_data: {}, missing: "error" };

export class Draft {
  constructor(key, shown) {
    this.key = key;
    this.invalid = new Map(); // where JSON was typed that is none yet → what is wrong
    this.take(shown || { name: "", revision: 0, ...EMPTY });
  }

  take(shown) {
    this.head = shown;
    this.name = shown.name || this.key;
    this.revision = shown.revision;
    this.source = structuredClone(Object.fromEntries(WORDS.map((name) => [name, shown[name] ?? EMPTY[name]])));
    this.saved = this.text();
  }

  kept(shown) { // saved, while somebody may have gone on writing
    this.head = shown;
    this.revision = shown.revision;
  }

  text() { return JSON.stringify({ name: this.name, ...this.source }); }
  get dirty() { return this.text() !== this.saved; }
  body() { return { name: this.name, ...this.source }; }

  content(channel, locale) {
    return (locale ? this.source.locales[locale] || {} : this.source.parts)[channel];
  }

  write(channel, locale, content) {
    const parts = locale ? (this.source.locales[locale] ??= {}) : this.source.parts;
    if (content === undefined) delete parts[channel];
    else parts[channel] = content;
    if (locale && !Object.keys(parts).length) delete this.source.locales[locale];
  }

  locales() { return Object.keys(this.source.locales).sort(); }
}

export function placeOf(pointer) {
  const steps = pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (steps[0] === "parts") return { section: "words", locale: "", channel: steps[1], field: steps[2] };
  if (steps[0] === "locales") return { section: "words", locale: steps[1], channel: steps[2], field: steps[3] };
  if (steps[0] === "example_data") return { section: "example" };
  return { section: "variables" };
}
