// Runs in the report's page: the plot of both runs over stream time. uPlot is there already.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const place = document.getElementById('plot');
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const [soft, line, text] = [colour('--text-faint'), colour('--line'), colour('--text')];
  const [a, b, bad, epoch] = [colour('--cue'), colour('--info'), colour('--bad'), colour('--line-control')];
  const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
  const clock = (seconds) => {
    const whole = Math.floor(seconds);
    const parts = [Math.floor(whole / 60) % 60, whole % 60].map((n) => String(n).padStart(2, '0'));
    return `${whole >= 3600 ? `${Math.floor(whole / 3600)}:` : ''}${parts.join(':')}`;
  };

  /** Epochs as lines; landings of A above, of B below, in red where the two are not the same. */
  const marks = (plot) => {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineWidth = ratio;
    for (const at of data.epochs) {
      const x = plot.valToPos(at, 'x', true);
      ctx.strokeStyle = epoch;
      ctx.setLineDash([4 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.setLineDash([]);
    const size = 6 * ratio;
    const triangle = (seconds, y, down, fill) => {
      const x = plot.valToPos(seconds, 'x', true);
      ctx.fillStyle = fill;
      ctx.beginPath();
      ctx.moveTo(x, y + (down ? 2 : -2) * size);
      ctx.lineTo(x - size, y);
      ctx.lineTo(x + size, y);
      ctx.fill();
    };
    for (const cue of data.landings) {
      if (cue.a !== null) triangle(cue.a, bbox.top, true, cue.same ? a : bad);
      if (cue.b !== null) triangle(cue.b, bbox.top + bbox.height, false, cue.same ? b : bad);
    }
    ctx.restore();
  };

  const bars = uPlot.paths.bars({ size: [1, 40], align: 1 });
  const steps = uPlot.paths.stepped({ align: 1 });
  const options = (width) => ({
    width,
    height: Math.max(220, Math.min(340, Math.round(width / 3))),
    scales: { x: { time: false }, y: { range: (_plot, _min, max) => [0, Math.max(1, max) * 1.35] } },
    series: [
      { label: 'Stream time', value: (_plot, seconds) => (seconds === null ? '' : clock(seconds)) },
      { label: 'Differing', stroke: bad, fill: bad, paths: bars, points: { show: false } },
      { label: 'Access units in A', stroke: a, width: 3, paths: steps, points: { show: false } },
      {
        label: 'Access units in B',
        stroke: b,
        width: 1.5,
        dash: [6, 4],
        paths: steps,
        points: { show: false },
      },
    ],
    axes: [
      { ...axis, incrs: STEPS, space: 70, values: (_plot, splits) => splits.map(clock) },
      { ...axis, size: 52 },
    ],
    legend: { show: true },
    hooks: { draw: [marks] },
  });
  place.style.color = text;
  const values = [data.seconds, data.differing, data.unitsA, data.unitsB];
  let plot = new uPlot(options(place.clientWidth), values, place);
  new ResizeObserver(() => {
    if (plot.width === place.clientWidth) return;
    plot.destroy();
    plot = new uPlot(options(place.clientWidth), values, place);
  }).observe(place);
})();
