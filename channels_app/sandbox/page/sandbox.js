// The sandbox mailbox. Whatever came in a message reaches the page as text, never as HTML: the page's policy
// (Trusted Types) would refuse anything else, and the HTML of a mail lives in a frame that can run and fetch nothing.
"use strict";

const API = "api/";
const PAGE_ROWS = 100;
const MAX_ROWS = 1000;
const BEAT_MS = 1000;
const MAX_RAW_CHARS = 500_000;
const TABS = ["HTML", "Text", "Headers", "Raw", "Links", "Payload", "Device"];

const $ = (id) => document.getElementById(id);
const state = {
  view: "accepted", rows: [], selected: null, shown: null, tab: stored("tab", "HTML"),
  live: true, pulse: null, more: false, asked: 0, draw: 0,
};

// -- small tools ----------------------------------------------------------------------------------------------------

/** An element with attributes and children; children that are strings become text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

function stored(key, otherwise) {
  try { return localStorage.getItem(`carillon-sandbox-${key}`) ?? otherwise; } catch { return otherwise; }
}

function store(key, value) {
  try { localStorage.setItem(`carillon-sandbox-${key}`, value); } catch { /* a browser that keeps nothing: fine */ }
}

async function ask(path, options) {
  const answer = await fetch(API + path, options);
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(problem.detail || `The sandbox answered ${answer.status}`), { status: answer.status, problem });
}

function toast(words) {
  $("toast").textContent = words;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { $("toast").textContent = ""; }, 2200);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // no clipboard outside a secure context
    const field = make("textarea", { class: "hidden", "aria-hidden": "true" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  toast("Copied");
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function shortTime(iso) {
  const at = new Date(iso);
  const sameDay = at.toDateString() === new Date().toDateString();
  return sameDay ? at.toLocaleTimeString() : at.toLocaleDateString(undefined, { day: "numeric", month: "short" });
}

const plural = (count, one, many) => `${count.toLocaleString()} ${count === 1 ? one : many}`;

// -- the list -------------------------------------------------------------------------------------------------------

function query(extra = {}) {
  const wanted = { limit: PAGE_ROWS, ...extra };
  if (state.view === "accepted") {
    wanted.brief = 1;
    if ($("search").value.trim()) wanted.q = $("search").value.trim();
    if ($("channel").value) wanted.channel = $("channel").value;
  }
  return new URLSearchParams(wanted).toString();
}

const source = () => (state.view === "accepted" ? "messages" : "rejections");

/** Load the list anew; keeps the selection when it is still there. */
async function reload() {
  const asked = ++state.asked;
  const { results } = await ask(`${source()}?${query()}`);
  if (asked !== state.asked) return;
  state.rows = results;
  state.more = state.view === "accepted" && results.length === PAGE_ROWS;
  drawList();
  if (state.selected && results.some((row) => row.id === state.selected)) return;
  if (!matchMedia("(max-width: 760px)").matches && results.length) select(results[0].id, { quiet: true });
  else if (!results.length) unselect();
}

/** Put what arrived since the newest row on top. */
async function catchUp() {
  if (!state.rows.length || state.view === "rejected") return reload();
  const asked = ++state.asked;
  const { results } = await ask(`messages?${query({ since: state.rows[0].id })}`);
  if (asked !== state.asked || !results.length) return;
  if (results.length === PAGE_ROWS) return reload();
  state.rows = [...results, ...state.rows];
  if (state.rows.length > MAX_ROWS) {
    state.rows.length = MAX_ROWS;
    state.more = true;
  }
  drawList(new Set(results.map((row) => row.id)));
  $("news").textContent = plural(results.length, "new message", "new messages");
}

async function showOlder() {
  const last = state.rows[state.rows.length - 1];
  const { results } = await ask(`messages?${query({ before: last.id })}`);
  state.rows.push(...results);
  state.more = results.length === PAGE_ROWS;
  drawList();
}

function drawList(fresh = new Set()) {
  const list = $("list");
  const scroll = list.parentElement;
  const height = scroll.scrollHeight;
  list.replaceChildren(...state.rows.map((row) => drawRow(row, fresh.has(row.id))));
  if (fresh.size && scroll.scrollTop > 0) scroll.scrollTop += scroll.scrollHeight - height;
  list.hidden = !state.rows.length;
  $("older").hidden = !state.more;
  drawEmpty();
  markSelected();
}

function drawRow(row, fresh) {
  const rejected = state.view === "rejected";
  const time = row.received_at || row.rejected_at;
  const word = rejected ? `${row.do} ${row.status}` : row.channel;
  return make("li", { role: "option", id: `row-${row.id}`, class: fresh ? "row fresh" : "row", "aria-selected": "false", "data-id": row.id },
    make("span", { class: "row-to" }, row.to),
    make("time", { class: "row-time", datetime: time, title: new Date(time).toLocaleString() }, shortTime(time)),
    make("span", { class: "row-subject" }, row.subject || "(no subject)"),
    make("span", { class: "row-snippet" }, rejected ? row.answer : row.snippet),
    make("span", { class: rejected ? "chip bad" : "chip" }, word));
}

function drawEmpty() {
  const empty = $("empty");
  empty.hidden = state.rows.length > 0;
  if (!empty.hidden) empty.replaceChildren(...emptyWords());
}

function emptyWords() {
  if (state.view === "rejected") {
    return [make("h2", {}, "Nothing was turned away"),
      make("p", {}, "Add a behaviour such as “error 503 to *@slow.example” and sends that match it appear here."),
      make("button", { type: "button", onclick: openBehaviours }, "Behaviours")];
  }
  if ($("search").value.trim() || $("channel").value) {
    return [make("h2", {}, "No message matches"), make("p", {}, "Every word is looked for in recipients, senders, subjects and texts."),
      make("button", { type: "button", onclick: clearFilters }, "Clear search and filter")];
  }
  const smtp = (state.pulse?.addresses.smtp || "").replace(/^(0\.0\.0\.0|\[::\])/, location.hostname);
  const command = `printf 'Subject: Hello\\n\\nIt works.\\n' | curl --crlf smtp://${smtp} --mail-from shop@example.org --mail-rcpt ana@example.org -T -`;
  return [make("h2", {}, "No messages yet"),
    make("p", {}, "What Carillon hands to the providers of this sandbox arrives here and goes nowhere else."),
    make("p", {}, "Run the guided tour:"), make("pre", {}, "./carillon demo"), copyButton("./carillon demo"),
    make("p", {}, `Or point an e-mail backend at ${smtp} (no TLS, any login), or send a mail by hand:`), make("pre", {}, command), copyButton(command)];
}

const copyButton = (text) => make("button", { type: "button", class: "copy", onclick: () => copy(text) }, icon("copy"), "Copy");

function markSelected({ scroll = false } = {}) {
  for (const row of $("list").children) row.setAttribute("aria-selected", String(row.dataset.id === state.selected));
  const row = state.selected && $(`row-${state.selected}`);
  if (row) {
    $("list").setAttribute("aria-activedescendant", row.id);
    if (scroll) row.scrollIntoView({ block: "nearest" });
  } else {
    $("list").removeAttribute("aria-activedescendant");
  }
}

function step(by) {
  if (!state.rows.length) return;
  const now = state.rows.findIndex((row) => row.id === state.selected);
  const next = now < 0 ? 0 : Math.min(Math.max(now + by, 0), state.rows.length - 1);
  select(state.rows[next].id);
}

// -- one message ----------------------------------------------------------------------------------------------------

async function select(id, { quiet = false } = {}) {
  state.selected = id;
  markSelected({ scroll: !quiet });
  if (!quiet) history.replaceState(null, "", `#${id}`);
  const draw = ++state.draw;
  try {
    const row = state.rows.find((each) => each.id === id);
    const message = id.startsWith("rej-") ? row : await ask(`messages/${encodeURIComponent(id)}`);
    if (draw === state.draw && message) drawMessage(message);
  } catch (error) {
    if (draw !== state.draw) return;
    unselect();
    toast(error.status === 404 ? "This message is gone" : error.message);
  }
}

function unselect() {
  state.selected = state.shown = null;
  state.draw += 1;
  $("message").hidden = true;
  $("placeholder").hidden = false;
  document.body.classList.remove("reading");
  markSelected();
}

function read() {
  document.body.classList.add("reading");
  $("detail").focus();
}

function backToList() {
  document.body.classList.remove("reading");
  $("list").focus();
  markSelected({ scroll: true });
}

function drawMessage(message) {
  state.shown = message;
  $("placeholder").hidden = true;
  $("message").hidden = false;
  $("subject").textContent = message.subject || "(no subject)";
  $("subject").classList.toggle("none", !message.subject);
  $("facts").replaceChildren(...facts(message));
  drawClips(message);
  const rejected = message.id.startsWith("rej-");
  $("tabs").hidden = $("panel").hidden = rejected;
  if (!rejected) drawTabs(message);
}

function facts(message) {
  const at = message.received_at || message.rejected_at;
  const when = [make("time", { datetime: at }, new Date(at).toLocaleString()), make("span", { class: "exact" }, at)];
  const from = [message.headers?.From ?? message.from].flat()[0] || "(nobody)";
  const lines = [["From", from], ["To", message.to], [message.rejected_at ? "Turned away" : "Received", when]];
  if (message.answer) lines.push(["Answer", make("code", {}, message.answer)], ["Because of", `the behaviour “${message.do}”`]);
  if (message.delivery_id) {
    const button = make("button", { type: "button", class: "copy", "aria-label": "Copy the delivery id", onclick: () => copy(message.delivery_id) }, icon("copy"), "Copy");
    lines.push(["Delivery", [make("code", { id: "delivery-id" }, message.delivery_id), button]]);
  }
  const chips = [message.channel, message.provider].map((word) => make("span", { class: "chip" }, word));
  for (const receipt of message.payload?.receipts || []) chips.push(make("span", { class: "chip" }, `${receipt.kind}, planned`));
  return [...lines.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, ...[value].flat())]),
    make("dt", {}, "Via"), make("dd", { class: "chips" }, ...chips)];
}

function drawClips(message) {
  const clips = message.payload?.attachments || [];
  $("clips").hidden = !clips.length;
  $("clips").replaceChildren(...clips.map((clip, position) => make("li", {},
    make("a", { href: `${API}messages/${message.id}/attachments/${position}`, download: true },
      icon("clip"), `${clip.filename || clip.content_type} (${size(clip.size)})`))));
}

function drawTabs(message) {
  const able = { HTML: Boolean(message.html), Device: Boolean(SEEN[message.channel]), Text: Boolean(message.text), Links: Boolean(message.html), Headers: Object.keys(message.headers).length > 0 };
  const open = TABS.filter((name) => able[name] !== false);
  const chosen = open.find((name) => name === state.tab) || open.find((name) => name === "Device") || open[0];
  $("tabs").replaceChildren(...TABS.map((name) => make("button", {
    type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "panel", "aria-selected": String(name === chosen),
    tabindex: name === chosen ? "0" : "-1", disabled: !open.includes(name), onclick: () => openTab(name),
  }, name)));
  drawPanel(message, chosen);
}

function openTab(name, { focus = false } = {}) {
  const tab = $(`tab-${name}`);
  if (!state.shown || !tab || tab.disabled) return;
  state.tab = name;
  store("tab", name);
  drawTabs(state.shown);
  if (focus) $(`tab-${name}`).focus();
}

function drawPanel(message, name) {
  const panel = $("panel");
  const draw = ++state.draw;
  const show = (...children) => {
    if (draw === state.draw) panel.replaceChildren(...children);
  };
  panel.className = name === "HTML" ? "panel flush" : "panel";
  panel.setAttribute("aria-labelledby", `tab-${name}`);
  panel.scrollTop = 0;
  PANELS[name](message, show);
}

const PANELS = {
  HTML(message, show) {
    const frame = make("iframe", { sandbox: "", title: "The message as HTML", referrerpolicy: "no-referrer", src: `${API}messages/${message.id}/html` });
    show(make("p", { class: "note" }, "Shown without scripts, forms or network. Links are in their own tab."), frame);
  },
  Device(message, show) {
    show(make("div", { class: "stage" }, SEEN[message.channel](message, make)));
  },
  Text(message, show) {
    show(make("pre", { class: "prose" }, message.text));
  },
  Headers(message, show) {
    const lines = Object.entries(message.headers).flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
    show(make("table", {}, make("tbody", {}, ...lines.map(([name, value]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value))))));
  },
  async Raw(message, show) {
    show(make("p", { class: "nothing" }, "Loading…"));
    const text = await (await fetch(`${API}messages/${message.id}/raw`)).text();
    const link = make("a", { href: `${API}messages/${message.id}/raw`, target: "_blank", rel: "noopener" }, "Open all of it");
    const cut = text.length > MAX_RAW_CHARS;
    show(make("p", { class: "note" }, cut ? `The first ${size(MAX_RAW_CHARS)} of ${size(text.length)}. ` : "", link), make("pre", {}, text.slice(0, MAX_RAW_CHARS)));
  },
  async Links(message, show) {
    show(make("p", { class: "nothing" }, "Loading…"));
    const { results } = await ask(`messages/${message.id}/links`);
    if (!results.length) return show(make("p", { class: "nothing" }, "No links in this message."));
    show(make("ul", { class: "links" }, ...results.map(({ text, url }) => make("li", {},
      text ? make("div", {}, text) : null, make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url)))));
  },
  Payload(message, show) {
    show(make("pre", {}, JSON.stringify(message.payload, null, 2)));
  },
};

// -- live -----------------------------------------------------------------------------------------------------------

async function beat() {
  if (!document.hidden) {
    try {
      const pulse = await ask("pulse");
      trouble(null);
      await follow(pulse);
    } catch (error) {
      trouble(error.status ? error.message : "The sandbox does not answer. Trying again every second.");
    }
  }
  setTimeout(beat, BEAT_MS);
}

async function follow(pulse) {
  const before = state.pulse;
  state.pulse = pulse;
  $("accepted-count").textContent = pulse.count.toLocaleString();
  $("rejected-count").textContent = pulse.rejections.toLocaleString();
  $("behaviours-count").hidden = !pulse.behaviours;
  $("behaviours-count").textContent = String(pulse.behaviours);
  document.title = pulse.count ? `(${pulse.count.toLocaleString()}) Carillon sandbox` : "Carillon sandbox";
  if (!before) return begin();
  if (!state.live) return;
  if (pulse.revision !== before.revision && $("behaviours").open) await drawRules();
  const newest = state.view === "accepted" ? "newest" : "newest_rejection";
  if (pulse.clears !== before.clears) await reload();
  else if (pulse[newest] !== before[newest]) await catchUp();
}

async function begin() {
  const linked = location.hash.slice(1);
  if (/^msg-\d+$/.test(linked)) {
    await select(linked);
    document.body.classList.add("reading");
  }
  await reload();
}

function trouble(words) {
  $("trouble").hidden = !words;
  $("trouble").textContent = words || "";
  $("live").dataset.state = words ? "lost" : state.live ? "live" : "paused";
  $("live").title = state.live ? "Pause live updates" : "Resume live updates";
  $("live-word").textContent = words ? "Offline" : state.live ? "Live" : "Paused";
}

function toggleLive() {
  state.live = !state.live;
  trouble(null);
  if (state.live) reload();
}

function show(view) {
  if (view === state.view) return;
  state.view = view;
  for (const button of document.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  $("search").disabled = $("channel").disabled = view === "rejected";
  state.rows = [];
  unselect();
  reload();
}

function clearFilters() {
  $("search").value = $("channel").value = "";
  reload();
  $("list").focus();
}

async function clearAll() {
  await ask("messages", { method: "DELETE" });
  unselect();
  history.replaceState(null, "", location.pathname);
  await reload();
  toast("All messages are cleared");
}

// -- behaviours -----------------------------------------------------------------------------------------------------

async function openBehaviours() {
  fitRuleForm();
  $("behaviours").showModal();
  await drawRules();
}

async function drawRules(known) {
  const rules = known || await ask("behaviours");
  $("no-rules").hidden = rules.length > 0;
  $("drop-rules").hidden = !rules.length;
  drawOutages(rules);
  $("rules").replaceChildren(...rules.map((rule, position) => make("li", { class: rule.times === 0 ? "spent" : "" },
    make("span", { class: "words" }, make("b", {}, ruleVerb(rule)), " to ", make("b", {}, rule.to), make("span", {}, ruleRest(rule))),
    make("button", { type: "button", class: "icon", "aria-label": `Remove behaviour ${position + 1}: ${ruleVerb(rule)} to ${rule.to}`, onclick: () => dropRule(position) }, icon("close")))));
}

const ruleVerb = (rule) => [rule.do, rule.status].filter((part) => part != null).join(" ");

function ruleRest(rule) {
  const parts = [];
  if (rule.seconds != null) parts.push(`${rule.seconds} s`);
  if (rule.retry_after != null) parts.push(`retry after ${rule.retry_after} s`);
  if (rule.channel) parts.push(`on ${rule.channel}`);
  if (rule.provider) parts.push(`by ${rule.provider}`);
  if (rule.probability != null) parts.push(`with probability ${rule.probability}`);
  if (rule.seed != null) parts.push(`seed ${rule.seed}`);
  if (rule.times != null) parts.push(rule.times ? `${plural(rule.times, "time", "times")} left` : "used up");
  return parts.length ? `, ${parts.join(", ")}` : "";
}

/** One button per provider: all it is asked fails, until the button is pressed again. */
function drawOutages(rules) {
  const providers = state.pulse?.providers || [];
  $("outages").hidden = !providers.length;
  $("outage-buttons").replaceChildren(...providers.map(({ channel, provider }) => {
    const position = rules.findIndex((rule) => isOutage(rule, provider));
    return make("button", { type: "button", class: "outage", "aria-pressed": String(position >= 0), title: `${channel}: answer every send of ${provider} with an error`,
      onclick: () => toggleOutage(provider, position) }, make("span", { class: "dot", "aria-hidden": "true" }), provider);
  }));
}

const isOutage = (rule, provider) => rule.do === "error" && rule.provider === provider && rule.to === "*" && rule.times == null && rule.probability == null;

async function toggleOutage(provider, position) {
  const rule = { do: "error", status: provider === "smtp" ? 451 : 503, provider, to: "*" };
  const rules = position >= 0
    ? await ask(`behaviours/${position}`, { method: "DELETE" })
    : await ask("behaviours?position=0", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(rule) });
  await drawRules(rules);
  toast(position >= 0 ? `${provider} works again` : `${provider} is out`);
  [...$("outage-buttons").children].find((button) => button.textContent === provider)?.focus();
}

async function dropRule(position) {
  await drawRules(await ask(`behaviours/${position}`, { method: "DELETE" }));
  ($("rules").children[Math.min(position, $("rules").children.length - 1)]?.querySelector("button") || $("rule-do")).focus();
}

async function addRule(event) {
  event.preventDefault();
  const form = $("rule-form");
  for (const field of form.elements) field.removeAttribute("aria-invalid");
  $("rule-fault").hidden = true;
  try {
    const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(ruleOf(form)) };
    await drawRules(await ask(form.elements.place.value === "first" ? "behaviours?position=0" : "behaviours", options));
    toast("The behaviour is in force");
  } catch (error) {
    const faults = error.problem?.errors || [];
    for (const fault of faults) form.elements[fault.pointer.slice(1)]?.setAttribute("aria-invalid", "true");
    $("rule-fault").textContent = faults.map((fault) => `${fault.pointer.slice(1)}: ${fault.message}`).join(" · ") || error.message;
    $("rule-fault").hidden = false;
    form.elements[faults[0]?.pointer.slice(1)]?.focus();
  }
}

/** The rule the form describes. What is not a number is sent as it is, so that the sandbox says what is wrong. */
function ruleOf(form) {
  const rule = {};
  for (const field of form.elements) {
    const value = field.value.trim();
    if (!field.name || field.name === "place" || !value || field.closest("[hidden]")) continue;
    const number = field.inputMode ? Number(value) : NaN;
    rule[field.name] = Number.isNaN(number) ? value : number;
  }
  return rule;
}

function fitRuleForm() {
  for (const label of $("rule-form").querySelectorAll("[data-for]")) label.hidden = !label.dataset.for.split(" ").includes($("rule-do").value);
}

// -- keys and clicks ------------------------------------------------------------------------------------------------

const KEYS = {
  j: () => step(1), k: () => step(-1), "/": () => $("search").focus(), "?": () => $("help").showModal(), b: openBehaviours,
  c: () => state.shown?.delivery_id && copy(state.shown.delivery_id),
  ...Object.fromEntries(TABS.map((name, position) => [String(position + 1), () => openTab(name)])),
};
const LIST_KEYS = { ArrowDown: () => step(1), ArrowUp: () => step(-1), Home: () => step(-Infinity), End: () => step(Infinity), Enter: read };

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.closest("input, select, textarea");
  const inList = event.target === $("list") || event.target === document.body;
  let act = null;
  if (event.key === "Escape") act = typing ? () => { $("list").focus(); } : backToList;
  else if (typing) act = event.target === $("search") && event.key === "ArrowDown" ? () => { $("list").focus(); step(state.selected ? 0 : 1); } : null;
  else if (inList && LIST_KEYS[event.key]) act = LIST_KEYS[event.key];
  else if ($("shortcuts").checked) act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function onTabKey(event) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  const open = [...$("tabs").children].filter((tab) => !tab.disabled);
  const now = open.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
  openTab(open[(now + by + open.length) % open.length].textContent, { focus: true });
  event.preventDefault();
}

function listen() {
  let waiting;
  $("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(reload, 200); });
  $("search-form").addEventListener("submit", (event) => { event.preventDefault(); $("list").focus(); });
  $("channel").addEventListener("change", reload);
  $("list").addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (!row) return;
    select(row.dataset.id);
    if (matchMedia("(max-width: 760px)").matches) read();
  });
  $("older").addEventListener("click", showOlder);
  $("back").addEventListener("click", backToList);
  $("live").addEventListener("click", toggleLive);
  $("tabs").addEventListener("keydown", onTabKey);
  document.addEventListener("keydown", onKey);
  for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => show(button.dataset.view));

  $("open-help").addEventListener("click", () => $("help").showModal());
  $("shortcuts").checked = stored("shortcuts", "on") === "on";
  $("shortcuts").addEventListener("change", () => store("shortcuts", $("shortcuts").checked ? "on" : "off"));

  $("open-clear").addEventListener("click", () => {
    const count = state.pulse?.count || 0;
    $("clear-words").textContent = `${plural(count, "message", "messages")} and the list of what was turned away will be gone for good. Behaviours stay.`;
    $("clear").returnValue = "";
    $("clear").showModal();
  });
  $("clear").addEventListener("close", () => { if ($("clear").returnValue === "yes") clearAll(); });

  $("open-behaviours").addEventListener("click", openBehaviours);
  $("behaviours").querySelector("[data-close]").addEventListener("click", () => $("behaviours").close());
  $("rule-form").addEventListener("submit", addRule);
  $("rule-do").addEventListener("change", fitRuleForm);
  $("drop-rules").addEventListener("click", async () => { await ask("behaviours", { method: "DELETE" }); await drawRules([]); });
  addEventListener("unhandledrejection", (event) => trouble(event.reason?.status ? event.reason.message : "The sandbox does not answer."));
}

listen();
beat();
