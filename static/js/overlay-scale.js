/** Hours since the case's window began, pixels of the plot, and times in the case's zone. */

import { config } from "./overlay-state.js";

export const scale = { low: 0, high: 1, width: 1 };

export function setScale(low, high, width) {
  Object.assign(scale, { low, high, width });
}

export const toX = (hours) => ((hours - scale.low) / (scale.high - scale.low)) * scale.width;
export const toHours = (x) => scale.low + (x / scale.width) * (scale.high - scale.low);
export const clampX = (x) => Math.min(Math.max(x, 0), scale.width);

export const toDate = (hours) => new Date((config.origin + hours * 3600) * 1000);
export const fromDate = (date) => (date.getTime() / 1000 - config.origin) / 3600;
export const caseEnd = () => (config.end - config.origin) / 3600;

const FORMATS = {
  full: ["en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" }],
  day: ["en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" }],
  short: ["en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }],
  zone: ["en-US", { timeZoneName: "short", hour: "2-digit" }],
  parts: ["en-CA", { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }],
};
const made = new Map();

/** Making a format takes milliseconds: each is made when it is first needed. */
function format(name) {
  if (!made.has(name)) made.set(name, new Intl.DateTimeFormat(FORMATS[name][0], { timeZone: config.zone, ...FORMATS[name][1] }));
  return made.get(name);
}

const zoneName = (date) => format("zone").formatToParts(date).find((part) => part.type === "timeZoneName")?.value ?? "";

/** "26 Mar 2026, 14:00 PDT" */
export function moment(hours) {
  const date = toDate(hours);
  const text = format("full").formatToParts(date).filter((part) => part.type !== "timeZoneName").map((part) => part.value).join("");
  return `${text.trim().replace(/,?\s+at\s+/, ", ").replace(/[,\s]+$/, "")} ${zoneName(date)}`;
}
export const day = (hours) => format("day").format(toDate(hours)).replace(",", "");
export const short = (hours) => format("short").format(toDate(hours));

/** For datetime-local inputs: the wall time in the case's zone. */
export function wallTime(hours) {
  const part = Object.fromEntries(format("parts").formatToParts(toDate(hours)).map(({ type, value }) => [type, value]));
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

/** For addresses: UTC to the minute. */
export const isoMinute = (hours) => `${toDate(Math.round(hours * 60) / 60).toISOString().slice(0, 16)}Z`;
export const fromIso = (text) => (text ? fromDate(new Date(text)) : null);

/** "3 days 4 h", "45 min" */
export function span(hours) {
  const minutes = Math.round(hours * 60);
  if (minutes < 120) return `${minutes} min`;
  const days = Math.floor(minutes / 1440);
  const rest = Math.round((minutes - days * 1440) / 60);
  if (!days) return `${rest} h`;
  return `${days} day${days === 1 ? "" : "s"}${rest ? ` ${rest} h` : ""}`;
}

const LARGE = [[1e12, "T"], [1e9, "G"], [1e6, "M"]];

/** Digits in groups of three. Intl does it, too, but its first use costs a tenth of the page's first picture. */
function grouped(text) {
  const [whole, part] = text.split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? `.${part}` : "");
}
const significant = (value, digits) => grouped(String(Number(value.toPrecision(digits))));

/** A number as people read it: "1,234", "3.4", "0.052", "12.3 M". */
export function number(value) {
  if (!Number.isFinite(value)) return "—";
  const size = Math.abs(value);
  const large = LARGE.find(([least]) => size >= least);
  if (large) return `${significant(value / large[0], 3)} ${large[1]}`;
  return significant(value, size >= 1000 ? 4 : 3);
}

/** A count: whole where it is whole or at least ten. */
export const count = (value) => grouped(String(Number(value.toFixed(Math.abs(value) >= 9.95 || Math.abs(value - Math.round(value)) < 0.05 ? 0 : 1))));

/** Read a wall time of the case's zone: guess in UTC, then correct by how far the guess shows off. */
export function zoned(text) {
  const wanted = new Date(`${text}Z`);
  let hours = fromDate(wanted);
  for (let i = 0; i < 2; i += 1) hours += (wanted - new Date(`${wallTime(hours)}Z`)) / 3_600_000;
  return hours;
}
