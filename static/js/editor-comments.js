/**
 * Comments beside a document: what is selected in the text or in the preview is quoted, with the words around it, so
 * that the server finds its place in the saved text. The list itself comes by htmx.
 */

import { one } from "./dom.js";

const CONTEXT = 60;

function selectedInText(body) {
  const { selectionStart: from, selectionEnd: to, value } = body;
  return { quote: value.slice(from, to), before: value.slice(Math.max(0, from - CONTEXT), from), after: value.slice(to, to + CONTEXT), near: from };
}

/** Return the selection: of the preview if there is one, else of the text. */
function selection(body) {
  const chosen = getSelection();
  const preview = one("#preview");
  const inPreview = chosen && !chosen.isCollapsed && preview?.contains(chosen.anchorNode) && preview.contains(chosen.focusNode);
  if (inPreview) return { quote: chosen.toString().trim(), before: "", after: "", near: 0 };
  return body ? selectedInText(body) : { quote: "", before: "", after: "", near: 0 };
}

/** Open the dialog for a comment; the suggested words begin as what was quoted. */
export function openComment(body) {
  const dialog = one("#comment-dialog");
  const form = one("form[hx-post]", dialog);
  const found = selection(body);
  for (const name of ["quote", "before", "after", "near"]) form.elements[name].value = found[name];
  const hasQuote = found.quote.trim() !== "";
  one("[data-comment-quote]", dialog).textContent = hasQuote ? found.quote : "";
  one("[data-comment-quoted]", dialog).hidden = !hasQuote;
  one("[data-comment-whole]", dialog).hidden = hasQuote;
  one("[data-comment-suggests]", dialog).hidden = !hasQuote;
  form.elements.text.value = "";
  form.elements.suggests.checked = false;
  form.elements.suggestion.value = found.quote;
  one("[data-comment-suggestion]", dialog).hidden = true;
  dialog.showModal();
  form.elements.text.focus();
}

/** Wire the dialog: the words appear when they are wanted; it closes once the comment is kept. */
export function startComments(onKept) {
  const dialog = one("#comment-dialog");
  if (!dialog) return;
  const form = one("form[hx-post]", dialog);
  form.elements.suggests.addEventListener("change", () => {
    one("[data-comment-suggestion]", dialog).hidden = !form.elements.suggests.checked;
    form.elements.text.required = !form.elements.suggests.checked;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== form) return;
    dialog.close();
    onKept();
  });
}
