/**
 * The command palette (Ctrl K). It offers: the server's commands (json_script "palette-commands" and, per page,
 * "page-commands": [{label, url, icon, keys, where}]), and every visible element with `data-command="Label"`.
 */

import { all, icon, make, one, readJson } from "./dom.js";
import { match } from "./fuzzy.js";

const SHOWN = 50;
let commands = [];
let shown = [];
let chosen = 0;

function gather() {
  const fromPage = all("[data-command]").filter((element) => element.checkVisibility?.() ?? true).map((element) => ({
    label: element.dataset.command, icon: element.dataset.commandIcon ?? "command", where: "This page", run: () => element.click(),
  }));
  const fromServer = [...(readJson("page-commands") ?? []), ...(readJson("palette-commands") ?? [])];
  const own = [{ label: "Keyboard shortcuts", icon: "keyboard", keys: "?", run: () => document.dispatchEvent(new CustomEvent("openshortcuts")) }];
  return [...fromPage, ...fromServer, ...own];
}

function marked(text, marks) {
  const isMarked = new Set(marks);
  return [...text].map((letter, i) => (isMarked.has(i) ? make("mark", {}, letter) : letter));
}

function draw() {
  const list = one("#palette-list");
  list.replaceChildren(...shown.map(({ command, marks }, i) => make(
    "li", { class: "palette__item", id: `palette-${i}`, role: "option", "aria-selected": String(i === chosen), "data-index": i },
    icon(command.icon ?? "arrow-right"),
    make("span", { class: "palette__label" }, ...marked(command.label, marks)),
    command.where ? make("span", { class: "palette__where" }, command.where) : null,
    ...(command.keys ?? "").split(" ").filter(Boolean).map((key) => make("kbd", {}, key.toUpperCase())),
  )));
  one("#palette-none").hidden = shown.length > 0;
  const input = one("#palette-input");
  if (shown.length) input.setAttribute("aria-activedescendant", `palette-${chosen}`);
  else input.removeAttribute("aria-activedescendant");
  one(`#palette-${chosen}`)?.scrollIntoView({ block: "nearest" });
}

function filter() {
  const query = one("#palette-input").value;
  shown = commands
    .map((command) => ({ command, ...(match(query, command.label) ?? { score: null }) }))
    .filter((found) => found.score !== null)
    .sort((a, b) => b.score - a.score)
    .slice(0, SHOWN);
  chosen = 0;
  draw();
}

function run(index) {
  const found = shown[index];
  if (!found) return;
  one("#palette").close();
  if (found.command.url) location.assign(found.command.url);
  else found.command.run();
}

function onKey(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && shown.length) {
    event.preventDefault();
    chosen = (chosen + step + shown.length) % shown.length;
    draw();
  } else if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    run(chosen);
  }
}

export function openPalette() {
  const dialog = one("#palette");
  if (!dialog || dialog.open) return;
  commands = gather();
  one("#palette-input").value = "";
  filter();
  dialog.showModal();
  one("#palette-input").focus();
}

export function startPalette() {
  const dialog = one("#palette");
  if (!dialog) return;
  one("#palette-input").addEventListener("input", filter);
  dialog.addEventListener("keydown", onKey);
  one("#palette-list").addEventListener("click", (event) => {
    const item = event.target.closest("[data-index]");
    if (item) run(Number(item.dataset.index));
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-open-palette]")) openPalette();
  });
}
