// Where the page begins: the list, or the editor of one template or partial.

import { openEditor } from "./editor.js";
import { trouble } from "./dom.js";
import { listen } from "./keys.js";
import { drawList } from "./list.js";
import { openPartial } from "./partial.js";

const { key, partial, tenant } = document.body.dataset;
const chooser = document.getElementById("tenant");
chooser.addEventListener("change", () => chooser.form.submit());

if (!tenant) trouble("There is no tenant yet; `manage.py seed` makes one.");
else if (key) openEditor(key);
else if (partial) openPartial(partial);
else {
  listen();
  drawList();
}
