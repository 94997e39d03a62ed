import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_STREAMS, type TestStreamName } from '../test-streams/catalogue.ts';
import { shapeOf } from '../test-streams/parameters.ts';
import { openBrowser, openViewer, untilAllPlay } from './lib/browser.ts';
import { type FireSummary, type FireVerdict, judgeUntilShown, PLAYERS, summarise } from './lib/fires.ts';
import { NumbersByPts } from './lib/numbers-by-pts.ts';
import { type System, startSystem } from './lib/system.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

interface Case {
  readonly name: string;
  readonly stream: TestStreamName;
  readonly join: 'before the publisher' | 'mid-stream';
  /** Fired with a moment ahead, and announced. */
  readonly announced: boolean;
  /** What an HLS segment aims at: the default, and short ones, with which HLS is half as far behind. */
  readonly hlsTargetMs: '1000' | '2000';
}

/** Every output with every stream kind, every way to join and both kinds of cue, pairwise. */
const CASES: readonly Case[] = [
  {
    name: '25 fps with B-frames',
    stream: 'bframes-25',
    join: 'before the publisher',
    announced: false,
    hlsTargetMs: '1000',
  },
  {
    name: '25 fps without B-frames',
    stream: 'plain-25',
    join: 'mid-stream',
    announced: false,
    hlsTargetMs: '1000',
  },
  {
    name: '25 fps with B-frames',
    stream: 'bframes-25',
    join: 'mid-stream',
    announced: true,
    hlsTargetMs: '2000',
  },
  {
    name: '25 fps without B-frames',
    stream: 'plain-25',
    join: 'before the publisher',
    announced: true,
    hlsTargetMs: '1000',
  },
  {
    name: '29.97 fps with a B-pyramid',
    stream: 'bframes-2997',
    join: 'mid-stream',
    announced: false,
    hlsTargetMs: '1000',
  },
];

/** HLS is three segments behind, and a player that joins needs its first ones. */
const BEHIND_MS = 40_000;
/** At a time: more are marked where the browser shows too little of them. */
const CUES = 12;
const ENOUGH = 6;

describe.each(CASES)('$name, joined $join, announced: $announced, HLS $hlsTargetMs ms', (one) => {
  const { stream, join, announced, hlsTargetMs } = one;
  let system: System;
  let numbers: NumbersByPts | null = null;
  let verdicts: FireVerdict[];
  let errors: string[];

  beforeAll(async () => {
    system = await startSystem({ FRAMECUE_HLS_TARGET_MS: hlsTargetMs });
    const { pages, outputs } = await system.run();
    if (join === 'mid-stream') await system.publish(stream);
    const viewer = await openViewer(browser, `${pages.viewer}?test`);
    errors = viewer.errors;
    if (join !== 'mid-stream') await system.publish(stream);
    numbers = new NumbersByPts(outputs.flv, shapeOf(TEST_STREAMS[stream]).frames);
    await untilAllPlay(viewer.page, BEHIND_MS);
    await numbers.untilReading(BEHIND_MS);
    const cue = announced
      ? (n: number) => ({
          ...{ type: 'custom.test', data: { n } },
          ...{ delayMs: 1000 + (n % CUES) * 17, announceMs: 700 },
        })
      : (n: number) => ({ type: 'custom.test', data: { n } });
    // an odd pace: cues fall on every kind of picture, and on none for long
    const plan = { count: CUES, everyMs: 317, cue };
    const asked = { enough: ENOUGH, timeoutMs: BEHIND_MS };
    verdicts = await judgeUntilShown(system, viewer.page, numbers, plan, asked);
    await viewer.page.context().close();
  });

  afterAll(async () => {
    await numbers?.stop();
    await system.stop();
  });

  it.each(PLAYERS)('%s fires every cue once, on its picture or the next, never early', (player) => {
    const own = verdicts.filter((v) => v.player === player);
    const summary = summarise(own);
    const clean: Partial<FireSummary> = {
      never: 0,
      twice: 0,
      unread: 0,
      early: 0,
      late: 0,
      disagree: 0,
    };
    expect(summary, JSON.stringify(own)).toMatchObject(clean);
    // What the browser passed over (a busy machine), and what a canvas showed too soon, is counted apart.
    console.info(`${stream} ${player}:`, JSON.stringify(summary));
    expect(summary.judged, 'fires that could be judged').toBeGreaterThanOrEqual(ENOUGH);
    expect(own.map((v) => v.path)).toEqual(own.map(() => player));
  });

  it('leaves no error on the page', () => {
    expect(errors).toEqual([]);
  });
});
