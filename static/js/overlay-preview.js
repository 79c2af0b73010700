/** A figure stroked on a canvas: what is seen while the plotting library is still being read, and of rows out of sight. */

import { make, one } from "./dom.js";
import { scale, toX } from "./overlay-scale.js";
import { resolveTokens } from "./tokens.js";

/** Draw a figure's areas and lines, or its lines alone, into a plot cell; `clearPreview` takes them away again. */
export function preview(cell, figure, height, { onlyLines = false } = {}) {
  const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
  const canvas = one(".ov-preview", cell) ?? make("canvas", { class: "ov-preview", "aria-hidden": "true" });
  canvas.width = Math.round(scale.width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${scale.width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const dressed = resolveTokens({ data: figure.data.map(({ fillcolor, line }) => ({ fillcolor, line })) }).data;
  const stacks = new Map();
  figure.data.forEach((trace, i) => {
    if (trace.visible === false || !trace.mode?.includes("lines") || (onlyLines && /tonexty|toself/.test(trace.fill))) return;
    drawTrace(pen, trace, dressed[i], axisOf(figure, trace, height), stacks, figure.data[i - 1]);
  });
  if (!canvas.isConnected) cell.append(canvas);
}

export const clearPreview = (cell) => one(".ov-preview", cell)?.remove();

/** Return how a trace's values become pixels, as [offset, factor]: its axis' range over its share of the height. */
function axisOf(figure, trace, height) {
  const margin = figure.layout.margin;
  const axis = figure.layout[`yaxis${(trace.yaxis ?? "y").slice(1)}`] ?? figure.layout.yaxis;
  const [low, high] = axis.range;
  const [bottom, top] = axis.domain ?? [0, 1];
  const room = height - margin.t - margin.b;
  const factor = (-(top - bottom) * room) / (high - low || 1);
  return [margin.t + (1 - bottom) * room - low * factor, factor];
}

/** Return pixels of a column of numbers; NaN stays. */
function pixels(values, [offset, factor]) {
  const found = new Float32Array(values.length);
  for (let i = 0; i < found.length; i += 1) found[i] = offset + values[i] * factor;
  return found;
}

function drawTrace(pen, trace, dress, axis, stacks, previous) {
  const isStep = trace.line?.shape === "hv";
  const isLine = trace.line?.width > 0.7;
  if (!dress.fillcolor && !isLine) return;
  let values = trace.y;
  let floor = null;
  if (trace.stackgroup) {
    floor = stacks.get(trace.stackgroup) ?? new Float32Array(values.length);
    values = values.map((value, i) => (value > -Infinity && value < Infinity ? value : 0) + floor[i]);
    stacks.set(trace.stackgroup, values);
  } else if (trace.fill === "tonexty") floor = previous?.y ?? null;
  const xs = pixels(trace.x, [toX(0), toX(1) - toX(0)]);
  const ys = pixels(values, axis);
  if (dress.fillcolor) {
    pen.fillStyle = dress.fillcolor;
    if (trace.fill === "toself") fillShapes(pen, xs, ys);
    else fillBetween(pen, xs, ys, floor ? pixels(floor, axis) : new Float32Array(ys.length).fill(axis[0]), isStep);
  }
  if (isLine) {
    pen.strokeStyle = dress.line.color;
    pen.lineWidth = trace.line.width;
    pen.lineJoin = "bevel"; // round ones take twice as long, and look the same at this width
    stroke(pen, xs, ys, isStep);
  }
}

// Pixels are finite or NaN, and only NaN differs from itself.
const isGap = (pixel) => pixel !== pixel;

function stroke(pen, xs, ys, isStep) {
  let isDown = false;
  pen.beginPath();
  for (let i = 0; i < xs.length; i += 1) {
    if (isGap(ys[i])) { isDown = false; continue; }
    if (isDown && isStep) pen.lineTo(xs[i], ys[i - 1]);
    if (isDown) pen.lineTo(xs[i], ys[i]);
    else pen.moveTo(xs[i], ys[i]);
    isDown = true;
  }
  pen.stroke();
}

/** Fill closed shapes, a gap between each two. */
function fillShapes(pen, xs, ys) {
  let isDown = false;
  pen.beginPath();
  for (let i = 0; i < xs.length; i += 1) {
    const isEnd = isGap(ys[i]);
    if (isDown && !isEnd) pen.lineTo(xs[i], ys[i]);
    else if (!isEnd) pen.moveTo(xs[i], ys[i]);
    isDown = !isEnd;
  }
  pen.fill();
}

/** Fill each stretch without gaps between the values and what lies below them. */
function fillBetween(pen, xs, ys, floor, isStep) {
  pen.beginPath();
  for (let i = 0; i < xs.length; i += 1) {
    if (isGap(ys[i])) continue;
    let end = i;
    while (end + 1 < xs.length && !isGap(ys[end + 1])) end += 1;
    pen.moveTo(xs[i], ys[i]);
    for (let k = i + 1; k <= end; k += 1) {
      if (isStep) pen.lineTo(xs[k], ys[k - 1]);
      pen.lineTo(xs[k], ys[k]);
    }
    for (let k = end; k >= i; k -= 1) {
      if (isStep && k < end) pen.lineTo(xs[k + 1], floor[k]);
      pen.lineTo(xs[k], floor[k]);
    }
    i = end;
  }
  pen.fill();
}
