// Makes elements without ever writing HTML.

export function el(name, given = {}, ...inside) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value") node.value = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...inside.flat().filter((each) => each !== null && each !== undefined && each !== false));
  return node;
}

export const byId = (id) => document.getElementById(id);

export function fill(node, ...inside) {
  node.replaceChildren(...inside.flat().filter(Boolean));
  return node;
}

let fading;
export function toast(words) {
  const node = byId("toast");
  node.textContent = words;
  node.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { node.hidden = true; }, 4000);
}

export function trouble(words) {
  const node = byId("trouble");
  node.textContent = words;
  node.hidden = !words;
}

export function when(moment) {
  return new Date(moment).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}
