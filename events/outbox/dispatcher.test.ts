import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FramecueError } from '../../packet/errors.ts';
import { createLog } from '../../service/log.ts';
import { WebhookSigner } from '../../service/webhooks.ts';
import type { OutboxItem, OutboxLane } from '../ledger/outbox.ts';
import { ManualTime } from '../test-support/manual-time.ts';
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts';
import { answer, Downstream, never, SECRET } from './testing/downstream.ts';
import { OutboxBooks } from './testing/outbox-books.ts';

const WAIT = { timeout: 20_000, interval: 5 };
const HOUR_MS = 3_600_000;

describe('the dispatcher', () => {
  let downstream: Downstream;
  let books: OutboxBooks;
  let time: ManualTime;
  let lines: string[];
  let open: Dispatcher[];

  beforeEach(async () => {
    downstream = await new Downstream().listen();
    books = new OutboxBooks();
    time = new ManualTime();
    lines = [];
    open = [];
  });
  afterEach(async () => {
    const closing = open.map((dispatcher) => dispatcher.close(0));
    time.advance(1);
    await Promise.all(closing);
    await downstream.close();
  });

  const make = (over: Partial<DispatcherOptions> = {}, call: object = {}): Dispatcher => {
    const dispatcher = new Dispatcher({
      books,
      call: {
        url: downstream.url,
        signer: new WebhookSigner([SECRET]),
        timeoutMs: 10_000,
        signedAnswers: false,
        ...call,
      },
      lane: {
        concurrency: 2,
        perSecond: 1_000,
        breaker: { failures: 5, firstMs: 1_000, longestMs: 60_000 },
      },
      perSecond: 1_000,
      giveUpMs: 72 * HOUR_MS,
      clock: time.clock,
      timers: time,
      random: () => 0.5,
      log: createLog('events', { logLevel: 'debug' }, { write: (line: string) => void lines.push(line) }),
      ...over,
    });
    open.push(dispatcher);
    return dispatcher;
  };
  const get = (id: string): Promise<OutboxItem> => books.ask('outbox.get', { id });
  const lanes = (): Promise<OutboxLane[]> => books.ask('outbox.lanes', {});
  const add = (count: number, lane = 'gold', prefix = lane) => {
    for (let i = 0; i < count; i++) {
      books.enqueue({ id: `${prefix}_${i}`, lane, payload: { pool: lane }, atUs: time.clock.unixUs() });
    }
  };
  const settled = (dispatcher: Dispatcher) =>
    vi.waitFor(() => {
      for (const { inFlight } of dispatcher.status().lanes.values()) expect(inFlight).toBe(0);
    }, WAIT);

  test('sends what is queued, and writes down what came of it', async () => {
    add(10);
    downstream.behave = (res, { id }) =>
      answer(200, id === 'gold_3' ? { outcome: 'declined', reason: 'no-account' } : {})(res, null as never);
    await make().tick();
    await vi.waitFor(async () => expect(await lanes()).toMatchObject([{ queued: 0, delivered: 9 }]), WAIT);
    expect(downstream.ids().sort()).toEqual(Array.from({ length: 10 }, (_, i) => `gold_${i}`));
    expect(await get('gold_3')).toMatchObject({ outcome: 'declined', reason: 'no-account' });
    expect(books.told.filter(({ outcome }) => outcome === 'declined').map(({ id }) => id)).toEqual([
      'gold_3',
    ]);
  });

  test('a failure is repeated with the same id when its time has come, which stands in the ledger', async () => {
    add(1);
    downstream.behave = answer(500);
    const first = make();
    await first.tick();
    await vi.waitFor(async () => expect(await get('gold_0')).toMatchObject({ attempts: 1 }), WAIT);
    expect(((await get('gold_0')).nextUs - time.clock.unixUs()) / 1_000).toBe(500);
    await first.close(0);

    // Another life of the process knows when.
    const second = make();
    downstream.behave = answer(200);
    time.advance(499);
    await second.tick();
    expect(downstream.received).toHaveLength(1);
    time.advance(1);
    await second.tick();
    await vi.waitFor(async () => expect(await get('gold_0')).toMatchObject({ state: 'delivered' }), WAIT);
    expect(downstream.ids()).toEqual(['gold_0', 'gold_0']);
  });

  test('a lane that is stuck does not hold the others up', async () => {
    downstream.behave = (res, received) => (received.lane === 'stuck' ? never : answer(200))(res, received);
    add(50, 'stuck');
    add(30, 'gold');
    const dispatcher = make();
    await dispatcher.tick();
    await vi.waitFor(
      async () =>
        expect((await lanes()).find(({ lane }) => lane === 'gold')).toMatchObject({ delivered: 30 }),
      WAIT,
    );
    expect(dispatcher.status().lanes.get('stuck')).toMatchObject({ inFlight: 2 });
    expect(downstream.received.filter(({ lane }) => lane === 'stuck')).toHaveLength(2);
  });

  test('one lane alone may fail without the others being held back', async () => {
    downstream.behave = (res, received) => answer(received.lane === 'bad' ? 500 : 200)(res, received);
    add(20, 'bad');
    const dispatcher = make();
    await dispatcher.tick();
    await vi.waitFor(() => expect(dispatcher.status().lanes.get('bad')!.breaker).toBe('open'), WAIT);
    add(20, 'gold');
    await dispatcher.tick();
    await vi.waitFor(
      async () =>
        expect((await lanes()).find(({ lane }) => lane === 'gold')).toMatchObject({ delivered: 20 }),
      WAIT,
    );
    expect(dispatcher.status().breaker).toBe('closed');
  });

  test('no more calls a second than the lane and the whole allow', async () => {
    add(20, 'a');
    add(20, 'b');
    const lane = { concurrency: 20, perSecond: 6, breaker: { failures: 5, firstMs: 1, longestMs: 1 } };
    const dispatcher = make({ lane, perSecond: 10 });
    await dispatcher.tick();
    await settled(dispatcher);
    expect(downstream.received).toHaveLength(10);
    expect(downstream.received.filter(({ lane }) => lane === 'a').length).toBeLessThanOrEqual(6);
    await dispatcher.tick();
    await settled(dispatcher);
    expect(downstream.received).toHaveLength(10);
    time.advance(1_000);
    await dispatcher.tick();
    await settled(dispatcher);
    expect(downstream.received).toHaveLength(20);
  });

  test('lanes that want more than the whole allows take turns', async () => {
    for (const lane of ['a', 'b', 'c']) add(60, lane);
    const lane = { concurrency: 2, perSecond: 10, breaker: { failures: 5, firstMs: 1, longestMs: 1 } };
    const dispatcher = make({ lane, perSecond: 10 });
    for (let second = 0; second < 12; second++) {
      for (let i = 0; i < 5; i++) {
        await dispatcher.tick();
        await settled(dispatcher);
        time.advance(200);
      }
    }
    const counts = ['a', 'b', 'c'].map(
      (name) => downstream.received.filter(({ lane }) => lane === name).length,
    );
    expect(Math.min(...counts)).toBeGreaterThan(25);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(100);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(130);
  });

  test('a lane whose turn it is and that fails does not keep the others from theirs', async () => {
    downstream.behave = (res, received) => answer(received.lane === 'a' ? 500 : 200)(res, received);
    for (const name of ['a', 'b']) add(30, name);
    const lane = {
      concurrency: 2,
      perSecond: 10,
      breaker: { failures: 3, firstMs: 60_000, longestMs: 60_000 },
    };
    const dispatcher = make({ lane, perSecond: 2 });
    await vi.waitFor(async () => {
      time.advance(500);
      await dispatcher.tick();
      await settled(dispatcher);
      expect((await lanes()).find(({ lane }) => lane === 'b')).toMatchObject({ delivered: 30 });
    }, WAIT);
  });

  test('the breaker holds a lane back after failures in a row, and lets it go when a probe succeeds', async () => {
    add(40);
    downstream.behave = answer(503);
    const dispatcher = make();
    await dispatcher.tick();
    await vi.waitFor(() => expect(dispatcher.status().lanes.get('gold')!.breaker).toBe('open'), WAIT);
    await settled(dispatcher);
    const before = downstream.received.length;
    expect(before).toBeLessThanOrEqual(6);
    await dispatcher.tick();
    expect(downstream.received).toHaveLength(before);

    time.advance(1_000);
    await dispatcher.tick();
    await settled(dispatcher);
    // One probe, which failed; the next comes later than the first.
    expect(downstream.received).toHaveLength(before + 1);
    time.advance(1_000);
    await dispatcher.tick();
    await settled(dispatcher);
    expect(downstream.received).toHaveLength(before + 1);

    downstream.behave = answer(200);
    time.advance(1_000);
    await dispatcher.tick();
    await vi.waitFor(async () => {
      time.advance(50);
      await dispatcher.tick();
      expect(await lanes()).toMatchObject([{ delivered: 40 }]);
    }, WAIT);
    expect(dispatcher.status().lanes.get('gold')?.breaker ?? 'closed').toBe('closed');
  });

  test('a wall clock that is set back does not keep the breaker open', async () => {
    add(10);
    downstream.behave = answer(500);
    const dispatcher = make();
    await dispatcher.tick();
    await settled(dispatcher);
    time.clock.stepWallMs(-2 * HOUR_MS);
    downstream.behave = answer(200);
    time.advance(2_000);
    await dispatcher.tick();
    await vi.waitFor(async () => expect(await lanes()).toMatchObject([{ delivered: 10 }]), WAIT);
  });

  test('nobody at the address: all lanes wait for one probe, nothing is dead, and all of it goes out afterwards', async () => {
    const { port, url } = downstream;
    await downstream.close();
    add(20, 'a');
    add(20, 'b');
    const dispatcher = make({}, { url });
    await dispatcher.tick();
    await vi.waitFor(() => expect(dispatcher.status().breaker).toBe('open'), WAIT);
    await settled(dispatcher);
    const attempts = async () =>
      ((await books.ask('outbox.list', { limit: 100 })) as OutboxItem[]).reduce(
        (sum, item) => sum + item.attempts,
        0,
      );
    const before = await attempts();
    expect(before).toBeLessThanOrEqual(8);
    time.advance(1_000);
    await dispatcher.tick();
    await settled(dispatcher);
    expect(await attempts()).toBe(before + 1);

    downstream = await new Downstream().listen(port);
    await vi.waitFor(async () => {
      time.advance(1_000);
      await dispatcher.tick();
      await settled(dispatcher);
      expect(await lanes()).toMatchObject([{ delivered: 20 }, { delivered: 20 }]);
    }, WAIT);
  });

  test('when the downstream asks to wait, the item and its lane do', async () => {
    add(5);
    downstream.behave = answer(429, '', { 'retry-after': '30' });
    const dispatcher = make();
    await dispatcher.tick();
    await settled(dispatcher);
    const before = downstream.received.length;
    expect(before).toBeLessThanOrEqual(2);
    downstream.behave = answer(200);
    time.advance(29_000);
    await dispatcher.tick();
    await settled(dispatcher);
    expect(downstream.received).toHaveLength(before);
    time.advance(2_000);
    await dispatcher.tick();
    await vi.waitFor(async () => expect(await lanes()).toMatchObject([{ delivered: 5 }]), WAIT);
  });

  test('a final refusal is dead at once, and goes out again with the same id when it is revived', async () => {
    add(1);
    downstream.behave = answer(422);
    const dispatcher = make();
    await dispatcher.tick();
    await vi.waitFor(async () => expect(await get('gold_0')).toMatchObject({ state: 'dead' }), WAIT);
    time.advance(HOUR_MS);
    await dispatcher.tick();
    expect(downstream.received).toHaveLength(1);
    downstream.behave = answer(200);
    await books.perform('outbox.revive', { id: 'gold_0', by: 'ops', atUs: time.clock.unixUs() });
    await dispatcher.tick();
    await vi.waitFor(async () => expect(await get('gold_0')).toMatchObject({ state: 'delivered' }), WAIT);
    expect(downstream.ids()).toEqual(['gold_0', 'gold_0']);
  });

  test('an item that fails when it is too old is dead; one that has only waited is tried first', async () => {
    add(1);
    downstream.behave = answer(500);
    time.advance(71 * HOUR_MS);
    const dispatcher = make();
    await dispatcher.tick();
    await vi.waitFor(async () => expect(await get('gold_0')).toMatchObject({ attempts: 1 }), WAIT);
    expect(await get('gold_0')).toMatchObject({ state: 'queued' });
    time.advance(HOUR_MS);
    await dispatcher.tick();
    await vi.waitFor(
      async () => expect(await get('gold_0')).toMatchObject({ state: 'dead', attempts: 2 }),
      WAIT,
    );
    const dead = books.db.prepare(`SELECT body FROM journal WHERE kind = 'outbox.dead'`).get()!;
    expect(JSON.parse(String(dead.body))).toMatchObject({ why: 'gave-up', code: 'failed', status: 500 });
  });

  test('while the ledger takes nothing, what is known is kept and not sent again', async () => {
    add(1);
    const dispatcher = make();
    books.failNext = new FramecueError('ERR_STORE_UNAVAILABLE');
    await dispatcher.tick();
    await vi.waitFor(() => expect(lines.join()).toContain('could not be written down'), WAIT);
    await dispatcher.tick();
    expect(await get('gold_0')).toMatchObject({ state: 'queued' });
    await vi.waitFor(async () => {
      time.advance(500);
      expect(await get('gold_0')).toMatchObject({ state: 'delivered' });
    }, WAIT);
    expect(downstream.received).toHaveLength(1);
  });

  test('at the end it waits for what is under way, and begins nothing more', async () => {
    add(5);
    let letGo = (): void => undefined;
    downstream.behave = (res) => {
      const before = letGo;
      letGo = () => {
        before();
        res.end();
      };
    };
    const dispatcher = make();
    await dispatcher.tick();
    await vi.waitFor(() => expect(downstream.received).toHaveLength(2), WAIT);
    const closed = dispatcher.close(60_000);
    letGo();
    await closed;
    expect(await lanes()).toMatchObject([{ delivered: 2, queued: 3 }]);
    await dispatcher.tick();
    expect(downstream.received).toHaveLength(2);
  });

  test('what it lets go of at the end goes out again with the same id in the next life', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'framecue-outbox-'));
    books = new OutboxBooks(join(folder, 'events.db'));
    add(1);
    downstream.behave = never;
    const first = make();
    await first.tick();
    await vi.waitFor(() => expect(downstream.received).toHaveLength(1), WAIT);
    const closed = first.close(1_000);
    time.advance(1_000);
    await closed;
    expect(await get('gold_0')).toMatchObject({ state: 'queued', attempts: 0 });

    books.db.close();
    books = new OutboxBooks(join(folder, 'events.db'));
    downstream.behave = answer(200);
    await make().tick();
    await vi.waitFor(async () => expect(await get('gold_0')).toMatchObject({ state: 'delivered' }), WAIT);
    expect(downstream.ids()).toEqual(['gold_0', 'gold_0']);
    books.db.close();
    await rm(folder, { recursive: true });
  });

  test('without an address nothing is sent, and everything waits', async () => {
    add(3);
    const dispatcher = make({ call: null });
    await dispatcher.tick();
    expect(dispatcher.status()).toMatchObject({ sending: false });
    expect(await lanes()).toMatchObject([{ queued: 3 }]);
  });

  test('no secret and no viewer is in the log, whatever fails', async () => {
    for (const behave of [
      answer(500),
      answer(422),
      answer(401),
      (res: { destroy(): void }) => res.destroy(),
    ]) {
      downstream.behave = behave as typeof downstream.behave;
      const prefix = `x${downstream.received.length}`;
      add(1, prefix);
      await make().tick();
      await vi.waitFor(() => expect(lines.join()).toContain(`${prefix}_0`), WAIT);
    }
    const text = lines.join();
    expect(text).not.toContain(SECRET.slice('whsec_'.length));
    expect(text).not.toContain('v1,');
    expect(text).not.toContain('"ann"');
  });
});
