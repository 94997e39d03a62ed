import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../packet/clock.ts';
import { unixMs } from '../packet/time.ts';
import { createLog } from '../service/log.ts';
import { answerIdOf, type SignatureVerdict, signedRequestLine, WebhookSigner } from '../service/webhooks.ts';
import { type RunningRewards, startRewards } from './start.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OLD = `whsec_${Buffer.alloc(32, 6).toString('base64')}`;
const STRANGER = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

describe('the reference reward platform', () => {
  let folder: string;
  let rewards: RunningRewards;

  const start = async () => {
    const log = createLog('rewards', { logLevel: 'silent' });
    const file = join(folder, 'rewards.db');
    const secrets = [SECRET, OLD];
    rewards = await startRewards({ host: '127.0.0.1', port: 0, file, secrets, mayMisbehave: true, log });
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'framecue-rewards-'));
    await start();
  });
  afterEach(async () => {
    await rewards.close();
    await rm(folder, { recursive: true });
  });

  const bodyOf = (data: object = {}, type = 'grant.made') =>
    JSON.stringify({
      ...{ type, timestamp: '2026-01-02T03:04:05.000Z' },
      data: { viewer: 'ann', grant: 'g_1', amountMinor: 500, currency: 'EUR', ...data },
    });
  interface Answer {
    readonly status: number;
    // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
    readonly body: any;
    readonly signature: SignatureVerdict;
    readonly id: string | null;
  }
  const read = async (response: Response): Promise<Answer> => {
    const text = await response.text();
    const header = (name: string) => response.headers.get(name);
    return {
      status: response.status,
      body: text === '' ? null : JSON.parse(text),
      signature: new WebhookSigner([SECRET]).verify(header, text, systemClock.unixMs()),
      id: header('webhook-id'),
    };
  };
  const call = async (id = 'g_1', body = bodyOf(), secret = SECRET, at = systemClock.unixMs()) => {
    const headers = { 'content-type': 'application/json', ...new WebhookSigner([secret]).sign(id, at, body) };
    return read(await fetch(rewards.url, { method: 'POST', headers, body }));
  };
  const list = async (query = '', secret = SECRET) => {
    const url = new URL(rewards.url + query);
    const line = signedRequestLine('GET', url.pathname + url.search);
    const headers = new WebhookSigner([secret]).sign('list_1', systemClock.unixMs(), line);
    return read(await fetch(url, { headers }));
  };
  const misbehave = (how: object) =>
    fetch(rewards.url.replace('/grants', '/misbehave'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(how),
    });

  test('only its owner may read what it keeps', async () => {
    expect((await call('g_1')).status).toBe(200);
    for (const name of await readdir(folder)) {
      expect([name, ((await stat(join(folder, name))).mode & 0o777).toString(8)]).toEqual([name, '600']);
    }
  });

  test('does what it is told once, and says so again with its signature', async () => {
    for (let i = 0; i < 3; i++) {
      expect(await call()).toEqual({
        ...{ status: 200, body: { outcome: 'done' }, signature: 'good', id: answerIdOf('g_1') },
      });
    }
    expect((await list()).body.grants).toMatchObject([
      {
        seq: 1,
        id: 'g_1',
        type: 'grant.made',
        viewer: 'ann',
        grant: 'g_1',
        amountMinor: 500,
        outcome: 'done',
      },
    ]);
  });

  test('64 repeats at once are done once', async () => {
    const answers = await Promise.all(Array.from({ length: 64 }, () => call()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await list()).body.grants).toHaveLength(1);
  });

  test('refuses what is not signed by the sender, is too old, or says something else under the same id', async () => {
    const wrong = { status: 401, body: { error: { code: 'ERR_WEBHOOK_SIGNATURE' } } };
    expect(await call('g_1', bodyOf(), STRANGER)).toMatchObject(wrong);
    expect(await call('g_1', bodyOf(), SECRET, unixMs(systemClock.unixMs() - 400_000))).toMatchObject(wrong);
    expect(await read(await fetch(rewards.url, { method: 'POST', body: bodyOf() }))).toMatchObject(wrong);
    expect((await list()).body.grants).toEqual([]);
    await call();
    expect(await call('g_1', bodyOf({ amountMinor: 501 }))).toMatchObject({
      ...{ status: 422, body: { error: { code: 'ERR_WEBHOOK_CONFLICT' } } },
    });
    expect((await call('g_2', bodyOf({}, 'nonsense'))).status).toBe(400);
    expect((await call('g_3', 'no json')).status).toBe(400);
  });

  test('takes the old secret too while it is changed', async () => {
    expect((await call('g_1', bodyOf(), OLD)).status).toBe(200);
  });

  test('passes over a reversal of a grant that it never took: done, once, and nothing else', async () => {
    await call('g_1');
    const reversal = bodyOf({ grant: 'g_unknown', why: 'by hand' }, 'grant.reversed');
    for (let i = 0; i < 2; i++) {
      expect(await call('r_unknown', reversal)).toMatchObject({ status: 200, body: { outcome: 'done' } });
    }
    expect((await list()).body.grants).toMatchObject([
      { id: 'g_1', type: 'grant.made', outcome: 'done' },
      { id: 'r_unknown', type: 'grant.reversed', grant: 'g_unknown', outcome: 'done' },
    ]);
    // Others go on as before; that one is not made any more, should it still come.
    expect((await call('g_2', bodyOf({ grant: 'g_2' }))).body).toEqual({ outcome: 'done' });
    const late = await call('g_unknown', bodyOf({ grant: 'g_unknown' }));
    expect(late.body).toEqual({ outcome: 'declined', reason: 'reversed' });
  });

  test('does not make what has been taken back already', async () => {
    await call('r_1', bodyOf({}, 'grant.reversed'));
    expect((await call()).body).toEqual({ outcome: 'declined', reason: 'reversed' });
  });

  test('lists all it has done in pages, to who signs the request, and again after a restart', async () => {
    for (let i = 0; i < 7; i++) await call(`g_${i}`);
    const seen: string[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const { body, signature } = await list(`?after=${after}&limit=3`);
      expect(signature).toBe('good');
      seen.push(...body.grants.map(({ id }: { id: string }) => id));
      after = body.next;
    }
    expect(seen).toEqual(Array.from({ length: 7 }, (_, i) => `g_${i}`));
    expect((await list('', STRANGER)).status).toBe(401);
    await rewards.close();
    await start();
    expect((await list()).body.grants).toHaveLength(7);
    expect((await call('g_3')).body).toEqual({ outcome: 'done' });
    expect((await list()).body.grants).toHaveLength(7);
  });

  test.each<[object, object]>([
    [{ fail: 1 }, { status: 500 }],
    [{ limit: 1, retryAfterS: 3 }, { status: 429 }],
    [{ refuse: 1 }, { status: 422 }],
    [{ slowMs: 30 }, { status: 200 }],
    [{ decline: 1 }, { status: 200, body: { outcome: 'declined', reason: 'asked-to' } }],
    [{ wrongSignature: 1 }, { status: 200, signature: 'wrong' }],
    [{ failAfterWork: 1 }, { status: 500 }],
  ])('misbehaves when asked to: %o', async (how, expected) => {
    expect((await misbehave({ ...how, times: 1 })).status).toBe(204);
    expect(await call()).toMatchObject(expected);
    const worked = 'failAfterWork' in how || 'decline' in how || 'wrongSignature' in how || 'slowMs' in how;
    expect((await list()).body.grants).toHaveLength(worked ? 1 : 0);
    expect((await call('g_2')).status).toBe(200);
  });

  test('can drop its answer when the work is done, and list what it has done twice', async () => {
    await misbehave({ dropAfterWork: 1, times: 1 });
    await expect(call()).rejects.toThrow();
    await misbehave({ duplicate: 1 });
    expect((await list()).body.grants.map(({ id }: { id: string }) => id)).toEqual(['g_1', 'g_1']);
  });

  test('knows no way to misbehave that is not on the list', async () => {
    expect((await misbehave({ burn: 1 })).status).toBe(400);
    expect((await misbehave({ fail: 2 })).status).toBe(400);
  });
});
