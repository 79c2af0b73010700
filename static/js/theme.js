/** The theme switch: it shows at once, and is kept by the server in a cookie so that the next page comes right. */

import { all, one, post } from "./dom.js";
import { toast } from "./toasts.js";

function show(theme, form) {
  document.documentElement.dataset.theme = theme;
  const scheme = one('meta[name="color-scheme"]');
  if (scheme) scheme.content = theme === "system" ? "light dark" : theme;
  for (const button of all("[name=theme]", form)) button.setAttribute("aria-pressed", String(button.value === theme));
  document.dispatchEvent(new CustomEvent("themechange"));
}

export function startTheme() {
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("[data-theme-form]");
    if (!form || !event.submitter?.value) return;
    event.preventDefault();
    const before = document.documentElement.dataset.theme;
    show(event.submitter.value, form);
    try {
      await post(form.action, { theme: event.submitter.value });
    } catch {
      show(before, form);
      toast("The theme could not be kept. Check your connection and try again.", { tone: "bad" });
    }
  });
}
