/** The overlay's page: changes, complaints and metrics over one time axis. */

import { all, one } from "./dom.js";
import { drawAxis, drawBackdrop } from "./overlay-backdrop.js";
import { sayValues, setPayload, startTips } from "./overlay-cursor.js";
import { Failed, fetchApart, fetchOverlay } from "./overlay-data.js";
import { savePng, saveSvg } from "./overlay-export.js";
import { drawChips, startFilter } from "./overlay-filter.js";
import { drawFlags } from "./overlay-flags.js";
import { actions, select, setSelecting, setWindow, startGestures, toggleSelecting, windowOf } from "./overlay-gestures.js";
import { drawLanes, markChosen } from "./overlay-lanes.js";
import { startLive, syncLive } from "./overlay-live.js";
import { startPanel, syncPanel } from "./overlay-panel.js";
import { plotly } from "./overlay-library.js";
import { showComplaints, showMetrics } from "./overlay-plots.js";
import { plotAll, sketch } from "./overlay-queue.js";
import { scale, setScale, short, wallTime, zoned } from "./overlay-scale.js";
import { drawHandles, startScratch, syncScratch } from "./overlay-scratch.js";
import { address, change, clearAll, config, get, onChange, permalink } from "./overlay-state.js";
import { drawMoreTables, drawTable } from "./overlay-table.js";
import { toast } from "./toasts.js";
import { onThemeChange, readTokens } from "./tokens.js";

const payload = {};
let pending = new Set();
let drawnWidth = 0;
let isPainted = false;

/** Let the browser show what stands before the slower part begins; a hidden page has no frames to wait for. */
const painted = () => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); setTimeout(resolve, document.hidden ? 60 : 1000); });

// The panel's library comes after this module: the document is ready when it is.
const ready = new Promise((resolve) => {
  if (globalThis.htmx) resolve();
  else document.addEventListener("DOMContentLoaded", resolve, { once: true });
});

const plotWidth = () => Math.max(one("#ov-axis .ov-plot").clientWidth, 160);

/** Ask for parts (null: all), then draw them; several calls before an answer add up. */
async function load(parts) {
  for (const part of parts ?? ["lanes", "flags", "complaints", "metrics"]) pending.add(part);
  const asked = [...pending];
  const busy = setTimeout(() => { one("#ov-busy").hidden = false; }, 200);
  one("#ov-stage").setAttribute("aria-busy", "true");
  try {
    const width = plotWidth();
    // The first picture comes by one question; later the points of the metrics, which take longest, have one of their own.
    const lists = payload.shown && asked.length > 1 && asked.includes("metrics") ? [asked.filter((part) => part !== "metrics"), ["metrics"]] : [asked];
    const answers = fetchApart(lists, width);
    for (const answer of answers) answer.catch(() => {}); // the loop below says what failed
    for (const [i, answer] of answers.entries()) {
      const fresh = await answer;
      if (!fresh) return;
      const isLast = i === answers.length - 1;
      if (isLast) pending = new Set();
      drawnWidth = width;
      Object.assign(payload, fresh);
      await draw(lists[i], width, { isLast });
    }
    one("#ov-failed").hidden = true;
    one("#ov-sheet").hidden = false;
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    one("#ov-failed-why").textContent = error.message;
    one("#ov-failed").hidden = false;
    one("#ov-sheet").hidden = !payload.shown;
  } finally {
    clearTimeout(busy);
    one("#ov-busy").hidden = true;
    one("#ov-skeleton").hidden = true;
    one("#ov-stage").removeAttribute("aria-busy");
  }
}

/** Ask for everything anew and draw it where it is new; what fails is tried again at the next turn. */
async function refetch() {
  const all = ["lanes", "flags", "complaints", "metrics"];
  const fresh = await fetchOverlay(all, drawnWidth, { onlyNew: true }).catch(() => null);
  if (!fresh) return false;
  Object.assign(payload, fresh);
  await draw(all, drawnWidth);
  return true;
}

/** Draw parts of the answer; while metrics are to follow, those that stand are shown on the new scale, on canvases. */
async function draw(parts, width, { isLast = true } = {}) {
  const isMoved = scale.low !== payload.shown[0] || scale.high !== payload.shown[1] || scale.width !== width;
  setScale(payload.shown[0], payload.shown[1], width);
  // Colours are read before anything is put in: reading one settles the styles of all that stands.
  readTokens([payload.complaints?.figure, ...(payload.metrics?.rows ?? []).map((row) => row.figure), payload.metrics?.evals?.figure]);
  one("#ov-skeleton").hidden = true;
  one("#overlay").classList.add("is-drawn");
  one("#ov-zone").textContent = payload.zone;
  if (parts.includes("lanes")) drawLanes(payload.lanes);
  if (parts.includes("flags")) drawFlags(payload.flags);
  drawAxis(payload);
  if (parts.includes("complaints")) showComplaints(payload.complaints);
  if (parts.includes("metrics") || (!isLast && isMoved)) showMetrics(payload.metrics);
  refresh();
  // Everything stands on canvases before the library is there, in the room that it will take.
  sketch({ onlySeen: true });
  if (!isPainted) {
    isPainted = true;
    document.dispatchEvent(new CustomEvent("overlay:first-paint"));
    await painted();
  }
  if (isLast) {
    sayValues();
    sketch({ onlySeen: false });
  }
  await plotly();
  await plotAll(parts);
  if (parts.includes("complaints")) drawTable(payload.complaints);
  if (!isLast) return;
  drawMoreTables(payload);
  syncLive();
  syncControls();
  document.dispatchEvent(new CustomEvent("overlay:drawn"));
}

/** What depends on the height of everything, and on the cursor. */
function refresh() {
  drawBackdrop(payload);
  setPayload(payload);
  drawHandles(payload.lanes);
}

/** Make the controls say what the address says. */
function syncControls() {
  drawChips();
  const form = one("#ov-options");
  const values = { view: get("view") || "stacked", clock: get("clock") || "onset", unit: get("unit") || "count", lines: get("lines") || "pooled" };
  form.elements.group.value = get("group") || "relevance";
  const owners = one("option[value=owner]", form);
  owners.disabled = !payload.lanes?.hasOwners;
  owners.textContent = owners.disabled ? "owner (the log names none)" : "owner";
  one("option[value=reach]", form).textContent = payload.lanes?.reachName ? `${payload.lanes.reachName.toLowerCase()} they reach` : "what they reach";
  const why = payload.complaints?.rateNote ?? "";
  one("input[name=unit][value=rate]", form).disabled = why !== "";
  one("#ov-rate-note").textContent = why;
  one("#ov-rate-note").hidden = !why;
  for (const [name, value] of Object.entries(values)) for (const box of all(`input[name=${name}]`, form)) box.checked = box.value === value;
  form.elements.layers.checked = get("layers") === "1";
  form.elements.topics.checked = get("topics") !== "";
  form.elements.reach.checked = get("reach") === "1";
  form.elements.control.checked = get("control") === "1";
  form.elements.control.disabled = !payload.lanes?.control.length;
  if (document.activeElement !== form.elements.q) form.elements.q.value = get("q");
  const run = payload.run;
  form.elements.layers.disabled = !run;
  one("#ov-layers-note").textContent = !run ? "No attribution has been run for this case yet." : `Run of ${run.made}`;
  const length = scale.high - scale.low;
  const isWhole = !get("from") && !get("to");
  for (const button of all("[data-window]")) button.setAttribute("aria-pressed", String(button.dataset.window === "all" ? isWhole : !isWhole && Math.abs(length - Number(button.dataset.window)) < 0.1));
  one("#ov-range-words").textContent = isWhole ? "Dates" : `${short(scale.low)} – ${short(scale.high)}`;
  one("#ov-csv").href = address(config.urls.csv, { px: Math.round(scale.width) });
  for (const button of ["in", "out", "left", "right"]) one(`#ov-${button}`).disabled = (button === "out" || button === "left" || button === "right") && isWhole;
}

function startControls() {
  for (const [name, act] of Object.entries(actions)) one(`#ov-${name}`).addEventListener("click", act);
  for (const button of all("[data-window]")) button.addEventListener("click", () => windowOf(button.dataset.window));
  one("#ov-select").addEventListener("click", toggleSelecting);
  const form = one("#ov-options");
  const defaults = { view: "stacked", clock: "onset", unit: "count", group: "relevance", lines: "pooled" };
  form.addEventListener("change", ({ target }) => {
    const more = ["view", "layers", "unit", "topics"].includes(target.name) ? { contrast: null } : {};
    if (target.type === "checkbox") change({ [target.name]: target.checked ? "1" : null, ...more });
    else if (target.type === "radio" || target.name === "group") change({ [target.name]: target.value === defaults[target.name] ? null : target.value, ...more });
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  let typing = 0;
  form.elements.q.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => change({ q: form.elements.q.value.trim() }, { replace: true }), 250);
  });
  startRange();
  one("#ov-copy-link").addEventListener("click", async () => {
    await navigator.clipboard.writeText(permalink()).then(() => toast("Copied."), () => toast(`Copy the address yourself: ${permalink()}`, { tone: "warn" }));
    one("#ov-more").hidePopover();
  });
  one("#ov-png").addEventListener("click", () => savePng(`${config.slug}-overlay.png`));
  one("#ov-svg").addEventListener("click", () => saveSvg(`${config.slug}-overlay.svg`));
  one("#ov-full").addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else one("#overlay").requestFullscreen?.();
  });
  one("#ov-retry").addEventListener("click", () => load(null));
  one("#ov-reset-all").addEventListener("click", () => { clearAll(); load(null); });
}

/** Dates typed in, as a window or as a selection: what the mouse does by dragging. */
function startRange() {
  const form = one("#ov-range-form");
  const error = one("#ov-range-error");
  one("#ov-range").addEventListener("toggle", (event) => {
    if (event.newState !== "open") return;
    form.elements.from.value = wallTime(scale.low);
    form.elements.to.value = wallTime(scale.high);
    error.hidden = true;
    form.elements.from.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [from, to] = [zoned(form.elements.from.value), zoned(form.elements.to.value)];
    error.hidden = to > from;
    error.textContent = "The end must lie after the start.";
    if (!(to > from)) return;
    one("#ov-range").hidePopover();
    if (event.submitter?.value === "select") select(from, to);
    else setWindow(from, to);
  });
}

function startClicks() {
  one("#ov-stage").addEventListener("click", (event) => {
    const mark = event.target.closest("[data-change], [data-flags], [data-pins]");
    if (!mark || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const id = mark.dataset.change;
    if (mark.dataset.pins) change({ pins: "1", change: null, sel_from: null, sel_to: null, flags: null });
    else if (id) change({ change: get("change") === id ? null : id, sel_from: null, sel_to: null, flags: null, pins: null });
    else change({ flags: mark.dataset.flags, change: null, pins: null, sel_from: null, sel_to: null });
  });
}

onChange((parts) => {
  // The question is on its way before anything else is done.
  if (syncPanel()) load(null);
  else if (parts.length) load(parts);
  markChosen();
  if (payload.shown) { refresh(); sayValues(); }
  syncControls();
  syncScratch();
});

let settling = 0;
new ResizeObserver(() => {
  if (!payload.shown || plotWidth() === drawnWidth) return;
  clearTimeout(settling);
  settling = setTimeout(() => load(null), 120);
}).observe(one("#ov-stage"));

document.addEventListener("overlay:height", refresh);
for (const id of ["#ov-table", "#ov-more-tables"]) one(id).addEventListener("toggle", () => setTimeout(refresh));
onThemeChange(() => { if (payload.shown) draw(["lanes", "flags", "complaints", "metrics"], drawnWidth); });
startControls();
startGestures();
startFilter();
startPanel();
startScratch();
startLive(refetch);
document.addEventListener("overlay:pins", () => load(["flags"]));
startTips();
startClicks();
setSelecting(false);
drawChips();
// The panel takes its room at once, so that the first answer fits the width; what stands in it follows.
syncPanel();
load(null);
ready.then(syncPanel);
