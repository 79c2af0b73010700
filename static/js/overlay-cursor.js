/** One cursor through all panels: a line, the time on the axis, and every panel's value beside its name. */

import { all, make, one, oncePerFrame } from "./dom.js";
import { clampX, count, fromIso, moment, number, scale, toHours, toX } from "./overlay-scale.js";
import { crisp, fixed, svg } from "./overlay-svg.js";
import { get } from "./overlay-state.js";
import { panelsHeight } from "./overlay-backdrop.js";
import { changeById } from "./overlay-lanes.js";

let at = null;
let payload = {};
const front = () => one("#ov-front");

export const cursor = () => at;

export function setPayload(fresh) {
  payload = fresh;
  if (at === null || at < scale.low || at > scale.high) at = null;
  mark();
}

export function moveTo(hours) {
  at = hours === null ? null : Math.min(Math.max(hours, scale.low), scale.high);
  show();
}
export const moveToX = oncePerFrame((x) => moveTo(toHours(clampX(x))));

/** Draw what lies over the panels, and say the values. */
export function show(drag = null) {
  mark(drag);
  sayValues();
}

/** Draw the band of the chosen change, the selection and the cursor. */
function mark(drag = null) {
  const shapes = [];
  const chosen = changeById(payload.lanes, get("change"));
  if (chosen) {
    const low = clampX(toX(chosen.start));
    const high = chosen.end === null ? scale.width : clampX(toX(chosen.end));
    if (high > low) shapes.push(svg("rect", { class: `ov-band ${chosen.classes}`, x: fixed(low), y: 0, width: fixed(high - low), height: "100%" }));
  }
  const span = drag ?? selection();
  if (span) {
    const low = clampX(toX(span.from));
    const high = clampX(toX(span.to));
    shapes.push(svg("rect", { class: `ov-brush${span.kind === "zoom" ? " is-zoom" : ""}`, x: fixed(low), y: 0, width: fixed(Math.max(high - low, 1)), height: "100%" }));
  }
  if (at !== null) shapes.push(svg("line", { class: "ov-cursor", x1: crisp(toX(at)), x2: crisp(toX(at)), y1: 0, y2: "100%" }));
  front().setAttribute("width", scale.width);
  front().setAttribute("height", panelsHeight());
  front().replaceChildren(...shapes);
  one("#ov-when").textContent = at === null ? "" : moment(at);
  one("#ov-scrub").value = at === null ? 1000 : Math.round((toX(at) / scale.width) * 1000);
}

/** Say every panel's values at the cursor, or over the window. */
export function sayValues() {
  complaintValues();
  metricValues();
}

export function selection() {
  const from = fromIso(get("sel_from"));
  const to = fromIso(get("sel_to"));
  return from === null || to === null || to <= from ? null : { from, to, kind: "select" };
}

/** Return the index of the bin that holds a time, -1 outside. */
function binAt(edges, hours) {
  if (!edges?.length || hours < edges[0] || hours >= edges[edges.length - 1]) return -1;
  let low = 0;
  let high = edges.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= hours) low = middle;
    else high = middle;
  }
  return low;
}

function complaintValues() {
  const complaints = payload.complaints;
  if (!complaints?.figure) return;
  const bin = at === null ? -1 : binAt(complaints.contrast?.edges ?? complaints.edges, at);
  for (const output of all("#ov-legend output")) {
    const trace = complaints.figure.data[output.dataset.trace];
    if (!trace) continue;
    const values = trace.y;
    if (bin >= 0) output.textContent = complaints.contrast || complaints.rate ? number(values[bin]) : count(values[bin]);
    else output.textContent = complaints.contrast ? (complaints.contrast.counts[trace.meta.role] === undefined ? "" : count(complaints.contrast.counts[trace.meta.role])) : complaints.rate ? number(meanRate(values, complaints.rate.use)) : count(values.slice(0, -1).reduce((sum, value) => sum + value, 0));
  }
}

/** The rate over all shown bins: each weighs as much as its use. */
function meanRate(values, use) {
  let [sum, total] = [0, 0];
  use.forEach((amount, bin) => { sum += amount * values[bin]; total += amount; });
  return total > 0 ? sum / total : 0;
}

function metricValues() {
  for (const row of all(".ov-metric")) {
    const output = one(".ov-reading", row);
    if (!output || !row.metric) continue;
    const lines = row.metric.figure.data.filter((trace) => trace.meta.role === "line");
    const reach = row.metric.figure.data.find((trace) => trace.meta.role === "interval-high" && trace.name === lines[0]?.name);
    output.replaceChildren(...lines.slice(0, 4).map((line) => reading(line, lines.length > 1, reach)));
  }
}

function reading(line, isNamed, reach) {
  const index = nearest(line.x, line.y, at ?? Infinity);
  if (index < 0) return make("span", { class: "ov-reading-line" }, isNamed ? `${line.name}: —` : "—");
  const value = line.y[index];
  const half = !isNamed && reach ? reach.y[index] - value : 0;
  const bounds = half > 0 ? make("small", {}, ` [${number(value - half)} to ${number(value + half)}]`) : null;
  return make("span", { class: "ov-reading-line", title: moment(line.x[index]) }, isNamed ? make("small", {}, `${line.name} `) : null, make("b", {}, number(value)), bounds);
}

/** Return the index of the last point at or before a time that has a value; -1 where there is none. */
function nearest(x, y, hours) {
  for (let i = x.length - 1; i >= 0; i -= 1) if (x[i] <= hours && Number.isFinite(y[i])) return i;
  return -1;
}

/** A small sign beside what the pointer or the focus is on. */
export function startTips() {
  const sign = make("div", { class: "ov-tip", role: "presentation", hidden: true });
  document.body.append(sign);
  const place = (target) => {
    const text = target.dataset.tip;
    if (!text) return;
    const [first, ...rest] = text.split("\n");
    sign.replaceChildren(make("strong", {}, first), ...rest.map((line) => make("p", {}, line)));
    sign.hidden = false;
    const box = target.getBoundingClientRect();
    const mine = sign.getBoundingClientRect();
    const x = Math.min(Math.max(box.left + Math.min(box.width / 2, 120) - mine.width / 2, 8), innerWidth - mine.width - 8);
    const below = box.bottom + 8 + mine.height < innerHeight;
    sign.style.transform = `translate(${Math.round(x)}px, ${Math.round(below ? box.bottom + 6 : Math.max(box.top - mine.height - 6, 4))}px)`;
  };
  const stage = one("#ov-stage");
  stage.addEventListener("pointerover", (event) => {
    const target = event.target.closest("[data-tip]");
    if (target && event.pointerType !== "touch") place(target);
    else sign.hidden = true;
  });
  stage.addEventListener("pointerleave", () => { sign.hidden = true; });
  stage.addEventListener("focusin", (event) => {
    const target = event.target.closest("[data-tip]");
    if (target?.matches(":focus-visible")) place(target);
  });
  stage.addEventListener("focusout", () => { sign.hidden = true; });
  stage.addEventListener("scroll", () => { sign.hidden = true; }, { passive: true });
}
