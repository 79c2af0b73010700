/**
 * Other words for a section: what is selected, or the section around the cursor, is sent; the answer comes by htmx as a
 * difference to accept or refuse. Accepting changes the text in the page, as typing would; saving stays the person's.
 */

import { one, readJson } from "./dom.js";
import { toast } from "./toasts.js";

let asked = null;

/** Return the selection, or the section (up to the next heading of its level) around the cursor. */
function stretch(body) {
  const { selectionStart: from, selectionEnd: to, value } = body;
  if (to > from) return { from, to };
  const heads = [...value.matchAll(/^#{1,6} .*$/gm)].map((found) => found.index);
  const start = heads.filter((at) => at <= from).pop() ?? 0;
  const first = value.startsWith("#", start) ? value.indexOf("\n", start) + 1 : start;
  const end = heads.find((at) => at > from) ?? value.length;
  return { from: Math.max(first, start), to: end };
}

export function startAssistant(body) {
  const dialog = one("#assistant-dialog");
  if (!dialog || !body) return;
  const form = one("form[hx-post]", dialog);
  const answer = one("#assistant-result");
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-assistant]");
    if (button) {
      const { from, to } = stretch(body);
      asked = { from, to, text: body.value.slice(from, to) };
      form.elements.section.value = asked.text;
      form.elements.task.value = button.dataset.assistant;
      answer.replaceChildren();
      dialog.showModal();
      form.requestSubmit();
    } else if (event.target.closest?.("[data-assistant-refuse]")) dialog.close();
    else if (event.target.closest?.("[data-assistant-accept]")) {
      dialog.close();
      if (body.value.slice(asked.from, asked.to) !== asked.text) {
        toast("The text moved meanwhile: ask again.", { tone: "warn" });
        return;
      }
      body.focus();
      body.setRangeText(readJson("assistant-answer"), asked.from, asked.to, "select");
      body.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
  dialog.addEventListener("close", () => form.dispatchEvent(new Event("htmx:abort")));
}
