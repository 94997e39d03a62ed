import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCors } from '../../service/cors.ts';
import { createHttpApp } from '../../service/http-app.ts';
import { createHttpServer } from '../../service/http-server.ts';
import { type Listening, listen } from '../../service/listen.ts';
import { createLog } from '../../service/log.ts';
import { createTokenRegistry } from '../../service/tokens.ts';
import { ManualTime } from '../test-support/manual-time.ts';
import { outboxMetrics } from './metrics.ts';
import { createOutbox, type Outbox } from './setup.ts';
import { answer, Downstream, SECRET } from './testing/downstream.ts';
import { OutboxBooks } from './testing/outbox-books.ts';

const TREASURER = 'treasurer-token-for-tests';
const READER = 'reader-token-for-tests';
const WAIT = { timeout: 20_000, interval: 5 };

describe('the way out over HTTP', () => {
  let downstream: Downstream;
  let books: OutboxBooks;
  let time: ManualTime;
  let registry: Registry;
  let outbox: Outbox;
  let listening: Listening;
  let url: string;

  beforeEach(async () => {
    downstream = await new Downstream().listen();
    books = new OutboxBooks();
    time = new ManualTime();
    registry = new Registry();
    const log = createLog('events', { logLevel: 'silent' });
    const tokens = createTokenRegistry([
      { name: 'money', token: TREASURER, rights: ['treasurer'] },
      { name: 'reader', token: READER, rights: ['read'] },
    ]);
    outbox = createOutbox(
      { books, tokens, clock: time.clock, timers: time, random: () => 0.5, log },
      {
        ...{ url: downstream.url, secrets: [SECRET], timeoutMs: 10_000, signedAnswers: false },
        ...{ giveUpMs: 1e9, perSecond: 100, lanePerSecond: 100, concurrency: 4 },
        observer: outboxMetrics(registry),
      },
    );
    const cors = createCors(['*']);
    const settings = { bodyLimitBytes: 16_384, trustProxy: 0 };
    const app = createHttpApp({ log, cors, settings, routes: (express) => outbox.routes(express) });
    const server = createHttpServer({ hot: [], upgrade: () => false, app, log });
    listening = await listen(server, { host: '127.0.0.1', port: 0, settingName: 'test' });
    url = `http://127.0.0.1:${listening.port}/api/v1/outbox`;
    outbox.start();
  });
  afterEach(async () => {
    await outbox.close();
    await listening.close();
    await downstream.close();
  });

  const send = async (path = '', token = READER, init: RequestInit = {}) => {
    const response = await fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });
    // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
    return { status: response.status, body: (await response.json()) as any };
  };
  const post = (path: string, token = TREASURER) => send(path, token, { method: 'POST' });
  const sent = (count: number) =>
    vi.waitFor(() => {
      time.advance(200);
      expect(downstream.received).toHaveLength(count);
    }, WAIT);
  const stateOf = (id: string, state: string) =>
    vi.waitFor(async () => expect((await send(`/${id}`)).body.state).toBe(state), WAIT);

  test('shows each item, page by page, and how all of it stands', async () => {
    downstream.behave = (res, { id }) => answer(id === 'b' ? 422 : 200)(res, null as never);
    for (const id of ['a', 'b', 'c']) books.enqueue({ id, atUs: time.clock.unixUs() });
    await sent(3);
    await stateOf('b', 'dead');
    await stateOf('c', 'delivered');
    await stateOf('a', 'delivered');
    const { body: page } = await send('?limit=2');
    expect(page.items.map(({ id }: { id: string }) => id)).toEqual(['c', 'b']);
    const { body: rest } = await send(`?limit=2&before=${page.next}`);
    expect(rest).toMatchObject({ items: [{ id: 'a', state: 'delivered', outcome: 'done' }], next: null });
    expect((await send('?state=dead')).body.items).toMatchObject([
      { id: 'b', viewer: 'ann', attempts: 1, lastCode: 'refused', lastStatus: 422, nextAt: null },
    ]);
    expect((await send('/status')).body).toMatchObject({
      ...{ sending: true, breaker: 'closed', queued: 0, delivered: 2, declined: 0, dead: 1, lagMs: 0 },
      lanes: [{ lane: 'gold', dead: 1, breaker: 'closed', lastMinute: { done: 2, declined: 0, failed: 1 } }],
    });
  });

  test('a dead letter is sent again by a treasurer, once for two presses', async () => {
    downstream.behave = answer(422);
    books.enqueue({ atUs: time.clock.unixUs() });
    await sent(1);
    await stateOf('g_1', 'dead');
    expect(await post('/g_1/revive', READER)).toMatchObject({
      status: 403,
      body: { error: { code: 'ERR_RIGHT_MISSING' } },
    });
    downstream.behave = answer(200);
    expect(await post('/g_1/revive')).toMatchObject({ status: 200, body: { revived: true } });
    expect(await post('/g_1/revive')).toMatchObject({ status: 200, body: { revived: false } });
    await sent(2);
    await stateOf('g_1', 'delivered');
    expect(downstream.ids()).toEqual(['g_1', 'g_1']);
    const acts = await books.ask('people.list', { limit: 9, before: null, by: null, target: null });
    expect(acts).toMatchObject([{ by: 'money', what: 'outbox.revive', target: 'g_1' }]);
  });

  test('all that is dead is sent again, but not what was taken back', async () => {
    downstream.behave = answer(422);
    for (const id of ['a', 'b']) books.enqueue({ id, atUs: time.clock.unixUs() });
    await sent(2);
    await stateOf('a', 'dead');
    await stateOf('b', 'dead');
    books.enqueue({ id: 'r_b', topic: 'grant.reversed', after: 'b', atUs: time.clock.unixUs() });
    expect(await post('/b/revive')).toMatchObject({
      ...{ status: 409, body: { error: { code: 'ERR_OUTBOX_STATE', details: { takenBackBy: 'r_b' } } } },
    });
    expect(await post('/revive')).toMatchObject({ status: 200, body: { revived: 1, left: 1 } });
  });

  test('what does not fit has a code', async () => {
    expect(await send('/nobody')).toMatchObject({
      status: 404,
      body: { error: { code: 'ERR_OUTBOX_UNKNOWN' } },
    });
    expect(await post('/nobody/revive')).toMatchObject({ status: 404 });
    expect(await send('?state=lost')).toMatchObject({ status: 400 });
    expect(await send('', 'wrong-token')).toMatchObject({ status: 401 });
    expect(await post('')).toMatchObject({ status: 405 });
  });

  test('is measured: calls by outcome, lag, the dead, the breaker', async () => {
    downstream.behave = answer(503);
    for (let i = 0; i < 6; i++) books.enqueue({ id: `x${i}`, atUs: time.clock.unixUs() });
    await vi.waitFor(() => {
      time.advance(200);
      expect(outbox.status().lanes.get('gold')?.breaker).toBe('open');
    }, WAIT);
    time.advance(400);
    await vi.waitFor(async () => {
      const text = await registry.metrics();
      expect(text).toMatch(/framecue_outbox_calls_total\{lane="gold",outcome="failed"\} [56]/);
      expect(text).toContain('framecue_outbox_breaker{lane="gold"} 2');
      expect(text).toContain('framecue_outbox_breaker{lane=""} 0');
      expect(text).toContain('framecue_outbox_queued{lane="gold"} 6');
      expect(text).toContain('framecue_outbox_dead{lane="gold"} 0');
      expect(text).toMatch(/framecue_outbox_lag_seconds\{lane="gold"\} [\d.]*[1-9]/);
    }, WAIT);
  });
});
