/** The scratch scenario: handles on the chosen change's bar, a form beside it, an answer that follows both. */

import { all, one } from "./dom.js";
import { changeById, LANE_BAR, laneBase, reveal } from "./overlay-lanes.js";
import { fromIso, isoMinute, moment, scale, toHours, toX, wallTime, zoned } from "./overlay-scale.js";
import { address, change, config, get, list } from "./overlay-state.js";
import { fixed, svg } from "./overlay-svg.js";

const STEPS = [1 / 12, 0.25, 1, 3, 6, 24];
const EDGES = { try_start: "start", try_end: "end" };
const NOTHING = { try_start: null, try_end: null, try_lag: null, try_out: null, try_scope: null };
let lanes = null;
let dragging = null;
let answered = "";
let isAsking = false;

export const isTrying = () => get("try") === "1" && get("change") !== "";
export const leaveScratch = () => change({ try: null, ...NOTHING });

const chosen = () => changeById(lanes, get("change"));
const snap = () => STEPS.find((step) => step >= ((scale.high - scale.low) / scale.width) * 2) ?? 24;
const edgeAt = (item, name) => dragging?.name === name ? dragging.at : fromIso(get(name)) ?? item[EDGES[name]];

/** Set an edge; where it was is no change. */
function setEdge(name, hours, replace) {
  const item = chosen();
  const other = name === "try_start" ? edgeAt(item, "try_end") : edgeAt(item, "try_start");
  if (other !== null && (name === "try_start" ? hours >= other : hours <= other)) return;
  const isSame = Math.abs(hours - (item[EDGES[name]] ?? Infinity)) < 1 / 120;
  change({ [name]: isSame ? null : isoMinute(hours) }, { replace });
}

/** Draw the tried course and its handles over the chosen change's bar. */
export function drawHandles(fresh) {
  lanes = fresh ?? lanes;
  for (const old of all(".ov-try-mark")) old.remove();
  const item = isTrying() ? chosen() : null;
  if (!item) return;
  const home = one(`.ov-lane-drawing [data-change="${item.id}"]`)?.ownerSVGElement;
  if (!home) {
    reveal(lanes, item.id); // tells the height, and with it this is asked again
    return;
  }
  const focused = document.activeElement?.dataset?.edge;
  const base = laneBase(item.lane);
  const start = toX(edgeAt(item, "try_start"));
  const end = edgeAt(item, "try_end");
  const right = end === null ? scale.width : toX(end);
  const isOut = get("try_out") === "1";
  home.append(svg("rect", { class: `ov-try-mark ov-try-bar ${item.classes}${isOut ? " is-out" : ""}`, x: fixed(Math.max(start, 0)), y: base - LANE_BAR - 3, width: fixed(Math.max(Math.min(right, scale.width) - Math.max(start, 0), 2)), height: LANE_BAR + 6 }));
  if (isOut) return;
  home.append(handle(item, "try_start", start, base));
  if (end !== null) home.append(handle(item, "try_end", right, base));
  if (focused) one(`.ov-handle[data-edge="${focused}"]`, home)?.focus({ preventScroll: true });
}

function handle(item, name, x, base) {
  const at = edgeAt(item, name);
  const words = name === "try_start" ? "Start" : "End";
  const grip = svg("g", { class: "ov-try-mark ov-handle", role: "slider", tabindex: 0, "data-edge": name, "aria-label": `${words} of ${item.label}`, "aria-valuemin": fixed(scale.low), "aria-valuemax": fixed(scale.high), "aria-valuenow": fixed(at), "aria-valuetext": moment(at) });
  grip.append(svg("rect", { class: "ov-handle-hit", x: fixed(x - 9), y: base - LANE_BAR - 5, width: 18, height: LANE_BAR + 10 }));
  grip.append(svg("rect", { class: "ov-handle-grip", x: fixed(x - 3), y: base - LANE_BAR - 4, width: 6, height: LANE_BAR + 8, rx: 3 }));
  grip.append(svg("title", {}, `${words}: ${moment(at)}. Drag, or use the arrow keys; with Shift by the day.`));
  return grip;
}

function startDragging() {
  const stage = one("#ov-stage");
  stage.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest(".ov-handle");
    if (!grip || event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    dragging = { name: grip.dataset.edge, at: edgeAt(chosen(), grip.dataset.edge) };
    stage.setPointerCapture(event.pointerId);
    let sent = 0;
    const move = (next) => {
      const step = snap();
      dragging.at = Math.round(toHours(next.clientX - one("#ov-back").getBoundingClientRect().left) / step) * step;
      drawHandles();
      syncForm();
      if (performance.now() - sent < 200) return;
      sent = performance.now();
      setEdge(dragging.name, dragging.at, true);
    };
    const stop = () => {
      stage.removeEventListener("pointermove", move);
      const { name, at } = dragging;
      dragging = null;
      setEdge(name, at, false);
      drawHandles();
      one(`.ov-handle[data-edge="${name}"]`)?.focus({ preventScroll: true });
    };
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerup", stop, { once: true });
    stage.addEventListener("pointercancel", stop, { once: true });
  }, { capture: true });
  stage.addEventListener("keydown", (event) => {
    const name = event.target.closest?.(".ov-handle")?.dataset.edge;
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!name || (!way && event.key !== "Home")) return;
    event.preventDefault();
    event.stopPropagation();
    if (way) setEdge(name, edgeAt(chosen(), name) + way * (event.shiftKey ? 24 : snap()), true);
    else change({ [name]: null }, { replace: true });
  });
}

/** Make the form say what the address says, but for the field that is being written in. */
function syncForm() {
  const form = one("#ov-try");
  const item = chosen();
  if (!form || !item) return;
  for (const name of Object.keys(EDGES)) {
    const at = edgeAt(item, name);
    if (document.activeElement !== form.elements[name]) form.elements[name].value = at === null ? "" : wallTime(at);
  }
  form.elements.try_out.checked = get("try_out") === "1";
  if (document.activeElement !== form.elements.try_lag) form.elements.try_lag.value = get("try_lag") || "0";
  if (list("try_scope") === null && form.dataset.touched) for (const box of all("[name=try_scope]", form)) box.checked = box.defaultChecked;
}

function onField({ target }) {
  const form = target.closest("#ov-try");
  if (!form) return;
  if (EDGES[target.name]) {
    if (target.value) setEdge(target.name, zoned(target.value), false);
    else change({ [target.name]: null });
  } else if (target.name === "try_scope") {
    form.dataset.touched = "1";
    change({ try_scope: all("[name=try_scope]:checked", form).map((box) => box.value) });
  } else if (target.name === "try_out") change({ try_out: target.checked ? "1" : null });
  else if (target.name === "try_lag") change({ try_lag: Number(target.value) > 0 ? target.value : null });
  syncForm();
}

/** Ask what attribution says of it: one question at a time, the newest last. */
async function ask() {
  const home = one("#ov-try-answer");
  if (!home || !isTrying()) return;
  const wanted = address(config.urls.scratchAnswer.replace("/0/", `/${get("change")}/`));
  if (isAsking || wanted === answered) return;
  isAsking = true;
  home.setAttribute("aria-busy", "true");
  if (!home.childElementCount) home.textContent = "Fitting the case as it is…";
  try {
    const response = await fetch(wanted, { credentials: "same-origin", headers: { "X-Requested-With": "fetch" } });
    if (response.ok) home.replaceChildren(...new DOMParser().parseFromString(await response.text(), "text/html").body.childNodes);
    else home.textContent = `The server answered ${response.status}. Change something to try again.`;
  } catch {
    home.textContent = "The server cannot be reached. Check the connection; what you moved stays as it is.";
  } finally {
    answered = wanted;
    isAsking = false;
    home.removeAttribute("aria-busy");
  }
  ask();
}

/** Follow the address: handles, form and answer. */
export function syncScratch() {
  drawHandles();
  if (!isTrying()) {
    answered = "";
    return;
  }
  syncForm();
  ask();
}

export function startScratch() {
  startDragging();
  const panel = one("#ov-panel");
  panel.addEventListener("change", onField);
  panel.addEventListener("click", ({ target }) => {
    if (target.closest("#ov-try-close")) leaveScratch();
    if (target.closest("#ov-try-reset")) change(NOTHING);
  });
  panel.addEventListener("submit", (event) => { if (event.target.id === "ov-try") event.preventDefault(); });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "ov-panel-body" || !one("#ov-try")) return;
    answered = "";
    syncScratch();
  });
}
