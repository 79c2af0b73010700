/** The state of the overlay lives in the address: this reads it, changes it, and tells who listens. */

import { readJson } from "./dom.js";

export const config = readJson("overlay-config");

// What a change of each name makes out of date: parts of the answer, "panel" or nothing but the address.
const EFFECTS = {
  from: ["lanes", "flags", "complaints", "metrics"],
  to: ["lanes", "flags", "complaints", "metrics"],
  clock: ["complaints"],
  view: ["complaints"],
  unit: ["complaints"],
  layers: ["complaints"],
  topics: ["complaints"],
  contrast: ["complaints", "metrics"],
  lines: ["metrics"],
  metrics: ["metrics"],
  group: ["lanes"],
  reach: ["lanes"],
  q: ["lanes"],
  control: [],
  pins: [],
  live: [],
  together: ["metrics"],
  try: [],
  try_start: [],
  try_end: [],
  try_lag: [],
  try_out: [],
  try_scope: [],
  change: [],
  sel_from: [],
  sel_to: [],
  flags: [],
};
/** The filter's two sides: what is shown, and what it is compared with. */
export const SHOWN = "seg.";
export const VERSUS = "vs.";
const SIDE_EFFECTS = { [SHOWN]: ["lanes", "complaints", "metrics"], [VERSUS]: ["complaints", "metrics"] };

let query = new URLSearchParams(location.search);
const listeners = [];

export const get = (name) => query.get(name) ?? "";
/** All values of a name; null where the address does not hold it. */
export const list = (name) => (query.has(name) ? query.getAll(name) : null);
export const onChange = (callback) => listeners.push(callback);

/** One side of the segment filter as a list of [dimension, value]; an empty value is "not stated". */
export const segments = (side = SHOWN) => [...query].filter(([name]) => name.startsWith(side)).map(([name, value]) => [name.slice(side.length), value]);

/** Change some names at once; null or "" takes a name out, a list sets it several times. With `replace` no step is added to the history. */
export function change(values, { replace = false } = {}) {
  const before = query.toString();
  const parts = Object.keys(values).flatMap((name) => EFFECTS[name] ?? []);
  for (const [name, value] of Object.entries(values)) {
    query.delete(name);
    if (Array.isArray(value)) for (const one of value.length ? value : [""]) query.append(name, one);
    else if (value !== null && value !== "") query.set(name, value);
  }
  // A scratch scenario is of one change.
  if ("change" in values) for (const name of [...query.keys()]) if (name === "try" || name.startsWith("try_")) query.delete(name);
  if (values.contrast) {
    for (const name of [...query.keys()]) if (name.startsWith(VERSUS)) query.delete(name);
    parts.push(...SIDE_EFFECTS[VERSUS]);
  }
  settle(before, parts, replace);
}

/** Replace one side of the segment filter; two segments and a change's scope are not compared at once. */
export function setSegments(pairs, side = SHOWN) {
  const before = query.toString();
  for (const name of [...query.keys()]) if (name.startsWith(side)) query.delete(name);
  for (const [dimension, value] of pairs) query.append(side + dimension, value);
  if (side === VERSUS && pairs.length) query.delete("contrast");
  settle(before, SIDE_EFFECTS[side], false);
}

/** Leave the comparison: of a change's scope with the rest, or of two segments. */
export function leaveComparison() {
  const before = query.toString();
  for (const name of [...query.keys()]) if (name === "contrast" || name.startsWith(VERSUS)) query.delete(name);
  settle(before, SIDE_EFFECTS[VERSUS], false);
}

export function clearAll() {
  const before = query.toString();
  query = new URLSearchParams();
  settle(before, EFFECTS.from, false);
}

function settle(before, parts, replace) {
  const after = query.toString();
  if (after === before) return;
  history[replace ? "replaceState" : "pushState"](null, "", after ? `?${after}` : location.pathname);
  for (const callback of listeners) callback([...new Set(parts)]);
}

addEventListener("popstate", () => {
  query = new URLSearchParams(location.search);
  for (const callback of listeners) callback(EFFECTS.from);
});

/** The address of one of the server's answers under the present state, with further names. */
export function address(url, more = {}) {
  const full = new URLSearchParams(query);
  for (const [name, value] of Object.entries(more)) full.set(name, value);
  return `${url}?${full}`;
}

export const permalink = () => location.href;
