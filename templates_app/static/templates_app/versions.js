// Everything that was published: who, when, why; what differs; going back; holding back.

import { ask as call, everything, mayWrite } from "./api.js";
import { canaryOf, drawCanary } from "./canary.js";
import { sideBySide } from "./diff.js";
import { ask, show } from "./dialogs.js";
import { el, fill, toast, when } from "./dom.js";

export async function drawVersions(holder, draft, { done, fail }) {
  if (!draft.head.key || draft.head.origin === "platform") {
    fill(holder, el("p", { class: "absent" }, "These words come with Carillon. The first time you save them they become this tenant's own, with versions of their own."));
    return;
  }
  const [rows, canary] = await Promise.all([everything(`templates/${encodeURIComponent(draft.key)}/versions`), canaryOf(draft.key)]);
  const act = (work, words) => work().then(() => { toast(words); return done(); }).catch(fail);
  fill(holder,
    drawCanary(canary, draft.key, act),
    draft.head.has_draft && el("div", { class: "version" }, el("h3", {}, "Draft", el("span", { class: "chip draft" }, "being written")),
      el("p", { class: "muted" }, "What is saved and not published."),
      el("div", { class: "does" }, compare(draft, "draft", rows, fail))),
    rows.length ? el("div", { class: "versions" }, rows.map((row) => card(row, rows, draft, act, fail))) : el("p", { class: "muted" }, "Nothing was published yet."));
}

function card(row, rows, draft, act, fail) {
  const path = `templates/${encodeURIComponent(draft.key)}`;
  const back = async () => {
    const said = await ask(`Go back to version ${row.version}?`, { words: "Its words are published again as a new version. A draft stays what it is.", fields: [{ name: "note", label: "Why?", most: 500 }], yes: "Roll back" });
    if (said) await act(() => call("POST", `${path}/rollback`, { version: row.version, note: said.note }), `Version ${row.version} counts again`);
  };
  const hold = async () => {
    const said = await ask("Hold this version back?", { words: "What is to be sent with it waits until it is released or another version is in use.", fields: [{ name: "reason", label: "Why?", required: true, most: 300 }], yes: "Hold back", danger: true });
    if (said) await act(() => call("POST", `${path}/quarantine`, { version: row.version, reason: said.reason }), "Held back; nothing goes out with it");
  };
  const release = () => act(() => call("DELETE", `${path}/quarantine`), "Released; what waited goes out now");
  const button = (words, onclick) => el("button", { type: "button", class: "small", onclick }, words);
  return el("article", { class: "version", "data-version": row.version },
    el("h3", {}, `Version ${row.version}`, row.live && el("span", { class: "chip good" }, "in use"), draft.head.canary?.version === row.version && el("span", { class: "chip draft" }, `for ${draft.head.canary.percent} %`), row.quarantined_at && el("span", { class: "chip bad" }, "held back"),
      row.rolled_back_from && el("span", { class: "chip" }, `says version ${row.rolled_back_from} again`)),
    el("p", { class: "note" }, row.quarantine_reason ? `Held back: ${row.quarantine_reason}` : row.note || "No note"),
    el("p", { class: "muted" }, `${when(row.published_at)}, by ${row.publisher.replace("user:", "")}`),
    el("div", { class: "does" }, compare(draft, String(row.version), rows, fail),
      mayWrite && !row.live && draft.head.canary?.version !== row.version && button("Roll back to this", back),
      mayWrite && row.live && !row.quarantined_at && button("Hold back", hold), mayWrite && row.quarantined_at && button("Release", release)));
}

function compare(draft, name, rows, fail) {
  const others = rows.map((row) => row.version).filter((number) => String(number) !== name && (name === "draft" || number < Number(name)));
  if (!others.length) return null;
  return el("button", { type: "button", class: "small", onclick: () => open(draft, name, others, others[0]).catch(fail) }, "What changed");
}

async function open(draft, name, others, against) {
  const found = await call("GET", `templates/${encodeURIComponent(draft.key)}/versions/${name}/diff?against=${against}`);
  const choose = el("select", { id: "against", onchange: (event) => open(draft, name, others, event.target.value) },
    others.map((number) => el("option", { value: number, selected: String(number) === String(against) }, `version ${number}`)));
  const title = name === "draft" ? "What the draft changes" : `What version ${name} changed`;
  const body = [el("p", {}, el("label", { for: "against" }, "Compared with "), choose), sideBySide(found.entries, `version ${against}`, name === "draft" ? "draft" : `version ${name}`)];
  const dialog = document.getElementById("dialog");
  if (dialog.open) dialog.close();
  show(title, ...body);
}
