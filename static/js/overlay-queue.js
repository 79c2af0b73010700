/** What is to be plotted, and when: on canvases before the library is there, in sight before out of sight. */

import { one } from "./dom.js";
import { preview } from "./overlay-preview.js";

/** Jobs are {cell, figure, lines, height, plot}: `figure` makes the whole figure, `lines` are its lines as they came, and
    `plot` draws the figure into the cell and gives a promise. */
const queues = { complaints: [], metrics: [] };

export const plan = (part, jobs) => { queues[part] = jobs; };

const inView = ({ cell }) => {
  const box = cell.getBoundingClientRect();
  return box.top < innerHeight && box.bottom > 0;
};
const all = () => [...queues.complaints, ...queues.metrics];

/** Stroke on canvases what is in sight, or, without intervals, all that has neither canvas nor plot yet. */
export function sketch({ onlySeen }) {
  const bare = all().filter(({ cell }) => !one(".ov-plotly, .ov-preview", cell));
  const jobs = onlySeen ? bare.filter(inView) : bare;
  for (const { cell, figure, lines, height } of jobs) preview(cell, onlySeen ? figure() : lines, height, { onlyLines: !onlySeen });
}

/** Plot the complaints, then the metrics in sight; the others follow when the page is idle. */
export async function plotAll(parts) {
  if (parts.includes("complaints")) for (const job of queues.complaints) await job.plot();
  if (!parts.includes("metrics")) return;
  const jobs = queues.metrics;
  const rest = [...jobs];
  for (const job of jobs.filter(inView)) {
    rest.splice(rest.indexOf(job), 1);
    await job.plot();
  }
  const next = () => {
    if (jobs !== queues.metrics) return;
    if (!rest.length) {
      document.dispatchEvent(new CustomEvent("overlay:plotted"));
      return;
    }
    // The row that has come into sight meanwhile is drawn before its turn.
    const [job] = rest.splice(Math.max(rest.findIndex(inView), 0), 1);
    job.plot().then(later);
  };
  const later = () => (globalThis.requestIdleCallback ?? setTimeout)(next);
  later();
}
