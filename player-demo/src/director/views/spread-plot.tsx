import { formatSpan } from '../../shared/format.ts';
import { axisEndMs, axisTicks, type Spread, type SpreadGroup } from '../model/spread.ts';

const LABEL = 168;
const WIDTH = 720;
const ROW = 34;
const TOP = 26;
const RIGHT = 16;

/** A strip a group on one axis of delay: half of its viewers, most, nearly all; and the hold across all of them. */
export function SpreadPlot({ spread }: { readonly spread: Spread }) {
  const end = axisEndMs(spread);
  const x = (ms: number): number => LABEL + ((WIDTH - LABEL - RIGHT) * Math.min(ms, end)) / end;
  const height = TOP + spread.groups.length * ROW + 6;
  const hold = spread.hold99Ms;
  return (
    <figure class="plot">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={aloud(spread)}>
        {axisTicks(end).map((ms) => (
          <g key={ms}>
            <line class="plot-grid" x1={x(ms)} x2={x(ms)} y1={TOP - 4} y2={height} />
            <text class="plot-tick" x={x(ms)} y={14} text-anchor={ms === end ? 'end' : 'middle'}>
              {formatSpan(ms)}
            </text>
          </g>
        ))}
        {spread.groups.map((group, index) => (
          <Row key={`${group.app}:${group.protocol}`} group={group} x={x} y={TOP + index * ROW + ROW / 2} />
        ))}
        {hold !== null && (
          <g>
            <line class="plot-hold" x1={x(hold)} x2={x(hold)} y1={TOP - 4} y2={height} />
          </g>
        )}
      </svg>
      <figcaption class="plot-key">
        <span>
          <i class="key-box" /> half to 95 %
        </span>
        <span>
          <i class="key-line" /> to 99 %
        </span>
        <span>
          <i class="key-dot" /> median
        </span>
        {hold !== null && (
          <span>
            <i class="key-hold" /> hold for 99 %: {formatSpan(hold)}
          </span>
        )}
      </figcaption>
    </figure>
  );
}

function Row({
  group,
  x,
  y,
}: {
  readonly group: SpreadGroup;
  readonly x: (ms: number) => number;
  readonly y: number;
}) {
  return (
    <g>
      <text class="plot-label" x={0} y={y - 2}>
        {short(group.app)}
      </text>
      <text class="plot-tick" x={0} y={y + 12}>
        {group.protocol} · {group.viewers}
      </text>
      <line class="plot-line" x1={x(group.p50)} x2={x(group.p99)} y1={y} y2={y} />
      <line class="plot-line" x1={x(group.p99)} x2={x(group.p99)} y1={y - 6} y2={y + 6} />
      <rect
        class="plot-box"
        x={x(group.p50)}
        y={y - 8}
        width={Math.max(2, x(group.p95) - x(group.p50))}
        height={16}
        rx={3}
      />
      <circle class="plot-median" cx={x(group.p50)} cy={y} r={6} />
    </g>
  );
}

const short = (text: string): string => (text.length > 22 ? `${text.slice(0, 21)}…` : text);

const aloud = ({ groups, hold99Ms }: Spread): string =>
  [
    'Delay by app and protocol.',
    ...groups.map(
      ({ app, protocol, p50, p99 }) =>
        `${app} over ${protocol}: half within ${formatSpan(p50)}, 99 % within ${formatSpan(p99)}.`,
    ),
    hold99Ms === null ? '' : `A hold of ${formatSpan(hold99Ms)} opens 99 % together.`,
  ].join(' ');
