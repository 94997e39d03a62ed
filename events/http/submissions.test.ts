import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { someTerms, T0 } from '../ledger/sqlite/treasury/fixtures.ts';
import { type Answer, EventsUnderTest, SPREAD_MS } from '../test-support/harness.ts';
import { until } from '../test-support/until.ts';
import { ViewerTokens } from './viewer-token.ts';

const OPEN = { id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } } as const;
const LOCK = { id: 'lock-1', type: 'interaction.lock', ref: 'open-1' } as const;
const REVEAL = {
  id: 'reveal-1',
  type: 'interaction.reveal',
  ref: 'open-1',
  data: { interaction: 'q1', correct: 1 },
} as const;
const PATH = '/api/v1/interactions/q1/submissions';

let t: EventsUnderTest;

const begin = async (over: ConstructorParameters<typeof EventsUnderTest>[0] = {}) => {
  t = await new EventsUnderTest(over).start();
  await t.quiz('q1');
};
afterEach(async () => {
  await t.stop();
});

const open = () => t.publish(t.land(OPEN));
const total = async (): Promise<number> => (await result()).body.total;
const result = () => {
  // The counts are fresh for half a second of this clock.
  t.time.advance(500);
  return t.get('/api/v1/interactions/q1/result');
};
const codeOf = ({ status, body }: Answer) => [status, body.error?.code, body.error?.retryable];

describe('a submission', () => {
  beforeEach(() => begin());

  test('is accepted with a receipt, and counted', async () => {
    await open();
    const { status, body, headers } = await t.submit('q1', await t.session('ann'), { choice: 2 });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        receipt: {
          id: expect.any(String),
          interaction: 'q1',
          choice: 2,
          status: 'accepted',
          acceptedAt: t.time.clock.unixMs(),
          repeated: false,
        },
      },
    });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect((await result()).body).toMatchObject({ state: 'ACTIVE', total: 1, counts: [0, 0, 1, 0] });
  });

  test('a repeat, with whatever choice, gets the receipt of the first', async () => {
    await open();
    const ann = await t.session('ann');
    const first = await t.submit('q1', ann, { choice: 0 });
    const repeat = await t.submit('q1', ann, { choice: 3 });
    expect(repeat.body.receipt).toEqual({ ...first.body.receipt, repeated: true });
    // The viewer counts, not the token: they may have come in again.
    const again = await t.submit('q1', await t.session('ann'), { choice: 2 });
    expect(again.body.receipt).toEqual({ ...first.body.receipt, repeated: true });
    expect((await result()).body.counts).toEqual([1, 0, 0, 0]);
  });

  test('200 of one viewer at once: one is accepted, all others get its receipt', async () => {
    await open();
    const ann = await t.session('ann');
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => t.submit('q1', ann, { choice: i % 4 })),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(answers.filter(({ body }) => !body.receipt.repeated)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => `${body.receipt.id} ${body.receipt.choice}`)).size).toBe(1);
    expect(await total()).toBe(1);
  });

  test('a viewer whose acknowledgement was lost gets it after the lock, and after the reveal', async () => {
    await open();
    const ann = await t.session('ann');
    const first = await t.submit('q1', ann);
    t.time.advance(5_000);
    await t.publish(t.land(LOCK));
    t.time.advance(SPREAD_MS);
    expect((await t.submit('q1', ann)).body.receipt).toEqual({ ...first.body.receipt, repeated: true });
    await t.publish(t.land(REVEAL));
    expect((await t.submit('q1', ann)).body.receipt).toEqual({ ...first.body.receipt, repeated: true });
    const bob = await t.submit('q1', await t.session('bob'));
    expect(codeOf(bob)).toEqual([409, 'ERR_INTERACTION_LOCKED', false]);
  });
});

describe('the time of a submission', () => {
  beforeEach(() => begin());

  test('before anything is open', async () => {
    const early = await t.submit('q1', await t.session('ann'));
    expect(codeOf(early)).toEqual([409, 'ERR_INTERACTION_NOT_OPEN', true]);
    expect(early.body.error.details).toEqual({ reason: 'not-opened' });
  });

  test('before the moment of the fire frame; at it', async () => {
    // Landed 2 s ahead of its picture, further than any reordering.
    const ahead = Math.round((t.time.clock.unixUs() - 1_700_000_000_000_000) / 1000) + 2_000;
    await t.publish(t.land({ ...OPEN, pts: ahead }));
    const ann = await t.session('ann');
    expect(codeOf(await t.submit('q1', ann))).toEqual([409, 'ERR_INTERACTION_NOT_OPEN', true]);
    expect((await result()).body.state).toBe('SCHEDULED');
    t.time.advance(2_000);
    expect((await t.submit('q1', ann)).status).toBe(200);
  });

  test('after the lock by what the viewer had on screen, and before it', async () => {
    await open();
    t.time.advance(5_000);
    const lock = t.land(LOCK);
    await t.publish(lock);
    const at = (actedPts: number) => ({ epoch: 'e1', actedPts });
    const late = await t.submit('q1', await t.session('late'), at(lock.landing!.pts));
    expect(codeOf(late)).toEqual([409, 'ERR_INTERACTION_LOCKED', false]);
    expect(late.body.error.details).toEqual({ reason: 'acted-after-lock' });
    t.time.advance(8_000);
    const behind = await t.submit('q1', await t.session('behind'), at(lock.landing!.pts - 40));
    expect(behind.body.receipt.status).toBe('accepted');
    expect((await result()).body).toMatchObject({ state: 'LOCKED', total: 1 });
  });

  test('after the cap, whatever is claimed', async () => {
    await open();
    t.time.advance(5_000);
    const lock = t.land(LOCK);
    await t.publish(lock);
    t.time.advance(SPREAD_MS);
    const claim = { epoch: 'e1', actedPts: lock.landing!.pts - 1_000, answerMs: 10 };
    const late = await t.submit('q1', await t.session('ann'), claim);
    expect(codeOf(late)).toEqual([409, 'ERR_INTERACTION_LOCKED', false]);
    expect(late.body.error.details).toEqual({ reason: 'arrived-after-cap' });
  });

  test('an answer arrives when it is whole: its head alone holds no place', async () => {
    await open();
    const token = await t.session('ann');
    const body = JSON.stringify({ choice: 1, cue: 'open-1' });
    const slow = httpRequest(`${t.url}${PATH}`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        'Content-Length': body.length,
      },
    });
    const status = new Promise<number>((resolve, reject) => {
      slow.on('response', (res) => {
        res.resume();
        resolve(res.statusCode!);
      });
      slow.on('error', reject);
    });
    const timers = t.time.waiting;
    t.time.advance(10_000 + SPREAD_MS - 1);
    slow.write(body.slice(0, 5));
    await until(() => expect(t.time.waiting).toBeGreaterThan(timers));
    t.time.advance(1);
    slow.end(body.slice(5));
    expect(await status).toBe(409);
  });

  test("the window's own end: by the viewer's clock, and by arrival", async () => {
    await open();
    const long = await t.submit('q1', await t.session('ann'), { answerMs: 10_500 });
    expect(codeOf(long)).toEqual([409, 'ERR_INTERACTION_LOCKED', false]);
    t.time.advance(10_000 + SPREAD_MS - 1);
    expect((await result()).body).toMatchObject({ state: 'LOCKED' });
  });

  test('arrival in the last moment before the cap, and at it', async () => {
    await open();
    const [ann, bob] = [await t.session('ann'), await t.session('bob')];
    t.time.advance(10_000 + SPREAD_MS - 1);
    expect((await t.submit('q1', ann)).status).toBe(200);
    t.time.advance(1);
    expect(codeOf(await t.submit('q1', bob))).toEqual([409, 'ERR_INTERACTION_LOCKED', false]);
  });

  test("the cue's own duration goes before the config's", async () => {
    await t.publish(t.land({ ...OPEN, durationMs: 3_000 }));
    t.time.advance(3_000 + SPREAD_MS);
    expect(codeOf(await t.submit('q1', await t.session('ann')))).toEqual([
      409,
      'ERR_INTERACTION_LOCKED',
      false,
    ]);
  });

  test('after a cancel: all void, also for those who had answered', async () => {
    await open();
    const ann = await t.session('ann');
    await t.submit('q1', ann);
    await t.publish(t.land({ id: 'cancel-1', type: 'interaction.cancel', ref: 'open-1' }));
    for (const token of [ann, await t.session('bob')]) {
      expect(codeOf(await t.submit('q1', token))).toEqual([409, 'ERR_INTERACTION_CANCELED', false]);
    }
    expect((await result()).body.state).toBe('CANCELED');
  });
});

describe('a submission that is no good', () => {
  beforeEach(async () => {
    await begin();
    await open();
  });

  test('without a token, with a forged or an expired one', async () => {
    const good = await t.session('ann');
    const foreign = new ViewerTokens('another-session-key-altogether').issue('ann', t.time.clock.unixMs());
    expect(codeOf(await t.submit('q1', undefined))).toEqual([401, 'ERR_TOKEN_MISSING', false]);
    for (const forged of [foreign, `${good}x`, good.slice(0, -1), 'fc1.e30.x', 'x'.repeat(5_000)]) {
      expect(codeOf(await t.submit('q1', forged))).toEqual([401, 'ERR_TOKEN_INVALID', false]);
    }
    const jwt = await t.submit('q1', await t.jwt('ann'));
    expect(codeOf(jwt)).toEqual([401, 'ERR_TOKEN_INVALID', false]);
    expect(jwt.body.error.message).toContain('/api/v1/session');
    t.time.advance(3_600_000);
    const expired = await t.submit('q1', good);
    expect(codeOf(expired)).toEqual([401, 'ERR_TOKEN_EXPIRED', false]);
    expect(expired.headers.get('www-authenticate')).toContain('Bearer');
  });

  test('for an interaction that is not known', async () => {
    const ann = await t.session('ann');
    expect(codeOf(await t.submit('nobody', ann))).toEqual([404, 'ERR_INTERACTION_UNKNOWN', false]);
    expect(codeOf(await t.submit('%41', ann))).toEqual([404, 'ERR_INTERACTION_UNKNOWN', false]);
  });

  test.each([
    ['a choice that is not there', { choice: 4 }, 'ERR_ANSWER_INVALID'],
    ['half a choice', { choice: 1.5 }, 'ERR_ANSWER_INVALID'],
    ['a choice in words', { choice: '1' }, 'ERR_ANSWER_INVALID'],
    ['no choice', { choice: undefined }, 'ERR_ANSWER_INVALID'],
    ['another cue', { cue: 'open-2' }, 'ERR_ANSWER_INVALID'],
    ['no cue', { cue: undefined }, 'ERR_REQUEST_INVALID'],
    ['a time that is none', { actedPts: 1e300 }, 'ERR_REQUEST_INVALID'],
    ['an answer before its question', { answerMs: -1 }, 'ERR_REQUEST_INVALID'],
    ['an epoch that is none', { epoch: 'a b' }, 'ERR_REQUEST_INVALID'],
    ['a stamp that is too long', { stamp: 'x'.repeat(4_001) }, 'ERR_REQUEST_INVALID'],
  ])('%s', async (_name, body, code) => {
    expect(codeOf(await t.submit('q1', await t.session('ann'), body))).toEqual([400, code, false]);
    expect(await total()).toBe(0);
  });

  const send = async (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    t.send(PATH, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${await t.session('ann')}`,
        'Content-Type': 'application/json',
        ...headers,
      },
      body,
    });

  test('malformed JSON, JSON that is no object, text that is no UTF-8', async () => {
    for (const body of ['{"choice":1', '', 'null x', '{"choice":NaN}']) {
      expect(codeOf(await send(body))).toEqual([400, 'ERR_REQUEST_MALFORMED', false]);
    }
    expect(codeOf(await send(Uint8Array.of(0x22, 0xff, 0xfe, 0x22)))).toEqual([
      400,
      'ERR_REQUEST_MALFORMED',
      false,
    ]);
    for (const body of ['[1]', '"1"', 'null', '7']) {
      expect(codeOf(await send(body))).toEqual([400, 'ERR_REQUEST_INVALID', false]);
    }
  });

  test('another content type', async () => {
    const body = '{"choice":1,"cue":"open-1"}';
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
      expect(codeOf(await send(body, { 'Content-Type': type }))).toEqual([415, 'ERR_CONTENT_TYPE', false]);
    }
    expect(codeOf(await send(body, { 'Content-Encoding': 'gzip' }))).toEqual([
      415,
      'ERR_CONTENT_TYPE',
      false,
    ]);
    const good = await send(body, { 'Content-Type': 'application/json; charset=utf-8' });
    expect(good.status).toBe(200);
  });

  test('a body that is too large, said or not said beforehand', async () => {
    const large = JSON.stringify({ choice: 1, cue: 'open-1', more: 'x'.repeat(100_000) });
    expect(codeOf(await send(large))).toEqual([413, 'ERR_BODY_TOO_LARGE', false]);
    expect(codeOf(await chunked(large))).toEqual([413, 'ERR_BODY_TOO_LARGE', false]);
    expect(await total()).toBe(0);
  });

  test('a body without end is cut', async () => {
    const { port } = new URL(t.url);
    const token = await t.session('ann');
    const socket = connect(Number(port), '127.0.0.1');
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    let answered = '';
    socket.on('data', (data) => {
      answered += data.toString();
    });
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    socket.on('error', () => socket.destroy());
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
        'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const pump = () => {
      while (!socket.destroyed && socket.write(chunk));
      if (!socket.destroyed) socket.once('drain', pump);
    };
    pump();
    await closed;
    expect(answered).toContain('413');
    expect(answered).toContain('ERR_BODY_TOO_LARGE');
  });

  test('a body that does not come is answered in time, and its connection ends', async () => {
    const token = await t.session('ann');
    const slow = httpRequest(`${t.url}${PATH}`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        'Content-Length': 30,
      },
    });
    const answer = new Promise<{ status: number; connection: string | undefined }>((resolve, reject) => {
      slow.on('response', (res) => {
        res.resume();
        resolve({ status: res.statusCode!, connection: res.headers.connection });
      });
      slow.on('error', reject);
    });
    slow.write('{"choice":');
    // Its timer stands once the head has been read.
    const late = async () => {
      t.time.advance(10_000);
      return Promise.race([answer, null]);
    };
    await expect.poll(late, { timeout: 15_000 }).toEqual({ status: 408, connection: 'close' });
    slow.destroy();
  });

  test('another method; a preflight', async () => {
    const get = await t.get(PATH);
    expect(codeOf(get)).toEqual([405, 'ERR_METHOD', false]);
    expect(get.headers.get('allow')).toBe('POST, OPTIONS');
    const preflight = await t.send(PATH, {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://app.example',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization');
  });

  test('refusals show themselves to pages of other origins too', async () => {
    const refused = await t.submit('q1', undefined);
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
  });

  const chunked = (body: string) =>
    new Promise<Answer>((resolve, reject) => {
      void t.session('ann').then((token) => {
        const req = httpRequest(`${t.url}${PATH}`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        });
        req.on('error', reject);
        req.on('response', (res) => {
          let text = '';
          res.on('data', (data) => {
            text += data;
          });
          res.on('end', () =>
            resolve({ status: res.statusCode!, headers: new Headers(), body: JSON.parse(text) }),
          );
        });
        for (let at = 0; at < body.length; at += 1_000) req.write(body.slice(at, at + 1_000));
        req.end();
      }, reject);
    });
});

describe('a store that is in trouble', () => {
  test('a full queue is 503 with Retry-After; what was accepted stands', async () => {
    await begin({ storeQueue: 5 });
    await open();
    const tokens = await Promise.all(Array.from({ length: 60 }, (_, i) => t.session(`v${i}`)));
    const answers = await Promise.all(tokens.map((token) => t.submit('q1', token)));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(codeOf(answer)).toEqual([503, 'ERR_OVERLOADED', true]);
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect(await total()).toBe(60 - refused.length);
  });

  test('a ledger that another program has locked is 503, and takes answers again afterwards', async () => {
    await begin({ storeBusyTimeoutMs: 50 });
    await open();
    const ann = await t.session('ann');
    const other = new DatabaseSync(t.ledgerPath);
    other.exec('BEGIN IMMEDIATE');
    const refused = await t.submit('q1', ann);
    expect(codeOf(refused)).toEqual([503, 'ERR_STORE_UNAVAILABLE', true]);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(JSON.stringify(refused.body)).not.toContain('database');
    other.exec('ROLLBACK');
    other.close();
    expect((await t.submit('q1', ann)).body.receipt).toMatchObject({ status: 'accepted', repeated: false });
  });

  test('a full disk takes no answers, and everything that is known can be read: impaired, and still ready', async () => {
    await begin({ storeMaxPages: 200 });
    await open();
    const ready = () => t.get('/health/ready');
    expect(await ready()).toMatchObject({ status: 200, body: { ready: true, impaired: [] } });
    const ann = await t.session('ann');
    expect((await t.submit('q1', ann)).status).toBe(200);
    const long = (id: string) => someTerms({ id, title: 'x'.repeat(8_000) });
    const fill = async () => {
      for (let n = 0; n < 200; n++) {
        await t.books.perform('pool.open', { terms: long(`p${n}`), budget: null, by: null, atUs: T0 });
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    // What is left of the last pages holds a few more.
    let refused = await t.submit('q1', await t.session('v0'));
    for (let n = 1; refused.status === 200 && n < 100; n++) {
      refused = await t.submit('q1', await t.session(`v${n}`));
    }
    expect(codeOf(refused)).toEqual([503, 'ERR_STORE_UNAVAILABLE', true]);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await t.submit('q1', ann)).body.receipt).toMatchObject({ status: 'accepted', repeated: true });
    expect((await t.get('/api/v1/interactions/q1')).status).toBe(200);
    expect(await ready()).toMatchObject({
      status: 200,
      body: {
        ...{ ready: true, checks: { ledger: 'The store cannot take this now.', feed: 'good' } },
        impaired: [{ check: 'ledger', code: 'ERR_STORE_UNAVAILABLE' }],
      },
    });
  });
});
