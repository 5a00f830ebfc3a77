// Speaks to the API of words as the person who is logged in, for the tenant that is chosen.

const { root, tenant, csrf } = document.body.dataset;

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    this.status = status;
    this.errors = problem.errors || [];
  }
}

export async function ask(method, path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(`${root}-/api/${path}`, {
      method,
      headers: {
        "X-Carillon-Tenant": tenant,
        "X-CSRFToken": csrf,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refused(0, { detail: "The server does not answer. What you wrote is still here; try again." });
  }
  const text = await answer.text();
  const said = text && (answer.headers.get("Content-Type") || "").includes("json") ? JSON.parse(text) : {};
  if (!answer.ok) throw new Refused(answer.status, said);
  return said;
}

export async function everything(path) {
  const found = [];
  let next = `${path}${path.includes("?") ? "&" : "?"}limit=200`;
  while (next) {
    const page = await ask("GET", next);
    found.push(...page.results);
    const at = page.next && new URL(page.next, location.href);
    next = at ? `${path.split("?")[0]}${at.search}` : "";
  }
  return found;
}

export const frameUrl = `${root}-/frame`;
export const mayWrite = "mayWrite" in document.body.dataset;
const FIRST = ["email", "sms", "push", "web_push", "in_app", "chat", "webhook"];
const rank = (channel) => (FIRST.includes(channel) ? FIRST.indexOf(channel) : FIRST.length);
export const channels = document.body.dataset.channels.split(",").filter(Boolean).sort((one, other) => rank(one) - rank(other));
export const pageOf = (key) => `${root}${encodeURIComponent(key)}?tenant=${encodeURIComponent(document.body.dataset.tenantKey)}`;
export const pageOfPartial = (key) => `${root}-/partials/${encodeURIComponent(key)}?tenant=${encodeURIComponent(document.body.dataset.tenantKey)}`;
