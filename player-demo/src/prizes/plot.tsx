import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { formatClock, formatCount } from '../shared/format.ts';

export interface Line {
  readonly name: string;
  readonly values: readonly number[];
  /** A token of the design. */
  readonly colour: '--good' | '--info' | '--text-soft' | '--warn';
  /** Lines are told apart without their colour too. */
  readonly dash?: readonly number[];
}

export interface PlotProps {
  /** Unix seconds; or counts, for bars. */
  readonly x: readonly number[];
  readonly lines: readonly Line[];
  readonly kind?: 'lines' | 'bars';
  readonly height?: number;
  /** What it shows, in a sentence, for those who do not see it. */
  readonly label: string;
  /** A mark on the axis below: from here on. */
  /** Below it, for everybody. */
  readonly note?: string;
  readonly mark?: { readonly at: number; readonly text: string };
}

const token = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A plot that follows its data and its width. */
export function Plot({ x, lines, kind = 'lines', height = 150, label, mark, note }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const marked = useRef(mark);
  marked.current = mark;
  // Lines come and go with what is shown; their values come each time.
  const shape = `${kind} ${height} ${lines.map(({ name }) => name).join('|')}`;

  // Built anew when its shape changes, not with each value.
  useEffect(() => {
    const target = box.current!;
    const axis = {
      stroke: token('--text-faint'),
      grid: { stroke: token('--line'), width: 1 },
      ticks: { show: false },
    };
    const font = `12px ${token('--font')}`;
    const bars = uPlot.paths.bars?.({ size: [0.8, 48], align: 0 });
    const options: uPlot.Options = {
      // Above the bars, so that what the mark says never runs into one.
      ...(kind === 'bars' ? { padding: [22, null, null, null] as uPlot.Padding } : {}),
      ...{
        width: Math.max(120, target.clientWidth),
        height,
        legend: { show: false },
        cursor: { show: false },
      },
      scales: {
        x:
          kind === 'bars'
            ? { time: false, range: (_, low, high) => [low - 0.5, high + 0.5] }
            : { time: true },
        y: { range: (_, __, high) => [0, Math.max(1, high ?? 1) * 1.08] },
      },
      axes: [
        {
          ...{ ...axis, font, size: 30, grid: { show: false } },
          ...(kind === 'bars'
            ? { incrs: [1, 2, 5, 10, 20, 50, 100] }
            : { space: 80, values: (_, at) => at.map((seconds) => formatClock(seconds * 1000)) }),
        },
        {
          ...{ ...axis, font, size: 52, values: (_, counts) => counts.map(formatCount) },
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6],
        },
      ],
      series: [
        {},
        ...lines.map(
          ({ name, colour, dash }): uPlot.Series => ({
            ...{ label: name, stroke: token(colour), width: 2, points: { show: false } },
            ...(dash === undefined ? {} : { dash: [...dash] }),
            ...(kind === 'bars' && bars !== undefined ? { paths: bars, fill: `${token(colour)}66` } : {}),
          }),
        ),
      ],
      hooks: {
        draw: [
          (self) => {
            if (marked.current === undefined) return;
            const at = Math.round(self.valToPos(marked.current.at, 'x', true));
            const { left, width, top, height: high } = self.bbox;
            if (at < left || at > left + width) return;
            const { ctx } = self;
            ctx.save();
            ctx.strokeStyle = token('--text');
            ctx.setLineDash([6, 4]);
            ctx.lineWidth = 2;
            ctx.beginPath();
            ctx.moveTo(at, top - 16 * devicePixelRatio);
            ctx.lineTo(at, top + high);
            ctx.stroke();
            ctx.fillStyle = token('--text');
            const isRight = at > left + width * 0.75;
            ctx.textAlign = isRight ? 'right' : 'left';
            ctx.font = `${12 * devicePixelRatio}px ${token('--font')}`;
            const aside = (isRight ? -6 : 6) * devicePixelRatio;
            ctx.fillText(marked.current.text, at + aside, top - 6 * devicePixelRatio);
            ctx.restore();
          },
        ],
      },
    };
    const made = new uPlot(options, dataOf(x, lines), target);
    plot.current = made;
    const watch = new ResizeObserver(() =>
      made.setSize({ width: Math.max(120, target.clientWidth), height }),
    );
    watch.observe(target);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf(x, lines)), [x, lines]);

  return (
    <figure class="plot">
      <div ref={box} role="img" aria-label={label} style={{ minHeight: `${height}px` }} />
      {lines.length > 1 && (
        <figcaption class="plot-key">
          {lines.map(({ name, colour, dash }) => (
            <span key={name}>
              <svg width="26" height="8" aria-hidden="true">
                <line
                  {...{ x1: 0, x2: 26, y1: 4, y2: 4, stroke: `var(${colour})`, 'stroke-width': 2.5 }}
                  stroke-dasharray={dash?.join(' ')}
                />
              </svg>
              {name}
            </span>
          ))}
        </figcaption>
      )}
      {note !== undefined && <p class="faint plot-note">{note}</p>}
    </figure>
  );
}

const dataOf = (x: readonly number[], lines: readonly Line[]): uPlot.AlignedData => [
  [...x],
  ...lines.map(({ values }) => [...values]),
];
