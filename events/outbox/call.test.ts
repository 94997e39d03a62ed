import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../packet/clock.ts';
import { WebhookSigner } from '../../service/webhooks.ts';
import type { OutboxItem } from '../ledger/outbox.ts';
import { systemTimers } from '../timers.ts';
import { type CallOptions, call } from './call.ts';
import { answer, type Behaviour, Downstream, never, SECRET, signedAnswer } from './testing/downstream.ts';
import { anItem, OutboxBooks } from './testing/outbox-books.ts';

const OTHER = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

async function itemInBooks(): Promise<OutboxItem> {
  const books = new OutboxBooks();
  books.enqueue(anItem());
  return books.ask('outbox.get', { id: 'g_1' });
}

describe('one call', () => {
  let downstream: Downstream;
  let item: OutboxItem;
  const stop = new AbortController();

  beforeEach(async () => {
    downstream = await new Downstream().listen();
    item = await itemInBooks();
  });
  afterEach(() => downstream.close());

  const make = (behave: Behaviour, over: Partial<CallOptions> = {}, signal = stop.signal) => {
    downstream.behave = behave;
    const options: CallOptions = {
      url: downstream.url,
      signer: new WebhookSigner([SECRET]),
      clock: systemClock,
      timers: systemTimers,
      timeoutMs: 20_000,
      signedAnswers: false,
      ...over,
    };
    return call(options, item, signal);
  };

  test('is signed as Standard Webhooks, and says what, when and for whom', async () => {
    await make(answer(204));
    const { headers, text, body } = downstream.received[0]!;
    expect(new Webhook(SECRET).verify(text, headers as Record<string, string>)).toEqual(body);
    expect(headers['webhook-id']).toBe('g_1');
    expect(body).toEqual({
      type: 'grant.made',
      timestamp: '2023-11-14T22:13:20.000Z',
      data: { amountMinor: 500, currency: 'EUR', viewer: 'ann' },
    });
  });

  test('a repeat carries the same id and the same bytes', async () => {
    await make(answer(500));
    await make(answer(200), { signer: new WebhookSigner([OTHER, SECRET]) });
    const [first, second] = downstream.received;
    expect(second!.id).toBe(first!.id);
    expect(second!.text).toBe(first!.text);
    for (const secret of [SECRET, OTHER]) {
      expect(() =>
        new Webhook(secret).verify(second!.text, second!.headers as Record<string, string>),
      ).not.toThrow();
    }
  });

  test.each<[string, Behaviour, object]>([
    ['200 without a body', answer(200), { outcome: 'done', reason: null, status: 200 }],
    ['204', answer(204), { outcome: 'done' }],
    ['an object that says no outcome', answer(201, { id: 7 }), { outcome: 'done', status: 201 }],
    ['an object that says there is no error', answer(200, { error: null, errors: [] }), { outcome: 'done' }],
    ['done', answer(200, { outcome: 'done' }), { outcome: 'done' }],
    [
      'declined, with its reason',
      answer(200, { outcome: 'declined', reason: 'Account-Closed' }),
      { outcome: 'declined', reason: 'account-closed' },
    ],
    [
      'a reason that is a sentence is not kept',
      answer(200, { outcome: 'declined', reason: 'Ann has moved to Rome' }),
      { outcome: 'declined', reason: null },
    ],
    [
      'JSON by another name',
      answer(200, { outcome: 'done' }, { 'content-type': 'application/problem+json; charset=utf-8' }),
      { outcome: 'done' },
    ],
  ])('%s is an answer', async (_name, behave, expected) => {
    expect(await make(behave)).toMatchObject({ kind: 'answered', ...expected });
  });

  test.each<[string, Behaviour, object]>([
    ['500', answer(500), { code: 'failed', status: 500 }],
    [
      '503 and when to come back',
      answer(503, '', { 'retry-after': '7' }),
      { code: 'failed', retryAfterMs: 7_000 },
    ],
    ['429', answer(429), { code: 'limited', status: 429, retryAfterMs: null }],
    ['409, as while the first call is at work', answer(409), { code: 'failed' }],
    ['422', answer(422), { code: 'refused', status: 422 }],
    ['400', answer(400), { code: 'refused' }],
    ['401', answer(401), { code: 'misconfigured' }],
    ['404', answer(404), { code: 'misconfigured' }],
    ['a page of a proxy', answer(200, '<html>', { 'content-type': 'text/html' }), { code: 'unreadable' }],
    ['an outcome that nobody knows', answer(200, { outcome: 'maybe' }), { code: 'unreadable' }],
    ['an error in a 200', answer(200, { error: { code: 'no-such-account' } }), { code: 'unreadable' }],
    ['errors in a 200', answer(200, { data: null, errors: [{}] }), { code: 'unreadable' }],
    ['JSON that is no object', answer(200, [1]), { code: 'unreadable' }],
    [
      'half a JSON text',
      answer(200, '{"outcome":"do', { 'content-type': 'application/json' }),
      { code: 'unreadable' },
    ],
    [
      'an answer without end',
      (res) => res.writeHead(200).end(Buffer.alloc(1_000_000, 65)),
      { code: 'too-large' },
    ],
    [
      'an answer that breaks off',
      (res) => {
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        res.write('{"outcome":', () => res.destroy());
      },
      { code: 'broken', status: null },
    ],
    ['a connection that is closed instead of an answer', (res) => res.destroy(), { code: 'broken' }],
    ['what is no HTTP', (res) => res.socket!.end('hello\r\n\r\n'), { code: 'broken' }],
  ])('%s is a failure', async (_name, behave, expected) => {
    expect(await make(behave)).toMatchObject({ kind: 'failed', ...expected });
  });

  test('a redirect is not followed', async () => {
    const elsewhere = await new Downstream().listen();
    const outcome = await make(answer(307, '', { location: elsewhere.url }));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'redirect', status: 307 });
    expect(elsewhere.received).toEqual([]);
    await elsewhere.close();
  });

  test.each<[string, Behaviour]>([
    ['nothing comes', never],
    ['the body does not end', (res) => res.writeHead(200).write('{')],
  ])('it ends by its time-out when %s', async (_name, behave) => {
    expect(await make(behave, { timeoutMs: 200 })).toMatchObject({ kind: 'failed', code: 'timeout' });
  });

  test('a name that does not resolve, a closed port and a server without TLS have codes', async () => {
    expect(await make(answer(200), { url: 'http://rewards.invalid/hooks' })).toMatchObject({ code: 'dns' });
    const https = downstream.url.replace('http:', 'https:');
    expect(await make(answer(200), { url: https })).toMatchObject({ code: 'connect' });
    const gone = await new Downstream().listen();
    const { url } = gone;
    await gone.close();
    expect(await make(answer(200), { url })).toMatchObject({ code: 'connect', cause: 'ECONNREFUSED' });
  });

  test('it is let go of when we stop', async () => {
    const stopping = new AbortController();
    const outcome = make(() => stopping.abort(), {}, stopping.signal);
    expect(await outcome).toEqual({ kind: 'abandoned' });
  });

  describe('whose answer is signed', () => {
    const declined = { outcome: 'declined', reason: 'no-account' };

    test('counts, asked for or not', async () => {
      for (const signedAnswers of [false, true]) {
        expect(await make(signedAnswer(declined), { signedAnswers })).toMatchObject(declined);
      }
    });

    test('is not believed with another secret, for another call, or where the signature is missing', async () => {
      const unsigned = { kind: 'failed', code: 'unsigned', status: 200 };
      expect(await make(signedAnswer(declined, OTHER))).toMatchObject(unsigned);
      expect(await make(signedAnswer(declined, SECRET, 'answer to g_2'))).toMatchObject(unsigned);
      expect(await make(answer(200, declined), { signedAnswers: true })).toMatchObject(unsigned);
      expect(await make(answer(200), { signedAnswers: true })).toMatchObject(unsigned);
    });

    test('is not the call sent back', async () => {
      const echo: Behaviour = (res, { headers, text }) => {
        const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
        res.writeHead(200, {
          'content-type': 'application/json',
          ...Object.fromEntries(names.map((name) => [name, headers[name]])),
        });
        res.end(text);
      };
      expect(await make(echo, { signedAnswers: true })).toMatchObject({ code: 'unsigned' });
    });
  });
});
