/* No module, so that it runs as soon as the axis has its width: the numbers are asked for while the rest of the page
   is still being read. overlay-data.js takes the answer where its own first question is the same. */
{
  const full = new URLSearchParams(location.search);
  // An open panel takes room that is not known yet.
  if (!["change", "sel_from", "flags", "pins"].some((name) => full.has(name))) {
    const { urls } = JSON.parse(document.getElementById("overlay-config").textContent);
    full.set("px", Math.max(document.querySelector("#ov-axis .ov-plot").clientWidth, 160));
    full.set("parts", "lanes,flags,complaints,metrics");
    const url = `${urls.data}?${full}`;
    const stop = new AbortController();
    const answer = fetch(url, { signal: stop.signal, headers: { Accept: "application/json" }, credentials: "same-origin" });
    answer.catch(() => {}); // whoever takes it says what failed
    globalThis.overlayAsked = { url, answer, stop };
  }
}
