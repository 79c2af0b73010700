/** Asking the server: the newest question alone, older ones are given up; typed arrays are unpacked as they arrive. */

import { address, config } from "./overlay-state.js";

let running = [];
const tags = new Map();

export class Failed extends Error {}

/** Plots of nearly one width share an answer: lines have as many points, and labels keep clear of each other. */
const STEP = 16;

/** Ask the server; the page's first question may be on its way already (overlay-ask.js), for a plot a little narrower. */
function asked(names, pixels) {
  const url = address(config.urls.data, { px: Math.max(Math.floor(pixels / STEP) * STEP, 160), ...names });
  const early = globalThis.overlayAsked;
  globalThis.overlayAsked = null;
  if (early && likeness(early.url) === likeness(url)) {
    const spare = pixels - Number(new URLSearchParams(early.url.split("?")[1]).get("px"));
    if (spare >= 0 && spare < 2 * STEP) return early;
  }
  early?.stop.abort();
  const stop = new AbortController();
  return { url, stop, answer: fetch(url, { signal: stop.signal, headers: { Accept: "application/json" }, credentials: "same-origin" }) };
}

const likeness = (url) => url.replace(/([?&])px=\d+/, "$1");

/** Fetch parts of the overlay for a plot of so many pixels; null where a newer question took over. */
export const fetchOverlay = (parts, pixels, { onlyNew = false } = {}) => fetchApart([parts], pixels, { onlyNew })[0];

/** Fetch several lists of parts side by side, so that what is made sooner is drawn while the rest is still being made. */
export function fetchApart(lists, pixels, { onlyNew = false } = {}) {
  for (const stop of running) stop.abort();
  const questions = lists.map((parts) => asked({ parts: parts.join(",") }, pixels));
  running = questions.map(({ stop }) => stop);
  return questions.map((question) => told(question, onlyNew));
}

async function told({ url, answer, stop }, onlyNew) {
  let response;
  try {
    response = await answer;
  } catch (error) {
    if (error.name === "AbortError") return null;
    throw new Failed("The server cannot be reached. Check the connection, then try again.");
  }
  if (response.redirected && !response.headers.get("Content-Type")?.includes("json")) throw new Failed("You were signed out. Load the page again to sign in.");
  const tag = response.headers.get("ETag");
  if (onlyNew && response.ok && tag !== null && tags.get(url) === tag) return null;
  tags.set(url, tag);
  const body = await response.json().catch(() => ({}));
  if (stop.signal.aborted) return null;
  if (!response.ok) throw new Failed(body.error ?? `The server answered ${response.status}. Try again; if it stays, tell an administrator.`);
  return unpack(body);
}

/** Replace each packed column by a Float32Array, in place: {q, b, e} is (q + b) / 10^e, {from, by, n} evenly spaced. */
export function unpack(value) {
  if (!value || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  if (value.by !== undefined && value.n !== undefined) {
    const even = new Float32Array(value.n);
    for (let i = 0; i < value.n; i += 1) even[i] = value.from + value.by * i;
    return even;
  }
  if (value.q !== undefined && value.e !== undefined) {
    const { q, b } = value;
    const [up, down] = value.e >= 0 ? [1, 10 ** value.e] : [10 ** -value.e, 1];
    const column = new Float32Array(q.length);
    for (let i = 0; i < q.length; i += 1) column[i] = q[i] === null ? NaN : ((q[i] + b) * up) / down;
    return column;
  }
  for (const key of Object.keys(value)) value[key] = unpack(value[key]);
  return value;
}
