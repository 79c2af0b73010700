/** Bands of a figure's lines as few closed shapes: those of one colour are one trace, whatever the number of lines. */

/** Return the figure with each low and high pair as a piece of one `toself` trace per colour, under all lines. */
export function withBands(figure) {
  const bands = new Map();
  const lines = [];
  figure.data.forEach((trace, i) => {
    if (trace.meta.role.endsWith("-low") && figure.data[i + 1]?.fill === "tonexty") return;
    if (trace.fill !== "tonexty") { lines.push(trace); return; }
    if (!bands.has(trace.fillcolor)) bands.set(trace.fillcolor, { trace, pairs: [] });
    bands.get(trace.fillcolor).pairs.push([figure.data[i - 1], trace]);
  });
  return { ...figure, data: [...[...bands.values()].map(shape), ...lines] };
}

/** One way along the upper edge, back along the lower one; a gap ends a shape. */
function shape({ trace, pairs }) {
  const room = pairs.reduce((sum, [low]) => sum + 3 * low.x.length, 0);
  const [x, y] = [new Float32Array(room), new Float32Array(room)];
  let n = 0;
  const put = (at, value) => { x[n] = at; y[n] = value; n += 1; };
  for (const [low, high] of pairs) {
    for (let first = 0; first < low.x.length; first += 1) {
      if (Number.isNaN(low.y[first])) continue;
      let end = first;
      while (end + 1 < low.x.length && !Number.isNaN(low.y[end + 1])) end += 1;
      for (let i = first; i <= end; i += 1) put(high.x[i], high.y[i]);
      for (let i = end; i >= first; i -= 1) put(low.x[i], low.y[i]);
      put(low.x[first], NaN);
      first = end;
    }
  }
  return { ...trace, fill: "toself", x: x.subarray(0, n), y: y.subarray(0, n), meta: { role: trace.meta.role.replace("-high", "") } };
}
