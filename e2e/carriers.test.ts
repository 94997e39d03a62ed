import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_STREAMS } from '../test-streams/catalogue.ts';
import { shapeOf } from '../test-streams/parameters.ts';
import { until } from './lib/api.ts';
import { firesOf, openBrowser, openViewer, type ShownFire, untilAllPlay } from './lib/browser.ts';
import { type FireVerdict, judgeUntilShown, PLAYERS, summarise } from './lib/fires.ts';
import { NumbersByPts } from './lib/numbers-by-pts.ts';
import { type Drops, SeiFreeServer } from './lib/sei-free.ts';
import { type System, startSystem } from './lib/system.ts';

const STREAM = 'bframes-25';
/** At a time: more are marked where the browser shows too little of them. */
const CUES = 8;
const ENOUGH = 4;
/** HLS is some segments behind, and a player that joins needs its first ones: a second each, so that both are soon. */
const SEGMENT_MS = '1000';
const BEHIND_MS = 40_000;

let browser: Browser;
let system: System;
let between: SeiFreeServer;
let numbers: NumbersByPts;

beforeAll(async () => {
  browser = await openBrowser();
  // Several times `CUES` may be open at once.
  system = await startSystem({ FRAMECUE_HLS_TARGET_MS: SEGMENT_MS, FRAMECUE_CUE_OPEN_LIMIT: '64' });
  await system.publish(STREAM);
  const { outputs } = await system.run();
  numbers = new NumbersByPts(outputs.flv, shapeOf(TEST_STREAMS[STREAM]).frames);
  between = await SeiFreeServer.start(outputs);
});

afterAll(async () => {
  await numbers?.stop();
  await between?.close();
  await system?.stop();
  await browser?.close();
});

/** The viewer page, its players behind the server between. */
async function openBehind() {
  const { pages } = await system.run();
  return openViewer(browser, `${pages.viewer}?test`, (page) =>
    page.route('**/demo/config.json', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), ...between.outputs } });
    }),
  );
}

interface Road {
  readonly name: string;
  /** Beside SEI; null: nothing is dropped, SEI neither. */
  readonly drops: Drops | null;
  /** By what cues then come. */
  readonly carriers: Readonly<Record<string, string>>;
}

const ROADS: readonly Road[] = [
  { name: 'drops nothing', drops: null, carriers: { flv: 'sei', ws: 'sei', hls: 'sei' } },
  {
    name: 'drops SEI and DATERANGE',
    drops: 'daterange',
    carriers: { flv: 'script', ws: 'script', hls: 'emsg' },
  },
  {
    name: 'drops SEI and event messages',
    drops: 'emsg',
    carriers: { flv: 'script', ws: 'script', hls: 'daterange' },
  },
];

describe.each(ROADS)('behind a server that $name', ({ name, drops, carriers }) => {
  let verdicts: FireVerdict[];
  let fires: ShownFire[];
  let errors: string[];

  beforeAll(async () => {
    between.drops = drops;
    between.dropped = 0;
    const viewer = await openBehind();
    errors = viewer.errors;
    await untilAllPlay(viewer.page, BEHIND_MS);
    await numbers.untilReading(BEHIND_MS);
    const plan = {
      count: CUES,
      everyMs: 637,
      // Sealed and announced, and at once: both ways that a cue is written.
      cue: (n: number) => ({
        type: 'custom.test',
        data: { n },
        durationMs: 10_000,
        ...(n % 2 === 0 ? { delayMs: 1000 + (n % CUES) * 17, announceMs: 700 } : {}),
      }),
    };
    const asked = { enough: ENOUGH, timeoutMs: BEHIND_MS };
    verdicts = await judgeUntilShown(system, viewer.page, numbers, plan, asked);
    fires = await firesOf(viewer.page);
    await viewer.page.context().close();
  });

  it.each(PLAYERS)('%s fires every cue once, on its picture or the next, never early', (player) => {
    const own = verdicts.filter((v) => v.player === player);
    const summary = summarise(own);
    console.info(`${name}, ${player}:`, JSON.stringify(summary));
    expect(summary, JSON.stringify(own)).toMatchObject({
      never: 0,
      twice: 0,
      unread: 0,
      early: 0,
      late: 0,
      disagree: 0,
    });
    expect(summary.judged, 'fires that could be judged').toBeGreaterThanOrEqual(ENOUGH);
  });

  it('says by what each cue came, and how exact that is', () => {
    expect(between.dropped > 0).toBe(drops !== null);
    expect(fires.length).toBeGreaterThanOrEqual(CUES * PLAYERS.length);
    for (const fire of fires) {
      expect(fire, JSON.stringify(fire)).toMatchObject({ carrier: carriers[fire.player], trigger: 'frame' });
      expect(fire.accuracyMs).toBeGreaterThanOrEqual(1);
      expect(fire.accuracyMs).toBeLessThanOrEqual(fire.carrier === 'daterange' ? 100 : 1);
    }
  });

  it('leaves no error on the page', () => {
    expect(errors).toEqual([]);
  });
});

it('a cue that is open is there for who joins late, also when its segment has left the playlist', async () => {
  between.drops = 'emsg';
  const { id } = await system.api.mark({ type: 'custom.test', data: { n: 1 }, durationMs: 120_000 });
  await system.api.landed(id);
  const { outputs } = await system.run();
  await until('its segment has left the playlist', BEHIND_MS, async () => {
    const playlist = await (await fetch(outputs.hls)).text();
    const start = new RegExp(`DATERANGE:ID="${id}".*START-DATE="([^"]+)"`).exec(playlist)?.[1];
    const first = /PROGRAM-DATE-TIME:(.+)/.exec(playlist)?.[1];
    return start !== undefined && first !== undefined && Date.parse(first) > Date.parse(start) ? true : null;
  });
  const { page, errors } = await openBehind();
  const fires = await until('all three players have opened it', BEHIND_MS, async () => {
    const own = (await firesOf(page)).filter(({ cue }) => cue === id);
    return own.length >= PLAYERS.length ? own : null;
  });
  const told = fires.map(({ player, outcome, reason, carrier }) => [player, outcome, reason, carrier]);
  expect(told.toSorted()).toEqual([
    ['flv', 'late', 'joined', 'script'],
    ['hls', 'late', 'joined', 'daterange'],
    ['ws', 'late', 'joined', 'script'],
  ]);
  expect(errors).toEqual([]);
  await page.context().close();
});
