// What keeps a reader with a screen reader or unsteady hands from a form, as "what is wrong: the element".
() => {
  const wrong = [];
  const tell = (what, element) => wrong.push(`${what}: ${element.outerHTML.slice(0, 120)}`);
  const named = (element) =>
    element.getAttribute("aria-label") || [...(element.labels || [])].some((label) => label.innerText.trim()) || element.innerText?.trim();
  for (const element of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a")) {
    if (!named(element)) tell("has no name", element);
  }
  for (const group of document.querySelectorAll("fieldset")) {
    const legend = group.querySelector(":scope > legend");
    if (!legend || !legend.innerText.trim()) tell("a group without a name", group);
  }
  for (const element of document.querySelectorAll("[aria-describedby], [aria-labelledby]")) {
    const ids = `${element.getAttribute("aria-describedby") || ""} ${element.getAttribute("aria-labelledby") || ""}`;
    for (const id of ids.split(/\s+/).filter(Boolean)) if (!document.getElementById(id)) tell(`refers to nothing (${id})`, element);
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) wrong.push(`two have the id ${id}`);
  const levels = [...document.querySelectorAll("h1,h2,h3,h4")].map((heading) => Number(heading.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1 || levels.some((level, at) => at && level - levels[at - 1] > 1)) wrong.push(`headings ${levels}`);
  if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
  if (!document.title || !document.documentElement.lang) wrong.push("no title or language");
  for (const target of document.querySelectorAll("button, select, input, .switch, .days label")) {
    const box = (target.closest("label.switch, .days label") || target).getBoundingClientRect();
    if (box.width && (box.height < 44 || box.width < 44)) tell(`only ${Math.round(box.width)}×${Math.round(box.height)}`, target);
  }
  return wrong;
}
