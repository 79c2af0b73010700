/** Importing a bundle: drop it, name a new product, see the upload move. Without this module the form just works. */

import { one, readJson } from "./dom.js";
import { toast } from "./toasts.js";

const limits = readJson("import-limits");

const MEGA = 1e6;
const size = (bytes) =>
  bytes < MEGA ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / MEGA).toFixed(1)} MB`;

function showFile(form, input) {
  const label = one("[data-file-name]", form);
  const file = input.files[0];
  label.hidden = !file;
  if (!file) return;
  label.textContent = `${file.name}, ${size(file.size)}`;
  const wrong = file.size > limits.bytes ? `It is larger than ${size(limits.bytes)}: import it on the command line.` : "";
  input.setCustomValidity(wrong);
  if (wrong) toast(wrong, { tone: "bad" });
}

function acceptDrops(form, input) {
  const zone = one("[data-dropzone]", form);
  const over = (event, is) => { event.preventDefault(); zone.classList.toggle("is-over", is); };
  zone.addEventListener("dragover", (event) => over(event, true));
  zone.addEventListener("dragleave", (event) => over(event, false));
  zone.addEventListener("drop", (event) => {
    over(event, false);
    if (event.dataTransfer.files.length !== 1) return;
    input.files = event.dataTransfer.files;
    showFile(form, input);
  });
}

function followProduct(form) {
  const name = one("[data-new-product]", form);
  const choice = one("[name=product]", form);
  if (!name || !choice) return;
  const follow = () => { name.hidden = choice.value !== limits.new; };
  choice.addEventListener("change", follow);
  follow();
}

/** Send the form so that the upload can be watched and stopped; the server's answer then takes the page's place. */
function send(form) {
  const request = new XMLHttpRequest();
  const part = one("[data-upload]", form);
  const bar = one("progress", part);
  const facts = one("[data-upload-facts]", part);
  const button = one("button[type=submit]", form);
  const started = performance.now();
  const stop = () => { part.hidden = true; button.disabled = false; };

  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    const seconds = (performance.now() - started) / 1000;
    bar.value = (1000 * event.loaded) / event.total;
    facts.textContent = event.loaded < event.total
      ? `${size(event.loaded)} of ${size(event.total)}, ${size(event.loaded / Math.max(seconds, 0.1))}/s`
      : "Looking into it";
  });
  request.addEventListener("load", () => {
    if (request.responseURL && new URL(request.responseURL).pathname !== location.pathname) {
      location.assign(request.responseURL);
      return;
    }
    const answer = new DOMParser().parseFromString(request.responseText, "text/html");
    const fresh = one("#content", answer);
    if (!fresh) { stop(); toast("The server did not take it: try again.", { tone: "bad" }); return; }
    one("#content").replaceChildren(...fresh.childNodes);
    begin(one("#import"));
    one("#content [role=alert], #content .field__error")?.scrollIntoView({ block: "center" });
  });
  request.addEventListener("error", () => { stop(); toast("The upload broke off: try again.", { tone: "bad" }); });
  request.addEventListener("abort", () => { stop(); toast("The upload was cancelled."); });
  one("[data-upload-cancel]", part).onclick = () => request.abort();

  part.hidden = false;
  button.disabled = true;
  bar.value = 0;
  request.open("POST", form.action || location.href);
  request.send(new FormData(form));
}

function begin(form) {
  if (!form) return;
  const input = one("[name=bundle]", form);
  input.addEventListener("change", () => showFile(form, input));
  acceptDrops(form, input);
  followProduct(form);
  form.addEventListener("submit", (event) => {
    if (!input.files.length) return;
    event.preventDefault();
    if (form.reportValidity()) send(form);
  });
}

begin(one("#import"));
