/** The complaints as a table, for readers who do not see plots and for those who want figures. */

import { make, one } from "./dom.js";
import { count, day, moment, number, short } from "./overlay-scale.js";

const MOST_ROWS = 400;

export function drawTable(complaints) {
  const details = one("#ov-table");
  details.hidden = !complaints.total;
  if (details.open) fill(complaints);
  details.ontoggle = () => { if (details.open) fill(complaints); };
}

/** Changes, metrics and evaluation runs as tables: what the other drawings show, for readers who do not see them. */
export function drawMoreTables(payload) {
  const details = one("#ov-more-tables");
  const fillAll = () => { if (details.open) one("#ov-more-tables-body").replaceChildren(...moreTables(payload)); };
  details.ontoggle = fillAll;
  fillAll();
}

function moreTables({ lanes, metrics }) {
  const parts = lanes.groups.filter((group) => group.items.length).map((group) => tableOf(group.name, ["Change", "From", "To"], group.items.map((item) => [item.says, moment(item.start), item.end === null ? "in force" : moment(item.end)])));
  if (lanes.rug.length) parts.push(tableOf("Client releases", ["Version", "At"], lanes.rug.map((release) => [release.version, moment(release.at)])));
  for (const metric of metrics.rows) parts.push(metricTable(metric));
  if (metrics.evals) parts.push(tableOf("Evaluation runs", ["Run", "At", "Tasks", "Points against the baseline", "Least effect it could have seen"], metrics.evals.runs.map((run) => [run.suite, moment(run.at), run.n ?? "not told", run.difference ?? "not told", run.detectable ?? "not known"])));
  return parts;
}

function metricTable(metric) {
  const lines = metric.figure.data.filter((trace) => trace.meta.role === "line");
  const rows = lines.flatMap((line) => {
    const high = metric.figure.data.find((trace) => trace.meta.role === "interval-high" && trace.name === line.name);
    return [...line.x].map((at, i) => [moment(at), ...(lines.length > 1 ? [line.name] : []), line.y[i], high ? high.y[i] - line.y[i] : NaN]);
  });
  const cells = rows.filter((row) => Number.isFinite(row.at(-2))).slice(0, MOST_ROWS).map((row) => [...row.slice(0, -2), number(row.at(-2)), row.at(-1) > 0 ? `±\u2009${number(row.at(-1))}` : ""]);
  return tableOf(`${metric.name}${metric.unit ? `, ${metric.unit}` : ""}`, ["At", ...(lines.length > 1 ? ["Segment"] : []), "Value", "95 % interval"], cells);
}

function tableOf(caption, head, rows) {
  return make("table", { class: "ov-numbers" }, make("caption", {}, caption), make("thead", {}, make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name)))), make("tbody", {}, ...rows.map(([first, ...rest]) => make("tr", {}, make("th", { scope: "row" }, String(first)), ...rest.map((value) => make("td", {}, String(value)))))));
}

function fill(complaints) {
  const isDaily = complaints.step >= 86400;
  const name = isDaily ? day : short;
  const head = make("tr", {}, make("th", { scope: "col" }, complaints.step === 86400 ? "Day" : `From, per ${complaints.binName}`), ...complaints.series.map((one) => make("th", { scope: "col", class: "num" }, one.name)), make("th", { scope: "col", class: "num" }, "All"));
  const rows = [];
  for (let bin = 0; bin < complaints.edges.length - 1 && rows.length < MOST_ROWS; bin += 1) {
    const values = complaints.series.map((one) => one.y[bin]);
    const sum = values.reduce((a, b) => a + b, 0);
    rows.push(make("tr", {}, make("th", { scope: "row" }, name(complaints.edges[bin])), ...values.map((value) => make("td", { class: "num" }, value ? count(value) : "·")), make("td", { class: "num" }, count(sum))));
  }
  const cut = complaints.edges.length - 1 > MOST_ROWS ? make("p", { class: "muted" }, `The first ${MOST_ROWS} of ${complaints.edges.length - 1} rows; the CSV holds all.`) : null;
  one("#ov-table-body").replaceChildren(make("table", { class: "ov-numbers" }, make("thead", {}, head), make("tbody", {}, ...rows)), ...(cut ? [cut] : []));
}
