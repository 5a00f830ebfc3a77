// Two states of the texts beside each other, line by line.

import { el } from "./dom.js";

export function sideBySide(entries, before, after) {
  if (!entries.length) return el("p", { class: "muted" }, "They say the same.");
  return el("div", {}, entries.map((entry) => el("table", { class: "diff" },
    el("caption", {}, entry.pointer.slice(1).replaceAll("/", " › ")),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, before), el("th", { scope: "col" }, after))),
    el("tbody", {}, pairs(entry.lines).map(([left, right]) => el("tr", {}, cell(left, "went"), cell(right, "came")))))));
}

function cell(line, changed) {
  if (!line) return el("td", { class: "nothing" });
  const mark = line.sign === " " ? "" : el("span", { class: "hidden" }, changed === "went" ? "removed: " : "added: ");
  return el("td", { class: line.sign === " " ? undefined : changed, dir: "auto" }, mark, line.text || "\u00a0");
}

function pairs(lines) {
  const found = [];
  let went = [];
  let came = [];
  const flush = () => {
    for (let place = 0; place < Math.max(went.length, came.length); place += 1) found.push([went[place], came[place]]);
    went = [];
    came = [];
  };
  for (const line of lines) {
    if (line.sign === "-") went.push(line);
    else if (line.sign === "+") came.push(line);
    else { flush(); found.push([line, line]); }
  }
  flush();
  return found;
}
