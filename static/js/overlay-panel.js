/** The side panel: a change, a selected stretch or statements, fetched as HTML by htmx. */

import { one } from "./dom.js";
import { address, change, config, get } from "./overlay-state.js";

let shown = "";

function wanted() {
  if (get("try") === "1" && get("change")) return { key: `try ${get("change")}`, url: address(config.urls.scratch.replace("/0/", `/${get("change")}/`)) };
  if (get("change")) return { key: `change ${get("change")}`, url: address(config.urls.change.replace(/0$/, get("change"))) };
  if (get("sel_from") && get("sel_to")) return { key: `selection ${location.search}`, url: address(config.urls.selection) };
  if (get("flags")) return { key: `flags ${get("flags")}`, url: address(config.urls.statements, { ids: get("flags") }) };
  return null;
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
    change({ change: null, sel_from: null, sel_to: null, flags: null });
    one("#ov-stage").focus({ preventScroll: true });
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    if (event.detail.target?.id !== "ov-panel-body") return;
    one("#ov-panel-body").textContent = "This could not be loaded. Close the panel and try again.";
  });
  one("#ov-panel").addEventListener("keydown", (event) => {
    if (event.key === "Escape") one("#ov-panel-close").click();
  });
  one("#ov-panel").addEventListener("click", (event) => {
    const target = event.target.closest("[data-set]");
    if (!target) return;
    event.preventDefault();
    change(Object.fromEntries(new URLSearchParams(target.dataset.set)));
  });
}
