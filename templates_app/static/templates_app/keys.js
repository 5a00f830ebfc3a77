// Keys that save a way to the mouse, and the list of them.

import { byId, el } from "./dom.js";
import { show } from "./dialogs.js";

const KEYS = [
  ["Ctrl S", "Save the draft"], ["Ctrl Enter", "Publish"], ["Alt ,", "Channel before"], ["Alt .", "Next channel"],
  ["Alt L", "Next language"], ["Alt P", "Desktop or phone"], ["Alt D", "Light or dark"], ["F8", "Next finding"], ["?", "This list"],
];

export function listen(does = {}) {
  byId("open-help").addEventListener("click", help);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    const name = [(event.ctrlKey || event.metaKey) && "Ctrl", event.altKey && "Alt", { KeyS: "S", KeyL: "L", KeyP: "P", KeyD: "D", Comma: ",", Period: "." }[event.code] || event.key].filter(Boolean).join(" ");
    if (name === "?" && !typing) help();
    else if (does[name] && !byId("dialog").open) does[name]();
    else return;
    event.preventDefault();
  });
}

function help() {
  show("Keyboard shortcuts", el("dl", { class: "keys" }, KEYS.flatMap(([key, words]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, words)])));
}
