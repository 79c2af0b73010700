/** What lies behind every panel: weekends, grid lines, clock shifts; and the axis on top. */

import { one } from "./dom.js";
import { get } from "./overlay-state.js";
import { caseEnd, fromDate, scale, short, toX } from "./overlay-scale.js";
import { crisp, fixed, svg } from "./overlay-svg.js";

/** The panels' height: the table below them is no part of the picture. */
export const panelsHeight = () => one("#ov-metrics").offsetTop + one("#ov-metrics").offsetHeight;

export function drawBackdrop(payload) {
  const back = one("#ov-back");
  const height = panelsHeight();
  back.setAttribute("height", height);
  back.setAttribute("width", scale.width);
  const shapes = payload.weekends.map(([low, high]) => svg("rect", { class: "ov-weekend", x: fixed(toX(low)), y: 0, width: fixed(toX(high) - toX(low)), height: "100%" }));
  for (const [at, , major] of payload.ticks) {
    shapes.push(svg("line", { class: major ? "ov-grid ov-grid-major" : "ov-grid", x1: crisp(toX(at)), x2: crisp(toX(at)), y1: 0, y2: "100%" }));
  }
  for (const [at, label] of payload.shifts) {
    const line = svg("line", { class: "ov-shift", x1: crisp(toX(at)), x2: crisp(toX(at)), y1: 0, y2: "100%" });
    line.append(svg("title", {}, label));
    shapes.push(line);
  }
  for (const [low, high, title] of payload.freezes) {
    const [left, right] = [Math.max(toX(low), 0), Math.min(toX(high), scale.width)];
    const shape = svg("g", { class: "ov-frozen" }, svg("title", {}, title), svg("rect", { class: "ov-freeze", x: fixed(left), y: 28, width: fixed(right - left), height: height - 28 }));
    for (const [at, x] of [[low, left], [high, right]]) if (at >= scale.low && at <= scale.high) shape.append(svg("line", { class: "ov-freeze-edge", x1: crisp(x), x2: crisp(x), y1: 28, y2: height }));
    shapes.push(shape);
  }
  const now = fromDate(new Date());
  if (now > scale.low && now < scale.high && now < caseEnd()) {
    shapes.push(svg("rect", { class: "ov-future", x: fixed(toX(now)), y: 28, width: fixed(scale.width - toX(now)), height: height - 28 }));
    shapes.push(svg("line", { class: "ov-now", x1: crisp(toX(now)), x2: crisp(toX(now)), y1: 28, y2: height }));
  }
  if (get("control") === "1") {
    for (const [low, high] of payload.lanes.control) {
      if (high <= scale.low || low >= scale.high) continue;
      const [left, right] = [Math.max(toX(low), 0), Math.min(toX(high), scale.width)];
      shapes.push(svg("rect", { class: "ov-clean", x: crisp(left), y: 30.5, width: fixed(right - left - 1), height: height - 34 }));
      shapes.push(svg("text", { class: "ov-clean-name", x: fixed(left + 6), y: height - 10 }, right - left > 130 ? "no named change in force" : ""));
    }
  }
  back.replaceChildren(...shapes);
}

export function drawAxis(payload) {
  const labels = one("#ov-ticks");
  labels.setAttribute("width", scale.width);
  const marks = [];
  for (const [at, label, major] of payload.ticks) {
    const x = toX(at);
    const isLast = x > scale.width - 34;
    marks.push(svg("text", { class: major ? "ov-tick ov-tick-major" : "ov-tick", x: fixed(isLast ? x - 4 : x + 4), y: 18, "text-anchor": isLast ? "end" : "start" }, label));
  }
  for (const [at, label] of payload.shifts) {
    const mark = svg("path", { class: "ov-shift-mark", d: `M${fixed(toX(at))},27 l-4,-6 h8 z` });
    mark.append(svg("title", {}, label));
    marks.push(mark);
  }
  for (const [low, high, title] of payload.freezes) {
    const [left, right] = [Math.max(toX(low), 0), Math.min(toX(high), scale.width)];
    const bar = svg("rect", { class: "ov-freeze-bar", x: fixed(left), y: 23, width: fixed(Math.max(right - left, 2)), height: 4 });
    bar.append(svg("title", {}, `${title}, ${short(low)} to ${short(high)}`));
    marks.push(bar);
  }
  labels.replaceChildren(...marks);
}
