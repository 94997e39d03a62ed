import { get, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { makeFlv, packetsOfFlv } from '../packet/testing/flv-fixture.ts';
import { AUDIT_HEADER } from './delivery.ts';
import { type PlayServer, startPlayServer } from './testing/play-server.ts';

const SECRET = 'known to this process alone';
let server: PlayServer;
const open: { destroy(): void }[] = [];
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await server.close();
});

const ask = (path: string, secret: string | null): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = get(
      {
        host: '127.0.0.1',
        port: server.port,
        path,
        headers: secret === null ? {} : { [AUDIT_HEADER]: secret },
      },
      resolve,
    );
    request.on('error', reject);
    open.push(request);
  });

const bytesOf = (response: IncomingMessage): Promise<number> =>
  new Promise((resolve) => {
    response.once('data', (chunk: Buffer) => resolve(chunk.length));
  });

describe('readers of the audit', () => {
  test('are served past the limit, and counted as no viewers', async () => {
    server = await startPlayServer({ delivery: { limits: { viewers: 1 }, auditSecret: SECRET } });
    const source = packetsOfFlv(await makeFlv({ bFrames: 2, gop: 25 }));
    for (const packet of source) server.hub.push(packet);

    const viewer = await ask('/live/main.flv', null);
    expect(viewer.statusCode).toBe(200);
    const audit = await ask('/live/main.flv', SECRET);
    expect(audit.statusCode).toBe(200);
    expect(await bytesOf(audit)).toBeGreaterThan(0);
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/live/main.flv`, {
      headers: { [AUDIT_HEADER]: SECRET },
    });
    open.push({ destroy: () => socket.terminate() });
    await new Promise((resolve) => socket.once('message', resolve));

    expect(server.hub.viewerCount).toBe(1);
    const { protocols } = server.hub.stats();
    expect(protocols.flv).toMatchObject({ viewers: 1, joins: 1 });
    expect(protocols.ws).toMatchObject({ viewers: 0, joins: 0, bytesOut: 0 });
    expect((await ask('/live/main.flv', null)).statusCode).toBe(503);
    expect((await ask('/live/main.flv', 'a guess')).statusCode).toBe(503);
  });

  test('of HLS are no audience', async () => {
    server = await startPlayServer({ delivery: { auditSecret: SECRET } });
    for (const packet of packetsOfFlv(await makeFlv({ bFrames: 0, gop: 10, seconds: 6 })))
      server.hub.push(packet);
    await vi.waitFor(() => expect(server.hub.hls!.playlist()).not.toBeNull(), 15_000);
    expect((await ask('/live/main/index.m3u8', SECRET)).statusCode).toBe(200);
    expect(server.hub.stats().protocols.hls).toMatchObject({ viewers: 0, joins: 0, bytesOut: 0 });
    expect((await ask('/live/main/index.m3u8', null)).statusCode).toBe(200);
    expect(server.hub.stats().protocols.hls).toMatchObject({ viewers: 1, joins: 1 });
  });
});
