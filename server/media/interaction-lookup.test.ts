import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { interactionLookup } from './interaction-lookup.ts';

let server: Server | null = null;
afterEach(async () => {
  const open = server;
  server = null;
  open?.closeAllConnections();
  await new Promise((resolve) => (open === null ? resolve(null) : open.close(resolve)));
});

/** What the lookup makes of an events server that answers so. */
async function askedOf(answer: RequestListener, timeoutMs?: number) {
  const listening = createServer(answer);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  return interactionLookup(() => base, timeoutMs)('quiz-1');
}

const answering =
  (status: number, body: string): RequestListener =>
  (_req, res) =>
    void res.writeHead(status, { 'content-type': 'application/json' }).end(body);

it.each([
  [200, '{"id":"quiz-1","state":"SCHEDULED"}', { kind: 'known', state: 'SCHEDULED', stream: null }],
  [200, '{"state":"ACTIVE","stream":"live/a"}', { kind: 'known', state: 'ACTIVE', stream: 'live/a' }],
  [404, '{"error":{"code":"ERR_INTERACTION_UNKNOWN"}}', { kind: 'unknown' }],
  [503, '{}', { kind: 'unchecked', why: 'events answers with status 503' }],
  [200, '{}', { kind: 'unchecked', why: 'events answers with status 200' }],
  [200, '<html>', { kind: 'unchecked', why: 'events does not answer' }],
])('status %i, %s', async (status, body, fact) => {
  expect(await askedOf(answering(status, body))).toEqual(fact);
});

it.each([
  ['says so', { 'content-length': '9000000' }],
  ['says nothing of it', {}],
])('an answer that is larger than any interaction is not read, where it %s', async (_what, headers) => {
  const chunk = Buffer.alloc(65_536, ' ');
  let sent = 0;
  const fact = await askedOf((_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json', ...headers });
    const more = (): void => {
      while (sent < 9_000_000 && !res.destroyed && res.write(chunk)) sent += chunk.length;
    };
    res.on('drain', more);
    res.write('{"state":"SCHEDULED"}');
    more();
  }, 60_000);
  expect(fact).toEqual({ kind: 'unchecked', why: 'events answers with more than 1048576 bytes' });
});

it('an events server that never answers is not waited for', async () => {
  const fact = await askedOf(() => undefined, 200);
  expect(fact).toEqual({ kind: 'unchecked', why: 'events did not answer within 200 ms' });
});

it('an events server that is not there', async () => {
  const fact = await interactionLookup(() => 'http://127.0.0.1:9')('quiz-1');
  expect(fact).toEqual({ kind: 'unchecked', why: 'events does not answer' });
});
