import type { Browser, Page } from 'playwright-core';
import type { CueOutcome } from '../../client/src/index.ts';
import { until } from './api.ts';
import { openViewer } from './browser.ts';
import { PLAYERS, type PlayerName } from './fires.ts';
import type { System } from './system.ts';

/** How a page's clocks go: the wall clock is off from the start, and both run too fast or too slow. */
export interface Skew {
  readonly offsetMs: number;
  readonly ppm: number;
}

/** One cue opened in one page. */
export interface Opening {
  readonly cue: string;
  /** By the machine's own clock, which page and harness share; Unix milliseconds. */
  readonly realMs: number;
  /** From the library's reading of its clock to this one: what the page was put aside for between the two. */
  readonly heldMs: number;
}

export interface SkewedPage {
  readonly player: PlayerName;
  readonly page: Page;
  readonly skew: Skew;
  readonly errors: readonly string[];
}

/** One player on a page whose clocks are skewed, and whose way to the events service is `eventsUrl`. */
export async function openSkewed(
  browser: Browser,
  viewerUrl: string,
  {
    player,
    skew,
    eventsUrl,
  }: { readonly player: PlayerName; readonly skew: Skew; readonly eventsUrl: string },
): Promise<SkewedPage> {
  const { page, errors } = await openViewer(browser, `${viewerUrl}?test&only=${player}`, async (page) => {
    await page.addInitScript(skewClocks, skew);
    await page.route('**/demo/config.json', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ json: { ...((await response.json()) as object), events: eventsUrl } });
    });
  });
  return { player, page, skew, errors };
}

/** Runs in the page before anything else of it. */
function skewClocks({ offsetMs, ppm }: Skew): void {
  const RealDate = Date;
  const realUnixMs = RealDate.now.bind(RealDate);
  const realMonotonicMs = performance.now.bind(performance);
  const rate = 1 + ppm / 1e6;
  const unixMs = (): number => Math.round(realUnixMs() + offsetMs + realMonotonicMs() * (rate - 1));
  performance.now = () => realMonotonicMs() * rate;
  globalThis.Date = class extends RealDate {
    // biome-ignore lint/suspicious/noExplicitAny: as `Date` takes them
    constructor(...args: any[]) {
      super(...((args.length === 0 ? [unixMs()] : args) as [number]));
    }
    static override now = unixMs;
  } as DateConstructor;
  // Moments that the browser hands out are of the same monotonic clock.
  const onFrame = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
    return onFrame.call(this, (now, frame) =>
      callback(now * rate, {
        ...frame,
        presentationTime: frame.presentationTime * rate,
        expectedDisplayTime: frame.expectedDisplayTime * rate,
      }),
    );
  };
  const onRepaint = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (callback) => onRepaint((now) => callback(now * rate));

  const openings: Opening[] = [];
  Object.assign(globalThis, { openings, realUnixMs });
  // In place of the reader of pixels: it would take time between two openings.
  window.__framecueOnFire = ({ cue, presentedAt }) => {
    openings.push({ cue, realMs: realUnixMs(), heldMs: performance.now() - presentedAt });
  };
}

declare global {
  var openings: Opening[];
  var realUnixMs: () => number;
}

/** How far the page's wall clock is from the machine's. */
export const wallErrorOf = (page: Page): Promise<number> =>
  page.evaluate(() => Date.now() - globalThis.realUnixMs());

/** Its player shows pictures, knows stream time, and the server's clock is known. */
export const untilPlaying = ({ page, player }: SkewedPage, timeoutMs: number): Promise<true> =>
  until(`${player} plays and knows the clock`, timeoutMs, async () => {
    const ready = await page.evaluate((player) => {
      const framecue = window.__framecue?.players[player]?.framecue;
      return framecue !== undefined && framecue.streamTime() !== null && framecue.clock.now() !== null;
    }, player);
    return ready ? true : null;
  });

/** What one cue did in one page. */
export interface AlignedVerdict {
  readonly player: PlayerName;
  readonly cue: string;
  readonly alignAt: number;
  /** By the machine's clock; null: it never opened. */
  readonly openedMs: number | null;
  /** How much earlier the library had read its own clock. */
  readonly heldMs: number;
  readonly openings: number;
  readonly outcome: CueOutcome | null;
}

/** Waits until every page has opened every cue, or the time is over; what is missing is the verdict's matter. */
export async function judgeAligned(
  pages: readonly SkewedPage[],
  cues: readonly { readonly id: string; readonly alignAt?: number }[],
  timeoutMs: number,
): Promise<AlignedVerdict[]> {
  const verdicts = await Promise.all(
    pages.map(async ({ page, player }) => {
      const ids = cues.map(({ id }) => id);
      await page
        .waitForFunction(
          (ids) => ids.every((id) => globalThis.openings.some((opening) => opening.cue === id)),
          ids,
          { timeout: timeoutMs, polling: 200 },
        )
        .catch(() => undefined);
      const { openings, outcomes } = await page.evaluate(() => ({
        openings: globalThis.openings,
        outcomes: window.__framecue!.outcomes,
      }));
      return cues.map(({ id, alignAt = Number.NaN }): AlignedVerdict => {
        const own = openings.filter(({ cue }) => cue === id);
        return {
          ...{ player, cue: id, alignAt, openings: own.length, openedMs: own[0]?.realMs ?? null },
          heldMs: own[0]?.heldMs ?? 0,
          outcome: outcomes.findLast(({ cue }) => cue === id) ?? null,
        };
      });
    }),
  );
  return verdicts.flat();
}

/** From the first to the last player's opening of each cue that all of them opened. */
export function spreadsOf(verdicts: readonly AlignedVerdict[]): number[] {
  const byCue = Map.groupBy(verdicts, ({ cue }) => cue);
  return [...byCue.values()].flatMap((own) => {
    const opened = own.map(({ openedMs }) => openedMs).filter((ms) => ms !== null);
    return opened.length < PLAYERS.length ? [] : [Math.max(...opened) - Math.min(...opened)];
  });
}

/** The picture came after `alignAt`, for whatever reason: the player was behind, stalled, joined later, lost its stamp. */
const NOT_SHOWN: ReadonlySet<CueOutcome['reason']> = new Set([
  ...(['behind-align', 'skipped', 'joined', 'stamp-late', 'no-frame'] as const),
]);

/** Those of cues whose picture every player had shown before `alignAt`: what remains is how well they keep the moment. */
export function ofCuesInTime(verdicts: readonly AlignedVerdict[]): AlignedVerdict[] {
  const byCue = Map.groupBy(verdicts, ({ cue }) => cue);
  const inTime = ({ outcome }: AlignedVerdict) => outcome !== null && !NOT_SHOWN.has(outcome.reason);
  return [...byCue.values()].filter((own) => own.every(inTime)).flat();
}

/** What the director sees of it before taking a cue. */
export interface SpreadAnswer {
  readonly viewers: number;
  readonly groups: readonly { readonly protocol: string; readonly app: string; readonly p50: number }[];
  readonly apart: { readonly p99: { readonly content: number; readonly aligned: number } } | null;
  readonly hold99Ms: number | null;
}

/** The spread as the API tells it now. */
export async function spreadNow(system: System): Promise<SpreadAnswer> {
  return (await system.api.events<SpreadAnswer>('GET', `${system.api.streamPath}/spread`)).body;
}

/** The spread as the API tells it, once all three players have reported, and it is as asked. */
export const untilSpreadKnown = (
  system: System,
  timeoutMs: number,
  isAsAsked: (spread: SpreadAnswer) => boolean = () => true,
): Promise<SpreadAnswer> =>
  until('all players have reported their delay', timeoutMs, async () => {
    const body = await spreadNow(system);
    return body.groups.length >= PLAYERS.length && isAsAsked(body) ? body : null;
  });
