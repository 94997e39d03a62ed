import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createLog } from '../../service/log.ts';
import { openingLookup } from './opening-lookup.ts';

let server: Server | null = null;
afterEach(async () => {
  const open = server;
  server = null;
  open?.closeAllConnections();
  await new Promise((resolve) => (open === null ? resolve(null) : open.close(resolve)));
});

async function askedOf(answer: RequestListener, timeoutMs = 30_000) {
  const listening = createServer(answer);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  return openingLookup(() => base, createLog('test', { logLevel: 'silent' }), timeoutMs)('jacket');
}

const answering =
  (status: number, body: string): RequestListener =>
  (_req, res) =>
    void res.writeHead(status, { 'content-type': 'application/json' }).end(body);

it('asks as anybody may', async () => {
  const asked: unknown[] = [];
  const fact = await askedOf((req, res) => {
    asked.push(req.url, req.headers.authorization);
    answering(200, '{"data":{"interaction":"jacket","priceMinor":1900}}')(req, res);
  });
  expect(asked).toEqual(['/api/v1/interactions/jacket/opening', undefined]);
  expect(fact).toEqual({ kind: 'shows', data: { interaction: 'jacket', priceMinor: 1_900 } });
});

it.each([
  [404, '{"error":{"code":"ERR_INTERACTION_UNKNOWN"}}'],
  [503, '{}'],
  [200, '{"data":7}'],
  [200, '<html>'],
  [200, `{"data":{"nested":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`],
])('status %i (%#): the cue goes without', async (status, body) => {
  expect(await askedOf(answering(status, body))).toEqual({ kind: 'unknown' });
});

it('an events server that never answers is not waited for', async () => {
  expect(await askedOf(() => undefined, 200)).toEqual({ kind: 'unknown' });
});
