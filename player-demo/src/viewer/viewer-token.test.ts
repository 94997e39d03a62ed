import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createViewerTokens, readViewerToken } from './viewer-token.ts';

const NOW = 1_700_000_000_000;
const tokenOf = (claims: object): string =>
  `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

let server: Server;
let url: string;
let asked = 0;
let answer: (n: number) => { readonly status: number; readonly body: string };

beforeEach(async () => {
  asked = 0;
  answer = (n) => ({
    status: 200,
    body: JSON.stringify({ token: tokenOf({ sub: `demo-${n}`, exp: NOW / 1000 + 3600 }) }),
  });
  server = createServer((_req, res) => {
    const { status, body } = answer(++asked);
    res.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function storage() {
  const store = new Map<string, string>();
  return {
    getItem: (key: string) => store.get(key) ?? null,
    setItem: (key: string, value: string) => void store.set(key, value),
  };
}

describe('createViewerTokens', () => {
  it('asks once, also when it is asked twice at a time, and keeps the viewer over a reload', async () => {
    const kept = storage();
    const tokens = createViewerTokens(url, 'flv', kept, () => NOW);
    const [first, second] = await Promise.all([tokens(), tokens()]);
    expect(first.viewer).toBe('demo-1');
    expect(second).toEqual(first);
    expect((await createViewerTokens(url, 'flv', kept, () => NOW)()).viewer).toBe('demo-1');
    expect(asked).toBe(1);
  });

  it('gives each player a viewer of its own', async () => {
    const kept = storage();
    const viewers = [];
    for (const place of ['flv', 'ws', 'hls']) {
      viewers.push((await createViewerTokens(url, place, kept, () => NOW)()).viewer);
    }
    expect(new Set(viewers).size).toBe(3);
  });

  it('asks again before a token runs out', async () => {
    let now = NOW;
    const tokens = createViewerTokens(url, 'flv', storage(), () => now);
    await tokens();
    now += 3_600_000 - 20_000;
    await tokens();
    expect(asked).toBe(2);
  });

  it.each([
    ['a refusal', { status: 404, body: '{"error":{"code":"ERR_NOT_FOUND","message":"","retryable":false}}' }],
    ['what is no token', { status: 200, body: '{"token":"abc"}' }],
  ])('fails on %s, and tries anew the next time', async (_what, bad) => {
    const good = answer;
    answer = () => bad;
    const tokens = createViewerTokens(url, 'flv', storage(), () => NOW);
    await expect(tokens()).rejects.toThrow(/no viewer token/);
    answer = good;
    expect((await tokens()).viewer).toBe('demo-2');
  });
});

describe('readViewerToken', () => {
  it('reads who it names and until when', () => {
    const token = tokenOf({ sub: 'zuschauer-ß', exp: 12 });
    expect(readViewerToken(token)).toEqual({ token, viewer: 'zuschauer-ß', expiresAt: 12_000 });
  });

  it.each([[''], ['a.b.c'], ['abc'], [tokenOf({ sub: 'a' })], [tokenOf({ exp: 1 })], ['a.%%.c']])(
    'refuses %j',
    (token) => {
      expect(readViewerToken(token)).toBeNull();
    },
  );
});
