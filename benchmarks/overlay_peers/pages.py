"""The bare pages: the overlay's numbers fetched as JSON and drawn by uPlot, or stroked on a 2D canvas."""

DONE = "requestAnimationFrame(() => requestAnimationFrame(() => { window.done = performance.now(); }));"

CANVAS = """<!doctype html><meta charset=utf-8><canvas id=c width=1400 height=820></canvas><script>
fetch("/bench/numbers.json").then((r) => r.json()).then((body) => {
  const pen = document.getElementById("c").getContext("2d");
  const [low, high] = [body.x[0], body.x[body.x.length - 1]];
  const stroke = (xs, ys, top) => {
    pen.beginPath();
    for (let i = 0; i < xs.length; i += 1) {
      pen.lineTo(((xs[i] - low) / (high - low)) * 1400, 820 - (ys[i] / top) * 800);
    }
    pen.stroke();
  };
  pen.fillStyle = "rgba(80,80,200,0.05)";
  for (const [from, to] of body.bands) {
    pen.fillRect(((from - low) / (high - low)) * 1400, 0, ((to - from) / (high - low)) * 1400, 820);
  }
  for (const ys of body.series) stroke(body.x, ys, 40);
  for (const ys of body.tickets) stroke(body.hours, ys, Math.max(...ys, 1) * 4);
  DONE
});
</script>""".replace("DONE", DONE)

UPLOT = """<!doctype html><meta charset=utf-8><link rel=stylesheet href="/bench/uplot.css">
<script src="/bench/uplot.js"></script><div id=a></div><div id=b></div><script>
fetch("/bench/numbers.json").then((r) => r.json()).then((body) => {
  const bands = (u) => {
    u.ctx.fillStyle = "rgba(80,80,200,0.05)";
    for (const [from, to] of body.bands) {
      const left = Math.max(u.valToPos(from, "x", true), u.bbox.left);
      const right = Math.min(u.valToPos(to, "x", true), u.bbox.left + u.bbox.width);
      if (right > left) u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
    }
  };
  const options = (height, n) => ({
    width: 1400, height, scales: { x: { time: false } }, legend: { show: false }, hooks: { drawClear: [bands] },
    series: [{}, ...Array.from({ length: n }, (_, i) => ({ stroke: `hsl(${i * 37 % 360} 50% 45%)`, width: 1 }))],
  });
  new uPlot(options(260, body.tickets.length), [body.hours, ...body.tickets], document.getElementById("a"));
  new uPlot(options(520, body.series.length), [body.x, ...body.series], document.getElementById("b"));
  DONE
});
</script>""".replace("DONE", DONE)
