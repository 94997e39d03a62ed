import type { CueOutcome, FiredCue, Framecue } from '../../../client/src/index.ts';
import type { PlayPath } from '../players/player.ts';

/** A cue at the moment it fired, as plain data for whoever drives this page from outside. */
export interface FireInfo {
  /** Which of the three players. */
  readonly player: PlayPath;
  readonly cue: string;
  readonly rev: number;
  readonly type: string;
  readonly firePts: number | null;
  readonly shownPts: number | null;
  /** Of the presented frame, in seconds on the player's timeline; null where no frame was presented. */
  readonly mediaTime: number | null;
  readonly frames: number | null;
  readonly lateMs: number;
  readonly path: string;
  readonly carrier: string;
  readonly accuracyMs: number | null;
  readonly trigger: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly epoch: string | null;
  readonly presentedAt: number;
}

export interface TestHooks {
  /** Oldest first, the last 500. */
  readonly fires: FireInfo[];
  readonly outcomes: (CueOutcome & { readonly player: PlayPath })[];
  readonly players: {
    [path in PlayPath]?: { readonly framecue: Framecue; readonly video: HTMLVideoElement };
  };
}

declare global {
  interface Window {
    /** Only with `?test` in the address. */
    __framecue?: TestHooks;
    /** Set by a test: called synchronously when a cue fires, while its frame is on screen. */
    __framecueOnFire?: (info: FireInfo, video: HTMLVideoElement) => void;
  }
}

const KEPT = 500;

/** Null unless the address asks for them. */
export function openTestHooks(query: URLSearchParams): TestHooks | null {
  if (!query.has('test')) return null;
  window.__framecue = { fires: [], outcomes: [], players: {} };
  return window.__framecue;
}

export function recordFire(hooks: TestHooks, player: PlayPath, cue: FiredCue, video: HTMLVideoElement): void {
  const info: FireInfo = {
    player,
    cue: cue.id,
    rev: cue.rev,
    type: cue.type,
    firePts: cue.firePts,
    shownPts: cue.shownPts,
    mediaTime: cue.playerShownPts === null ? null : cue.playerShownPts / 1000,
    frames: cue.frames,
    lateMs: cue.lateMs,
    path: cue.path,
    carrier: cue.carrier,
    accuracyMs: cue.accuracyMs,
    trigger: cue.trigger,
    outcome: cue.outcome,
    reason: cue.reason,
    epoch: cue.epoch,
    presentedAt: cue.presentedAt,
  };
  keep(hooks.fires, info);
  window.__framecueOnFire?.(info, video);
}

export function recordOutcome(hooks: TestHooks, player: PlayPath, outcome: CueOutcome): void {
  keep(hooks.outcomes, { ...outcome, player });
}

function keep<T>(list: T[], entry: T): void {
  list.push(entry);
  if (list.length > KEPT) list.shift();
}
