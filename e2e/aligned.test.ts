import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import {
  type AlignedVerdict,
  judgeAligned,
  openSkewed,
  type SkewedPage,
  type SpreadAnswer,
  spreadsOf,
  untilPlaying,
  untilSpreadKnown,
  wallErrorOf,
} from './lib/aligned.ts';
import { until } from './lib/api.ts';
import { openBrowser } from './lib/browser.ts';
import { openConsole } from './lib/console.ts';
import { rundownOf } from './lib/console-show.ts';
import { PLAYERS, type PlayerName } from './lib/fires.ts';
import { type SlowLink, startSlowLink } from './lib/slow-link.ts';
import { NEAR_HLS, type System, startSystem } from './lib/system.ts';

const SKEWS = {
  flv: { offsetMs: 2_000, ppm: 50 },
  ws: { offsetMs: -2_000, ppm: -50 },
  hls: { offsetMs: 700, ppm: 50 },
} as const;
const ONE_WAY_MS = 50;
const CUES = 6;
const JOIN_MS = 60_000;
const CAUGHT_UP_MS = 150_000;
const HOOK_MS = 400_000;
/** Reading a clock takes a moment, and whole milliseconds are read. */
const READING_MS = 5;

const p50Of = ({ groups }: SpreadAnswer, protocol: PlayerName): number =>
  groups.find((group) => group.protocol === protocol)!.p50;

let browser: Browser;
let system: System;
let link: SlowLink;
const pages: SkewedPage[] = [];
let spread: SpreadAnswer;
let verdicts: AlignedVerdict[];

beforeAll(async () => {
  browser = await openBrowser();
  system = await startSystem(NEAR_HLS);
  await system.publish('plain-25');
  const run = await system.run();
  link = await startSlowLink(run.events, ONE_WAY_MS);
  for (const player of PLAYERS) {
    const skew = SKEWS[player];
    pages.push(await openSkewed(browser, run.pages.viewer, { player, skew, eventsUrl: link.url }));
  }
  for (const page of pages) await untilPlaying(page, JOIN_MS);
  // By segments HLS is seconds behind; FLV is not, once it has caught up where the machine had it stand still.
  spread = await untilSpreadKnown(
    system,
    CAUGHT_UP_MS,
    (now) => p50Of(now, 'hls') > p50Of(now, 'flv') + 1_000,
  );
  // The director takes the hold that is offered; HLS moves by a part of a segment meanwhile.
  const alignInMs = spread.hold99Ms! + 1_000;
  const cues: Cue[] = [];
  for (let n = 0; n < CUES; n++) {
    cues.push(await system.api.mark({ type: 'custom.test', data: { n }, alignInMs }));
    await system.api.landed(cues.at(-1)!.id);
  }
  verdicts = await judgeAligned(pages, cues, alignInMs + JOIN_MS);
}, HOOK_MS);

afterAll(async () => {
  for (const { page } of pages) await page.context().close();
  await link?.close();
  await system?.stop();
  await browser?.close();
});

describe('an aligned start, with skewed clocks 100 ms away', () => {
  it('is of pages whose clocks are wrong, and their way long', async () => {
    for (const { page, skew } of pages) {
      expect(Math.abs((await wallErrorOf(page)) - skew.offsetMs)).toBeLessThan(50);
    }
    expect(link.connections).toBeGreaterThan(0);
    for (const { outcome } of verdicts) expect(outcome!.alignErrorMs).toBeGreaterThanOrEqual(ONE_WAY_MS - 1);
  });

  it('is told beforehand: how far apart the apps are, and which hold brings them together', () => {
    expect(spread.groups.map(({ protocol }) => protocol).sort()).toEqual([...PLAYERS].sort());
    expect(new Set(spread.groups.map(({ app }) => app))).toEqual(new Set(['demo page']));
    expect(spread.hold99Ms).toBeGreaterThanOrEqual(p50Of(spread, 'hls'));
    expect(spread.apart!.p99.content).toBeGreaterThan(1_000);
    expect(spread.apart!.p99.aligned).toBe(0);
  });

  it.each(PLAYERS)(
    '%s opens every cue once, never before its moment by more than its clock may be off',
    (player) => {
      const own = verdicts.filter((verdict) => verdict.player === player);
      expect(own.map(({ openings }) => openings)).toEqual(own.map(() => 1));
      for (const { openedMs, alignAt, outcome } of own) {
        expect(openedMs!).toBeGreaterThanOrEqual(alignAt - outcome!.alignErrorMs! - READING_MS);
        expect(outcome).toMatchObject({ aligned: true, path: player });
      }
    },
  );

  it.each(PLAYERS)('%s says itself how late it was, and counts what was late', (player) => {
    const own = verdicts.filter((verdict) => verdict.player === player);
    for (const { openedMs, heldMs, alignAt, outcome } of own) {
      const { lateMs, alignErrorMs, reason } = outcome!;
      const saidLateMs = openedMs! - heldMs - alignAt;
      expect(Math.abs(saidLateMs - lateMs!)).toBeLessThanOrEqual(alignErrorMs! + READING_MS);
      // A busy machine may wake a timer late; it must not pass for being in time.
      if (lateMs! > 100 + Math.max(0, alignErrorMs! - 100)) expect(reason).not.toBeNull();
    }
    console.info(`aligned ${player}:`, JSON.stringify(own.map((v) => v.openedMs! - v.alignAt)));
  });

  it('brings players together that are seconds apart', () => {
    const spreads = spreadsOf(verdicts);
    expect(spreads).toHaveLength(CUES);
    console.info('spread of openings, ms:', JSON.stringify(spreads));
    // What it is on a quiet machine is the benchmark's matter (`npm run bench -- aligned`).
    expect(Math.min(...spreads)).toBeLessThan(spread.apart!.p99.content);
  });

  it('is what a director takes by one key: the item at hand, with the hold that the console offers', async () => {
    const items = [{ id: 'together', title: 'All together', type: 'product.card' }];
    const rundown = { id: 'together-show', title: 'Together', items };
    await system.api.media('PUT', `${system.api.streamPath}/rundown`, rundown);
    const { page, context, errors } = await openConsole(browser, system);

    await page.locator('.hand-held[aria-disabled="false"]').waitFor({ timeout: JOIN_MS });
    await page.locator('.hand-title', { hasText: 'All together' }).waitFor({ timeout: JOIN_MS });
    expect(await page.locator('.hand-held').textContent()).toMatch(/opens 99 % together after/);
    await page.keyboard.press('h');
    const id = await until('the item is taken', JOIN_MS, async () => (await rundownOf(system)).items[0]!.cue);
    const cue = await system.api.landed(id, JOIN_MS);
    const holdMs = cue.alignAt! - cue.landing!.stampedAtUs / 1000;
    // HLS moves by parts of a segment between what the console had asked for and now.
    expect(holdMs).toBeGreaterThan(p50Of(spread, 'flv'));
    const taken = await judgeAligned(pages, [cue], holdMs + JOIN_MS);
    expect(taken.map(({ openings }) => openings)).toEqual(PLAYERS.map(() => 1));
    for (const { openedMs, outcome } of taken) {
      expect(outcome).toMatchObject({ aligned: true });
      expect(openedMs!).toBeGreaterThanOrEqual(cue.alignAt! - outcome!.alignErrorMs! - READING_MS);
    }
    await page.keyboard.press('4');
    const row = page.locator('.log tbody tr', { hasText: 'All together' });
    await row.filter({ hasText: /hold [\d\s]+ms/ }).waitFor({ timeout: JOIN_MS });
    await context.close();
    expect(errors).toEqual([]);
  });

  it('leaves no error on the pages', () => {
    expect(pages.flatMap(({ errors }) => errors)).toEqual([]);
  });
});
