/** What was said in public, and what drew attention, as flags in ink on the axis. */

import { make, one } from "./dom.js";
import { moment, scale, toX } from "./overlay-scale.js";
import { crisp, fixed, svg } from "./overlay-svg.js";

const HEIGHT = 34;

export function drawFlags(flags) {
  const row = one("#ov-flags");
  const plot = one(".ov-plot", row);
  const n = flags.statements.reduce((sum, flag) => sum + flag.n, 0) + flags.publicity.length;
  row.hidden = n + flags.pins.length === 0;
  const drawing = svg("svg", { width: scale.width, height: HEIGHT, role: "group", "aria-label": `Said in public: ${n}` });
  for (const event of flags.publicity) drawing.append(publicity(event));
  for (const flag of flags.statements) drawing.append(statement(flag));
  for (const pin of flags.pins) drawing.append(pinned(pin));
  plot.replaceChildren(drawing);
  one(".ov-count", row)?.remove();
  one(".ov-label", row).append(make("span", { class: "ov-count" }, String(n)));
}

function statement(flag) {
  const x = toX(flag.at);
  const says = `${flag.n === 1 ? "Statement" : `${flag.n} statements`}, ${moment(flag.at)}${flag.n > 1 ? ` to ${moment(flag.last)}` : ""}`;
  const mark = svg("a", { class: "ov-flag", href: `?flags=${flag.ids.join(",")}`, "data-flags": flag.ids.join(","), "aria-label": `${says}: ${flag.texts[0] ?? ""}`, "data-tip": `${says}\n${flag.texts.join("\n")}${flag.n > flag.texts.length ? `\n… and ${flag.n - flag.texts.length} more` : ""}` });
  mark.append(svg("rect", { class: "ov-hit", x: fixed(x - 2), y: 0, width: 20, height: HEIGHT }));
  mark.append(svg("line", { class: "ov-pole", x1: crisp(x), x2: crisp(x), y1: 5, y2: HEIGHT }));
  const wide = flag.n > 1 ? 17 : 11;
  mark.append(svg("path", { class: "ov-cloth", d: `M${crisp(x)},5 h${wide} l-3,5.5 l3,5.5 h-${wide} z` }));
  if (flag.n > 1) mark.append(svg("text", { class: "ov-flag-n", x: fixed(x + 7.5), y: 14.4 }, flag.n > 99 ? "99" : String(flag.n)));
  return mark;
}

/** A pinned stretch: a bracket at the row's foot. */
function pinned([from, to, note, id]) {
  const [left, right] = [Math.max(toX(from), 0), Math.min(toX(to), scale.width)];
  const says = `Pinned, ${moment(from)} to ${moment(to)}`;
  const mark = svg("a", { class: "ov-pinned", href: "?pins=1", "data-pins": id, "aria-label": `${says}: ${note}`, "data-tip": `${says}\n${note}` });
  mark.append(svg("rect", { class: "ov-hit", x: fixed(left), y: HEIGHT - 8, width: fixed(Math.max(right - left, 6)), height: 8 }));
  mark.append(svg("path", { class: "ov-pin-bracket", d: `M${fixed(left + 0.5)},${HEIGHT - 6} v4 H${fixed(Math.max(right - 0.5, left + 3))} v-4` }));
  return mark;
}

function publicity(event) {
  const x = toX(event.at);
  const mark = svg("g", { class: "ov-publicity", role: "img", tabindex: 0, "aria-label": `Drew attention, ${moment(event.at)}: ${event.title}`, "data-tip": `${moment(event.at)}\n${event.title}\nPeople complained more everywhere at once.` });
  mark.append(svg("rect", { class: "ov-hit", x: fixed(x - 7), y: 0, width: 14, height: HEIGHT }));
  mark.append(svg("line", { class: "ov-pole", x1: crisp(x), x2: crisp(x), y1: 22, y2: HEIGHT }));
  mark.append(svg("path", { class: "ov-star", d: `M${fixed(x)},14 l2.2,4.6 l5,0.6 l-3.7,3.4 l1,5 l-4.5,-2.5 l-4.5,2.5 l1,-5 l-3.7,-3.4 l5,-0.6 z` }));
  return mark;
}
