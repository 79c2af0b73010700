/** A figure stroked on a canvas: what is seen while the plotting library is still being read, and of rows out of sight. */

import { make, one } from "./dom.js";
import { scale, toX } from "./overlay-scale.js";
import { resolveTokens } from "./tokens.js";

/** Draw a figure's areas and lines into a plot cell; `clearPreview` takes them away once the real plot stands. */
export function preview(cell, figure, height) {
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
    if (trace.visible !== false && trace.mode?.includes("lines")) drawTrace(pen, trace, dressed[i], axisOf(figure, trace, height), stacks, figure.data[i - 1]);
  });
  if (!canvas.isConnected) cell.append(canvas);
}

export const clearPreview = (cell) => one(".ov-preview", cell)?.remove();

/** Return how a trace's values become pixels: its axis' range over its share of the height. */
function axisOf(figure, trace, height) {
  const margin = figure.layout.margin;
  const axis = figure.layout[`yaxis${(trace.yaxis ?? "y").slice(1)}`] ?? figure.layout.yaxis;
  const [low, high] = axis.range;
  const [bottom, top] = axis.domain ?? [0, 1];
  const room = height - margin.t - margin.b;
  const from = margin.t + (1 - bottom) * room;
  return (value) => from - ((value - low) / (high - low || 1)) * (top - bottom) * room;
}

function drawTrace(pen, trace, dress, toY, stacks, previous) {
  const isStep = trace.line?.shape === "hv";
  let values = trace.y;
  let floor = null;
  if (trace.stackgroup) {
    floor = stacks.get(trace.stackgroup) ?? new Float32Array(values.length);
    values = values.map((value, i) => (Number.isFinite(value) ? value : 0) + floor[i]);
    stacks.set(trace.stackgroup, values);
  } else if (trace.fill === "tonexty") floor = previous?.y ?? null;
  if (dress.fillcolor) fillBetween(pen, trace.x, values, floor, toY, isStep, dress.fillcolor);
  if (trace.line?.width > 0.7) {
    pen.strokeStyle = dress.line.color;
    pen.lineWidth = trace.line.width;
    pen.lineJoin = "round";
    pen.beginPath();
    path(pen, trace.x, values, toY, isStep);
    pen.stroke();
  }
}

function path(pen, xs, ys, toY, isStep) {
  let isDown = false;
  let last = 0;
  for (let i = 0; i < xs.length; i += 1) {
    if (!Number.isFinite(ys[i])) { isDown = false; continue; }
    const [x, y] = [toX(xs[i]), toY(ys[i])];
    if (isDown && isStep) pen.lineTo(x, last);
    if (isDown) pen.lineTo(x, y);
    else pen.moveTo(x, y);
    isDown = true;
    last = y;
  }
}

/** Fill each stretch without gaps between the values and what lies below them (zero where nothing does). */
function fillBetween(pen, xs, ys, floor, toY, isStep, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  for (let i = 0; i < xs.length; i += 1) {
    if (!Number.isFinite(ys[i])) continue;
    let end = i;
    while (end + 1 < xs.length && Number.isFinite(ys[end + 1])) end += 1;
    pen.moveTo(toX(xs[i]), toY(ys[i]));
    for (let k = i + 1; k <= end; k += 1) {
      if (isStep) pen.lineTo(toX(xs[k]), toY(ys[k - 1]));
      pen.lineTo(toX(xs[k]), toY(ys[k]));
    }
    for (let k = end; k >= i; k -= 1) {
      const below = toY(floor ? floor[k] : 0);
      if (isStep && k < end) pen.lineTo(toX(xs[k + 1]), below);
      pen.lineTo(toX(xs[k]), below);
    }
    i = end;
  }
  pen.fill();
}
