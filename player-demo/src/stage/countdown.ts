import { secondsLeft } from '../shared/format.ts';
import type { Next } from './told.ts';

/** What a countdown shows: a figure, or words where a figure would be a guess. */
export type CountdownFace =
  | { readonly kind: 'figure'; readonly figure: string; readonly unit: string; readonly more: string }
  | { readonly kind: 'now'; readonly more: string }
  | { readonly kind: 'words'; readonly title: string; readonly more: string };

export interface CountdownFacts {
  readonly next: Next | null;
  /** The server's clock; null: not known yet. Unix milliseconds. */
  readonly now: number | null;
  readonly errorMs: number | null;
  /** The server is heard. */
  readonly isLive: boolean;
  /** How much later this screen's own picture shows the frame than it leaves the server, milliseconds. */
  readonly behindMs: number;
}

/** A clock that is this far off makes seconds a guess. */
const ROUGH_MS = 500;
const NOW_MS = 2_000;
const MINUTE_S = 60;

/** Counts down to when the frame passes the server, or reaches this screen where it says how far it is behind. */
export function countdownFace({ next, now, errorMs, isLive, behindMs }: CountdownFacts): CountdownFace {
  if (!isLive) {
    return {
      kind: 'words',
      title: 'Not known',
      more: 'The connection is lost: the moment may have changed.',
    };
  }
  if (next === null) {
    return { kind: 'words', title: 'Stand by', more: 'No moment is set.' };
  }
  if (now === null || errorMs === null) {
    return { kind: 'words', title: 'One moment', more: 'This screen does not know the time yet.' };
  }
  const leftMs = next.at + behindMs - now;
  if (leftMs < -NOW_MS) return { kind: 'words', title: 'Stand by', more: 'No moment is set.' };
  const sure = next.state === 'planned' ? 'As planned' : next.state === 'announced' ? 'Announced' : 'Set';
  const where = behindMs === 0 ? 'as the frame leaves the server' : 'on this screen';
  const more = `${sure}, ${where}`;
  if (leftMs <= 0) return { kind: 'now', more };
  const seconds = secondsLeft(leftMs);
  const rough = errorMs > ROUGH_MS ? `About ±${Math.ceil(errorMs / 1000)} s. ` : '';
  if (seconds < MINUTE_S) {
    return {
      kind: 'figure',
      figure: `${seconds}`,
      unit: seconds === 1 ? 'second' : 'seconds',
      more: rough + more,
    };
  }
  const minutes = Math.floor(seconds / MINUTE_S);
  const figure = `${minutes}:${String(seconds % MINUTE_S).padStart(2, '0')}`;
  return { kind: 'figure', figure, unit: 'minutes', more: rough + more };
}
