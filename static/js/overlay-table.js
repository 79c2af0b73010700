/** The complaints as a table, for readers who do not see plots and for those who want figures. */

import { make, one } from "./dom.js";
import { count, day, short } from "./overlay-scale.js";

const MOST_ROWS = 400;

export function drawTable(complaints) {
  const details = one("#ov-table");
  details.hidden = !complaints.total;
  if (details.open) fill(complaints);
  details.ontoggle = () => { if (details.open) fill(complaints); };
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
