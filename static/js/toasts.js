/** Short messages at the edge: the server's (Django messages), htmx's (an HX-Trigger "toast"), and the page's own. */

import { all, icon, make, one, post } from "./dom.js";

const STAY = 6000;
const STAY_WITH_ACTION = 12000;
const ICONS = { bad: "circle-alert", warn: "circle-alert", info: "info", ok: "circle-check" };

function leave(item) {
  item.classList.add("is-leaving");
  setTimeout(() => item.remove(), 160);
}

/** Leave after a while, but not while the reader points at it or has the focus in it. Errors stay until dismissed. */
function leaveLater(item, milliseconds) {
  let timer = setTimeout(() => leave(item), milliseconds);
  const hold = () => clearTimeout(timer);
  const go = () => { hold(); timer = setTimeout(() => leave(item), STAY / 2); };
  item.addEventListener("pointerenter", hold);
  item.addEventListener("pointerleave", go);
  item.addEventListener("focusin", hold);
  item.addEventListener("focusout", go);
}

/** Show a message. `undo` is an address to POST to, after which the page reloads, or a function. tone: ok, info, warn, bad. */
export function toast(text, { tone = "ok", undo = null } = {}) {
  const list = one("#toasts");
  if (!list) return;
  const close = make("button", { type: "button", class: "toast__close", "aria-label": "Dismiss", "data-dismiss": true }, icon("x"));
  const item = make("li", { class: `toast toast--${tone}` }, icon(ICONS[tone] ?? "info"), make("span", { class: "toast__text" }, text));
  if (undo) {
    const button = make("button", { type: "button", class: "link" }, "Undo");
    button.addEventListener("click", async () => {
      try {
        if (typeof undo === "function") {
          await undo();
          leave(item);
          return;
        }
        await post(undo);
        location.reload();
      } catch {
        leave(item);
        toast("It could not be undone. Reload the page to see how it stands.", { tone: "bad" });
      }
    });
    item.append(button);
  }
  item.append(close);
  list.append(item);
  if (tone !== "bad") leaveLater(item, undo ? STAY_WITH_ACTION : STAY);
}

export function startToasts() {
  document.addEventListener("click", (event) => {
    const close = event.target.closest?.("[data-dismiss]");
    if (close) leave(close.closest(".toast, .callout"));
  });
  for (const item of all("[data-toast]")) {
    if (!item.matches(".toast--error, .toast--bad")) leaveLater(item, STAY);
  }
  document.body.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail));
  document.body.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    const text = status === 403
      ? "That was refused: your sign-in may have ended, or your role does not allow it. Reload the page."
      : status === 409 ? "Somebody changed this meanwhile. Reload the page, then do it again." : `The server answered ${status}. Try again; reload the page if it stays so.`;
    toast(text, { tone: "bad" });
  });
  document.body.addEventListener("htmx:sendError", () => {
    toast("The server could not be reached. Check your connection; what you typed is still here.", { tone: "bad" });
  });
}
