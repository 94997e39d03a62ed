import { generateKeyPairSync } from 'node:crypto';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { signingKeyFromPem } from '../../cues/signing.ts';
import { systemClock } from '../../packet/clock.ts';
import { makeFlv } from '../../packet/testing/flv-fixture.ts';
import { makeSelfSignedCert } from '../../service/testing/self-signed-cert.ts';
import { followOutput } from './follow.ts';
import { openHttp, refuseAddress } from './http.ts';
import type { OutputHealth } from './messages.ts';
import { Output } from './output.ts';
import { StampCheck } from './stamp-check.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const check = new StampCheck({
  keys: [signingKeyFromPem(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()).publicJwk],
});
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(handler: RequestListener): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** Reads once, with little patience; what the reader says in the end. */
async function readOnce(url: string, patience = 300, isOwn = false): Promise<OutputHealth> {
  const output = new Output({
    ...{ stream: 'live/main', label: 'cdn', isOwn, clock: systemClock, check, timeoutMs: 1_000 },
    wanted: new Map(),
  });
  const end = new AbortController();
  closing.push(() => end.abort());
  await followOutput({
    url: new URL(url),
    access: {
      ...{ headers: {}, isOwn, signal: end.signal },
      patienceMs: { head: patience, idle: patience },
    },
    output,
    isWanted: () => true,
    searchFromMs: () => null,
    maxFailures: 1,
  });
  return output.health();
}

/** Sends pieces for as long as somebody takes them, and counts the bytes. */
function endless(res: ServerResponse, piece: Buffer, counted: { bytes: number }): void {
  const more = () => {
    while (!res.destroyed) {
      counted.bytes += piece.length;
      if (!res.write(piece)) return;
    }
  };
  res.on('drain', more);
  more();
}

describe('an address that is no output ends in a code, and in bounds', () => {
  test('nobody listens', async () => {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    expect(await readOnce(`http://127.0.0.1:${port}/x.flv`)).toMatchObject({
      problem: 'ERR_SOURCE_OPEN',
      state: 'waiting',
    });
    expect(await readOnce(`ws://127.0.0.1:${port}/x.flv`)).toMatchObject({ problem: 'ERR_SOURCE_OPEN' });
  });

  test('it answers no', async () => {
    const { url } = await serve((_req, res) => void res.writeHead(403).end('no'));
    expect(await readOnce(url)).toMatchObject({ problem: 'ERR_SOURCE_OPEN' });
    expect(await readOnce(url.replace('http', 'ws'))).toMatchObject({ problem: 'ERR_SOURCE_OPEN' });
  });

  test('it never answers, or stops answering', async () => {
    const never = await serve(() => undefined);
    expect(await readOnce(never.url)).toMatchObject({ problem: 'ERR_TIMEOUT' });
    const stops = await serve((_req, res) => void res.writeHead(200).write('FLV\x01'));
    expect(await readOnce(stops.url)).toMatchObject({ problem: 'ERR_TIMEOUT' });
  });

  test('it never answers and is given up, while it is connected to', async () => {
    const asked = Promise.withResolvers<void>();
    const { url } = await serve(() => asked.resolve());
    const end = new AbortController();
    const opened = openHttp(new URL(url), { headers: {}, isOwn: false, signal: end.signal });
    await asked.promise;
    end.abort(new Error('given up'));
    // Nothing but this: an error that is thrown in an event handler would end the reading thread.
    await expect(opened).rejects.toThrow('given up');
  });

  test('it redirects for ever', async () => {
    let asked = 0;
    const { url } = await serve((_req, res) => void res.writeHead(302, { location: `/${++asked}` }).end());
    expect(await readOnce(url)).toMatchObject({ problem: 'ERR_SOURCE_LIMIT' });
    expect(asked).toBe(6);
  });

  test.each(['file:///etc/passwd', 'data:text/plain,x', 'ftp://127.0.0.1/'])(
    'it leads to %s',
    async (location) => {
      const { url } = await serve((_req, res) => void res.writeHead(302, { location }).end());
      expect(await readOnce(url)).toMatchObject({ problem: 'ERR_SOURCE_FORMAT' });
    },
  );

  test('it sends what is no video, without end', async () => {
    const counted = { bytes: 0 };
    const { url } = await serve((_req, res) => endless(res, Buffer.alloc(65_536, 'garbage'), counted));
    expect(await readOnce(url)).toMatchObject({ problem: 'ERR_SOURCE_FORMAT' });
    expect(counted.bytes).toBeLessThan(8 * 1024 * 1024);
  });

  test('it begins as FLV and goes on as anything', async () => {
    const counted = { bytes: 0 };
    const { url } = await serve((_req, res) => {
      res.write(Buffer.from('464c5601050000000900000000', 'hex'));
      endless(res, Buffer.alloc(65_536, 0xff), counted);
    });
    expect(await readOnce(url, 5_000)).toMatchObject({ problem: 'ERR_SOURCE_FORMAT', kind: 'flv' });
    expect(counted.bytes).toBeLessThan(64 * 1024 * 1024);
  });

  test('it is a playlist without end', async () => {
    const counted = { bytes: 0 };
    const { url } = await serve((_req, res) => {
      res.write('#EXTM3U\n');
      endless(res, Buffer.from('#EXT-X-COMMENT:more\n'.repeat(1_000)), counted);
    });
    expect(await readOnce(url, 5_000)).toMatchObject({ problem: 'ERR_SOURCE_LIMIT' });
  });

  test.each(['file:///etc/passwd', 'javascript:1', 'http://['])(
    'its playlist names the segment %j',
    async (uri) => {
      const { url } = await serve(
        (_req, res) => void res.end(`#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${uri}\n#EXT-X-ENDLIST\n`),
      );
      expect(await readOnce(url)).toMatchObject({ pictures: 0, bytes: 0 });
    },
  );

  test('its segments are gone', async () => {
    const { url } = await serve((req, res) => {
      if (req.url !== '/') return void res.writeHead(404).end();
      res.end('#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.m4s\n#EXTINF:1,\nb.ts\n#EXT-X-ENDLIST\n');
    });
    expect(await readOnce(url)).toMatchObject({ pictures: 0, kind: 'hls' });
  });

  test('it is empty', async () => {
    const { url } = await serve((_req, res) => void res.end());
    expect(await readOnce(url)).toMatchObject({ problem: 'ERR_SOURCE_FORMAT' });
  });
});

describe('link-local addresses', () => {
  test.each(['169.254.169.254', 'fe80::1', '0.0.0.0', '::', '::ffff:169.254.169.254', 'fd00:ec2::254'])(
    '%s is never asked',
    (host) => expect(() => refuseAddress(host)).toThrow(/never read/),
  );

  test.each(['127.0.0.1', '10.0.0.1', '192.0.2.1', '2001:db8::1', '::1', 'cdn.example'])(
    '%s may be',
    (host) => expect(() => refuseAddress(host)).not.toThrow(),
  );

  test('not by a redirect either', async () => {
    const { url } = await serve(
      (_req, res) => void res.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    );
    expect(await readOnce(url)).toMatchObject({ problem: 'ERR_SOURCE_OPEN' });
  });
});

describe('a live playlist', () => {
  const START_MS = 1_700_000_000_000;
  const playlist = Array.from({ length: 20 }, (_, n) => [
    `#EXT-X-PROGRAM-DATE-TIME:${new Date(START_MS + n * 2_000).toISOString()}`,
    `#EXTINF:2,\nseg-${n}.m4s`,
  ]);
  const live = `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:7\n${playlist.flat().join('\n')}\n`;

  test.each([
    ['at its edge, as players do', null, [17, 18, 19]],
    ['where a lost cue may be, as far as it remembers', START_MS + 29_000, [14, 15, 16, 17, 18, 19]],
    [
      'at its beginning, where it does not remember as much',
      START_MS - 60_000,
      Array.from({ length: 20 }, (_, n) => n),
    ],
  ])('is read from on %s', async (_where, searchFromMs, segments) => {
    const asked: number[] = [];
    const { url } = await serve((req, res) => {
      const segment = /seg-(\d+)/.exec(req.url!)?.[1];
      if (segment === undefined) return void res.end(live);
      asked.push(Number(segment));
      res.writeHead(404).end();
    });
    const output = new Output({
      ...{ stream: 'live/main', label: 'dvr', isOwn: false, clock: systemClock, check, timeoutMs: 1_000 },
      wanted: new Map(),
    });
    const end = new AbortController();
    const over = followOutput({
      url: new URL(url),
      access: { headers: {}, isOwn: false, signal: end.signal },
      output,
      isWanted: () => true,
      searchFromMs: () => searchFromMs,
    });
    await vi.waitFor(() => expect(asked).toEqual(segments), 15_000);
    expect(output.health()).toMatchObject({ kind: 'hls', problem: 'ERR_SOURCE_OPEN', pictures: 0 });
    end.abort();
    await over;
  });
});

test('a segment that its playlist calls a gap was not read', async () => {
  const beginnings = async (segments: string): Promise<number> => {
    const { url } = await serve(
      (_req, res) => void res.end(`#EXTM3U\n#EXT-X-TARGETDURATION:1\n${segments}#EXT-X-ENDLIST\n`),
    );
    const output = new Output({
      ...{ stream: 'live/main', label: 'gaps', isOwn: false, clock: systemClock, check, timeoutMs: 1_000 },
      wanted: new Map(),
    });
    const began = vi.spyOn(output.judge, 'began');
    await followOutput({
      url: new URL(url),
      access: { headers: {}, isOwn: false, signal: AbortSignal.timeout(5_000) },
      output,
      isWanted: () => true,
      searchFromMs: () => null,
    });
    return began.mock.calls.length;
  };
  const gap = '#EXT-X-GAP\n#EXTINF:1,\ngap.m4s\n';
  expect((await beginnings(gap.repeat(3))) - (await beginnings(gap))).toBe(2);
});

describe('certificates', () => {
  test('are checked, but for the server’s own port on this machine', async () => {
    const flv = await makeFlv({ bFrames: 2, gop: 25 });
    const server = createTlsServer(makeSelfSignedCert('audit'), (_req, res) => {
      res.writeHead(200, { 'content-length': flv.length }).end(flv);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => void server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/live/main.flv`;
    expect(await readOnce(url, 5_000)).toMatchObject({ problem: 'ERR_SOURCE_OPEN', pictures: 0 });
    expect(await readOnce(url, 5_000, true)).toMatchObject({ problem: null, pictures: 100 });
  });
});

describe('an output that is one', () => {
  test('a recording is read to its end, once', async () => {
    const flv = await makeFlv({ bFrames: 2, gop: 25 });
    let asked = 0;
    const { url } = await serve((_req, res) => {
      asked++;
      res.writeHead(200, { 'content-length': flv.length }).end(flv);
    });
    expect(await readOnce(url)).toMatchObject({ state: 'ended', pictures: 100, kind: 'flv', problem: null });
    expect(asked).toBe(1);
  });

  test('over WebSocket, in messages of any size', async () => {
    const flv = Buffer.from(await makeFlv({ bFrames: 2, gop: 25 }));
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    closing.push(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    server.on('connection', (socket) => {
      for (let at = 0; at < flv.length; at += 777) socket.send(flv.subarray(at, at + 777));
      socket.close();
    });
    const { port } = server.address() as AddressInfo;
    const health = await readOnce(`ws://127.0.0.1:${port}/live.flv`);
    expect(health).toMatchObject({ pictures: 100, bytes: flv.length, kind: 'ws', problem: null });
  });

  test('behind a redirect, and is asked for anew at its own address after it broke off', async () => {
    const flv = await makeFlv({ bFrames: 0, gop: 25 });
    const paths: string[] = [];
    const { url } = await serve((req, res) => {
      paths.push(req.url!);
      if (req.url === '/a') return void res.writeHead(307, { location: '/b' }).end();
      res.write(flv.subarray(0, flv.length / 2), () => res.destroy());
    });
    const output = new Output({
      ...{ stream: 'live/main', label: 'cdn', isOwn: false, clock: systemClock, check, timeoutMs: 1_000 },
      wanted: new Map(),
    });
    const end = new AbortController();
    const over = followOutput({
      url: new URL(`${url}/a`),
      access: { headers: {}, isOwn: false, signal: end.signal },
      output,
      isWanted: () => true,
      searchFromMs: () => null,
    });
    await vi.waitFor(() => expect(output.health().reconnects).toBeGreaterThanOrEqual(2), 10_000);
    end.abort();
    await over;
    expect(paths.slice(0, 4)).toEqual(['/a', '/b', '/a', '/b']);
    expect(output.health().pictures).toBeGreaterThan(60);
  });
});
