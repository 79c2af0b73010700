/** The segment filter: all dimensions with counts, chips of what is chosen. */

import { all, icon, make, one } from "./dom.js";
import { address, config, leaveComparison, segments, setSegments, SHOWN, VERSUS } from "./overlay-state.js";

const LONG = 14;
let side = SHOWN;

function chip(where, [dimension, value]) {
  const words = value || "not stated";
  const from = where === VERSUS ? "comparison" : "filter";
  const button = make("button", { type: "button", class: `ov-chip${where === VERSUS ? " ov-chip-versus" : ""}`, "aria-label": `Take ${dimension} ${words} out of the ${from}` }, make("small", {}, dimension), words, icon("x"));
  button.addEventListener("click", () => setSegments(segments(where).filter(([key, one]) => key !== dimension || one !== value), where));
  return make("li", {}, button);
}

export function drawChips() {
  const pairs = segments();
  const versus = segments(VERSUS);
  const chips = pairs.map((pair) => chip(SHOWN, pair));
  if (versus.length) {
    if (!pairs.length) chips.push(make("li", { class: "muted" }, "All complaints"));
    chips.push(make("li", { class: "muted" }, "against"), ...versus.map((pair) => chip(VERSUS, pair)));
    const leave = make("button", { class: "link", type: "button" }, "Stop comparing");
    leave.addEventListener("click", leaveComparison);
    chips.push(make("li", {}, leave));
  } else if (pairs.length > 1) {
    const clear = make("button", { type: "button", class: "link" }, "Clear all");
    clear.addEventListener("click", () => setSegments([]));
    chips.push(make("li", {}, clear));
  }
  one("#ov-chips").replaceChildren(...chips);
  one("#ov-filter-count").textContent = pairs.length ? ` · ${pairs.length}` : "";
  one("#ov-filter-open").setAttribute("aria-pressed", String(pairs.length > 0));
}

async function loadFacets() {
  const form = one("#ov-filter-form");
  form.setAttribute("aria-busy", "true");
  await globalThis.htmx.ajax("GET", address(config.urls.facets, { side: side.slice(0, -1) }), { target: form, swap: "innerHTML" });
  form.removeAttribute("aria-busy");
  for (const facet of all("fieldset", form)) {
    const rows = all("label", facet);
    const find = one("input[type=search]", facet);
    find?.addEventListener("input", () => {
      const words = find.value.trim().toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(words) && !one("input", row).checked;
    });
    if (find && rows.length < LONG) find.hidden = true;
  }
}

export function startFilter() {
  const pop = one("#ov-filter");
  const form = one("#ov-filter-form");
  pop.addEventListener("toggle", (event) => {
    if (event.newState === "open") loadFacets().then(() => one("input", form)?.focus());
  });
  form.addEventListener("change", (event) => {
    if (event.target.type !== "checkbox") return;
    const chosen = all("input[type=checkbox]:checked", form).map((box) => [box.name.slice(side.length), box.value]);
    setSegments(chosen, side);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  one("#ov-filter-clear").addEventListener("click", () => {
    for (const box of all("input[type=checkbox]:checked", form)) box.checked = false;
    setSegments([], side);
  });
  for (const button of all("[data-side]", pop)) button.addEventListener("click", () => showSide(button.dataset.side));
}

/** Choose for what is shown, or for what it is compared with. */
function showSide(name) {
  side = name;
  for (const button of all("[data-side]", one("#ov-filter"))) button.setAttribute("aria-pressed", String(button.dataset.side === side));
  loadFacets();
}
