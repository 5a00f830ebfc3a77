// The version that some get first: how it goes, and what people make of it.

import { ask as call, mayWrite } from "./api.js";
import { ask } from "./dialogs.js";
import { el, when } from "./dom.js";

const HARMS = { render_error: "could not be filled in", refused: "were refused", bounced: "bounced", complained: "complained", unsubscribed: "left" };
const ENDS = { promoted: "was put into use", rolled_back: "did harm and was rolled back", aborted: "was taken back" };

export async function canaryOf(key) {
  try {
    return await call("GET", `templates/${encodeURIComponent(key)}/canary`);
  } catch (refused) {
    if (refused.status === 404) return null;
    throw refused;
  }
}

export function drawCanary(canary, key, act) {
  if (!canary) return null;
  const runs = canary.state === "running";
  return el("article", { class: "canary", id: "canary", "data-state": canary.state },
    el("h3", {}, runs ? `Version ${canary.version} is with ${canary.percent} of 100 people` : `Version ${canary.version} ${ENDS[canary.state]}`,
      el("span", { class: `chip ${{ running: "draft", promoted: "good", rolled_back: "bad" }[canary.state] || ""}` }, canary.state.replace("_", " "))),
    el("p", { class: "muted" }, runs ? waits(canary) : [canary.note, `${when(canary.ended_at)}, by ${canary.ended_by.replace("user:", "")}`].filter(Boolean).join(" · ")),
    table(canary),
    runs && mayWrite && el("div", { class: "does" }, buttons(canary, `templates/${encodeURIComponent(key)}/canary`, act)));
}

function waits(canary) {
  const sent = `${canary.deliveries.canary.toLocaleString()} of ${canary.min_deliveries.toLocaleString()} messages`;
  const then = canary.promote ? "Then it is put into use by itself" : "Then somebody decides";
  return `The others keep version ${canary.before}. ${sent}, and at least ${canary.min_minutes} minutes since ${when(canary.started_at)}. ${then}; it is rolled back when it does harm.`;
}

function table(canary) {
  const shown = canary.harms.filter((one) => one.canary || one.control);
  if (!shown.length) return ["running", "promoted"].includes(canary.state) && el("p", { class: "note" }, "Nothing bad came to anybody.");
  return el("table", {},
    el("thead", {}, el("tr", {}, ["People", `version ${canary.version}`, `version ${canary.before}`, "speaks against it"].map((words) => el("th", { scope: "col" }, words)))),
    el("tbody", {}, shown.map((one) => el("tr", { "data-harm": one.harm }, el("th", { scope: "row" }, HARMS[one.harm]), el("td", {}, one.canary.toLocaleString()), el("td", {}, one.control.toLocaleString()),
      el("td", {}, el("meter", { min: 0, max: 1, value: weight(one.evidence, canary.threshold), low: 0.5, high: 0.99, optimum: 0, "aria-label": "evidence against the version" }))))));
}

// On the scale of logarithms, on which evidence adds up: 0 says nothing, 1 is what it is rolled back for.
const weight = (evidence, threshold) => Math.max(0, Math.min(1, Math.log(Math.max(evidence, 1)) / Math.log(threshold)));

function buttons(canary, path, act) {
  const button = (words, onclick, kind = "small") => el("button", { type: "button", class: kind, onclick }, words);
  const grow = async () => {
    const said = await ask("Give it to more people?", { words: "Whoever has the new words keeps them.", fields: [{ name: "percent", label: "Of 100 people", value: String(Math.min(99, canary.percent * 2)), required: true, pattern: "[1-9][0-9]?" }], yes: "Give" });
    if (said) await act(() => call("PATCH", path, { percent: Number(said.percent) }), `It is with ${said.percent} of 100 people now`);
  };
  const finish = (how, question, words, yes, toast, danger) => async () => {
    const said = await ask(question, { words, fields: [{ name: "note", label: "Why?", most: 500 }], yes, danger });
    if (said) await act(() => call("POST", `${path}/${how}`, { note: said.note }), toast);
  };
  return [
    button("Put into use", finish("promote", `Put version ${canary.version} into use?`, "Everybody gets its words from now on.", "Put into use", `Version ${canary.version} is in use`)),
    button("Give to more", grow),
    button("Take back", finish("abort", `Take version ${canary.version} back?`, `Everybody gets version ${canary.before} again.`, "Take back", `Version ${canary.before} is in use for all`, true)),
  ];
}
