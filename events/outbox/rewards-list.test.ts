import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../packet/clock.ts';
import { answerIdOf, signedRequestLine, WebhookSigner } from '../../service/webhooks.ts';
import { readRewardsList } from './rewards-list.ts';
import { SECRET } from './testing/downstream.ts';

const signer = new WebhookSigner([SECRET]);
const stranger = new WebhookSigner([`whsec_${Buffer.alloc(32, 9).toString('base64')}`]);

let server: Server | null = null;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  server = null;
});

async function listFrom(listener: RequestListener, over: object = {}) {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/grants`;
  return readRewardsList({
    ...{ url, signer, clock: systemClock, timeoutMs: 5_000, signedAnswers: false, newId: () => 'list_1' },
    ...over,
  });
}

const json =
  (body: object | string, by: WebhookSigner | null = signer, status = 200): RequestListener =>
  (_req, res) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = by === null ? {} : by.sign(answerIdOf('list_1'), systemClock.unixMs(), text);
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };

describe("the reward platform's list", () => {
  test('is asked for with a signature over the request line, page by page', async () => {
    const asked: string[] = [];
    const listed = await listFrom((req, res) => {
      asked.push(req.url!);
      const line = signedRequestLine('GET', req.url!);
      expect(signer.verify((name) => req.headers[name] as string, line, systemClock.unixMs())).toBe('good');
      const isFirst = req.url!.includes('after=0');
      const page = { grants: [{ seq: isFirst ? 1 : 2, id: isFirst ? 'a' : 'b' }], next: isFirst ? 1 : null };
      json(page)(req, res);
    });
    expect(asked).toEqual(['/grants?after=0&limit=500', '/grants?after=1&limit=500']);
    expect(listed).toMatchObject([{ id: 'a', viewer: null, amountMinor: null }, { id: 'b' }]);
  });

  test('may be unsigned where nobody asks for signatures', async () => {
    expect(await listFrom(json({ grants: [], next: null }, null))).toEqual([]);
  });

  test.each<[string, RequestListener, object]>([
    ['an error', json({}, signer, 500), {}],
    ['a redirect', (_req, res) => res.writeHead(302, { location: '/elsewhere' }).end(), {}],
    ['no JSON', json('<html>'), {}],
    ['another shape', json({ items: [] }), {}],
    [
      'an amount that is no whole number',
      json({ grants: [{ seq: 1, id: 'a', amountMinor: 0.5 }], next: null }),
      {},
    ],
    ['a page that leads back', json({ grants: [], next: 0 }), {}],
    ['a signature by somebody else', json({ grants: [], next: null }, stranger), {}],
    ['no signature where one is asked for', json({ grants: [], next: null }, null), { signedAnswers: true }],
    [
      'an answer that breaks off',
      (_req, res) => res.writeHead(200, { 'content-length': '99' }).write('{', () => res.destroy()),
      {},
    ],
    ['no answer in time', () => undefined, { timeoutMs: 100 }],
    ['a closed port', json({}), { url: 'http://127.0.0.1:9/grants' }],
  ])('is not guessed at: %s', async (_name, listener, over) => {
    await expect(listFrom(listener, over)).rejects.toMatchObject({ code: 'ERR_REWARDS_LIST' });
  });
});
