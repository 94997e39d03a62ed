import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PreviewGrant } from '../server/media/preview-setup.ts';
import type { StreamStatus } from '../server/media/status.ts';
import { TEST_STREAMS } from '../test-streams/catalogue.ts';
import { shapeOf } from '../test-streams/parameters.ts';
import { until } from './lib/api.ts';
import { firesOf, openBrowser, openViewer } from './lib/browser.ts';
import { NumbersByPts } from './lib/numbers-by-pts.ts';
import { type Publish, type System, startSystem } from './lib/system.ts';

const DELAY_MS = 2_000;
const PRESSES = 12;
const APART_MS = 270;
/** The preview's own latency; the rest of the delay is for the press to get here. */
const MOST_BEHIND_MS = 1_000;
const PLAYS_MS = 40_000;
const STREAM = 'bframes-25';

/** What was on the preview's screen when the key went down. */
interface Press {
  readonly pts: number;
  readonly pixels: number | null;
}

declare global {
  interface Window {
    presses: Press[];
  }
}

let browser: Browser;
let system: System;
let publish: Publish;
let programme: Page;
let preview: Page;
let numbers: NumbersByPts;

beforeAll(async () => {
  browser = await openBrowser();
  system = await startSystem({ FRAMECUE_PROGRAMME_DELAY_MS: String(DELAY_MS) });
  publish = await system.publish(STREAM);
  const { pages, outputs } = await system.run();
  numbers = new NumbersByPts(outputs.flv, shapeOf(TEST_STREAMS[STREAM]).frames);
  const viewer = `${pages.viewer}?test&only=flv`;
  ({ page: programme } = await openViewer(browser, viewer));
  // The viewer's page again, on the director's preview: the same library, player and barcode reader.
  ({ page: preview } = await openViewer(browser, viewer, (page) =>
    page.route('**/demo/config.json', async (route) => {
      const config = await (await route.fetch()).json();
      await route.fulfill({ json: { ...config, flv: (await grant()).url } });
    }),
  ));
  for (const page of [programme, preview]) await untilPlays(page);
  await preview.evaluate(watchKeys);
});
afterAll(async () => {
  await numbers?.stop();
  await browser?.close();
  await system?.stop();
});

const grant = async (): Promise<PreviewGrant> =>
  (await system.api.media<PreviewGrant>('POST', `${system.api.streamPath}/preview`)).body;
const status = async (): Promise<StreamStatus> =>
  (await system.api.media<StreamStatus>('GET', system.api.streamPath)).body;
const ptsOn = (page: Page): Promise<number | null> =>
  page.evaluate(() => window.__framecue?.players.flv?.framecue.streamTime()?.pts ?? null);
const behindOf = (page: Page): Promise<number | null> =>
  page.evaluate(() => window.__framecue?.players.flv?.framecue.stats().delayMs ?? null);
const untilPlays = (page: Page): Promise<number> =>
  until('the player shows pictures and knows stream time', PLAYS_MS, () => ptsOn(page));

/**
 * In the page: the picture of each rendering with its PTS, and which of them was on screen at a key press. A canvas may be
 * given the next picture before the player has told of it: what was read counts where the PTS is still the same at the
 * rendering after.
 */
function watchKeys(): void {
  const { framecue, video } = window.__framecue!.players.flv!;
  const shown = (window as unknown as { shownFires: { pixels: number | null }[] }).shownFires;
  window.presses = [];
  let seen: Press | null = null;
  let last: Press | null = null;
  const look = (): void => {
    requestAnimationFrame(look);
    const pts = framecue.streamTime()?.pts;
    if (pts === undefined) return;
    if (pts === seen?.pts) {
      last = seen;
      return;
    }
    window.__framecueOnFire!({ mediaTime: null } as never, video);
    seen = { pts, pixels: shown.pop()!.pixels };
  };
  look();
  addEventListener('keydown', ({ key }) => {
    if (key === 'k' && last !== null) window.presses.push(last);
  });
}

describe('a programme delay of two seconds', () => {
  it('stands between preview and programme, and in the status', async () => {
    const { programmeDelay, live } = await status();
    expect(live).toBe(true);
    expect(programmeDelay).toMatchObject({ setMs: DELAY_MS, early: 0 });
    expect(programmeDelay!.nowMs).toBeGreaterThanOrEqual(DELAY_MS);
    expect(programmeDelay!.nowMs).toBeLessThan(DELAY_MS + 1_000);
    expect(programmeDelay!.frames).toBeGreaterThan(25);
    // A browser that was short of time has to catch up first.
    const [ahead, behind] = await until('both pages keep up', PLAYS_MS, async () => {
      for (const page of [preview, programme]) {
        if (((await behindOf(page)) ?? MOST_BEHIND_MS) >= MOST_BEHIND_MS) return null;
      }
      return Promise.all([ptsOn(preview), ptsOn(programme)]);
    });
    expect(ahead! - behind!).toBeGreaterThan(1_000);
    expect(ahead! - behind!).toBeLessThan(4_000);
  });

  it('has the picture that the preview showed at the key press fire in the player, by the pixels of both', async () => {
    const cues: { readonly id: string; readonly press: Press }[] = [];
    for (let n = 0; n < PRESSES; n++) {
      // A browser that is short of time falls behind what it gets: what it shows may have passed already.
      await until('the preview keeps up', PLAYS_MS, async () =>
        ((await behindOf(preview)) ?? MOST_BEHIND_MS) < MOST_BEHIND_MS ? true : null,
      );
      await preview.keyboard.press('k');
      const press = (await preview.evaluate(() => window.presses.at(-1)))!;
      const { id } = await system.api.mark({
        type: 'custom.test',
        data: { n },
        mediaTime: press.pts,
        announceMs: n % 2 === 0 ? 2_000 : 0,
      });
      cues.push({ id, press });
      await until('some pictures on', PLAYS_MS, async () =>
        ((await ptsOn(preview)) ?? 0) > press.pts + APART_MS ? true : null,
      );
    }
    for (const { id } of cues) await system.api.landed(id);
    const fires = await until('the player has fired every cue', PLAYS_MS, async () => {
      const all = (await firesOf(programme)).filter(({ cue }) => cues.some(({ id }) => id === cue));
      return all.length >= PRESSES ? all : null;
    });
    expect(fires).toHaveLength(PRESSES);
    let exact = 0;
    let passed = 0;
    let skipped = 0;
    for (const { id, press } of cues) {
      const { landing } = await system.api.cue(id);
      if (landing!.errorMs > 0) {
        // It hung between press and request for longer than the delay: late, and the receipt says so.
        expect(landing!.pts - press.pts).toBe(landing!.errorMs);
        passed++;
        continue;
      }
      expect(landing).toMatchObject({ pts: press.pts, errorMs: 0, choice: 'scheduled' });
      const fire = fires.find(({ cue }) => cue === id)!;
      const expected = numbers.at(press.pts)!;
      expect(press.pixels, 'the preview: its picture').toBe(expected);
      const late = numbers.distance(press.pixels!, fire.pixels!);
      expect(late).toBeGreaterThanOrEqual(0);
      // A browser short of time skips pictures; the cue then fires on the first that it does show.
      if (late > 1) {
        expect(fire.previousPts ?? Number.NEGATIVE_INFINITY, 'shown before').toBeLessThan(press.pts);
        skipped++;
      }
      if (late === 0) exact++;
    }
    expect(passed).toBeLessThanOrEqual(2);
    expect(PRESSES - passed - skipped, 'fires that could be judged').toBeGreaterThanOrEqual(PRESSES / 2);
    expect(exact).toBeGreaterThanOrEqual(PRESSES - passed - skipped - 2);
  });

  it('lets nobody into the preview without a ticket, nor more than a few with one', async () => {
    const { url, expiresAt, programmeDelayMs } = await grant();
    expect(programmeDelayMs).toBe(DELAY_MS);
    expect(expiresAt! - Date.now()).toBeLessThanOrEqual(60_000);
    const bare = await fetch(url.replace(/\?.*/, ''));
    expect(bare.status).toBe(403);
    expect(await bare.json()).toMatchObject({ error: { code: 'ERR_PREVIEW_TICKET' } });
    expect((await fetch(url.replace('/main/', '/other/'))).status).toBe(403);
    const open: AbortController[] = [];
    const statuses: number[] = [];
    for (let n = 0; n < 8; n++) {
      const abort = new AbortController();
      statuses.push((await fetch(url, { signal: abort.signal })).status);
      open.push(abort);
    }
    for (const abort of open) abort.abort();
    // One of the eight places is the page's.
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200, 503]);
    expect(system.log()).not.toContain(url.split('ticket=')[1]);
  });

  it('announces a cue again where the publisher changes between announcement and picture', async () => {
    const before = (await status()).epoch;
    // Pictures that have come are two seconds ahead, and more where a publisher was short of time and catches up.
    const { id } = await system.api.mark({ type: 'custom.test', delayMs: 7_000, announceMs: 8_000 });
    await until('it is announced', 10_000, async () =>
      (await system.api.cue(id)).state === 'announced' ? true : null,
    );
    await publish.stop();
    const draining = await status();
    expect(draining).toMatchObject({ live: true, epoch: before });
    publish = await system.publish(STREAM);
    const { landing, rev } = await system.api.landed(id, 20_000);
    expect(rev).toBeGreaterThanOrEqual(1);
    expect(landing!.epoch).not.toBe(before);
    expect((await firesOf(programme)).filter(({ cue }) => cue === id).length).toBeLessThanOrEqual(1);
    await until('the player has fired it', PLAYS_MS, async () =>
      (await firesOf(programme)).some(({ cue }) => cue === id) ? true : null,
    );
  });
});
