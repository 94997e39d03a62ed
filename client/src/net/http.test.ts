import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { browserNet } from '../page/environment.ts';
import { backoffMs, request } from './http.ts';

const net = browserNet;
const servers: Server[] = [];

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
}

const ask = (url: string, options: Partial<Parameters<typeof request>[2]> = {}) =>
  request(net, url, { timeoutMs: 5000, signal: new AbortController().signal, ...options });

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('request', () => {
  test('sends JSON and a bearer token, and reads JSON', async () => {
    const url = await serve((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const { method, headers } = incoming;
        const body = Buffer.concat(chunks).toString();
        response.end(
          JSON.stringify({ method, auth: headers.authorization, type: headers['content-type'], body }),
        );
      });
    });
    expect(await ask(url, { method: 'POST', body: { a: 1 }, bearer: 't' })).toEqual({
      ok: true,
      value: { method: 'POST', auth: 'Bearer t', type: 'application/json', body: '{"a":1}' },
    });
  });

  test('204 is an answer without a value', async () => {
    const url = await serve((_, response) => response.writeHead(204).end());
    expect(await ask(url)).toEqual({ ok: true, value: null });
  });

  test.each([
    [
      409,
      '{"error":{"code":"ERR_INTERACTION_LOCKED","message":"Locked.","retryable":false}}',
      {},
      'ERR_INTERACTION_LOCKED',
      false,
      null,
    ],
    [
      503,
      '{"error":{"code":"ERR_OVERLOADED","message":"Full.","retryable":true}}',
      { 'retry-after': '3' },
      'ERR_OVERLOADED',
      true,
      3000,
    ],
    [503, 'now', { 'retry-after': '0' }, 'ERR_CLIENT_RESPONSE', true, 250],
    [429, 'slow down', { 'retry-after': '100000' }, 'ERR_CLIENT_RESPONSE', true, 60_000],
    [502, '<html>Bad Gateway</html>', {}, 'ERR_CLIENT_RESPONSE', true, null],
    [404, '', {}, 'ERR_CLIENT_RESPONSE', false, null],
    [400, 'null', {}, 'ERR_CLIENT_RESPONSE', false, null],
    [400, '{"error":{"code":5}}', { 'retry-after': 'soon' }, 'ERR_CLIENT_RESPONSE', false, null],
    [200, 'not json', {}, 'ERR_CLIENT_RESPONSE', true, null],
    [200, `"${'x'.repeat(300_000)}"`, {}, 'ERR_CLIENT_RESPONSE', true, null],
  ] as const)('%d %s', async (status, body, headers, code, retryable, retryAfterMs) => {
    const url = await serve((_, response) => response.writeHead(status, headers).end(body));
    expect(await ask(url)).toMatchObject({ ok: false, error: { code, retryable, status }, retryAfterMs });
  });

  test('a date in Retry-After', async () => {
    const at = new Date(Date.now() + 20_000).toUTCString();
    const url = await serve((_, response) => response.writeHead(503, { 'retry-after': at }).end());
    const outcome = await ask(url);
    expect(outcome.ok ? null : outcome.retryAfterMs).toBeGreaterThan(10_000);
  });

  test('nobody there', async () => {
    const url = await serve(() => undefined);
    await new Promise((resolve) => servers.pop()!.close(resolve));
    expect(await ask(url)).toMatchObject({
      ok: false,
      error: { code: 'ERR_CLIENT_NETWORK', retryable: true },
    });
  });

  test('no answer in time', async () => {
    const url = await serve(() => undefined);
    expect(await ask(url, { timeoutMs: 50 })).toMatchObject({
      ok: false,
      error: { code: 'ERR_CLIENT_NETWORK', retryable: true, status: null },
    });
  });

  test('an answer that never ends is given up too', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200);
      response.write('{');
    });
    expect(await ask(url, { timeoutMs: 200 })).toMatchObject({ error: { code: 'ERR_CLIENT_NETWORK' } });
  });

  test('ended from outside, before and while it is under way', async () => {
    const stop = new AbortController();
    const url = await serve(() => stop.abort());
    expect(await ask(url, { signal: stop.signal })).toMatchObject({
      error: { code: 'ERR_CLIENT_DESTROYED' },
    });
    expect(await ask(url, { signal: stop.signal })).toMatchObject({
      error: { code: 'ERR_CLIENT_DESTROYED' },
    });
  });
});

test('backoff grows, is spread, and has a bound', () => {
  const at = (random: number, attempt: number) =>
    backoffMs({ ...net, random: () => random }, attempt, 100, 5000);
  expect([0, 1, 2].map((attempt) => at(1, attempt))).toEqual([100, 200, 400]);
  expect(at(0, 2)).toBe(100);
  expect(at(1, 1000)).toBe(5000);
});
