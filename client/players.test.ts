import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { INSECURE_HOST, openBrowser } from './test/browser.ts';
import { bundleClient } from './test/bundle.ts';
import { makeHls } from './test/make-hls.ts';
import { Site } from './test/site.ts';
import { BASE_MS, StampedStream } from './test/stamped-stream.ts';
import {
  openViewer,
  play,
  type Seen,
  seen,
  stats,
  untilFired,
  untilOutcomes,
  untilPlaying,
} from './test/viewer-page.ts';

// A browser, a player and a live stream each time, on a machine that runs other tests too.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let browser: Browser;
const sites: Site[] = [];
const pages: Page[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'framecue-client-'));
  [browser] = await Promise.all([
    openBrowser(),
    bundleClient(join(folder, 'client'), false),
    // Made where it is not there yet.
    StampedStream.open('bframes-25', 0),
    StampedStream.open('plain-25', 0),
  ]);
}, 120_000);

afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
  for (const site of sites.splice(0)) await site.close();
});

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

async function newSite(name: 'bframes-25' | 'plain-25' = 'bframes-25'): Promise<Site> {
  // The stream has been running for some laps, so that players join somewhere inside.
  const stream = await StampedStream.open(name, Date.now() - 50_300);
  const site = await Site.start(stream, { '/client/': join(folder, 'client'), '/hls/': join(folder, 'hls') });
  sites.push(site);
  return site;
}

async function newPage(site: Site, url = site.url): Promise<Page> {
  const page = await browser.newPage();
  pages.push(page);
  await page.goto(url);
  return page;
}

/** A page that plays the stream over HTTP-FLV, and knows where it is. */
async function playing(site: Site): Promise<Page> {
  const page = await newPage(site);
  await openViewer(page, { eventsUrl: site.url, poll: false });
  await play(page, { kind: 'flv', url: `${site.url}/live/main.flv` });
  await untilPlaying(page);
  return page;
}

type Fired = Seen['fired'][number];

/** Never early; how late is the machine's affair, within reason: e2e tests hold that on a quiet one. */
function expectOnItsPicture(cue: Fired, stream: StampedStream): void {
  expect(cue.trigger).toBe('frame');
  expect(cue.shownPts! - cue.firePts!).toBeGreaterThanOrEqual(0);
  expect(picturesLate(cue, stream)).toBeGreaterThanOrEqual(0);
  expect(picturesLate(cue, stream)).toBeLessThanOrEqual(6);
}

const picturesLate = (cue: Fired, stream: StampedStream): number =>
  cue.picture! - stream.frameNumber(cue.firePts!);

const isExact = (cue: Fired, stream: StampedStream): boolean =>
  cue.outcome === 'fired' && cue.frames === 0 && picturesLate(cue, stream) <= 1;

const ROUNDS = 6;

/** Marks cues so far ahead, until most of a round have fired exactly, however busy the machine is in another. */
async function markUntilExact(
  page: Page,
  { stream }: Site,
  aheads: readonly number[],
  fits: (cue: Fired) => boolean,
): Promise<Pick<Seen, 'fired' | 'errors'> & { readonly pts: readonly number[] }> {
  const pts: number[] = [];
  const most = Math.floor(aheads.length / 2) + 1;
  for (let round = 1; ; round++) {
    for (const ahead of aheads) {
      const firePts = stream.frameAhead(ahead);
      stream.mark({ id: `c${pts.length}`, firePts, announceMs: 800, durationMs: 5000 });
      pts.push(firePts);
    }
    const { fired, errors } = await untilFired(page, pts.length);
    const exact = fired.slice(-aheads.length).filter(fits).length;
    if (exact >= most || round === ROUNDS) {
      expect(exact, JSON.stringify(fired)).toBeGreaterThanOrEqual(most);
      return { fired, errors, pts };
    }
  }
}

describe('mpegts.js', () => {
  test.each([
    ['flv', 'bframes-25'],
    ['ws', 'plain-25'],
  ] as const)('%s: announced cues fire on their own picture', async (kind, name) => {
    const site = await newSite(name);
    const page = await newPage(site);
    await openViewer(page, { eventsUrl: site.url, poll: false });
    const base = kind === 'ws' ? site.url.replace('http', 'ws') : site.url;
    await play(page, { kind, url: `${base}/live/main.flv` });
    await untilPlaying(page);
    const { fired, errors, pts } = await markUntilExact(page, site, [1000, 1400, 1800], (cue) =>
      isExact(cue, site.stream),
    );
    expect(errors).toEqual([]);
    for (const [i, cue] of fired.entries()) {
      expect(cue).toMatchObject({
        id: `c${i}`,
        firePts: pts[i],
        path: kind,
      });
      expect(cue.data).toMatchObject({ question: 'Which?' });
      expectOnItsPicture(cue, site.stream);
    }
  });

  test.each([
    ['flv', 'bframes-25', false],
    ['ws', 'bframes-25', true],
    ['flv', 'plain-25', true],
  ] as const)('%s without SEI: cues fire by script data (%s, worker: %s)', async (kind, name, worker) => {
    const site = await newSite(name);
    site.stream.beside = true;
    const page = await newPage(site);
    await openViewer(page, { eventsUrl: site.url, poll: false });
    const base = kind === 'ws' ? site.url.replace('http', 'ws') : site.url;
    await play(page, { kind, url: `${base}/live/main.flv`, worker });
    await untilPlaying(page);
    // A worker keeps its time base to itself: told from the first picture, it may be off by a frame.
    const most = worker ? 2 : 1;
    const aheads = [1000, 1400, 1800, 2200];
    const fits = (cue: Fired): boolean => picturesLate(cue, site.stream) <= most;
    const { fired, errors, pts } = await markUntilExact(page, site, aheads, fits);
    expect(errors).toEqual([]);
    expect(fired.map(({ id, firePts, path, carrier }) => [id, firePts, path, carrier])).toEqual(
      pts.map((firePts, i) => [`c${i}`, firePts, kind, 'script']),
    );
    expect(fired.map(({ accuracyMs }) => accuracyMs)).toEqual(pts.map(() => (worker ? 40 : 1)));
    const late = fired.map((cue) => picturesLate(cue, site.stream));
    for (const frames of late) expect(frames).toBeGreaterThanOrEqual(0);
  });

  test('who joins late opens the same window with what is left of it, and closes with its lock', async () => {
    const site = await newSite();
    const fire = site.stream.frameAhead(-3000);
    site.stream.mark({ id: 'open', firePts: fire, durationMs: 20_000 });
    const page = await playing(site);
    const { fired } = await untilFired(page, 1);
    expect(fired[0]).toMatchObject({ id: 'open', outcome: 'late', reason: 'joined', firePts: fire });
    // Three seconds have gone, but for the keyframe interval with which a player begins.
    expect(fired[0]!.remainingMs).toBeLessThan(18_000);
    expect(fired[0]!.remainingMs).toBeCloseTo(20_000 - (fired[0]!.shownPts! - fire), 0);
    const lock = site.stream.frameAhead(600);
    site.stream.mark({ id: 'lock', type: 'interaction.lock', ref: 'open', firePts: lock, announceMs: 300 });
    const after = await untilFired(page, 2);
    expect(after.fired[1]).toMatchObject({ id: 'lock', trigger: 'frame' });
    expect(after.closed).toEqual([{ id: 'open', why: 'locked' }]);
  });

  test('what is not signed by a known key, is of another stream, or has expired, does not fire', async () => {
    const site = await newSite();
    const page = await playing(site);
    const firePts = site.stream.frameAhead(800);
    const common = { firePts, announceMs: 400, durationMs: 5000 };
    site.stream.mark({ id: 'forged', ...common, badSignature: true });
    site.stream.mark({ id: 'foreign-key', ...common, foreignKey: true });
    site.stream.mark({ id: 'other-stream', ...common, stream: 'live/other' });
    site.stream.mark({ id: 'expired', ...common, exp: Date.now() - 1 });
    site.stream.mark({ id: 'good', ...common, firePts: firePts + 400 });
    const { fired, outcomes, errors } = await untilFired(page, 1);
    expect(fired.map(({ id }) => id)).toEqual(['good']);
    expect(outcomes).toContainEqual(
      expect.objectContaining({ cue: 'expired', outcome: 'missed', reason: 'expired' }),
    );
    expect(errors).toEqual([]);
    const { problems } = await stats(page);
    expect(problems).toMatchObject({
      ERR_STAMP_SIGNATURE: expect.any(Number),
      ERR_CLIENT_KEY_UNKNOWN: expect.any(Number),
      ERR_CLIENT_STREAM: expect.any(Number),
    });
    // One fetch at the start; made-up key ids do not make for more of them.
    expect(site.requestsTo('GET', /framecue-keys/)).toHaveLength(1);
  });

  test('paused: nothing opens; on resume what is due', async () => {
    const site = await newSite();
    const page = await playing(site);
    await page.evaluate(() => document.querySelector('video')!.pause());
    const firePts = site.stream.frameAhead(300);
    site.stream.mark({ id: 'c', firePts, announceMs: 200, durationMs: 60_000 });
    await vi.waitFor(async () => expect(await stats(page)).toMatchObject({ mode: 'paused', pending: 1 }), {
      timeout: 10_000,
      interval: 100,
    });
    await vi.waitUntil(() => site.stream.mediaNow() > firePts + 500, { timeout: 15_000 });
    expect((await seen(page)).fired).toEqual([]);
    await page.evaluate(() => document.querySelector('video')!.play());
    const { fired } = await untilFired(page, 1);
    expect(fired[0]!.shownPts).toBeGreaterThanOrEqual(firePts);
  });

  test('a new player after the connection broke: learns its offset anew, fires nothing twice', async () => {
    const site = await newSite();
    const page = await playing(site);
    const first = site.stream.frameAhead(500);
    site.stream.mark({ id: 'a', firePts: first, announceMs: 400, durationMs: 60_000 });
    await untilFired(page, 1);
    site.cutPlays();
    await page.evaluate(() => globalThis.viewer.player.destroy());
    expect(await stats(page)).toMatchObject({ attached: 0, mode: 'no-frames' });
    await play(page, { kind: 'flv', url: `${site.url}/live/main.flv` });
    await untilPlaying(page);
    const second = site.stream.frameAhead(600);
    site.stream.mark({ id: 'b', firePts: second, announceMs: 400, durationMs: 60_000 });
    const { fired } = await untilFired(page, 2);
    expect(fired.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(fired[1]).toMatchObject({ firePts: second });
    expectOnItsPicture(fired[1]!, site.stream);
  });

  test('a player that loads anew: the same, without attaching again', async () => {
    const site = await newSite();
    const page = await playing(site);
    const first = site.stream.frameAhead(500);
    site.stream.mark({ id: 'a', firePts: first, announceMs: 400, durationMs: 60_000 });
    const before = await untilFired(page, 1);
    // Announced to the old connection, and reached on the new one.
    const second = site.stream.frameAhead(3000);
    site.stream.mark({ id: 'b', firePts: second, announceMs: 4000, durationMs: 60_000 });
    await page.waitForFunction(() => globalThis.viewer.framecue.stats().pending === 1);
    await page.evaluate(() => {
      const player = globalThis.viewer.player as unknown as Record<'unload' | 'load' | 'play', () => void>;
      player.unload();
      player.load();
      player.play();
    });
    const { fired } = await untilFired(page, 2);
    expect(fired.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(fired[1]!.firePts).toBe(second);
    // It counts from another moment now.
    expect(fired[1]!.playerFirePts! - fired[1]!.firePts!).not.toBe(
      before.fired[0]!.playerFirePts! - before.fired[0]!.firePts!,
    );
    expectOnItsPicture(fired[1]!, site.stream);
  });

  test('hidden tab: the position fires what is due, once', async () => {
    const site = await newSite();
    const page = await newPage(site);
    // What browsers do with a hidden tab: frames are not presented, the sound plays on.
    await page.evaluate(() => {
      const presented = HTMLVideoElement.prototype.requestVideoFrameCallback;
      let hidden = false;
      Object.defineProperty(document, 'visibilityState', { get: () => (hidden ? 'hidden' : 'visible') });
      HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
        return presented.call(this, function swallow(this: unknown, now, frame) {
          if (hidden) presented.call(document.querySelector('video')!, swallow);
          else callback(now, frame);
        } as VideoFrameRequestCallback);
      };
      Object.assign(globalThis, {
        hide(value: boolean) {
          hidden = value;
          document.dispatchEvent(new Event('visibilitychange'));
        },
      });
    });
    await openViewer(page, { eventsUrl: site.url, poll: false });
    await play(page, { kind: 'flv', url: `${site.url}/live/main.flv` });
    await untilPlaying(page);
    await page.evaluate('hide(true)');
    const firePts = site.stream.frameAhead(700);
    site.stream.mark({ id: 'a', firePts, announceMs: 400, durationMs: 60_000 });
    site.stream.mark({ id: 'b', firePts, announceMs: 400, durationMs: 60_000 });
    const { fired } = await untilFired(page, 2);
    expect(fired[0]).toMatchObject({ trigger: 'position', outcome: 'late', reason: 'hidden' });
    await page.evaluate('hide(false)');
    const next = site.stream.frameAhead(700);
    site.stream.mark({ id: 'c', firePts: next, announceMs: 400, durationMs: 60_000 });
    const after = await untilFired(page, 3);
    expect(after.fired.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(after.fired[2]).toMatchObject({ trigger: 'frame' });
  });

  test('a browser without frame callbacks: by the position, at each repaint', async () => {
    const site = await newSite();
    const page = await newPage(site);
    await page.evaluate(() => {
      Reflect.deleteProperty(HTMLVideoElement.prototype, 'requestVideoFrameCallback');
    });
    await openViewer(page, { eventsUrl: site.url, poll: false });
    await play(page, { kind: 'flv', url: `${site.url}/live/main.flv` });
    await untilPlaying(page);
    const firePts = site.stream.frameAhead(800);
    site.stream.mark({ id: 'c', firePts, announceMs: 400, durationMs: 5000 });
    const { fired } = await untilFired(page, 1);
    expect(fired[0]).toMatchObject({ id: 'c', trigger: 'position', frames: null });
    expect(fired[0]!.shownPts).toBeGreaterThanOrEqual(firePts);
    expect(picturesLate(fired[0]!, site.stream)).toBeLessThanOrEqual(6);
  });

  test('a page on plain HTTP beyond localhost has no WebCrypto: verifies and unseals all the same', async () => {
    const site = await newSite();
    const url = `http://${INSECURE_HOST}:${site.port}`;
    const page = await newPage(site, url);
    expect(await page.evaluate(() => globalThis.crypto.subtle)).toBeUndefined();
    await openViewer(page, { eventsUrl: url, poll: false });
    await play(page, { kind: 'flv', url: `${url}/live/main.flv` });
    await untilPlaying(page);
    const firePts = site.stream.frameAhead(1500);
    site.stream.mark({ id: 'forged', firePts, announceMs: 1000, badSignature: true });
    site.stream.mark({ id: 'c', firePts, announceMs: 1000, durationMs: 5000 });
    const { fired } = await untilFired(page, 1);
    expect(fired).toHaveLength(1);
    expect(fired[0]).toMatchObject({ id: 'c' });
    expect(fired[0]!.data).toMatchObject({ question: 'Which?' });
    expectOnItsPicture(fired[0]!, site.stream);
  });
});

describe('hls.js', () => {
  test.each([
    ['fmp4', false],
    ['fmp4', true],
    ['mpegts', false],
  ] as const)('%s segments, light build %s', async (segments, light) => {
    const stream = await StampedStream.open('bframes-25', Date.now());
    const path = `${segments}-${light}`;
    const pts = [1000, 2520, 4040].map((at) => stream.frameAt(BASE_MS + at));
    for (const [i, firePts] of pts.entries()) stream.mark({ id: `c${i}`, firePts, durationMs: 9000 });
    await makeHls(stream, join(folder, 'hls', path), 8, segments);
    const site = await Site.start(stream, {
      '/client/': join(folder, 'client'),
      '/hls/': join(folder, 'hls'),
    });
    sites.push(site);
    const page = await newPage(site);
    await openViewer(page, { eventsUrl: site.url, poll: false });
    await play(page, { kind: 'hls', url: `${site.url}/hls/${path}/index.m3u8`, light });
    const { fired, errors } = await untilFired(page, 3);
    expect(errors).toEqual([]);
    expect(fired.map(({ id }) => id)).toEqual(['c0', 'c1', 'c2']);
    for (const cue of fired) {
      expect(cue).toMatchObject({ path: 'hls' });
      expectOnItsPicture(cue, stream);
    }
    expect(fired.filter((cue) => isExact(cue, stream)).length).toBeGreaterThanOrEqual(2);
    // Back over all of them: never again. Then on.
    await page.evaluate(() => {
      document.querySelector('video')!.currentTime = 0.2;
    });
    await page.waitForFunction(() => document.querySelector('video')!.currentTime > 1.5);
    expect((await seen(page)).fired).toHaveLength(3);
  });

  test('a seek over cues: opens what is open, and counts what is over', async () => {
    const stream = await StampedStream.open('plain-25', Date.now());
    stream.mark({ id: 'over', firePts: stream.frameAt(BASE_MS + 3000), durationMs: 500 });
    stream.mark({ id: 'open', firePts: stream.frameAt(BASE_MS + 3000), durationMs: 30_000 });
    await makeHls(stream, join(folder, 'hls', 'seek'), 10, 'fmp4');
    const site = await Site.start(stream, {
      '/client/': join(folder, 'client'),
      '/hls/': join(folder, 'hls'),
    });
    sites.push(site);
    const page = await newPage(site);
    await openViewer(page, { eventsUrl: site.url, poll: false });
    await play(page, { kind: 'hls', url: `${site.url}/hls/seek/index.m3u8` });
    await untilPlaying(page);
    await page.waitForFunction(() => globalThis.viewer.framecue.stats().pending === 2);
    await page.evaluate(() => {
      document.querySelector('video')!.currentTime = 6;
    });
    const { fired, outcomes } = await untilOutcomes(page, 2);
    expect(fired.map(({ id }) => id)).toEqual(['open']);
    expect(fired[0]).toMatchObject({ outcome: 'late', reason: 'skipped' });
    expect(outcomes).toContainEqual(
      expect.objectContaining({ cue: 'over', outcome: 'closed', reason: 'over' }),
    );
  });
});
