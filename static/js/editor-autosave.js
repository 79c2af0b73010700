/**
 * What somebody types is kept on the server as their own working copy, a moment after they stop and when they leave.
 * It never becomes a revision by itself and is nobody else's.
 */

import { csrfToken, one, post } from "./dom.js";

const PAUSE = 800;
let timer = 0;
let isOver = false;

const fields = (form) => ({ title: form.elements.title.value, body: form.elements.body.value, version: form.elements.version.value });

async function keep(form, tell) {
  timer = 0;
  if (isOver) return;
  try {
    const answer = await (await post(form.dataset.keep, fields(form))).json();
    if (!isOver) tell(answer.kept ? `Kept ${new Date(answer.kept).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}, not saved` : "");
  } catch {
    // The text is still in the page; the next pause tries again.
    tell("Not kept: no answer from the server");
  }
}

/** Keep the form's text from now on; `isDirty` tells whether there is anything to keep. */
export function startAutosave(form) {
  const line = one("[data-kept]");
  const tell = (words) => { if (line) line.textContent = words; };
  form.addEventListener("input", (event) => {
    if (!["title", "body"].includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => keep(form, tell), PAUSE);
  });
  form.addEventListener("submit", () => { isOver = true; clearTimeout(timer); });
  addEventListener("pagehide", () => {
    if (!timer || isOver) return;
    // A page that goes away cannot wait; browsers send up to 64 kB after it is gone.
    fetch(form.dataset.keep, { method: "POST", body: new URLSearchParams(fields(form)), headers: { "X-CSRFToken": csrfToken() }, keepalive: true }).catch(() => {});
  });
}

/** Offer the working copy that the server kept: into the text where nobody saved since, else merged with theirs. */
export function offerCopy(form, body, copy) {
  const box = one("[data-unsaved]");
  if (!box || !copy) return;
  one("[data-unsaved-restore]", box).addEventListener("click", () => {
    form.elements.title.value = copy.title;
    body.value = copy.body;
    if (copy.base !== Number(form.elements.version.value)) {
      form.elements.version.value = copy.base;
      form.requestSubmit();
      return;
    }
    box.hidden = true;
    body.dispatchEvent(new Event("input", { bubbles: true }));
    body.dispatchEvent(new Event("preview"));
    body.focus();
  });
}
