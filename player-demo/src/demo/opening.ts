import type { CueOutcome, FiredCue } from '../../../client/src/index.ts';
import { PATHS, type PlayPath } from '../players/player.ts';
import type { Cue, Landing } from '../shared/media-api.ts';
import type { Snapshot } from './snapshot.ts';

/** What became of an opening cue in one player. */
export type Reached =
  | {
      readonly kind: 'opened';
      readonly path: PlayPath;
      readonly cue: FiredCue;
      /** When its picture was presented, on the server's clock, Unix milliseconds. */
      readonly openedAt: number;
      /** Null where the player showed no picture. */
      readonly snapshot: Snapshot | null;
    }
  | { readonly kind: 'never'; readonly path: PlayPath; readonly outcome: CueOutcome };

export type Lane =
  | { readonly kind: 'waiting' }
  /** `afterMs`: from the moment its picture passed the injector. */
  | (Extract<Reached, { kind: 'opened' }> & { readonly afterMs: number })
  | Extract<Reached, { kind: 'never' }>;

/** One opening cue on its way into the three players. */
export interface Opening {
  readonly cue: string;
  /** When its picture passed the injector, on the server's clock, Unix milliseconds. */
  readonly fireAtMs: number;
  /** Null until the receipt is here. */
  readonly landing: Landing | null;
  readonly lanes: { readonly [path in PlayPath]: Lane };
}

export interface OpeningFacts {
  /** Newest first. */
  readonly reached: readonly Reached[];
  /** What the server has. */
  readonly cues: readonly Cue[];
  /** Of cues before this moment only those count that opened in a player here. Unix milliseconds. */
  readonly since: number;
}

/** The newest opening, told by its receipt or by the first player that opened it; null: none yet. */
export function openingOf({ reached, cues, since }: OpeningFacts): Opening | null {
  const moments = new Map<string, number>();
  for (const one of reached) if (one.kind === 'opened') moments.set(one.cue.id, one.cue.fireAtUs / 1000);
  for (const { id, type, landing } of cues) {
    if (type !== 'interaction.open' || landing === null || landing.fireAtMs === null) continue;
    if (landing.fireAtMs >= since || moments.has(id)) moments.set(id, landing.fireAtMs);
  }
  const newest = [...moments].sort((a, b) => b[1] - a[1])[0];
  if (newest === undefined) return null;
  const [cue, fireAtMs] = newest;
  const landing = cues.find(({ id }) => id === cue)?.landing ?? null;
  const lane = (path: PlayPath): Lane => laneOf(reached, cue, path, fireAtMs);
  return { cue, fireAtMs, landing, lanes: { flv: lane('flv'), ws: lane('ws'), hls: lane('hls') } };
}

function laneOf(reached: readonly Reached[], cue: string, path: PlayPath, fireAtMs: number): Lane {
  const found = reached.find((one) => one.path === path && cueOf(one) === cue);
  if (found === undefined) return { kind: 'waiting' };
  return found.kind === 'never' ? found : { ...found, afterMs: Math.max(0, found.openedAt - fireAtMs) };
}

const cueOf = (one: Reached): string => (one.kind === 'opened' ? one.cue.id : one.outcome.cue);

/** How far apart an opening came to the players. */
export interface Spread {
  readonly waiting: readonly PlayPath[];
  /** Earliest first. */
  readonly opened: readonly Extract<Lane, { kind: 'opened' }>[];
  /** From the first player to the last, milliseconds. */
  readonly apartMs: number;
  /** All three opened, and on one and the same picture. */
  readonly same: boolean;
  /** Frames from the marked one to the latest that was shown; null unless all three opened on a frame. */
  readonly worst: number | null;
}

/** Two PTS of one picture: players round differently. */
const SAME_PICTURE_MS = 2;

export function spreadOf({ lanes }: Opening): Spread {
  const opened = PATHS.map((path) => lanes[path])
    .filter((lane) => lane.kind === 'opened')
    .sort((a, b) => a.afterMs - b.afterMs);
  const frames = opened.map(({ cue }) => cue.frames).filter((count) => count !== null);
  const shown = opened.map(({ cue }) => cue.shownPts).filter((pts) => pts !== null);
  return {
    waiting: PATHS.filter((path) => lanes[path].kind === 'waiting'),
    opened,
    apartMs: opened.length === 0 ? 0 : opened.at(-1)!.afterMs - opened[0]!.afterMs,
    same: shown.length === PATHS.length && Math.max(...shown) - Math.min(...shown) <= SAME_PICTURE_MS,
    worst: frames.length === PATHS.length ? Math.max(...frames) : null,
  };
}

const LEAST_AXIS_MS = 8000;
/** Coarse, so that a delay that moves a little does not move the picture of it. */
const AXIS_STEP_MS = 2000;
const ROOM = 1.12;

/** The length of the time line that has room for all of these, milliseconds. */
export function axisMsOf(momentsMs: readonly number[]): number {
  const last = Math.max(0, ...momentsMs) * ROOM;
  return Math.max(LEAST_AXIS_MS, Math.ceil(last / AXIS_STEP_MS) * AXIS_STEP_MS);
}
