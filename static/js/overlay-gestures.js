/** Hands: drag to zoom or to select, keys for the same, the scrubber under the thumb. */

import { isTyping, one } from "./dom.js";
import { cursor, moveTo, moveToX, show } from "./overlay-cursor.js";
import { caseEnd, clampX, isoMinute, moment, scale, toHours } from "./overlay-scale.js";
import { change, get } from "./overlay-state.js";

const LEAST_DRAG = 4;
const LEAST_HOURS = 0.5;
let isSelecting = false;

export function setWindow(from, to) {
  const end = caseEnd();
  const length = Math.min(Math.max(to - from, LEAST_HOURS), end);
  const start = Math.min(Math.max(from, 0), end - length);
  const isWhole = start <= 0 && length >= end;
  change({ from: isWhole ? null : isoMinute(start), to: isWhole ? null : isoMinute(start + length) });
}

export function select(from, to) {
  const [low, high] = from < to ? [from, to] : [to, from];
  if (high - low < 1 / 60) return;
  change({ sel_from: isoMinute(low), sel_to: isoMinute(high), change: null, flags: null, pins: null });
}

/** Zoom by a factor about the cursor, or about the middle. */
function zoom(factor) {
  const length = scale.high - scale.low;
  const about = cursor() ?? scale.low + length / 2;
  const part = (about - scale.low) / length;
  setWindow(about - part * length * factor, about + (1 - part) * length * factor);
}
const pan = (part) => setWindow(scale.low + (scale.high - scale.low) * part, scale.high + (scale.high - scale.low) * part);

export function windowOf(hours) {
  if (hours === "all") {
    change({ from: null, to: null });
    return;
  }
  const middle = cursor() ?? (scale.low + scale.high) / 2;
  setWindow(middle - hours / 2, middle + Number(hours) / 2);
}

export function setSelecting(on) {
  isSelecting = on;
  one("#ov-select").setAttribute("aria-pressed", String(on));
  one("#ov-stage").classList.toggle("is-selecting", on);
}

/** Return the pointer's pixel in the plot column, or null beside it. */
function plotX(event) {
  const box = one("#ov-back").getBoundingClientRect();
  const x = event.clientX - box.left;
  return x < -2 || x > scale.width + 2 ? null : x;
}

export function startGestures() {
  const stage = one("#ov-stage");
  let drag = null;
  stage.addEventListener("pointermove", (event) => {
    const x = plotX(event);
    if (drag) {
      const now = clampX(event.clientX - one("#ov-back").getBoundingClientRect().left);
      if (!drag.moved && Math.abs(now - drag.x) < LEAST_DRAG) return;
      if (!drag.moved) stage.setPointerCapture(event.pointerId);
      drag.moved = true;
      drag.now = now;
      show({ from: toHours(Math.min(drag.x, now)), to: toHours(Math.max(drag.x, now)), kind: drag.kind });
    } else if (x !== null && event.pointerType !== "touch") moveToX(x);
  });
  stage.addEventListener("pointerleave", () => { if (!drag) moveTo(null); });
  stage.addEventListener("pointerdown", (event) => {
    const x = plotX(event);
    if (x === null || event.button !== 0 || event.pointerType === "touch" || event.target.closest("button, input, summary, table, .ov-handle")) return;
    drag = { x, now: x, moved: false, kind: isSelecting || event.shiftKey ? "select" : "zoom" };
    event.preventDefault();
    stage.focus({ preventScroll: true });
  });
  const finish = () => {
    if (!drag) return;
    const { x, now, moved, kind } = drag;
    drag = null;
    if (!moved) return;
    stage.addEventListener("click", (event) => { event.preventDefault(); event.stopPropagation(); }, { capture: true, once: true });
    setTimeout(() => stage.dispatchEvent(new Event("click")), 0);
    const [low, high] = [toHours(Math.min(x, now)), toHours(Math.max(x, now))];
    if (kind === "select") select(low, high);
    else setWindow(low, high);
  };
  stage.addEventListener("pointerup", finish);
  stage.addEventListener("pointercancel", () => { drag = null; show(); });
  stage.addEventListener("dragstart", (event) => event.preventDefault());
  stage.addEventListener("dblclick", (event) => { if (plotX(event) !== null && !event.target.closest("[data-change], button")) windowOf("all"); });
  one("#ov-scrub").addEventListener("input", (event) => moveTo(toHours((event.target.value / 1000) * scale.width)));
  stage.addEventListener("keydown", (event) => onKey(event));
}

let start = null;

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const step = (scale.high - scale.low) / 100;
  const here = cursor() ?? (scale.low + scale.high) / 2;
  const acts = {
    ArrowLeft: () => (event.shiftKey ? pan(-0.25) : moveTo(here - step)),
    ArrowRight: () => (event.shiftKey ? pan(0.25) : moveTo(here + step)),
    Home: () => moveTo(scale.low),
    End: () => moveTo(scale.high),
    "[": () => { start = here; say(`Selection starts ${moment(here)}`); },
    "]": () => { if (start !== null) select(start, here); },
    Escape: () => escape(),
  };
  const act = acts[event.key];
  if (!act || (event.target !== one("#ov-stage") && event.key !== "Escape")) return;
  event.preventDefault();
  act();
  if (event.key.startsWith("Arrow")) say(one("#ov-when").textContent);
}

const say = (text) => { one("#ov-live").textContent = text; };

/** Escape takes back one step: the panel, the selection mode, then the zoom. */
function escape() {
  if (get("change") || get("sel_from") || get("flags") || get("pins")) change({ change: null, sel_from: null, sel_to: null, flags: null, pins: null });
  else if (isSelecting) setSelecting(false);
  else if (get("from") || get("to")) windowOf("all");
}

export const actions = { in: () => zoom(0.5), out: () => zoom(2), left: () => pan(-0.5), right: () => pan(0.5) };
export const toggleSelecting = () => setSelecting(!isSelecting);
