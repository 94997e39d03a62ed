import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { revealLookup } from './reveal-lookup.ts';

let server: Server | null = null;
afterEach(async () => {
  const open = server;
  server = null;
  open?.closeAllConnections();
  await new Promise((resolve) => (open === null ? resolve(null) : open.close(resolve)));
});

async function askedOf(answer: RequestListener, timeoutMs?: number) {
  const listening = createServer(answer);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  return revealLookup(() => base, 'feed-token', timeoutMs)('final');
}

const answering =
  (status: number, body: string): RequestListener =>
  (_req, res) =>
    void res.writeHead(status, { 'content-type': 'application/json' }).end(body);

it('asks with the token that both processes have', async () => {
  const asked: unknown[] = [];
  const fact = await askedOf((req, res) => {
    asked.push(req.url, req.headers.authorization);
    answering(200, '{"data":{"interaction":"final","resultKey":"k"}}')(req, res);
  });
  expect(asked).toEqual(['/api/v1/interactions/final/reveal', 'Bearer feed-token']);
  expect(fact).toEqual({ kind: 'carries', data: { interaction: 'final', resultKey: 'k' } });
});

it.each([
  [404, '{"error":{"code":"ERR_INTERACTION_UNKNOWN"}}', { kind: 'unknown' }],
  [503, '{}', { kind: 'away', why: 'events answers with status 503' }],
  [200, '{"data":7}', { kind: 'away', why: 'events answers with status 200' }],
  [200, '<html>', { kind: 'away', why: 'events does not answer' }],
])('status %i, %s', async (status, body, fact) => {
  expect(await askedOf(answering(status, body))).toEqual(fact);
});

it('a token that events does not take: says which setting', async () => {
  const fact = await askedOf(answering(401, '{"error":{"code":"ERR_TOKEN_INVALID"}}'));
  expect(fact).toMatchObject({ kind: 'away', why: expect.stringContaining('FRAMECUE_FEED_TOKEN') });
});

it('an events server that never answers is not waited for', async () => {
  const fact = await askedOf(() => undefined, 200);
  expect(fact).toEqual({ kind: 'away', why: 'events did not answer within 200 ms' });
});
