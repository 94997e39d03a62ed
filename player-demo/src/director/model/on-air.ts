import type { Cue } from '../../shared/media-api.ts';
import { openingOf } from './round-item.ts';
import type { Rundown } from './rundown.ts';

/** A round that viewers can answer, or that is on its way to them; whoever opened it. */
export interface OnAir {
  readonly cue: Cue;
  readonly title: string;
  readonly phase: 'on-its-way' | 'open' | 'locked';
  /**
   * When it closes by itself: after its span, or by a lock that is on its way or runs by itself, whichever comes first.
   * Server's clock, Unix milliseconds; null: until it is locked by hand.
   */
  readonly closesAt: number | null;
  /** When it was closed, by itself or by its lock, whichever came first; null while it is not. Unix milliseconds. */
  readonly lockedAt: number | null;
  readonly lock: Cue | null;
  readonly reveal: Cue | null;
}

const dead = ({ state, voided }: Cue): boolean =>
  state === 'cancelled' || state === 'missed' || voided !== undefined;

/**
 * Rounds under way, newest first: a round that has been revealed or cancelled is over, one that is only locked waits
 * for its reveal until the server counts it as ended.
 * @param cues newest first
 * @param now of the server, Unix milliseconds
 * @param rundown what is loaded: it may hold the lock of a round
 */
export function onAir(cues: readonly Cue[], now: number, rundown: Rundown | null = null): readonly OnAir[] {
  const rounds: OnAir[] = [];
  for (const cue of cues) {
    if (cue.type !== 'interaction.open' || dead(cue) || cue.state === 'armed') continue;
    const follow = (type: string): Cue | null =>
      cues.find((other) => other.type === type && other.ref === cue.id && !dead(other)) ?? null;
    if (follow('interaction.cancel') !== null) continue;
    const reveal = follow('interaction.reveal');
    if (reveal?.landing != null) continue;
    const lock = follow('interaction.lock');
    const spanEnds = closesAtOf(cue);
    const round = { cue, title: titleOf(cue), closesAt: spanEnds, lockedAt: null, lock, reveal };
    if (cue.landing === null) {
      if (cue.state !== 'uncertain') rounds.push({ ...round, phase: 'on-its-way' });
      continue;
    }
    const closed = lock?.landing != null || (spanEnds !== null && now >= spanEnds);
    if (!closed) {
      rounds.push({ ...round, phase: 'open', closesAt: earlier(spanEnds, lockComesAt(cue, lock, rundown)) });
    } else if (isRecent(cue, spanEnds, now)) {
      rounds.push({ ...round, phase: 'locked', lockedAt: lockedAtOf(lock, spanEnds) });
    }
  }
  return rounds;
}

function lockedAtOf(lock: Cue | null, closesAt: number | null): number | null {
  const landed = lock?.landing?.fireAtMs ?? null;
  return earlier(landed === null ? null : Math.max(landed, lock?.alignAt ?? 0), closesAt);
}

const earlier = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

/** When a lock that has not landed comes, as far as is known: its picture, or the rundown's time for it. */
function lockComesAt(open: Cue, lock: Cue | null, rundown: Rundown | null): number | null {
  if (lock?.askedPts != null && open.landing?.fireAtMs != null) {
    return open.landing.fireAtMs + lock.askedPts - open.landing.pts;
  }
  const opening = openingOf(rundown, open);
  let first: number | null = null;
  for (const item of opening === null ? [] : (rundown?.items ?? [])) {
    if (item.type !== 'interaction.lock' || item.ref !== opening?.id) continue;
    const isSent = item.state === 'taken' || item.state === 'announced';
    first = earlier(first, isSent && item.starts.kind === 'at' ? item.starts.at : item.runsAt);
  }
  return first;
}

/** A round that closed this long ago and never was revealed has been left. */
const LEFT_AFTER_MS = 10 * 60_000;

function isRecent(cue: Cue, closesAt: number | null, now: number): boolean {
  const from = closesAt ?? cue.landing?.fireAtMs ?? cue.markedAt;
  return now - from < LEFT_AFTER_MS;
}

export const titleOf = (cue: Cue): string => cue.title ?? cue.question?.question ?? cue.interaction ?? cue.id;

export function closesAtOf({ landing, durationMs, alignAt }: Cue): number | null {
  if (landing?.fireAtMs == null || durationMs === null) return null;
  return Math.max(landing.fireAtMs, alignAt ?? 0) + durationMs;
}

/** The cue that landed last; null where none has. */
export function lastLanded(cues: readonly Cue[]): Cue | null {
  let last: Cue | null = null;
  for (const cue of cues) {
    if (cue.landing === null) continue;
    if (last === null || landedAtOf(cue) > landedAtOf(last)) last = cue;
  }
  return last;
}

export const landedAtOf = (cue: Cue): number => cue.landing?.fireAtMs ?? cue.markedAt;
