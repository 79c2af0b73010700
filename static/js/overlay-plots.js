/** Complaints and metrics, drawn by Plotly: one figure for the complaints, one a metric. */

import { icon, make, one } from "./dom.js";
import { withBands } from "./overlay-bands.js";
import { clearPreview } from "./overlay-preview.js";
import { plan, plotAll } from "./overlay-queue.js";
import { count, day, number, scale, short, toX } from "./overlay-scale.js";
import { change, get, leaveComparison } from "./overlay-state.js";
import { crisp, fixed, svg } from "./overlay-svg.js";
import { combined, together, toggleTogether } from "./overlay-together.js";
import { resolveTokens } from "./tokens.js";

const SETTINGS = { staticPlot: true, displayModeBar: false, responsive: false };
const ROW_HEIGHT = 76;
const hiddenTraces = new Set();

const dress = new Map();

/** The room for ticks and the type, as the style sheet has it for windows of this kind: asking makes the browser settle its styles. */
function typeOf(isPhone) {
  if (!dress.has(isPhone)) {
    const style = getComputedStyle(one("#overlay"));
    dress.set(isPhone, { room: parseFloat(style.getPropertyValue("--ov-ticks")) || 44, family: style.fontFamily });
  }
  return dress.get(isPhone);
}

/** Draw a figure into a plot cell, its x axis on the page's own. */
function draw(cell, figure, height) {
  let home = one(".ov-plotly", cell);
  if (!home) {
    home = make("div", { class: "ov-plotly" });
    cell.append(home);
  }
  const dressed = resolveTokens(figure);
  const { room, family } = typeOf(innerWidth <= 640);
  const small = room < 40;
  dressed.layout.width = scale.width + room;
  dressed.layout.height = height;
  dressed.layout.margin = { ...dressed.layout.margin, l: room };
  dressed.layout.font = { family, size: 11 };
  Object.assign(dressed.layout.xaxis, { range: [scale.low, scale.high], autorange: false });
  for (const [name, axis] of Object.entries(dressed.layout)) if (small && name.startsWith("yaxis")) axis.tickfont = { ...axis.tickfont, size: 10 };
  return globalThis.Plotly.react(home, dressed.data, dressed.layout, SETTINGS).then(() => clearPreview(cell));
}

/** Say what the complaints' panel says, and plan its plot. */
export function showComplaints(complaints) {
  const cell = one("#ov-complaints-plot");
  const isMultiple = complaints.rows > 1;
  const height = isMultiple ? Math.min(Math.max(complaints.rows, 1) * 62, 900) : complaints.contrast ? 290 : innerWidth < 700 ? 200 : 236;
  cell.style.height = `${height}px`;
  complaintsNote(complaints);
  legend(complaints, isMultiple, height);
  let empty = one(".ov-empty", cell);
  if (!complaints.total && !complaints.contrast) {
    one(".ov-plotly", cell)?.remove();
    empty ??= make("p", { class: "ov-empty" });
    empty.textContent = noComplaints();
    cell.append(empty);
    clearPreview(cell);
    plan("complaints", []);
    return;
  }
  empty?.remove();
  const figure = { data: complaints.figure.data.map((trace) => ({ ...trace, visible: !hiddenTraces.has(keyOf(trace)) })), layout: complaints.figure.layout };
  plan("complaints", [{ cell, height, lines: figure, figure: () => figure, plot: () => draw(cell, figure, height) }]);
}

function noComplaints() {
  const isFiltered = [...new URLSearchParams(location.search).keys()].some((name) => name.startsWith("seg."));
  if (isFiltered) return "No complaint in this window matches the segment filter. Take a value out of the filter, or widen the window.";
  if (get("from") || get("to")) return "Nobody complained in this window.";
  return "This case has no complaints yet. Import a case bundle with tickets under Sources.";
}

function complaintsNote(complaints) {
  const bits = [`${count(complaints.total)} in view, per ${complaints.binName}`];
  if (complaints.contrast) bits.splice(0, 1, complaints.contrast.title, `${complaints.contrast.unit}, per ${complaints.contrast.binName}`);
  else if (complaints.rate) {
    bits.push(`drawn per ${count(complaints.rate.per)} uses`);
    if (complaints.rate.nEmpty) bits.push(`${complaints.rate.nEmpty} bins without counted use are left empty`);
  } else if (complaints.dayOnly > 0 && complaints.step < 86400) bits.push(`${count(complaints.dayOnly)} have only a day and are spread over it`);
  const back = complaints.contrast ? make("button", { type: "button", class: "link" }, "Back to symptoms") : null;
  back?.addEventListener("click", leaveComparison);
  if (complaints.layersNote) bits.push(complaints.layersNote);
  one("#ov-complaints-sub").replaceChildren(bits.join("; "), back ? " " : "", back ?? "");
}

const keyOf = (trace) => trace.meta.key ?? (trace.meta.change ? `change-${trace.meta.change}` : trace.meta.role);

/** The legend doubles as the readout: each entry's value follows the cursor. */
function legend(complaints, isMultiple, height) {
  const list = one("#ov-legend");
  list.classList.toggle("is-spread", isMultiple);
  list.style.height = isMultiple ? `${height}px` : "";
  const traces = complaints.figure?.data ?? [];
  const shown = traces.map((trace, index) => ({ trace, index })).filter(({ trace }) => (!isMultiple || trace.meta.key !== undefined) && !trace.meta.role.startsWith("interval"));
  if (!isMultiple && traces[0]?.stackgroup) shown.reverse();
  const entries = shown.map(({ trace, index }) => {
    const key = keyOf(trace);
    const swatch = make("i", { class: "ov-swatch", "aria-hidden": "true" });
    swatch.dataset.role = trace.meta.role;
    const colour = resolveTokens({ c: trace.fillcolor ?? trace.line.color }).c;
    swatch.style.setProperty("--swatch", colour);
    if (trace.meta.pattern) swatch.dataset.pattern = trace.meta.pattern;
    const button = make("button", { type: "button", "data-legend": index, "aria-pressed": String(!hiddenTraces.has(key)), title: trace.name }, swatch, make("span", { class: "ov-legend-name" }, trace.name));
    button.addEventListener("click", () => {
      if (hiddenTraces.has(key)) hiddenTraces.delete(key);
      else hiddenTraces.add(key);
      showComplaints(complaints);
      plotAll(["complaints"]);
    });
    return make("li", { class: hiddenTraces.has(key) ? "is-hidden" : "" }, button, make("output", { class: "ov-value", "data-trace": index }));
  });
  for (const { trace, index } of shown.filter(({ trace }) => trace.fillcolor && trace.meta.role === "symptom")) highlightOn(one(`[data-legend="${index}"]`, entries.find((entry) => one(`[data-legend="${index}"]`, entry))), trace, index);
  for (const note of complaints.legend ?? []) entries.push(make("li", { class: "ov-legend-note" }, note));
  list.replaceChildren(...entries);
}

/** While the pointer or the focus rests on an entry, its symptom is drawn in the accent. */
function highlightOn(button, trace, index) {
  const paint = (colour) => {
    const home = one("#ov-complaints-plot .ov-plotly");
    if (home?.data?.[index]) globalThis.Plotly.restyle(home, { fillcolor: resolveTokens({ colour }).colour }, [index]);
  };
  for (const [on, off] of [["pointerenter", "pointerleave"], ["focus", "blur"]]) {
    button.addEventListener(on, () => paint("--accent/0.75"));
    button.addEventListener(off, () => paint(trace.fillcolor));
  }
}

/** Make the metrics' rows, and plan their plots. */
export function showMetrics(metrics) {
  const rows = metrics.rows;
  const parts = [];
  if (!rows.length) parts.push(emptyMetrics(metrics));
  const over = combined(rows);
  if (over) parts.push(togetherRow(over));
  for (const metric of rows) parts.push(metricRow(metric));
  if (metrics.evals) parts.push(evalRow(metrics.evals));
  plan("metrics", parts.filter((row) => row.figure).map((row) => {
    const cell = one(".ov-plot", row);
    const height = row.height ?? ROW_HEIGHT;
    let drawn = null;
    const figure = () => (drawn ??= withBands(row.figure));
    return { cell, height, lines: row.figure, figure, plot: () => draw(cell, figure(), height) };
  }));
  if (metrics.nMore || metrics.isAll) {
    const words = metrics.isAll ? "Show the first metrics alone" : `Show ${metrics.nMore} more metric${metrics.nMore === 1 ? "" : "s"}`;
    const more = make("button", { class: "button button--small button--quiet ov-more-rows", type: "button" }, words);
    more.addEventListener("click", () => change({ metrics: metrics.isAll ? null : "all" }));
    parts.push(make("div", { class: "ov-row" }, make("div", { class: "ov-label" }), make("div", { class: "ov-plot" }, more)));
  }
  one("#ov-metrics").replaceChildren(...parts);
}

function emptyMetrics(metrics) {
  const text = metrics.nMetrics ? "No metric has points in this window for this segment." : "No metric is recorded for this product. A case bundle may bring them in metrics.csv.";
  return make("div", { class: "ov-row ov-metric" }, make("div", { class: "ov-label" }, make("span", { class: "ov-name" }, "Metrics")), make("p", { class: "ov-plot ov-empty" }, text));
}

const BETTER = { higher: ["arrow-up", "higher is better"], lower: ["arrow-down", "lower is better"] };

function metricRow(metric) {
  const label = make("div", { class: "ov-label" }, make("h3", { class: "ov-name", title: metric.name }, metric.name));
  const facts = make("p", { class: "ov-sub" });
  if (metric.better) facts.append(make("span", { class: "ov-better" }, icon(BETTER[metric.better][0]), BETTER[metric.better][1]), ", ");
  facts.append(metric.unit || "no unit");
  const isOver = together().includes(metric.key);
  const over = make("button", { class: "ov-over", type: "button", "aria-pressed": String(isOver), "aria-label": `Overlay ${metric.name} with others`, title: isOver ? "Take out of the overlaid panel" : "Overlay with others in one panel" }, icon("layers-2"));
  over.addEventListener("click", () => toggleTogether(metric.key));
  // As many lines as readings will stand there, so that nothing moves when they do.
  const readings = Math.min(metric.lines.length, 4);
  label.append(over, facts, make("output", { class: "ov-value ov-reading" }, ...Array.from({ length: readings }, () => make("span", { class: "ov-reading-line" }, "\u00a0"))));
  if (metric.unsplit.length) label.append(make("p", { class: "ov-sub ov-caveat", title: "These points are not told apart by that: the filter or the comparison does not reach them." }, `not by ${metric.unsplit.join(", ")}`));
  if (metric.unscoped) label.append(make("p", { class: "ov-sub ov-caveat", title: "No series of this metric tells the change's scope from the rest." }, "not split by scope"));
  const cell = make("div", { class: "ov-plot" });
  cell.style.height = `${ROW_HEIGHT}px`;
  cell.append(marks(metric));
  if (metric.shifts.length) cell.append(levelMarks(metric));
  const row = make("section", { class: "ov-row ov-metric", "aria-label": metric.name }, label, cell);
  return Object.assign(row, { metric, figure: metric.figure });
}

/** The chosen metrics over each other. */
function togetherRow({ metric, names, scales }) {
  const end = make("button", { type: "button", class: "link" }, "Apart again");
  end.addEventListener("click", () => change({ together: null }));
  const label = make("div", { class: "ov-label" }, make("h3", { class: "ov-name" }, metric.name), make("ul", { class: "ov-over-names" }, ...names), make("p", { class: "ov-sub" }, `${scales}. `, end), make("output", { class: "ov-value ov-reading" }));
  const cell = make("div", { class: "ov-plot" });
  cell.style.height = `${2 * ROW_HEIGHT}px`;
  const row = make("section", { class: "ov-row ov-metric ov-together", "aria-label": "Overlaid metrics" }, label, cell);
  return Object.assign(row, { metric, figure: metric.figure, height: 2 * ROW_HEIGHT });
}

/** Hatched silence. */
function marks(metric) {
  const back = svg("svg", { class: "ov-row-back", width: scale.width, height: ROW_HEIGHT, "aria-hidden": "true" });
  for (const [low, high] of metric.gaps) {
    const gap = svg("rect", { class: "ov-gap", x: fixed(Math.max(toX(low), 0)), y: 4, width: fixed(Math.min(toX(high), scale.width) - Math.max(toX(low), 0)), height: ROW_HEIGHT - 8 });
    gap.append(svg("title", {}, `The source was silent from ${short(low)} to ${short(high)}`));
    back.append(gap);
  }
  return back;
}

/** Where the level shifted: how surely its time is known as a span, and in words beside the pointer. */
function levelMarks(metric) {
  const front = svg("svg", { class: "ov-row-front", width: scale.width, height: ROW_HEIGHT, role: "group", "aria-label": `Level shifts of ${metric.name}` });
  for (const shift of metric.shifts) {
    const [low, x, high] = [toX(shift.low), toX(shift.at), toX(shift.high)];
    if (high < 0 || low > scale.width) continue;
    const says = `Level shift: ${number(shift.before)} before, ${number(shift.after)} after\nbetween ${day(shift.low + 1)} and ${day(shift.high - 1)} (90 % interval)`;
    const mark = svg("g", { class: "ov-shifted", role: "img", tabindex: 0, "aria-label": `${metric.name}. ${says}`, "data-tip": says });
    const left = Math.max(low, 0);
    mark.append(svg("rect", { class: "ov-level-span ov-hit-level", x: fixed(left), y: 2, width: fixed(Math.max(Math.min(high, scale.width) - left, 3)), height: ROW_HEIGHT - 4 }));
    if (x >= 0 && x <= scale.width) mark.append(svg("path", { class: "ov-level", d: `M${crisp(x)},2 v${ROW_HEIGHT - 4}` }));
    front.append(mark);
  }
  return front;
}

function evalRow(evals) {
  const label = make("div", { class: "ov-label" }, make("h3", { class: "ov-name" }, "Evaluation runs"), make("p", { class: "ov-sub" }, "points against the baseline; the bar is the least effect each could have seen"), make("output", { class: "ov-value ov-reading" }));
  const cell = make("div", { class: "ov-plot" });
  cell.style.height = `${ROW_HEIGHT}px`;
  const drawing = svg("svg", { class: "ov-row-front", width: scale.width, height: ROW_HEIGHT, role: "group", "aria-label": "Evaluation runs" });
  for (const run of evals.runs) {
    const x = toX(run.at);
    if (x < 0 || x > scale.width) continue;
    const says = evalSays(run);
    const mark = svg("g", { class: "ov-eval", role: "img", tabindex: 0, "aria-label": says, "data-tip": says });
    mark.append(svg("rect", { class: "ov-hit", x: fixed(x - 8), y: 0, width: 16, height: ROW_HEIGHT }));
    if (run.difference === null) mark.append(svg("path", { class: "ov-eval-unknown", d: `M${fixed(x)},${ROW_HEIGHT / 2 - 5} l5,5 l-5,5 l-5,-5 z` }));
    drawing.append(mark);
  }
  cell.append(drawing);
  return Object.assign(make("section", { class: "ov-row ov-metric", "aria-label": "Evaluation runs" }, label, cell), { figure: evals.figure });
}

function evalSays(run) {
  const size = run.n ? `${count(run.n)} tasks` : "number of tasks not told";
  const effect = run.difference === null ? "no figure told" : `${number(run.difference)} points against the baseline`;
  const power = run.detectable === null ? "what it could have seen is not known" : `could have seen ${number(run.detectable)} points or more`;
  return `${run.suite}, ${short(run.at)}\n${size}; ${effect}; ${power}${run.verdict ? `\nVerdict then: ${run.verdict}` : ""}`;
}
