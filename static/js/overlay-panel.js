/** The side panel: a change, a selected stretch or statements, fetched as HTML by htmx. */

import { all, one } from "./dom.js";
import { cursor, moveTo } from "./overlay-cursor.js";
import { setWindow } from "./overlay-gestures.js";
import { fromIso, scale } from "./overlay-scale.js";
import { address, change, config, get } from "./overlay-state.js";

let shown = "";

function wanted() {
  if (get("try") === "1" && get("change")) return { key: `try ${get("change")}`, url: address(config.urls.scratch.replace("/0/", `/${get("change")}/`)) };
  if (get("change")) return { key: `change ${get("change")}`, url: address(config.urls.change.replace(/0$/, get("change"))) };
  if (get("sel_from") && get("sel_to")) return { key: `selection ${location.search}`, url: address(config.urls.selection) };
  if (get("flags")) return { key: `flags ${get("flags")}`, url: address(config.urls.statements, { ids: get("flags") }) };
  if (get("pins") === "1") return { key: "pins", url: address(config.urls.pins) };
  return null;
}

const NEAR_HOURS = 144;
const CLOSED = { change: null, sel_from: null, sel_to: null, flags: null, pins: null };

/** Show the days around an edge of the change, the cursor on it, and say its rates. */
function jump(button) {
  const at = fromIso(button.dataset.jump);
  const length = Math.min(scale.high - scale.low, NEAR_HOURS);
  document.addEventListener("overlay:drawn", () => moveTo(at), { once: true });
  setWindow(at - length / 2, at + length / 2);
  moveTo(at);
  const [before, after, ratio] = all("td", button.closest("tr")).map((cell) => cell.textContent);
  one("#ov-live").textContent = `${button.textContent}: ${before} a day before, ${after} after, ratio ${ratio}`;
}

/** Jump to the change's edge before or after the cursor. */
function jumpBy(way) {
  const edges = all("[data-jump]", one("#ov-panel"));
  const here = cursor() ?? (way > 0 ? -Infinity : Infinity);
  const found = way > 0 ? edges.find((edge) => fromIso(edge.dataset.jump) > here + 0.01) : edges.findLast((edge) => fromIso(edge.dataset.jump) < here - 0.01);
  jump(found ?? edges[way > 0 ? 0 : edges.length - 1]);
}

/** Open, refresh or close the panel as the address says; true where its width changed. */
export function syncPanel() {
  const panel = one("#ov-panel");
  const target = wanted();
  const wasOpen = !panel.hidden;
  if (!target) {
    panel.hidden = true;
    shown = "";
    return wasOpen;
  }
  panel.hidden = false;
  if (target.key !== shown && globalThis.htmx) {
    const isNew = shown === "";
    shown = target.key;
    one("#ov-panel-body").setAttribute("aria-busy", "true");
    globalThis.htmx.ajax("GET", target.url, { target: "#ov-panel-body", swap: "innerHTML" }).then(() => {
      one("#ov-panel-body").removeAttribute("aria-busy");
      panel.scrollTop = 0;
      if (isNew && innerWidth < 900) panel.focus({ preventScroll: true });
    });
  }
  return !wasOpen;
}

export function startPanel() {
  one("#ov-panel-close").addEventListener("click", () => {
    change(CLOSED);
    one("#ov-stage").focus({ preventScroll: true });
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    if (event.detail.target?.id !== "ov-panel-body") return;
    one("#ov-panel-body").textContent = "This could not be loaded. Close the panel and try again.";
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (/\/overlay\/evidence/.test(event.detail.pathInfo?.requestPath ?? "")) document.dispatchEvent(new CustomEvent("overlay:pins"));
  });
  one("#ov-pins").addEventListener("click", () => {
    one("#ov-more").hidePopover();
    change({ ...CLOSED, pins: "1" });
  });
  one("#ov-panel").addEventListener("keydown", (event) => {
    if (event.key === "Escape") one("#ov-panel-close").click();
  });
  one("#ov-panel").addEventListener("click", (event) => {
    const edge = event.target.closest("[data-jump]");
    if (edge) jump(edge);
    const way = event.target.closest("[data-jump-by]");
    if (way) jumpBy(Number(way.dataset.jumpBy));
    const target = event.target.closest("[data-set]");
    if (!target) return;
    event.preventDefault();
    change(Object.fromEntries(new URLSearchParams(target.dataset.set)));
  });
}
