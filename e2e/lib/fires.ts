import type { Page } from 'playwright-core';
import type { Cue } from '../../cues/cue.ts';
import { until } from './api.ts';
import { firesOf, type ShownFire } from './browser.ts';
import type { NumbersByPts } from './numbers-by-pts.ts';
import type { System } from './system.ts';

export const PLAYERS = ['flv', 'ws', 'hls'] as const;
export type PlayerName = (typeof PLAYERS)[number];

/** One cue in one player, told from the pixels and from the player's own word. */
export interface FireVerdict {
  readonly player: PlayerName;
  readonly cue: string;
  readonly fires: number;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly path: string | null;
  /** `frame`; `position` and `clock` where the browser has told of no picture for seconds. */
  readonly trigger: string | null;
  /** Frames from the receipt's picture to the one on screen, by its barcode; null where it could not be read. */
  readonly pixelFrames: number | null;
  /** The same by the player's `mediaTime`. */
  readonly mediaFrames: number | null;
  /** Of the picture that the browser told of before: negative where the cue fired at the first one it could. */
  readonly previousFrames: number | null;
  /** The receipt's picture, or the one on screen, is missing among those decoded beside the players. */
  readonly isUnnumbered: boolean;
  /** Frames that the screen may have gone on by when the pixels were read, later than the browser told of the picture. */
  readonly readAfterFrames: number;
}

export interface MarkPlan {
  /** The first cue's number. */
  readonly from?: number;
  readonly count: number;
  readonly everyMs: number;
  /** The request for the n-th cue. */
  readonly cue: (n: number) => Readonly<Record<string, unknown>>;
}

/** Marks cues at a steady pace, never two in the air; resolves to their ids. */
export async function markCues(
  system: System,
  plan: MarkPlan,
  onMarked?: (n: number) => void,
): Promise<string[]> {
  const ids: string[] = [];
  let due = performance.now();
  const from = plan.from ?? 0;
  for (let n = from; n < from + plan.count; n++) {
    const waitMs = due - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    due += plan.everyMs;
    ids.push((await system.api.mark(plan.cue(n))).id);
    onMarked?.(ids.length);
  }
  return ids;
}

/** Waits until every player has fired every cue, or the time is over; what is missing is the verdict's matter. */
export async function judge(
  system: System,
  page: Page,
  ids: readonly string[],
  numbers: NumbersByPts,
  { players = PLAYERS, timeoutMs }: { readonly players?: readonly PlayerName[]; readonly timeoutMs: number },
): Promise<FireVerdict[]> {
  const wanted = new Set(ids);
  let fires: ShownFire[] = [];
  await until('every player has fired every cue', timeoutMs, async () => {
    fires = (await firesOf(page)).filter((fire) => wanted.has(fire.cue));
    const seen = new Set(fires.map((fire) => `${fire.player} ${fire.cue}`));
    return seen.size >= wanted.size * players.length ? true : null;
  }).catch(() => null);

  const cues = new Map<string, Cue>();
  for (const id of ids) cues.set(id, await system.api.landed(id));
  const last = Math.max(
    ...[...cues.values()].map(({ landing }) => landing!.pts),
    ...fires.map(({ shownPts }) => shownPts ?? 0),
  );
  // What it never comes to is unread below.
  await numbers.untilRead(last, timeoutMs).catch(() => null);
  const verdicts: FireVerdict[] = [];
  for (const player of players) {
    for (const id of ids) {
      const own = fires.filter((fire) => fire.player === player && fire.cue === id);
      const [first] = own;
      const landedPts = cues.get(id)!.landing!.pts;
      const expected = numbers.at(landedPts);
      const framesTo = (pts: number | null | undefined): number | null => {
        const shown = pts === null || pts === undefined ? null : numbers.at(Math.round(pts));
        return expected === null || shown === null ? null : numbers.since(expected, shown, pts! - landedPts);
      };
      const mediaFrames = framesTo(first?.shownPts);
      const pixels = first?.pixels ?? null;
      const shownPts = first?.shownPts ?? null;
      verdicts.push({
        player,
        cue: id,
        fires: own.length,
        outcome: first?.outcome ?? null,
        reason: first?.reason ?? null,
        path: first?.path ?? null,
        trigger: first?.trigger ?? null,
        pixelFrames:
          expected === null || pixels === null ? null : numbers.near(expected, pixels, mediaFrames),
        mediaFrames,
        previousFrames: framesTo(first?.previousPts),
        isUnnumbered: numbers.isMissing(landedPts) || (shownPts !== null && numbers.isMissing(shownPts)),
        readAfterFrames: numbers.framesIn(first?.readAfterMs ?? 0),
      });
    }
  }
  return verdicts;
}

/** The rounds of `judgeUntilShown` at most: a browser that is starved for all of them is not what is tried. */
const ROUNDS = 6;

/**
 * Marks `plan.count` cues and judges them, again and again until the browser has shown in each player, of `enough`
 * cues, the picture or the next: what it passes over, as it does where it is short of time, cannot tell a fire that is
 * on its picture from one that is late.
 */
export async function judgeUntilShown(
  system: System,
  page: Page,
  numbers: NumbersByPts,
  plan: MarkPlan,
  { enough, timeoutMs }: { readonly enough: number; readonly timeoutMs: number },
): Promise<FireVerdict[]> {
  const verdicts: FireVerdict[] = [];
  const isEnough = (player: PlayerName): boolean =>
    summarise(verdicts.filter((v) => v.player === player)).judged >= enough;
  for (let round = 0; round < ROUNDS && !(round > 0 && PLAYERS.every(isEnough)); round++) {
    const ids = await markCues(system, { ...plan, from: round * plan.count });
    verdicts.push(...(await judge(system, page, ids, numbers, { timeoutMs })));
  }
  return verdicts;
}

/** Counts of a run, by player or over all: what a test asserts and a benchmark prints. */
export interface FireSummary {
  readonly cues: number;
  /** Of these, on the receipt's picture, the next, or wrong: neither passed over nor unnumbered. */
  readonly judged: number;
  readonly never: number;
  readonly twice: number;
  /** The server left out pictures for whoever told their numbers: nothing can be said of which one it was. */
  readonly unnumbered: number;
  /** The picture could not be read, or it has a PTS that no picture has. */
  readonly unread: number;
  readonly early: number;
  /** Of these, by pixels, in a player whose picture had stood still for seconds while its time went on: no picture told. */
  readonly earlyWithoutFrames: number;
  /** Fires by frames behind the receipt's picture, by the player's word. */
  readonly behind: Readonly<Record<number, number>>;
  /** More than one frame behind, because the browser told of neither picture: it passed over both. */
  readonly passedOver: number;
  /** More than one frame behind although the browser told of an earlier picture that would have done. */
  readonly late: number;
  /** A canvas was given the next picture already, or one that came while the page was kept from reading. */
  readonly pixelsAhead: number;
  /** Pixels and the player's word differ in any other way. */
  readonly disagree: number;
  readonly worst: number;
}

const isEarly = (v: FireVerdict): boolean => (v.pixelFrames ?? 0) < 0 || (v.mediaFrames ?? 0) < 0;

export function summarise(verdicts: readonly FireVerdict[]): FireSummary {
  const behind: Record<number, number> = {};
  const count = (fits: (v: FireVerdict) => boolean): number => verdicts.filter(fits).length;
  const fired = verdicts.filter((v) => v.fires > 0);
  const numbered = fired.filter((v) => !v.isUnnumbered);
  const read = numbered.filter((v) => v.pixelFrames !== null && v.mediaFrames !== null);
  for (const { mediaFrames } of read) behind[mediaFrames!] = (behind[mediaFrames!] ?? 0) + 1;
  const atFirst = (v: FireVerdict): boolean => v.previousFrames === null || v.previousFrames < 0;
  const ahead = (v: FireVerdict): number => v.pixelFrames! - v.mediaFrames!;
  const couldBeAhead = (v: FireVerdict): boolean => ahead(v) > 0 && ahead(v) <= 1 + v.readAfterFrames;
  const passedOver = read.filter((v) => v.mediaFrames! > 1 && atFirst(v)).length;
  return {
    cues: verdicts.length,
    judged: read.length - passedOver,
    never: count((v) => v.fires === 0),
    twice: count((v) => v.fires > 1),
    unnumbered: fired.length - numbered.length,
    unread: numbered.length - read.length,
    early: count(isEarly),
    earlyWithoutFrames: count((v) => isEarly(v) && v.trigger !== 'frame'),
    behind,
    passedOver,
    late: read.filter((v) => v.mediaFrames! > 1 && !atFirst(v)).length,
    pixelsAhead: read.filter(couldBeAhead).length,
    disagree: read.filter((v) => ahead(v) !== 0 && !couldBeAhead(v)).length,
    worst: Math.max(0, ...read.map((v) => v.mediaFrames!)),
  };
}
