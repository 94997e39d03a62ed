import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { makeFlv, packetsOfFlv } from '../packet/testing/flv-fixture.ts';
import { decodeErrors, feed, feedInStep } from './testing/feed.ts';
import { framesOf, packetsOf, undecodable } from './testing/flv-check.ts';
import { madeStream } from './testing/packets.ts';
import { type PlayServer, type PlayServerOptions, startPlayServer } from './testing/play-server.ts';

let server: PlayServer;
const start = async (options: PlayServerOptions = {}) => {
  server = await startPlayServer({ ...options, settings: { hls: null, ...options.settings } });
};
afterEach(() => server.close());

const url = (path = '/live/main.flv') => `ws://127.0.0.1:${server.port}${path}`;
const viewersAre = (count: number) => vi.waitFor(() => expect(server.hub.viewerCount).toBe(count), 15_000);

/** A player's WebSocket, as far as it has come. */
async function join(path?: string) {
  const before = server.hub.viewerCount;
  const socket = new WebSocket(url(path), { perMessageDeflate: true });
  const messages: Buffer[] = [];
  socket.on('message', (data: Buffer) => messages.push(data));
  // Not `once`, which rejects where the server's cut arrives as a reset.
  const closed = new Promise<[number, Buffer]>((resolve) => {
    socket.once('close', (code, reason) => resolve([code, reason]));
  });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  await viewersAre(before + 1);
  return {
    socket,
    messages,
    closed,
    get bytesRead() {
      return messages.reduce((sum, message) => sum + message.length, 0);
    },
  };
}

/** How an upgrade is answered when it is refused. */
async function refusal(path: string) {
  const socket = new WebSocket(url(path));
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    import('node:http').IncomingMessage,
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) };
}

describe('WS-FLV', () => {
  test.each([0, 2])(
    'gives what the encoder sent, bit for bit, one tag a message, B-frames %d',
    async (bFrames) => {
      await start();
      const source = packetsOfFlv(await makeFlv({ bFrames }));
      const viewer = await join();
      await feed(server.hub, source);
      server.hub.end();
      const [code] = await viewer.closed;
      expect(code).toBe(1000);
      const flv = Buffer.concat(viewer.messages);
      expect(packetsOf(flv)).toEqual(source);
      expect(await decodeErrors(flv)).toBe('');
      expect(viewer.messages[0]!.toString('latin1', 0, 3)).toBe('FLV');
      expect(viewer.messages).toHaveLength(source.length + 1);
      for (const message of viewer.messages.slice(1)) {
        expect(message.length).toBe(11 + message.readUIntBE(1, 3) + 4);
      }
      expect(viewer.socket.extensions).toBe('');
    },
  );

  test('who joins in the middle begins with configs and a keyframe', async () => {
    await start();
    const source = packetsOfFlv(await makeFlv({ gop: 50 }));
    await feed(server.hub, source.slice(0, 200));
    const viewer = await join('/live/main.flv?x=1');
    await feed(server.hub, source.slice(200));
    server.hub.end();
    await viewer.closed;
    const got = packetsOf(Buffer.concat(viewer.messages));
    expect(undecodable(got, framesOf(source))).toBeNull();
    expect(framesOf(got)[0]!.isKeyframe).toBe(true);
    expect(framesOf(got).at(-1)).toEqual(framesOf(source).at(-1));
  });

  test('who closes is gone, with their close answered', async () => {
    await start();
    const viewer = await join();
    viewer.socket.close(4000);
    expect((await viewer.closed)[0]).toBe(4000);
    await viewersAre(0);
    const other = await join();
    other.socket.terminate();
    await viewersAre(0);
  });

  test('who does not read is skipped forward and cut; the others miss nothing', async () => {
    await start({ settings: { viewerQueueBytes: 400_000, viewerStallMs: 700 } });
    const source = madeStream({ gops: 40, gop: 25, bytes: 20_000 });
    const stalled = await join();
    const quick = await join();
    stalled.socket.pause();
    await feedInStep(server.hub, source, quick);
    await vi.waitFor(() => expect(server.hub.stats().protocols.ws.stalledCuts).toBe(1), 10_000);
    server.hub.end();
    await quick.closed;
    expect(packetsOf(Buffer.concat(quick.messages))).toEqual(source);
    stalled.socket.resume();
    await stalled.closed;
    const got = packetsOf(Buffer.concat(stalled.messages));
    expect(undecodable(got, framesOf(source))).toBeNull();
    expect(server.hub.stats().protocols.ws.skips).toBeGreaterThan(0);
  });
});

describe('what a viewer sends', () => {
  test('is ignored; a ping is answered', async () => {
    await start();
    const viewer = await join();
    viewer.socket.send('hello');
    viewer.socket.ping('are you there');
    const [pong] = await once(viewer.socket, 'pong');
    expect(String(pong)).toBe('are you there');
    await feed(server.hub, madeStream({ gops: 1 }));
    await vi.waitFor(() => expect(viewer.messages.length).toBeGreaterThan(10), 15_000);
  });

  test('is not taken when it is large', async () => {
    await start();
    const viewer = await join();
    viewer.socket.send(Buffer.alloc(2000));
    expect((await viewer.closed)[0]).toBe(1009);
    await viewersAre(0);
  });

  test('ends the connection when there is no end of it', async () => {
    await start();
    const viewer = await join();
    for (let n = 0; n < 200; n++) viewer.socket.send('x');
    await viewer.closed;
    await viewersAre(0);
  });

  test('that is no WebSocket frame ends the connection', async () => {
    await start();
    const socket = connect(server.port, '127.0.0.1');
    socket.write(
      'GET /live/main.flv HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 101 /);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    // The server has not read all that we wrote when it ends the connection: that may be a reset.
    socket.on('error', () => undefined);
    socket.write(Buffer.from('ffffffffffff', 'hex'));
    socket.resume();
    await closed;
    await viewersAre(0);
  });
});

describe('an upgrade is refused', () => {
  test.each([
    ['/live/other.flv', 404, 'ERR_STREAM_NOT_LIVE'],
    ['/live/a%20b.flv', 404, 'ERR_NOT_FOUND'],
    ['/live/main/index.m3u8', 404, 'ERR_NOT_FOUND'],
    ['/elsewhere', 404, 'ERR_NOT_FOUND'],
  ])('at %s', async (path, status, code) => {
    await start();
    expect(await refusal(path)).toMatchObject({ status, body: { error: { code } } });
  });

  test('past the limit of viewers, counted together with HTTP-FLV', async () => {
    await start({ delivery: { limits: { viewers: 1 } } });
    await join();
    expect(await refusal('/live/main.flv')).toMatchObject({
      status: 503,
      body: { error: { code: 'ERR_VIEWER_LIMIT', retryable: true } },
    });
  });

  test('without a handshake', async () => {
    await start();
    const response = await new Promise<string>((resolve) => {
      const socket = connect(server.port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => {
        text += String(chunk);
      });
      socket.on('close', () => resolve(text));
      socket.write(
        'GET /live/main.flv HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      );
    });
    expect(response).toMatch(/^HTTP\/1\.1 400 /);
    expect(server.hub.viewerCount).toBe(0);
  });
});
