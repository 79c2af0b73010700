/** Several metrics in one panel: those of one unit on one scale, each other unit on its own. */

import { make } from "./dom.js";
import { change, get } from "./overlay-state.js";

const DASHES = ["solid", "dash", "dot", "dashdot", "longdash"];
const TONES = [1, 0.62, 0.8, 0.5, 0.7];

export const together = () => get("together").split(",").filter(Boolean);

export function toggleTogether(key) {
  const keys = together();
  change({ together: (keys.includes(key) ? keys.filter((one) => one !== key) : [...keys, key]).join(",") });
}

/** Return one metric-like object that draws the chosen metrics over each other; null where fewer than two are shown. */
export function combined(rows) {
  const keys = together();
  const chosen = rows.filter((metric) => keys.includes(metric.key) && metric.figure.data.length);
  if (chosen.length < 2) return null;
  const units = [...new Set(chosen.map((metric) => metric.unit))];
  const layout = { ...chosen[0].figure.layout };
  units.forEach((unit, i) => {
    const axes = chosen.filter((metric) => metric.unit === unit).map((metric) => metric.figure.layout.yaxis);
    const range = [Math.min(...axes.map((axis) => axis.range[0])), Math.max(...axes.map((axis) => axis.range[1]))];
    layout[i === 0 ? "yaxis" : `yaxis${i + 1}`] = i === 0 ? { ...axes[0], range } : { ...axes[0], range, overlaying: "y", visible: false, showgrid: false };
  });
  const data = chosen.map((metric, i) => {
    const line = metric.figure.data.find((trace) => trace.meta.role === "line");
    const axis = units.indexOf(metric.unit);
    return { ...line, name: metric.name, mode: "lines", yaxis: axis === 0 ? "y" : `y${axis + 1}`, line: { width: 1.8, color: `--ink/${TONES[i % TONES.length]}`, dash: DASHES[i % DASHES.length] } };
  });
  const names = chosen.map((metric, i) => make("li", {}, make("i", { class: `ov-dash ov-dash-${DASHES[i % DASHES.length]}`, "aria-hidden": "true" }), metric.name));
  const scales = units.length === 1 ? `one scale, ${units[0] || "no unit"}` : `${units.length} units, each on its own scale; the axis is ${units[0] || "without a unit"}`;
  return { metric: { key: "together", name: "Overlaid", figure: { data, layout }, gaps: [], shifts: [] }, names, scales };
}
