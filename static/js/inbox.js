/**
 * The inbox: J and K walk, A accepts, D dismisses, digits tick symptoms, X chooses for all at once. The address keeps the
 * place. Keys are the shell's (`data-shortcut`); this module gives their buttons a meaning.
 */

import { all, isTyping, make, one, post } from "./dom.js";
import { toast } from "./toasts.js";

const inbox = one("[data-inbox]");
const list = one("[data-list]", inbox ?? document);
const card = one("[data-card]", inbox ?? document);
let current = null;
let asked = 0;

const rows = () => all("[data-row]", list);
const chosen = () => all("[data-pick]:checked", list);

async function open(row, { focus = false } = {}) {
  if (!row) return;
  current?.classList.remove("is-current");
  one("[data-open]", current ?? row)?.removeAttribute("aria-current");
  current = row;
  row.classList.add("is-current");
  const link = one("[data-open]", row);
  link.setAttribute("aria-current", "true");
  row.scrollIntoView({ block: "nearest" });
  const address = new URL(location.href);
  address.searchParams.set("at", row.dataset.row);
  history.replaceState(null, "", address);
  const mine = ++asked;
  card.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(link.href, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const html = await answer.text();
    if (mine !== asked) return;
    card.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    card.scrollTop = 0;
    if (focus) card.focus({ preventScroll: false });
    similar(mine);
  } catch {
    if (mine === asked) card.replaceChildren(make("p", { class: "callout callout--bad", role: "alert" }, "The ticket could not be loaded. Press J or K to go on, or reload the page."));
  } finally {
    if (mine === asked) card.removeAttribute("aria-busy");
  }
}

/** What says nearly the same comes later: it must not hold up the walk. */
async function similar(mine) {
  const place = one("[data-similar]", card);
  if (!place) return;
  await new Promise((resolve) => setTimeout(resolve, 250));
  if (mine !== asked) return;
  try {
    const answer = await fetch(place.dataset.similar, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const html = await answer.text();
    if (mine !== asked) return;
    const title = one("h3", place);
    place.replaceChildren(title, ...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    for (const link of all("a[href]", place)) {
      const number = link.getAttribute("href").match(/\/tickets\/(\d+)\//)?.[1];
      if (!number || !one("[data-merge-into]", card)) continue;
      link.after(" ", make("button", { type: "button", class: "button button--small button--quiet", "data-merge": number }, "Merge"));
    }
  } catch {
    if (mine === asked) place.replaceChildren(one("h3", place), make("p", { class: "muted" }, "They could not be looked up."));
  }
}

function step(by) {
  const found = rows();
  const place = found.indexOf(current);
  const next = found[place + by];
  if (next) open(next);
  else if (by > 0) one("[data-more]", list)?.dispatchEvent(new Event("more"));
}

function told(row, answer) {
  row.classList.toggle("is-done", Boolean(answer.status) && answer.status !== "new");
  one("[data-state]", row).textContent = answer.status === "new" ? "" : answer.label ?? "";
}

/** Do one thing to the ticket that is shown; the next one opens without waiting for the answer. */
async function act(fields, { goOn = true } = {}) {
  const row = current;
  const article = one("[data-ticket]", card);
  // A key pressed again before the next ticket has come is not meant for this one.
  if (!row || !article || article.dataset.ticket !== row.dataset.row || row.dataset.acting) return;
  row.dataset.acting = "1";
  const sent = post(article.dataset.act, fields);
  if (goOn) step(1);
  try {
    const answer = await (await sent).json();
    if (answer.status) told(row, answer);
    const undone = new URLSearchParams({ do: "new" });
    const undo = fields.get("do") === "dismissed" ? async () => told(row, await (await post(article.dataset.act, undone)).json()) : null;
    toast(answer.text, { undo });
    if (!goOn && row === current) open(row);
  } catch (refused) {
    toast(`${one(".inbox-row__title", row)?.textContent.trim() ?? "This ticket"}: ${await reason(refused)}`, { tone: "bad" });
  } finally {
    delete row.dataset.acting;
  }
}

async function reason(refused) {
  try {
    return (await refused.response.json()).text;
  } catch {
    return "That did not work. Reload the page to see how it stands.";
  }
}

async function actOnMany(what) {
  const picks = chosen();
  if (!picks.length) return;
  const fields = new URLSearchParams(picks.map((pick) => ["ticket", pick.value]));
  fields.set("do", what);
  try {
    const answer = await (await post(inbox.dataset.many, fields)).json();
    for (const pick of picks) {
      if (answer.status) told(pick.closest("[data-row]"), answer);
      pick.checked = false;
    }
    countChosen();
    toast(answer.text);
    if (current) open(current);
  } catch (refused) {
    toast(await reason(refused), { tone: "bad" });
  }
}

function countChosen() {
  const n = chosen().length;
  one("[data-bulk]", inbox).hidden = n === 0;
  one("[data-bulk-count]", inbox).textContent = `${n} chosen`;
}

function decided() {
  const fields = new URLSearchParams(all("[name=symptom]:checked", card).map((box) => ["symptom", box.value]));
  fields.set("do", "decide");
  return fields;
}

function start() {
  inbox.addEventListener("click", (event) => {
    const target = event.target;
    const link = target.closest("[data-open]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      open(link.closest("[data-row]"), { focus: matchMedia("(max-width: 900px)").matches });
      return;
    }
    const button = target.closest("button");
    if (!button) return;
    if (button.dataset.step) step(Number(button.dataset.step));
    else if (button.dataset.do) act(new URLSearchParams({ do: button.dataset.do }), { goOn: button.dataset.do !== "take" });
    else if (button.dataset.manyDo) actOnMany(button.dataset.manyDo);
    else if (button.dataset.merge) act(new URLSearchParams({ do: "merge", other: button.dataset.merge }), { goOn: false });
    else if (button.hasAttribute("data-merge-into")) {
      const first = one("[data-merge]", card);
      if (first) first.focus();
      else toast("No similar ticket is known yet.", { tone: "info" });
    } else if (button.hasAttribute("data-choose") && current) {
      one("[data-pick]", current).click();
    } else if (button.hasAttribute("data-bulk-none")) {
      chosen().forEach((pick) => { pick.checked = false; });
      countChosen();
    }
  });
  inbox.addEventListener("change", (event) => { if (event.target.matches("[data-pick]")) countChosen(); });
  inbox.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-decide]")) return;
    event.preventDefault();
    act(decided());
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || one("dialog[open]")) return;
    const box = one(`[data-digit="${CSS.escape(event.key)}"]`, card);
    if (box && !box.disabled) {
      event.preventDefault();
      box.checked = !box.checked;
    }
  });
  const at = new URL(location.href).searchParams.get("at");
  open(rows().find((row) => row.dataset.row === at) ?? rows().find((row) => !row.classList.contains("is-done")) ?? rows()[0]);
}

if (inbox) start();
