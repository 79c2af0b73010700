/* Lists: choices that say nothing stay out of the address. */

for (const form of document.querySelectorAll("form.filters, .topbar__actions form")) {
  form.addEventListener("submit", () => {
    for (const control of form.querySelectorAll("select[data-drop-first]")) {
      if (control.value === "-") control.disabled = true;
    }
    for (const control of form.querySelectorAll("select:not([data-drop-first]), input[type=search]")) {
      if (control.value === "") control.disabled = true;
    }
  });
}

// Coming back by the browser's history finds the controls as they were sent.
window.addEventListener("pageshow", () => {
  for (const control of document.querySelectorAll("form.filters :disabled")) control.disabled = false;
});
