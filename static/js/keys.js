/**
 * The keyboard. Any element with `data-shortcut="n"` (or a sequence, "g c") is clicked by that key; one with
 * `data-shortcut-label` also stands in the sheet under "?". "/" goes to the element with `data-search`.
 */

import { all, isTyping, make, one } from "./dom.js";
import { openPalette } from "./palette.js";

const SEQUENCE_TIME = 1200;
let first = "";
let forget = 0;

const isVisible = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
const find = (keys) => all("[data-shortcut]").find((element) => element.dataset.shortcut === keys && isVisible(element));

function act(element) {
  if (element.matches("input, select, textarea")) element.focus();
  else element.click();
}

export function openShortcuts() {
  const sheet = one("#shortcuts");
  if (!sheet || sheet.open) return;
  const list = one("#shortcuts-list", sheet);
  all("[data-found]", list).forEach((row) => row.remove());
  for (const element of all("[data-shortcut-label]").filter(isVisible)) {
    const keys = element.dataset.shortcut.split(" ").map((key) => make("kbd", {}, key.length === 1 ? key.toUpperCase() : key));
    list.append(make("div", { "data-found": true }, make("dt", {}, element.dataset.shortcutLabel), make("dd", {}, ...keys)));
  }
  sheet.showModal();
}

function onKey(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || one("dialog[open]")) return;
  if (event.key === "?") {
    event.preventDefault();
    openShortcuts();
    return;
  }
  if (event.key === "/") {
    event.preventDefault();
    const field = all("[data-search]").find(isVisible);
    if (field) { field.focus(); field.select?.(); } else openPalette();
    return;
  }
  const keys = first ? `${first} ${event.key}` : event.key;
  const target = find(keys);
  clearTimeout(forget);
  if (target) {
    event.preventDefault();
    first = "";
    act(target);
    return;
  }
  const starts = all("[data-shortcut]").some((element) => element.dataset.shortcut.startsWith(`${event.key} `));
  first = starts ? event.key : "";
  forget = setTimeout(() => { first = ""; }, SEQUENCE_TIME);
}

export function startKeys() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("openshortcuts", openShortcuts);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-open-shortcuts]")) openShortcuts();
  });
}
