// The what-if form: only the fields that the chosen question needs are shown. Without this script all of them are.
const form = document.querySelector("[data-what-if]");

if (form) {
  const parts = [...form.querySelectorAll("[data-when]")];
  const show = () => {
    const chosen = form.querySelector("input[name=what]:checked")?.value;
    for (const part of parts) part.hidden = part.dataset.when !== chosen;
  };
  form.addEventListener("change", show);
  show();
}
