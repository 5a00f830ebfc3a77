// Every visible text whose contrast with what is painted behind it is below WCAG AA, as "words (ratio)".
() => {
  const parse = (color) => (color.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = ([r, g, b, a = 1], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(parse(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((ground, layer) => over(layer, ground), [255, 255, 255]);
  };
  const opacity = (element) => (element ? Number(getComputedStyle(element).opacity) * opacity(element.parentElement) : 1);
  const faint = [];
  const root = document.querySelector("dialog[open]") || document.body;
  for (const element of root.querySelectorAll("*")) {
    const words = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join(" ").trim();
    if (!words || !element.checkVisibility({ visibilityProperty: true }) || element.closest(":disabled, .hidden, .skip, dialog:not([open])")) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    const [r, g, b, a = 1] = parse(style.color);
    const ink = over([r, g, b, a * opacity(element)], ground);
    const [high, low] = [light(ink), light(ground)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < needed) faint.push(`${words.slice(0, 40)} (${ratio.toFixed(2)})`);
  }
  return faint;
}
