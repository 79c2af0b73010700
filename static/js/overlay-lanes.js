/** Change lanes: each change an interval whose height is the share it reached, its end told by a shape. */

import { all, icon, make, one } from "./dom.js";
import { get } from "./overlay-state.js";
import { clampX, scale, toX } from "./overlay-scale.js";
import { crisp, fixed, svg } from "./overlay-svg.js";

export const LANE = 26;
const BAR = 16;
const TOP = 7;
const STRIP = 26;
const CROWD = 56;
const folds = new Map();
/** Groups whose lanes are all shown though they leave no room for the complaints. */
const spread = new Set();
// What must stand beside the lanes at first sight, in pixels: axis, flags and complaints; the rug; each row's own.
const BELOW = 28 + 36 + 262;
const RUG = 34;
const FOLDED = 33;
const OPEN = 12;
const LEAST_LANES = 6;
const LEAST_OPEN = 3;
const PHONE_LANES = 9;
// So many lanes are shown rather than put away: a strip takes as much room.
const SLACK = 1;

/** The foot of a lane's bars within its drawing, and their height. */
export const laneBase = (lane) => lane * LANE + TOP + BAR;
export const LANE_BAR = BAR;

export function drawLanes(lanes) {
  const home = one("#ov-lanes");
  share(lanes.groups, lanes.rug.length ? RUG : 0);
  const parts = lanes.groups.map((group) => drawGroup(group));
  one("#ov-key-open").hidden = !lanes.groups.length;
  if (lanes.rug.length) parts.push(drawRug(lanes.rug));
  if (!lanes.groups.length && !lanes.rug.length) parts.push(emptyRow(lanes));
  home.replaceChildren(...parts);
  markChosen();
}

/** Share the room out: each open group shows as many lanes as leave the complaints in sight, the rest as a strip. */
function share(groups, rug) {
  const nFolded = groups.filter(isFolded).length;
  const free = one("#ov-stage").clientHeight - BELOW - rug - nFolded * FOLDED - (groups.length - nFolded) * OPEN;
  let room = innerWidth <= 640 ? PHONE_LANES : Math.max(Math.floor(free / LANE) - SLACK, LEAST_LANES);
  for (const group of groups) {
    if (isFolded(group)) continue;
    group.fits = group.lanes <= room + SLACK ? group.lanes : Math.max(room, LEAST_OPEN);
    room -= group.fits;
  }
}

const isFolded = (group) => folds.get(group.key) ?? group.folded;
const shownLanes = (group) => (spread.has(group.key) ? group.lanes : group.fits ?? group.lanes);

function emptyRow(lanes) {
  const text = lanes.nHidden ? `No change matches; ${lanes.nHidden} are hidden by the view's filters.` : lanes.nChanges ? "No change was in force in this window." : "No change is logged for this case yet. Enter changes by hand or import a bundle.";
  return make("div", { class: "ov-row" }, make("div", { class: "ov-label" }, make("span", { class: "ov-name" }, "Changes")), make("p", { class: "ov-plot ov-empty" }, text));
}

function drawGroup(group) {
  if (group.crowd) return drawCrowd(group);
  const isClosed = isFolded(group);
  const button = make("button", { class: "ov-fold", type: "button", "aria-expanded": String(!isClosed) }, icon(isClosed ? "chevron-right" : "chevron-down"), make("span", { class: "ov-name" }, group.name), make("span", { class: "ov-count" }, String(group.items.length)));
  const label = make("div", { class: "ov-label" }, button);
  const row = make("div", { class: `ov-row ov-group${isClosed ? " is-folded" : ""}`, "data-group": group.key }, label);
  const plot = make("div", { class: "ov-plot" });
  row.append(plot);
  button.addEventListener("click", () => {
    folds.set(group.key, !isClosed);
    redraw(group, row, ".ov-fold");
  });
  if (isClosed) {
    plot.append(strip(group.items, `${group.name}, folded`));
    return row;
  }
  const shown = shownLanes(group);
  const rest = group.items.filter((item) => item.lane >= shown);
  plot.append(laneDrawing(group, shown));
  if (rest.length) plot.append(strip(rest, `${group.name}, ${rest.length} more`));
  if (group.fits < group.lanes) {
    const isAll = !rest.length;
    const more = make("button", { class: "link ov-lanes-more", type: "button", "aria-expanded": String(isAll) }, isAll ? `Show ${group.fits} lanes only` : `${rest.length} more, as ticks: show all ${group.lanes} lanes`);
    label.append(more);
    more.addEventListener("click", () => {
      if (isAll) spread.delete(group.key);
      else spread.add(group.key);
      redraw(group, row, ".ov-lanes-more");
    });
  }
  return row;
}

/** Draw one group anew in its place; the focus stays on the button that asked for it. */
function redraw(group, row, focused = null) {
  const fresh = drawGroup(group);
  row.replaceWith(fresh);
  if (focused) one(focused, fresh)?.focus({ preventScroll: true });
  markChosen();
  document.dispatchEvent(new CustomEvent("overlay:height"));
}

/** Show a change as a bar where its group is folded or its lane put away. */
export function reveal(lanes, id) {
  const group = lanes.groups.find(({ items }) => items.some((item) => String(item.id) === String(id)));
  if (!group) return;
  folds.set(group.key, false);
  spread.add(group.key);
  redraw(group, one(`.ov-group[data-group="${CSS.escape(group.key)}"]`));
}

/** More changes than can be told apart: how many were in force, as one shape, and how to see each of them. */
function drawCrowd(group) {
  const { n, edges, counts } = group.crowd;
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  const y = (count) => fixed(CROWD - 4 - (count / most) * (CROWD - 10));
  const points = Array.from(counts, (count, i) => `H${fixed(toX(edges[i]))} V${y(count)}`).join(" ");
  const drawing = svg("svg", { class: "ov-crowd", width: scale.width, height: CROWD, role: "img", "aria-label": `${group.name}: ${n} changes, up to ${most} in force at once` });
  drawing.append(svg("path", { class: "ov-crowd-fill", d: `M0,${CROWD - 4} ${points} H${fixed(scale.width)} V${CROWD - 4} z` }));
  const label = make("div", { class: "ov-label" }, make("span", { class: "ov-name" }, group.name), make("span", { class: "ov-count" }, String(n)), make("p", { class: "ov-sub" }, `Up to ${most} in force at once. Zoom in or search to see each.`));
  return make("div", { class: "ov-row ov-group" }, label, make("div", { class: "ov-plot" }, drawing));
}

function laneDrawing(group, shown) {
  const drawing = svg("svg", { class: "ov-lane-drawing", width: scale.width, height: shown * LANE + 4, role: "group", "aria-label": group.name });
  for (let lane = 0; lane < shown; lane += 1) drawing.append(svg("line", { class: "ov-lane-line", x1: 0, x2: scale.width, y1: crisp(lane * LANE + TOP + BAR), y2: crisp(lane * LANE + TOP + BAR) }));
  for (const item of group.items.filter(({ lane }) => lane < shown).sort((a, b) => a.start - b.start)) drawing.append(bar(item));
  return drawing;
}

/** One change: what it could reach (pale), what it reached (filled), its edges, end, marks and label. */
function bar(item) {
  const base = laneBase(item.lane);
  const y = (share) => base - share * BAR;
  const line = inWindow(item.line);
  const left = line[0][0];
  const right = Math.max(line[line.length - 1][0], left + 4);
  const points = line.map(([x, share]) => `${fixed(x)},${fixed(y(share))}`);
  const isOpen = item.end === null;
  const wholeEnd = item.end === null ? right : Math.max(clampX(toX(item.end)), left + 4);
  const classes = ["ov-change", item.classes];
  if (!item.reaches) classes.push("is-dim");
  if (item.unannounced) classes.push("is-unannounced");
  if (item.internal) classes.push("is-internal");
  if (item.basis === "assumed") classes.push("is-assumed");
  const group = svg("a", { class: classes.join(" "), href: `?change=${item.id}`, "data-change": item.id, "aria-label": item.says, "data-tip": tip(item) });
  // The label is a part of what can be clicked.
  const labelled = labelAt(item, left, right);
  const hit = [Math.min(left, labelled ?? left), Math.max(right, left + 8, (labelled ?? left) + (labelled === null ? 0 : item.labelWidth))];
  group.append(svg("rect", { class: "ov-hit", x: fixed(hit[0]), y: base - BAR - 2, width: fixed(hit[1] - hit[0]), height: BAR + 4 }));
  group.append(svg("rect", { class: "ov-track", x: fixed(left), y: base - BAR, width: fixed(Math.max(wholeEnd - left, 3)), height: BAR }));
  group.append(svg("polygon", { class: "ov-fill", points: `${fixed(left)},${base} ${points.join(" ")} ${fixed(right)},${base}` }));
  if (item.pattern) group.append(svg("polygon", { class: `ov-weave ov-weave-${item.pattern}`, points: `${fixed(left)},${base} ${points.join(" ")} ${fixed(right)},${base}` }));
  group.append(svg("polyline", { class: "ov-edge", points: points.join(" ") }));
  if (toX(item.start) >= -1) group.append(svg("rect", { class: "ov-start", x: fixed(left), y: base - BAR, width: 2.5, height: BAR }));
  if (item.discovered !== null) group.append(...discovered(item, base));
  if (item.announced !== null) group.append(...announced(item, base));
  if (!isOpen && toX(item.end) <= scale.width) group.append(...endMark(item, wholeEnd, right, base));
  if (labelled !== null) group.append(label(item, labelled, base));
  return group;
}

/** Return the share line in pixels, cut at the window's edges: what began before the window has no edge in it. */
function inWindow(line) {
  const points = line.map(([at, share]) => [toX(at), share]);
  const kept = [];
  points.forEach(([x, share], i) => {
    const before = points[i - 1];
    for (const edge of [0, scale.width]) {
      if (before && before[0] < edge && x > edge) kept.push([edge, before[1] + ((share - before[1]) * (edge - before[0])) / (x - before[0])]);
    }
    if (x >= 0 && x <= scale.width) kept.push([x, share]);
  });
  return kept.length ? kept : [[clampX(points[0][0]), points[0][1]]];
}

const tip = (item) => `${item.says}${item.reaches ? "" : "\nDoes not reach the filtered segment."}`;

function labelAt(item, left, right) {
  const marks = item.end === null ? 0 : 14;
  return { inside: left + 6, right: right + marks + 5, left: left - 5 - item.labelWidth }[item.place] ?? null;
}

function label(item, at, base) {
  const text = svg("text", { class: "ov-bar-label", x: fixed(at), y: base - 4 });
  text.textContent = item.isCut ? fitted(item.label, item.labelWidth) : item.label;
  return text;
}

/** Cut a label to the room that was kept for it. */
function fitted(text, room) {
  if (measure(text) <= room + 1) return text;
  let cut = text;
  while (cut.length > 2 && measure(`${cut}…`) > room) cut = cut.slice(0, -1);
  return `${cut.trimEnd()}…`;
}

const pen = document.createElement("canvas").getContext("2d");
function measure(text) {
  if (!pen.font.includes("Inter")) pen.font = '12px "Inter", system-ui, sans-serif';
  return pen.measureText(text).width;
}

/** The end's shape: an arrow back for a revert, a filled disc with a tick for a fix, a half for a mitigation, a square for superseded. */
function endMark(item, end, right, base) {
  const middle = base - BAR / 2;
  const shapes = [svg("line", { class: "ov-end", x1: fixed(end), x2: fixed(end), y1: base - BAR, y2: base })];
  const x = Math.min(right, end) + 7.5 + Math.max(right - end, 0);
  if (x > scale.width) return shapes;
  if (item.endKind === "revert") shapes.push(svg("path", { class: "ov-mark ov-mark-line", d: `M${fixed(x + 4.5)},${middle + 3.5} v-2.5 a3,3 0 0 0 -3,-3 h-5 m2.8,-2.8 l-2.8,2.8 l2.8,2.8` }));
  else if (item.endKind === "fix") shapes.push(svg("circle", { class: "ov-mark", cx: fixed(x), cy: middle, r: 5 }), svg("path", { class: "ov-mark-cut", d: `M${fixed(x - 2.3)},${middle + 0.2} l1.7,1.8 l3,-3.8` }));
  else if (item.endKind === "mitigation") shapes.push(svg("circle", { class: "ov-mark ov-mark-line", cx: fixed(x), cy: middle, r: 4.3 }), svg("path", { class: "ov-mark", d: `M${fixed(x)},${middle - 4.3} a4.3,4.3 0 0 0 0,8.6 z` }));
  else if (item.endKind === "superseded") shapes.push(svg("rect", { class: "ov-mark ov-mark-line", x: fixed(x - 3.7), y: middle - 3.7, width: 7.4, height: 7.4 }));
  return shapes;
}

/** Found out later: a dotted run along the bar's foot from the start to an eye's mark. */
function discovered(item, base) {
  const from = clampX(toX(item.start));
  const x = toX(item.discovered);
  const shapes = [svg("line", { class: "ov-unknown", x1: fixed(from), x2: fixed(clampX(x)), y1: base + 1, y2: base + 1 })];
  if (x >= 0 && x <= scale.width) shapes.push(svg("path", { class: "ov-found", d: `M${fixed(x)},${base - 0.5} l3.5,4.5 h-7 z` }));
  return shapes;
}

/** Told to users: a small pennant on top of the bar. */
function announced(item, base) {
  const x = toX(item.announced);
  if (item.announced === null || x < 0 || x > scale.width - 6) return [];
  return [svg("path", { class: "ov-told", d: `M${fixed(x)},${base - BAR} v-6 l5,2.2 l-5,2.2` })];
}

/** Changes without lanes: starts as ticks over one line a change that is in force. */
function strip(items, name) {
  const drawing = svg("svg", { class: "ov-strip", width: scale.width, height: STRIP, role: "group", "aria-label": name });
  for (const item of items) {
    const left = clampX(toX(item.start));
    const right = clampX(toX(item.line[item.line.length - 1][0]));
    const mark = svg("a", { class: `ov-change ov-change-tick ${item.classes}${item.reaches ? "" : " is-dim"}`, href: `?change=${item.id}`, "data-change": item.id, "aria-label": item.says, "data-tip": tip(item) });
    mark.append(svg("rect", { class: "ov-hit", x: fixed(left - 4), y: 0, width: 8, height: STRIP }));
    mark.append(svg("rect", { class: "ov-veil", x: fixed(left), y: 8, width: fixed(Math.max(right - left, 2)), height: 10 }));
    if (toX(item.start) >= 0) mark.append(svg("rect", { class: "ov-start", x: fixed(left - 1.25), y: 4, width: 2.5, height: 18 }));
    drawing.append(mark);
  }
  return drawing;
}

function drawRug(rug) {
  const row = make("div", { class: "ov-row ov-rug" }, make("div", { class: "ov-label" }, make("span", { class: "ov-name" }, "Client releases"), make("span", { class: "ov-count" }, String(rug.length))));
  const plot = make("div", { class: "ov-plot" });
  const drawing = svg("svg", { width: scale.width, height: 28, role: "group", "aria-label": "Client releases" });
  for (const release of rug) {
    const x = toX(release.at);
    const tick = svg("a", { class: `ov-release${release.matters ? " matters" : ""}`, href: `?change=${release.id}`, "data-change": release.id, "aria-label": release.says, "data-tip": release.says });
    tick.append(svg("rect", { class: "ov-hit", x: fixed(x - 3), y: 0, width: 6, height: 28 }));
    tick.append(svg("line", { x1: crisp(x), x2: crisp(x), y1: release.matters ? 14 : 18, y2: 26 }));
    if (release.label) tick.append(svg("text", { class: "ov-version", x: fixed(x), y: 11 }, release.label));
    drawing.append(tick);
  }
  plot.append(drawing);
  row.append(plot);
  return row;
}

/** Show which change is chosen, in lanes and as a band over all panels. */
export function markChosen() {
  const chosen = get("change");
  for (const element of all("[data-change].is-chosen")) if (element.dataset.change !== chosen) element.classList.remove("is-chosen");
  if (chosen) for (const element of all(`[data-change="${CSS.escape(chosen)}"]`)) element.classList.add("is-chosen");
}

export function changeById(lanes, id) {
  for (const group of lanes?.groups ?? []) for (const item of group.items) if (String(item.id) === String(id)) return item;
  return null;
}
