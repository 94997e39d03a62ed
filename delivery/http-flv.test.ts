import { afterEach, describe, expect, test, vi } from 'vitest';
import { makeFlv, packetsOfFlv } from '../packet/testing/flv-fixture.ts';
import { decodeErrors, feed, feedInStep, looped } from './testing/feed.ts';
import { framesOf, packetsOf, undecodable } from './testing/flv-check.ts';
import { madeStream } from './testing/packets.ts';
import { type PlayServer, type PlayServerOptions, startPlayServer } from './testing/play-server.ts';
import { RawViewer } from './testing/raw-viewer.ts';

let server: PlayServer;
const start = async (options: PlayServerOptions = {}) => {
  server = await startPlayServer({ ...options, settings: { hls: null, ...options.settings } });
  return server;
};
afterEach(() => server.close());

const viewersAre = (count: number) => vi.waitFor(() => expect(server.hub.viewerCount).toBe(count), 15_000);
const joined = async (path?: string) => {
  const before = server.hub.viewerCount;
  const viewer = await RawViewer.open(server.port, path);
  await viewersAre(before + 1);
  return viewer;
};

describe('HTTP-FLV', () => {
  test.each([0, 2])('gives every viewer what the encoder sent, bit for bit, B-frames %d', async (bFrames) => {
    await start();
    const source = packetsOfFlv(await makeFlv({ bFrames }));
    const viewers = [await joined(), await joined('/live/main.flv?session=1')];
    await feed(server.hub, source);
    server.hub.end();
    for (const viewer of viewers) {
      await viewer.closed;
      expect(packetsOf(viewer.body)).toEqual(source);
      expect(await decodeErrors(viewer.body)).toBe('');
    }
  });

  test('answers without chunks or length, for any page, and for nobody to keep', async () => {
    await start();
    const viewer = await joined();
    await vi.waitFor(() => expect(viewer.head).toContain('\r\n\r\n'), 15_000);
    const head = viewer.head.toLowerCase();
    expect(head).toMatch(/^http\/1\.1 200 ok\r\n/);
    expect(head).toContain('content-type: video/x-flv\r\n');
    expect(head).toContain('access-control-allow-origin: *\r\n');
    expect(head).toContain('cache-control: no-store');
    expect(head).toContain('connection: close\r\n');
    expect(head).not.toMatch(/transfer-encoding|content-length|keep-alive/);
  });

  test.each([0.1, 0.5, 0.9])(
    'a viewer who joins at %d of the stream can decode it at once',
    async (share) => {
      await start();
      const source = packetsOfFlv(await makeFlv({ bFrames: 2, gop: 50 }));
      const at = Math.floor(source.length * share);
      await feed(server.hub, source.slice(0, at));
      const viewer = await joined();
      await feed(server.hub, source.slice(at));
      server.hub.end();
      await viewer.closed;
      const got = packetsOf(viewer.body);
      expect(undecodable(got, framesOf(source))).toBeNull();
      const newest = framesOf(source.slice(0, at)).findLast((frame) => frame.isKeyframe)!;
      expect(framesOf(got)).toEqual(framesOf(source).slice(framesOf(source).indexOf(newest)));
      expect(await decodeErrors(viewer.body)).toBe('');
    },
  );

  test('the end of the stream ends the answers', async () => {
    await start();
    const viewer = await joined();
    await feed(server.hub, madeStream({ gops: 1 }));
    server.hub.end();
    await viewer.closed;
    await viewersAre(0);
    const { status } = await fetch(`${server.base}/live/main.flv`);
    expect(status).toBe(404);
  });

  test('who leaves is gone', async () => {
    await start();
    const [closing, resetting] = [await joined(), await joined()];
    closing.socket.end();
    resetting.socket.resetAndDestroy();
    await viewersAre(0);
    await feed(server.hub, madeStream({ gops: 1 }));
    expect(server.hub.stats().protocols.flv).toMatchObject({ viewers: 0, joins: 2, stalledCuts: 0 });
  });
});

describe('requests that get no stream', () => {
  test.each([
    ['GET', '/live/other.flv', 404, 'ERR_STREAM_NOT_LIVE', true],
    ['GET', '/live/%2e%2e.flv', 404, 'ERR_NOT_FOUND', false],
    ['GET', '/live/%ff.flv', 404, 'ERR_NOT_FOUND', false],
    ['POST', '/live/main.flv', 405, 'ERR_METHOD', false],
    ['DELETE', '/live/other.flv', 405, 'ERR_METHOD', false],
    ['GET', '/live/main/index.m3u8', 404, 'ERR_NOT_FOUND', false],
  ])('%s %s', async (method, path, status, code, retryable) => {
    await start();
    const response = await fetch(`${server.base}${path}`, { method });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      error: { code, message: expect.any(String), retryable },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('cache-control')).toBe('no-store');
    if (status === 405) expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
    expect(server.delivery.stats().refused).toEqual({ [code]: 1 });
    expect(server.hub.stats().protocols.flv.joins).toBe(0);
  });

  test('other paths are left to others', async () => {
    await start();
    const response = await fetch(`${server.base}/api/v1/streams`);
    expect([response.status, await response.text()]).toEqual([404, 'elsewhere']);
  });

  test('HEAD says whether the stream is live, and joins nobody', async () => {
    await start();
    const live = await fetch(`${server.base}/live/main.flv`, { method: 'HEAD' });
    expect([live.status, live.headers.get('content-type')]).toEqual([200, 'video/x-flv']);
    const other = await fetch(`${server.base}/live/other.flv`, { method: 'HEAD' });
    expect(other.status).toBe(404);
    expect(server.hub.stats().protocols.flv.joins).toBe(0);
  });

  test('a preflight is answered', async () => {
    await start();
    const response = await fetch(`${server.base}/live/main.flv`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://page.example', 'Access-Control-Request-Method': 'GET' },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-methods')).toContain('GET');
  });

  test('past the limit of viewers, with when to come again', async () => {
    await start({ delivery: { limits: { viewers: 2 } } });
    const [first] = [await joined(), await joined()];
    const refused = await fetch(`${server.base}/live/main.flv`);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({ error: { code: 'ERR_VIEWER_LIMIT', retryable: true } });
    first.socket.destroy();
    await viewersAre(1);
    await joined();
    expect(server.delivery.stats()).toMatchObject({ viewers: 2, refused: { ERR_VIEWER_LIMIT: 1 } });
  });

  test('a second request on a viewer’s connection ends it', async () => {
    await start();
    const viewer = await joined();
    viewer.socket.write('GET /live/main.flv HTTP/1.1\r\nHost: test\r\n\r\n');
    await viewer.closed;
    await viewersAre(0);
    expect(server.hub.stats().protocols.flv.joins).toBe(1);
  });

  test('a viewer who talks on is not listened to', async () => {
    await start();
    const viewer = await RawViewer.open(server.port);
    await viewersAre(1);
    viewer.socket.write('no HTTP at all\r\n\r\n');
    await viewer.closed;
    await viewersAre(0);
  });
});

describe('a viewer who does not read', () => {
  const bound = 400_000;
  /** 40 GOPs of 560 kB: far more than the kernel holds for a connection. */
  const source = madeStream({ gops: 40, gop: 25, bytes: 20_000 });
  const GOP_BYTES = 25 * 20_100 + 3 * 20_000 + 47 * 30;

  test('stays within the bound and is cut; the others miss nothing', async () => {
    await start({ settings: { viewerQueueBytes: bound, viewerStallMs: 700 } });
    const stalled = await joined();
    const quick = await joined();
    stalled.pause();
    await feedInStep(server.hub, source, quick);
    await vi.waitFor(() => expect(server.hub.stats().protocols.flv.stalledCuts).toBe(1), 30_000);
    await viewersAre(1);
    server.hub.end();
    await quick.closed;
    expect(packetsOf(quick.body)).toEqual(source);
    const { flv } = server.hub.stats().protocols;
    expect(flv.skips).toBeGreaterThan(0);
    expect(flv.framesDropped).toBeGreaterThan(100);
    // One GOP is more than the bound that was set; a socket that is not full takes one batch more.
    expect(flv.queuePeakBytes).toBeLessThan(GOP_BYTES + 65_536 + 200_000);
    stalled.resume();
    await stalled.closed;
    expect(undecodable(packetsOf(stalled.body), framesOf(source))).toBeNull();
    // 20 MB to a viewer who reads them, each packet checked: on a busy machine that takes its time.
  }, 60_000);

  test('and reads again later goes on at a keyframe', async () => {
    await start({ settings: { viewerQueueBytes: bound } });
    const slow = await joined();
    const quick = await joined();
    slow.pause();
    await feedInStep(server.hub, source.slice(0, -600), quick);
    slow.resume();
    await feedInStep(server.hub, source.slice(-600), quick);
    server.hub.end();
    await Promise.all([slow.closed, quick.closed]);
    const got = packetsOf(slow.body);
    expect(undecodable(got, framesOf(source))).toBeNull();
    expect(framesOf(got).at(-1)).toEqual(framesOf(source).at(-1));
    const { framesDropped, skips } = server.hub.stats().protocols.flv;
    expect(skips).toBeGreaterThan(0);
    expect(framesOf(got).length).toBe(framesOf(source).length - framesDropped);
  });

  test('fast enough sees a stream that a decoder has nothing to say against', async () => {
    await start({ settings: { viewerQueueBytes: 300_000 } });
    const encoded = packetsOfFlv(await makeFlv({ size: '640x360', bitrate: '8M', bFrames: 2 }));
    const long = looped(encoded, 12);
    const slow = await joined();
    slow.pause();
    let turns = 0;
    await feed(server.hub, long, () => {
      // How much a socket takes is the system's matter: nothing is read before something was dropped.
      if (server.hub.stats().protocols.flv.framesDropped === 0) return true;
      // Then a little of what there is, every now and then.
      if (++turns % 40 === 0) slow.resume();
      else if (turns % 40 === 2) slow.pause();
      return true;
    });
    slow.resume();
    server.hub.end();
    await slow.closed;
    expect(server.hub.stats().protocols.flv.framesDropped).toBeGreaterThan(0);
    expect(undecodable(packetsOf(slow.body), framesOf(long))).toBeNull();
    expect(await decodeErrors(slow.body)).toBe('');
  });
});
