import { Icon } from '../design/icons.tsx';
import type { PlayPath } from '../players/player.ts';
import { formatSpan } from '../shared/format.ts';
import { PLAYERS, verdictOf } from '../viewer/words.ts';
import type { Lane } from './opening.ts';
import { afterWords, laneWords } from './words.ts';

export interface LaneLineProps {
  readonly path: PlayPath;
  readonly lane: Lane;
  /** How far the player is behind the injector, milliseconds; null while not known. */
  readonly delayMs: number | null;
  /** Since the stamp, milliseconds; null before one. */
  readonly sinceMs: number | null;
  readonly axisMs: number;
  /** Why the player shows no picture; null while it does. */
  readonly trouble: string | null;
}

/** One player on the line of time: expected at the ring, opened at the dot. */
export function LaneLine({ path, lane, delayMs, sinceMs, axisMs, trouble }: LaneLineProps) {
  const exact = lane.kind === 'opened' && verdictOf(lane.cue) === 'exact';
  const reachMs = lane.kind === 'opened' ? lane.afterMs : lane.kind === 'waiting' ? (sinceMs ?? 0) : 0;
  return (
    <li class={`lane lane-${lane.kind}`}>
      <strong class="lane-name">{PLAYERS[path].name}</strong>
      <span class="lane-track" aria-hidden="true">
        <span class="lane-trail" style={{ transform: `scaleX(${Math.min(1, reachMs / axisMs)})` }} />
        {lane.kind === 'waiting' && delayMs !== null && (
          <span class="lane-expected" style={{ left: percent(delayMs, axisMs) }} />
        )}
        {lane.kind === 'opened' && (
          <span
            class={exact ? 'lane-dot' : 'lane-dot lane-dot-late'}
            style={{ left: percent(lane.afterMs, axisMs) }}
          >
            <Icon name={exact ? 'check' : 'clock'} size={12} />
          </span>
        )}
      </span>
      <span class="lane-figure">
        {lane.kind === 'opened' && <strong>{afterWords(lane.afterMs)}</strong>}{' '}
        <span class="soft">
          {lane.kind === 'waiting'
            ? (trouble ?? (delayMs === null ? '–' : `${formatSpan(delayMs)} behind`))
            : laneWords(lane)}
        </span>
      </span>
    </li>
  );
}

export interface AxisProps {
  readonly axisMs: number;
  /** From the first player to the last, once all have opened. */
  readonly apart: readonly [number, number] | null;
}

const TICK_MS = 2000;
const LONG_AXIS_MS = 16_000;

/** The seconds under the lanes; then, in their place, how far apart the players were. */
export function Axis({ axisMs, apart }: AxisProps) {
  const stepMs = axisMs > LONG_AXIS_MS ? 2 * TICK_MS : TICK_MS;
  const ticks = Array.from({ length: Math.floor(axisMs / stepMs) + 1 }, (_, index) => index * stepMs);
  return (
    <div class="axis" aria-hidden="true">
      <span class="axis-line">
        {apart === null &&
          ticks.map((ms) => (
            <span key={ms} class="axis-tick" style={{ left: percent(ms, axisMs) }}>
              {ms === 0 ? 'stamp' : `${ms / 1000} s`}
            </span>
          ))}
        {apart !== null && (
          <span
            class="axis-apart"
            style={{ left: percent(apart[0], axisMs), width: percent(apart[1] - apart[0], axisMs) }}
          >
            <span class="axis-apart-words">{formatSpan(apart[1] - apart[0])} apart</span>
          </span>
        )}
      </span>
    </div>
  );
}

const percent = (ms: number, axisMs: number): string => `${Math.min(100, (ms / axisMs) * 100)}%`;
