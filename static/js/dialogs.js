/**
 * Dialogs and small manners of forms. `data-opens="id"` opens a dialog, a click beside it closes it,
 * `data-submits` on a select or checkbox sends its form when changed, `data-copy="text"` copies.
 */

import { all, one } from "./dom.js";
import { toast } from "./toasts.js";

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    toast("Copied.");
  } catch {
    toast("The browser does not allow copying here. Select the text and copy it yourself.", { tone: "warn" });
  }
}

function onClick(event) {
  const target = event.target;
  const opener = target.closest?.("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const copier = target.closest?.("[data-copy]");
  if (copier) copy(copier);
  if (target instanceof HTMLDialogElement && target.open) {
    const box = target.getBoundingClientRect();
    const isInside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!isInside) target.close();
  }
}

/** A form is sent once: the button rests until the answer, and says so to screen readers. */
function onSubmit(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  all("button:not([type=button])", form).forEach((button) => button.setAttribute("aria-disabled", "true"));
}

export function startDialogs() {
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("change", (event) => {
    if (event.target.closest?.("[data-submits]")) event.target.form?.requestSubmit();
  });
  addEventListener("pageshow", () => {
    all("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      all("[aria-disabled]", form).forEach((button) => button.removeAttribute("aria-disabled"));
    });
  });
  one("[data-form-errors]:not(.guide *)")?.focus();
}
