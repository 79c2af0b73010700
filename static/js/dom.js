/** Small helpers that every page module may use. */

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Make an element: `make("a", {class: "x", href: "/"}, "text", child)`; values are set as attributes, never parsed. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

let sprite = "";

/** Draw an icon of the sprite; the sprite's address is read off an icon that the server drew. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  sprite ||= (one("svg.icon > use")?.getAttribute("href") ?? "/static/vendor/lucide/sprite.svg#x").split("#")[0];
  use.setAttribute("href", `${sprite}#${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Read what the template wrote with `json_script`; null where there is none. */
export function readJson(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}

export const csrfToken = () => one('meta[name="csrf-token"]')?.content ?? one("[name=csrfmiddlewaretoken]")?.value ?? "";

/** POST a form's fields in the background; throws with the status and the response when the server refuses. */
export async function post(url, fields = {}) {
  const body = fields instanceof FormData ? fields : new URLSearchParams(fields);
  const headers = { "X-CSRFToken": csrfToken(), "X-Requested-With": "fetch" };
  const response = await fetch(url, { method: "POST", body, headers, credentials: "same-origin" });
  if (!response.ok) throw Object.assign(new Error(`${url} answered ${response.status}`), { response });
  return response;
}

/** True while keys belong to what the reader writes in. */
export const isTyping = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])"));

/** Call at most once per frame, with the newest arguments. */
export function oncePerFrame(callback) {
  let waiting = null;
  return (...args) => {
    if (waiting === null) requestAnimationFrame(() => { const last = waiting; waiting = null; callback(...last); });
    waiting = args;
  };
}
