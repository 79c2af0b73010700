/**
 * The desk of a document: saves with Ctrl S, shows a claim in text and preview, cites evidence, comments, switches
 * between text, preview, claims and comments. The preview itself comes by htmx.
 */

import { all, one, readJson } from "./dom.js";
import { offerCopy, startAutosave } from "./editor-autosave.js";
import { startAssistant } from "./editor-assistant.js";
import { openComment, startComments } from "./editor-comments.js";
import { markComments, showComment, showWords } from "./editor-marks.js";
import { toast } from "./toasts.js";

const form = one("[data-editor]");
const body = one("[data-body]");
const desk = one("[data-desk]");
// What the server sent, not what stands there now: somebody may have typed before this module ran.
const stored = { title: form?.elements.title.defaultValue, body: body?.defaultValue };
let isLeaving = false;

const isDirty = () => Boolean(form) && (body.value !== stored.body || form.elements.title.value !== stored.title);

function showState() {
  const save = one("[data-save]");
  save.disabled = !isDirty();
  all("[data-needs-saved]").forEach((button) => {
    button.disabled = isDirty();
    button.title = isDirty() ? "Save first: a review is of one saved revision" : "";
  });
}

/** Select `words` in the text, at or after the start of a line, and bring it into view. */
function selectInText(line, words) {
  let start = 0;
  for (let number = 1; number < line; number += 1) {
    const next = body.value.indexOf("\n", start);
    if (next < 0) break;
    start = next + 1;
  }
  let place = body.value.indexOf(words, start);
  let length = words.length;
  if (place < 0) { place = start; length = Math.max(0, body.value.indexOf("\n", start) - start); }
  body.focus();
  body.setSelectionRange(place, place + length);
  const lines = body.value.slice(0, place).split("\n").length;
  const height = parseFloat(getComputedStyle(body).lineHeight) || 20;
  body.scrollTop = Math.max(0, lines * height * (body.scrollHeight / Math.max(1, body.value.split("\n").length * height)) - body.clientHeight / 2);
}

function showInPreview(key, words) {
  all(".claim.is-shown").forEach((claim) => claim.classList.remove("is-shown"));
  const found = all(`#preview .claim[data-claim="${CSS.escape(key)}"]`);
  const claim = found.find((element) => element.textContent === words) ?? found[0];
  claim?.classList.add("is-shown");
  claim?.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

function onComment(mark) {
  setPanel("comments");
  setView("comments");
  showComment(mark.dataset.commentId);
}

function onShow(button) {
  const comment = button.closest(".comment");
  if (comment) showWords(comment.id);
  if (button.dataset.key) showInPreview(button.dataset.key, button.dataset.words);
  if (body && (getComputedStyle(form).display !== "none" || !button.dataset.key)) {
    setView("write");
    selectInText(Number(button.dataset.line), button.dataset.words);
  } else setView("read");
}

function insert(text, from, to) {
  body.focus();
  body.setRangeText(text, from, to, "end");
  body.dispatchEvent(new Event("input", { bubbles: true }));
}

function cite(button) {
  const { selectionStart: from, selectionEnd: to } = body;
  const selected = body.value.slice(from, to).trim();
  const words = selected && !/[[\]\n]/.test(selected) ? selected : button.dataset.text;
  one("#evidence-dialog").close();
  insert(`[${words}](ev:${button.dataset.cite})`, from, to);
}

/** Insert a figure as a paragraph of its own, after the line of the cursor. */
function insertFigure(button) {
  one("#evidence-dialog").close();
  const end = body.value.indexOf("\n", body.selectionEnd);
  const at = end < 0 ? body.value.length : end;
  insert(`\n\n![Complaints, and the changes in force](chart:${button.dataset.figure})\n`, at, at);
}

function openVouch(button) {
  if (isDirty()) { toast("Save first: you vouch for a saved text.", { tone: "warn" }); return; }
  const dialog = one("#vouch-dialog");
  for (const name of ["start", "end", "words"]) one(`input[name="${name}"]`, dialog).value = button.dataset[name];
  one("[data-vouch-words]", dialog).textContent = button.dataset.words;
  dialog.showModal();
}

function openSignOff(button) {
  const dialog = one("#sign-off-dialog");
  for (const name of ["kind", "words"]) one(`input[name="${name}"]`, dialog).value = button.dataset[name];
  one("[data-sign-off-words]", dialog).textContent = button.dataset.words;
  dialog.showModal();
}

/** Show claims or comments beside the text. */
function setPanel(panel) {
  const side = one("[data-side]");
  side.dataset.panel = panel;
  all("[data-panels] button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.panel === panel)));
}

function setView(view) {
  if (!desk.classList.contains("is-switched")) return;
  if (view === "claims" || view === "comments") setPanel(view);
  desk.dataset.view = view;
  all("[data-views] button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.view === view)));
}

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-line], [data-cite], [data-figure], [data-vouch], [data-sign-off], [data-comment], [data-panels] [data-panel], [data-views] [data-view], #preview .commented, #preview .claim");
  if (!target) return;
  if (target.matches("[data-line]")) onShow(target);
  else if (target.matches("[data-cite]")) cite(target);
  else if (target.matches("[data-figure]")) insertFigure(target);
  else if (target.matches("[data-vouch]")) openVouch(target);
  else if (target.matches("[data-sign-off]")) openSignOff(target);
  else if (target.matches("[data-comment]")) openComment(body);
  else if (target.matches("[data-panels] [data-panel]")) setPanel(target.dataset.panel);
  else if (target.matches("[data-views] [data-view]")) setView(target.dataset.view);
  else if (target.matches(".commented")) onComment(target);
  else if (body) selectInText(1, `${target.textContent}](ev:${target.dataset.claim}`);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.("#preview .commented")) onComment(event.target);
});
document.addEventListener("htmx:afterSwap", (event) => { if (["preview", "comments"].includes(event.detail.target?.id)) markComments(); });
markComments();

const panels = one("[data-panels]");
if (panels) {
  panels.hidden = false;
  one("[data-side]").classList.add("is-switched");
  if (location.hash.startsWith("#comment")) setPanel("comments");
}
// What was selected in the text must not be lost when a button takes the focus.
document.addEventListener("mousedown", (event) => { if (event.target.closest?.("[data-comment]")) event.preventDefault(); });
startComments(() => setPanel("comments"));
startAssistant(body);

const switcher = one("[data-views]");
if (switcher) {
  switcher.hidden = false;
  desk.classList.add("is-switched");
}

if (form) {
  offerCopy(form, body, readJson("working-copy"));
  startAutosave(form);
  showState();
  form.addEventListener("input", showState);
  document.addEventListener("htmx:afterSwap", showState);
  form.addEventListener("submit", () => { isLeaving = true; sessionStorage.setItem("document-place", JSON.stringify({ path: location.pathname, top: body.scrollTop, at: body.selectionStart })); });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      if (isDirty()) form.requestSubmit();
    }
  });
  addEventListener("beforeunload", (event) => { if (isDirty() && !isLeaving) event.preventDefault(); });
  if (isDirty()) {
    body.dispatchEvent(new Event("input", { bubbles: true }));
    // The preview listens only once the page is whole.
    addEventListener("load", () => body.dispatchEvent(new Event("preview")));
  }
  // After a save the page comes back at the same place of the text.
  const place = JSON.parse(sessionStorage.getItem("document-place") ?? "null");
  if (place?.path === location.pathname) {
    body.scrollTop = place.top;
    body.setSelectionRange(place.at, place.at);
    sessionStorage.removeItem("document-place");
  }
}
