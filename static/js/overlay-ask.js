/* No module and first in the head, so that it runs before anything else is there: the numbers are asked for while the
   page is still being read. How wide the plots will be is told by the window (css/overlay*.css); overlay-data.js takes
   the answer where that came out true, and asks again where it did not. */
{
  const { url: base } = document.currentScript.dataset;
  const step = 16; // as in overlay-data.js
  const full = new URLSearchParams(location.search);
  const isPhone = innerWidth <= 640;
  const hasPanel = innerWidth > 900 && ["change", "sel_from", "flags", "pins"].some((name) => full.has(name));
  // Rail, names, right margin, scroll bar, open panel; on a phone the gutter and the right margin.
  const beside = isPhone ? 38 + 12 : 80 + 240 + 20 + 15 + (hasPanel ? 416 : 0);
  full.set("px", Math.max(Math.floor((innerWidth - beside) / step) * step, 160));
  full.set("parts", "lanes,flags,complaints,metrics");
  const url = `${base}?${full}`;
  const stop = new AbortController();
  const answer = fetch(url, { signal: stop.signal, headers: { Accept: "application/json" }, credentials: "same-origin" });
  answer.catch(() => {}); // whoever takes it says what failed
  globalThis.overlayAsked = { url, answer, stop };
}
