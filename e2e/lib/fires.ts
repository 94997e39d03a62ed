import type { Page } from 'playwright-core';
import type { Cue } from '../../cues/cue.ts';
import { readFrames } from '../../test-streams/read-frames.ts';
import { until } from './api.ts';
import { firesOf, type ShownFire } from './browser.ts';
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
  /** Frames from the receipt's picture to the one on screen, by its barcode; null where it could not be read. */
  readonly pixelFrames: number | null;
  /** The same by the player's `mediaTime`. */
  readonly mediaFrames: number | null;
}

/** RTMP's whole milliseconds: a receipt's PTS and its picture's. */
const SAME_PICTURE_MS = 2;

/**
 * The number in every picture of the running stream, by its PTS: decoded from HTTP-FLV beside the players, so that
 * nothing about loops or frame rates needs to be assumed.
 */
export class NumbersByPts {
  readonly #byPts = new Map<number, number>();
  readonly #total: number;
  readonly #abort = new AbortController();
  readonly #reading: Promise<void>;

  constructor(url: string, totalFrames: number) {
    this.#total = totalFrames;
    this.#reading = this.#read(url);
  }

  async #read(url: string): Promise<void> {
    try {
      for await (const { ptsMs, frame } of readFrames(url, { signal: this.#abort.signal })) {
        if (ptsMs !== null && frame !== undefined) this.#byPts.set(ptsMs, frame);
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
  }

  at(pts: number): number | null {
    for (let off = 0; off <= SAME_PICTURE_MS; off++) {
      const found = this.#byPts.get(pts + off) ?? this.#byPts.get(pts - off);
      if (found !== undefined) return found;
    }
    return null;
  }

  /** Frames from one number to another, over the loop's seam; negative: before. */
  distance(from: number, to: number): number {
    const ahead = (((to - from) % this.#total) + this.#total) % this.#total;
    return ahead > this.#total / 2 ? ahead - this.#total : ahead;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#reading;
  }
}

export interface MarkPlan {
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
  for (let n = 0; n < plan.count; n++) {
    const waitMs = due - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    due += plan.everyMs;
    ids.push((await system.api.mark(plan.cue(n))).id);
    onMarked?.(n + 1);
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
  const verdicts: FireVerdict[] = [];
  for (const player of players) {
    for (const id of ids) {
      const own = fires.filter((fire) => fire.player === player && fire.cue === id);
      const [first] = own;
      const expected = numbers.at(cues.get(id)!.landing!.pts);
      const distance = (shown: number | null | undefined): number | null =>
        expected === null || shown === null || shown === undefined ? null : numbers.distance(expected, shown);
      verdicts.push({
        player,
        cue: id,
        fires: own.length,
        outcome: first?.outcome ?? null,
        reason: first?.reason ?? null,
        path: first?.path ?? null,
        pixelFrames: distance(first?.pixels),
        mediaFrames: distance(first?.shownPts == null ? null : numbers.at(Math.round(first.shownPts))),
      });
    }
  }
  return verdicts;
}

/** Counts of a run, by player or over all: what a test asserts and a benchmark prints. */
export interface FireSummary {
  readonly cues: number;
  readonly never: number;
  readonly twice: number;
  /** The picture could not be read, or the receipt's picture was not among those decoded. */
  readonly unread: number;
  readonly early: number;
  /** By frames behind the receipt's picture, where pixels and the player's word agree. */
  readonly behind: Readonly<Record<number, number>>;
  /** Pixels and the player's word name different pictures. */
  readonly disagree: number;
  readonly worst: number;
}

export function summarise(verdicts: readonly FireVerdict[]): FireSummary {
  const behind: Record<number, number> = {};
  const count = (fits: (v: FireVerdict) => boolean): number => verdicts.filter(fits).length;
  const agreeing = verdicts.filter((v) => v.pixelFrames !== null && v.pixelFrames === v.mediaFrames);
  for (const { pixelFrames } of agreeing) behind[pixelFrames!] = (behind[pixelFrames!] ?? 0) + 1;
  return {
    cues: verdicts.length,
    never: count((v) => v.fires === 0),
    twice: count((v) => v.fires > 1),
    unread: count((v) => v.fires > 0 && (v.pixelFrames === null || v.mediaFrames === null)),
    early: count((v) => (v.pixelFrames ?? 0) < 0 || (v.mediaFrames ?? 0) < 0),
    behind,
    disagree: count(
      (v) => v.pixelFrames !== null && v.mediaFrames !== null && v.pixelFrames !== v.mediaFrames,
    ),
    worst: Math.max(0, ...agreeing.map((v) => v.pixelFrames!)),
  };
}
