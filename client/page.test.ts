import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBrowser } from './test/browser.ts';
import { bundleClient } from './test/bundle.ts';
import { Site } from './test/site.ts';
import { BASE_MS, StampedStream } from './test/stamped-stream.ts';
import { openViewer, play, seen, stats, submit, untilFired, untilPlaying } from './test/viewer-page.ts';

// A browser, a player and a live stream each time, on a machine that runs other tests too.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let browser: Browser;
let site: Site;
let page: Page;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'framecue-page-'));
  [browser] = await Promise.all([
    openBrowser(),
    bundleClient(join(folder, 'client'), false),
    // Made where it is not there yet.
    StampedStream.open('bframes-25', 0),
  ]);
}, 120_000);

afterEach(async () => {
  await page?.close();
  await site?.close();
});

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(): Promise<void> {
  const stream = await StampedStream.open('bframes-25', Date.now() - 30_300);
  site = await Site.start(stream, { '/client/': join(folder, 'client') });
  page = await browser.newPage();
  await page.goto(site.url);
}

const dueCue = (changes: object = {}) => ({
  id: 'c1',
  rev: 0,
  type: 'interaction.open',
  data: { interaction: 'q1' },
  fireAt: Date.now() * 1000,
  durationMs: 30_000,
  exp: Date.now() + 600_000,
  epoch: 'epoch-1',
  pts: 1,
  ...changes,
});

describe('the events path', () => {
  test('a player that loads and does not play (autoplay blocked): due cues come by the clock, labelled', async () => {
    await open();
    await openViewer(page, { eventsUrl: site.url, poll: { fallbackMs: 500 } });
    await play(page, { kind: 'flv', url: `${site.url}/live/main.flv` }, false);
    site.due = [dueCue()];
    const { fired, statuses } = await untilFired(page, 1);
    expect(fired[0]).toMatchObject({
      id: 'c1',
      path: 'events',
      trigger: 'clock',
      outcome: 'late',
      reason: 'no-frame',
    });
    expect(fired[0]!.remainingMs).toBeLessThan(30_000);
    expect(statuses.map(({ mode }) => mode)).toContain('no-frames');
    // The viewer taps the picture: the cue's own frame comes along, and it has fired already.
    await page.evaluate(() => document.querySelector('video')!.play());
    await untilPlaying(page);
    site.stream.mark({ id: 'c1', firePts: site.stream.frameAhead(300), announceMs: 200, durationMs: 30_000 });
    site.stream.mark({ id: 'c2', firePts: site.stream.frameAhead(700), announceMs: 200, durationMs: 30_000 });
    const after = await untilFired(page, 2);
    expect(after.fired.map(({ id, path }) => `${id} ${path}`)).toEqual(['c1 events', 'c2 flv']);
  });

  test('stamps that were lost: the feed heals it, on the own frame', async () => {
    await open();
    await openViewer(page, { eventsUrl: site.url, poll: { safetyMs: 400 } });
    await play(page, { kind: 'flv', url: `${site.url}/live/main.flv` });
    await untilPlaying(page);
    // Behind the injector, so that the feed is ahead of the picture.
    await page.evaluate(() => document.querySelector('video')!.pause());
    const pts = site.stream.frameAhead(500);
    const fireAt = (site.stream.startedAtMs + pts - BASE_MS) * 1000;
    await vi.waitUntil(() => site.stream.mediaNow() > pts, { timeout: 15_000 });
    site.due = [dueCue({ pts, fireAt })];
    await vi.waitFor(async () => expect((await stats(page)).pending).toBe(1), { timeout: 10_000 });
    expect((await seen(page)).fired).toEqual([]);
    await page.evaluate(() => document.querySelector('video')!.play());
    const { fired } = await untilFired(page, 1);
    expect(fired[0]).toMatchObject({
      id: 'c1',
      path: 'events',
      trigger: 'frame',
      firePts: pts,
      outcome: 'fired',
    });
    expect(fired[0]!.shownPts! - pts).toBeGreaterThanOrEqual(0);
  });

  test('no player at all', async () => {
    await open();
    site.due = [dueCue()];
    await openViewer(page, { eventsUrl: site.url, poll: { fallbackMs: 500 } });
    const { fired } = await untilFired(page, 1);
    expect(fired[0]).toMatchObject({ path: 'events', trigger: 'clock', shownPts: null });
    const receipt = await submit(page, 'c1', { choice: 0 });
    // The page gave no token.
    expect(receipt).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_TOKEN' } });
  });
});

test('aligned: opens at the common moment of the server’s clock, after the own frame', async () => {
  await open();
  // This device is 2 minutes behind.
  site.clockAheadUs = 120_000_000;
  site.stream.clockAheadMs = 120_000;
  await openViewer(page, { eventsUrl: site.url, poll: false });
  await play(page, { kind: 'flv', url: `${site.url}/live/main.flv` });
  await untilPlaying(page);
  const alignAt = Date.now() + 120_000 + 3000;
  site.stream.mark({
    id: 'c1',
    firePts: site.stream.frameAhead(500),
    announceMs: 400,
    durationMs: 60_000,
    exp: Date.now() + 600_000,
    alignAt,
  });
  const { fired } = await untilFired(page, 1);
  const openedAt = await page.evaluate(() => {
    const { fired, framecue } = globalThis.viewer;
    const now = framecue.clock.now()!;
    return {
      unixMs: now.unixUs / 1000 - (performance.now() - fired[0]!.presentedAt),
      errorMs: now.errorUs / 1000,
    };
  });
  expect(fired[0]).toMatchObject({ trigger: 'clock', path: 'flv' });
  expect(openedAt.unixMs).toBeGreaterThanOrEqual(alignAt - openedAt.errorMs - 1);
  expect(Math.abs(fired[0]!.closesAt! - fired[0]!.presentedAt - 60_000 + fired[0]!.lateMs)).toBeLessThan(1);
});

describe('submissions and reports from a page', () => {
  test('a receipt, after the server was busy once and the token had ended', async () => {
    await open();
    const refusals = [
      { status: 503, body: { error: { code: 'ERR_OVERLOADED', message: 'full', retryable: true } } },
      { status: 401, body: { error: { code: 'ERR_TOKEN_EXPIRED', message: 'ended', retryable: false } } },
    ];
    site.answer = ({ path }) => (path.endsWith('/submissions') ? refusals.shift() : undefined);
    site.due = [dueCue()];
    await openViewer(page, { eventsUrl: site.url, poll: { fallbackMs: 500 }, token: 'jwt', reportShare: 1 });
    await untilFired(page, 1);
    expect(await submit(page, 'c1', { choice: 3 })).toMatchObject({
      ok: true,
      receipt: { id: 'r1', choice: 3 },
    });
    expect(site.requestsTo('POST', /submissions/)).toHaveLength(3);
    expect(site.requestsTo('POST', /session/)).toHaveLength(2);
    expect((await stats(page)).problems).toMatchObject({ ERR_OVERLOADED: 1, ERR_TOKEN_EXPIRED: 1 });
  });

  test('a page that goes away still reports what happened on it', async () => {
    await open();
    site.due = [dueCue()];
    await openViewer(page, { eventsUrl: site.url, poll: { fallbackMs: 500 }, token: 'jwt', reportShare: 1 });
    await untilFired(page, 1);
    // The session is there, as after an answer or an earlier report.
    await submit(page, 'c1', { choice: 0 });
    await page.goto('about:blank');
    await vi.waitFor(() => expect(site.requestsTo('POST', /reports/)).toHaveLength(1), { timeout: 10_000 });
    expect(site.requestsTo('POST', /reports/)[0]!.body).toEqual({
      reports: [expect.objectContaining({ cue: 'c1', path: 'events', outcome: 'late', reason: 'no-frame' })],
    });
  });
});

test('an error in the page’s own callback is the page’s, and stops nothing', async () => {
  await open();
  await openViewer(page, { eventsUrl: site.url, poll: { fallbackMs: 500 } });
  await page.evaluate(() => {
    globalThis.viewer.fired.push = () => {
      throw new Error('the page’s own mistake');
    };
  });
  site.due = [dueCue({ id: 'a' }), dueCue({ id: 'b' })];
  await vi.waitFor(async () => expect((await seen(page)).outcomes).toHaveLength(2), {
    timeout: 15_000,
    interval: 100,
  });
  expect((await seen(page)).errors).toEqual([
    'Uncaught Error: the page’s own mistake',
    'Uncaught Error: the page’s own mistake',
  ]);
  expect((await stats(page)).problems).toMatchObject({ ERR_CLIENT_CALLBACK: 2 });
});

test('destroy leaves nothing behind: listeners, timers, frame callbacks, requests', async () => {
  await open();
  // Everything that the library could leave behind is counted from before it is there.
  await page.evaluate(() => {
    const left = { listeners: 0, timers: new Set<number>(), frames: new Set<number>(), requests: 0 };
    const add = EventTarget.prototype.addEventListener;
    const remove = EventTarget.prototype.removeEventListener;
    // Of the library alone: the test's own tools listen to the page too.
    const isOurs = () => new Error().stack!.includes('/client/index.js');
    EventTarget.prototype.addEventListener = function (this: EventTarget, ...args: Parameters<typeof add>) {
      if (isOurs()) left.listeners++;
      add.apply(this, args);
    };
    EventTarget.prototype.removeEventListener = function (
      this: EventTarget,
      ...args: Parameters<typeof remove>
    ) {
      if (isOurs()) left.listeners--;
      remove.apply(this, args);
    };
    const { setTimeout, clearTimeout, fetch } = globalThis;
    globalThis.setTimeout = ((run: () => void, ms?: number) => {
      const timer = setTimeout(() => {
        left.timers.delete(timer);
        run();
      }, ms) as unknown as number;
      left.timers.add(timer);
      return timer;
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((timer: number) => {
      left.timers.delete(timer);
      clearTimeout(timer);
    }) as typeof clearTimeout;
    globalThis.fetch = (...args) => {
      left.requests++;
      return fetch(...args).finally(() => left.requests--);
    };
    const request = HTMLVideoElement.prototype.requestVideoFrameCallback;
    const cancel = HTMLVideoElement.prototype.cancelVideoFrameCallback;
    HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
      const handle = request.call(this, (now, frame) => {
        left.frames.delete(handle);
        callback(now, frame);
      });
      left.frames.add(handle);
      return handle;
    };
    HTMLVideoElement.prototype.cancelVideoFrameCallback = function (handle) {
      left.frames.delete(handle);
      cancel.call(this, handle);
    };
    Object.assign(globalThis, {
      left: () => ({
        listeners: left.listeners,
        timers: left.timers.size,
        frames: left.frames.size,
        requests: left.requests,
      }),
    });
  });
  const left = () => page.evaluate('left()') as Promise<Record<string, number>>;
  await openViewer(page, {
    eventsUrl: site.url,
    poll: { fallbackMs: 300, safetyMs: 300 },
    token: 'jwt',
    reportShare: 1,
  });
  const listeners = await page.evaluate(async () => {
    // A picture that moves, without a player whose own timers would be counted.
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d')!;
    const draw = () => {
      context.fillRect(Math.random() * 100, 0, 10, 10);
      requestAnimationFrame(draw);
    };
    draw();
    const video = document.querySelector('video')!;
    video.srcObject = canvas.captureStream(30);
    const names: string[] = [];
    const player = {
      on: (name: string) => names.push(name),
      off: (name: string) => names.splice(names.indexOf(name), 1),
    };
    globalThis.viewer.framecue.attachMpegts(player, video);
    globalThis.viewer.framecue.attachHls(player, video);
    Object.assign(globalThis, { names });
    await video.play();
    return names.length;
  });
  // The second attachment to the element has taken the first one's place.
  expect(listeners).toBe(6);
  await page.waitForFunction(() => globalThis.viewer.framecue.stats().framesSeen > 5);
  site.due = [dueCue()];
  // The viewer answers, and the server hangs: a request that is under way when all ends.
  await page.route('**/submissions', () => undefined);
  await page.evaluate(() => {
    const { framecue } = globalThis.viewer;
    const cue = { id: 'c', data: { interaction: 'q' }, closesAt: performance.now() + 60_000 };
    void framecue
      .submit(cue as never, { choice: 0 })
      .then((outcome) => Object.assign(globalThis, { outcome }));
  });
  await vi.waitFor(async () => expect((await left()).requests).toBeGreaterThan(0), { timeout: 10_000 });
  const before = await left();
  expect(before.listeners).toBeGreaterThan(5);
  expect(before.frames).toBe(1);
  expect(before.timers).toBeGreaterThan(2);

  await page.evaluate(() => {
    globalThis.viewer.framecue.destroy();
    globalThis.viewer.framecue.destroy();
  });
  await page.waitForFunction(() => 'outcome' in globalThis);
  expect(await page.evaluate('outcome')).toMatchObject({
    ok: false,
    error: { code: 'ERR_CLIENT_DESTROYED' },
  });
  await vi.waitFor(async () => {
    expect(await left()).toEqual({ listeners: 0, timers: 0, frames: 0, requests: 0 });
  }, 15_000);
  expect(await page.evaluate('names')).toEqual([]);
  const { fired, outcomes, statuses } = await seen(page);
  const requests = site.requests.length;
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  expect(site.requests.length).toBe(requests);
  const after = await seen(page);
  expect([after.fired, after.outcomes, after.statuses]).toEqual([fired, outcomes, statuses]);
  await expect(
    page.evaluate(() => {
      const { framecue } = globalThis.viewer;
      framecue.attachHls({ on: () => undefined, off: () => undefined }, document.querySelector('video')!);
    }),
  ).rejects.toThrow('after destroy');
});
