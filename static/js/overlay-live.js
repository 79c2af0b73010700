/** The live tail: while the window reaches now, new numbers are asked for and drawn; a hidden page rests. */

import { one } from "./dom.js";
import { caseEnd, fromDate, scale, short } from "./overlay-scale.js";
import { change, get } from "./overlay-state.js";

const EVERY = 30_000;
let reload = null;

const now = () => fromDate(new Date());
const reachesNow = () => now() < caseEnd() && scale.high >= now() && scale.low <= now();
const isOn = () => get("live") !== "0";

/** Show whether the tail is live; the switch stands only where the window reaches now. */
export function syncLive(isDrawn = false) {
  const button = one("#ov-tail");
  button.hidden = !reachesNow();
  button.setAttribute("aria-pressed", String(isOn()));
  if (isDrawn) button.title = `As of ${short(now())}; asked again every ${EVERY / 1000} s while this page is in view`;
}

async function poll() {
  if (document.hidden || !reachesNow() || !isOn() || one("#ov-stage").hasAttribute("aria-busy")) return;
  const isFresh = await reload();
  syncLive(true);
  if (isFresh) one("#ov-live").textContent = `New numbers, ${short(now())}`;
}

/** `ask` asks for everything anew, draws what is new and tells whether there was any. */
export function startLive(ask) {
  reload = ask;
  one("#ov-tail").addEventListener("click", () => {
    change({ live: isOn() ? "0" : null }, { replace: true });
    syncLive();
    if (isOn()) poll();
  });
  setInterval(poll, EVERY);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
}
