// Plots of `framecue inspect --html`. Runs in the page, beside uPlot; no network.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  const x = data.points.x;
  const holder = document.getElementById('plots');
  const sync = uPlot.sync('time');
  const width = () => Math.max(280, holder.clientWidth);
  const axis = (extra) => ({
    stroke: color('text-faint'),
    grid: { stroke: color('line'), width: 1 },
    ticks: { stroke: color('line') },
    ...extra,
  });
  const kilo = (value) => (value >= 1000 ? `${Math.round(value / 100) / 10} k` : String(Math.round(value)));

  /** Vertical lines for cues and findings, under the cursor and above the series. */
  function marks(u) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    const line = (at, stroke, dash) => {
      const left = Math.round(u.valToPos(at, 'x', true)) + 0.5;
      if (left < bbox.left || left > bbox.left + bbox.width) return null;
      ctx.strokeStyle = stroke;
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.setLineDash(dash);
      ctx.beginPath();
      ctx.moveTo(left, bbox.top);
      ctx.lineTo(left, bbox.top + bbox.height);
      ctx.stroke();
      return left;
    };
    for (const at of data.lint) line(at, color('bad'), [2, 3]);
    ctx.font = `${11 * devicePixelRatio}px ${style.getPropertyValue('--font')}`;
    ctx.textBaseline = 'top';
    ctx.textAlign = 'left';
    // All lines first: none goes through a label. Labels that would meet stand one below the other.
    const labels = [];
    for (const cue of data.cues) {
      const left = line(cue.x, color('cue'), []);
      if (left !== null) labels.push({ left, text: cue.id });
    }
    const high = 15 * devicePixelRatio;
    const rows = Array.from({ length: Math.max(2, Math.floor(bbox.height / high / 3)) }, () => -1);
    for (const { left, text } of labels) {
      const row = rows.findIndex((free) => left >= free);
      if (row === -1) continue;
      const wide = ctx.measureText(text).width + 8 * devicePixelRatio;
      // The last ones stand before their line, or they would be cut.
      const from = left + wide > bbox.left + bbox.width ? left - wide : left;
      const top = bbox.top + row * high;
      ctx.fillStyle = color('surface');
      ctx.globalAlpha = 0.7;
      ctx.fillRect(from + devicePixelRatio, top, wide - devicePixelRatio, high);
      ctx.globalAlpha = 1;
      ctx.fillStyle = color('cue');
      ctx.fillText(text, from + 4 * devicePixelRatio, top + 2 * devicePixelRatio);
      rows[row] = left + wide + 4 * devicePixelRatio;
    }
    ctx.restore();
  }

  function plot(title, height, series, values, format) {
    const box = document.createElement('div');
    const name = document.createElement('p');
    name.className = 'plot-title';
    name.textContent = title;
    box.append(name);
    holder.append(box);
    const options = {
      width: width(),
      height,
      cursor: { sync: { key: sync.key }, drag: { x: true, y: false } },
      // From zero: what is twice as high is twice as much. Room above for labels.
      scales: { x: { time: false }, y: { range: (_u, _min, max) => [0, Math.max(1, max ?? 1) * 1.5] } },
      series: [
        {
          label: data.hasTimes ? 'Time' : 'Access unit',
          value: (_, v) => (v === null ? '' : data.hasTimes ? `${v.toFixed(3)} s` : v),
        },
        ...series,
      ],
      axes: [
        axis({ values: (_, list) => list.map((v) => (data.hasTimes ? `${v} s` : v)) }),
        axis({ size: 64, values: (_, list) => list.map(format) }),
      ],
      hooks: { draw: [marks] },
    };
    return new uPlot(options, [x, ...values], box);
  }

  const spike = (stroke, fill) => ({
    stroke,
    fill,
    width: 1,
    points: { show: false },
    paths: uPlot.paths.bars({ size: [0.9, 40, 1] }),
  });
  const bytes = (_, v) => (v === null || v === undefined ? '' : `${v} bytes`);
  const { key, delta, sei, rate } = data.points;
  const plots = [
    plot(
      'Bit rate of the video, mean of one second (kbit/s)',
      170,
      [{ label: 'kbit/s', stroke: color('text-soft'), width: 1.5, points: { show: false } }],
      [rate],
      kilo,
    ),
    plot(
      'Size of each picture (bytes)',
      220,
      [
        { label: 'keyframe', ...spike(color('good'), color('good')), value: bytes },
        { label: 'other', ...spike(color('info'), color('info')), value: bytes },
      ],
      [key, delta],
      kilo,
    ),
    plot(
      'SEI in each picture (bytes)',
      150,
      [{ label: 'SEI', ...spike(color('cue'), color('cue')), value: bytes }],
      [sei],
      kilo,
    ),
  ];
  addEventListener('resize', () => {
    for (const each of plots) each.setSize({ width: width(), height: each.height });
  });
})();
