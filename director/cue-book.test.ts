import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type CueStamp,
  formatCueStamp,
  openCueData,
  parseStamp,
  verifyStamp,
  webCrypto,
} from '../cues/wire/index.ts';
import { Rig, STREAM, TEST_LIMITS, WHO } from './testing/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await new Rig().open();
  rig.gate.begin(STREAM);
});
afterEach(() => rig.remove());

const OPEN = { type: 'interaction.open', data: { interaction: 'q1' }, durationMs: 10_000 };

describe('accepting', () => {
  test('goes in this order: on the disk, on the feed, in the injector, answered', async () => {
    const order: string[] = [];
    rig.cueLog.onCommitted((row) => {
      const db = new DatabaseSync(rig.path, { readOnly: true });
      const { count } = db.prepare('SELECT count(*) AS count FROM entries').get() as { count: number };
      db.close();
      order.push(`told of ${row.seq}, ${count} on the disk`);
    });
    rig.gate.onSchedule = () => order.push('scheduled');
    await rig.mark({ type: 'custom' });
    order.push('answered');
    expect(order).toEqual(['told of 1, 1 on the disk', 'scheduled', 'answered']);
  });

  test('gives the cue as a resource', async () => {
    const outcome = await rig.accept({ ...OPEN, id: 'q1-open', show: 'quiz', audience: { level: 'gold' } });
    expect(outcome).toEqual({
      kind: 'accepted',
      commit: { wallUs: expect.any(Number), cpuUs: null },
      scheduledAtUs: expect.any(Number),
      cue: {
        id: 'q1-open',
        rev: 0,
        stream: STREAM,
        show: 'quiz',
        type: 'interaction.open',
        state: 'accepted',
        data: { interaction: 'q1' },
        audience: { level: 'gold' },
        markedAt: rig.now,
        acceptedAt: rig.now,
        durationMs: 10_000,
        exp: rig.now + 40_000,
        fire: { kind: 'next' },
        announceMs: 0,
        repeat: 4,
        by: 'director',
        landing: null,
        dueAt: rig.now,
      },
    });
    expect(await rig.book.get(STREAM, 'q1-open')).toEqual(outcome.kind === 'accepted' && outcome.cue);
    expect(await rig.book.get('live/other', 'q1-open')).toBeNull();
  });

  test('seals and signs what the injector gets', async () => {
    await rig.mark({ ...OPEN, id: 'sealed', data: { question: 'hidden until its picture' } });
    const prepared = rig.gate.scheduled[0]!;
    expect(prepared.bodyText).not.toContain('hidden');
    const head = { epoch: 'e', at: 1, fireIn: 0, fireAt: 1 };
    const stamp = parseStamp(formatCueStamp(head, prepared.bodyText, prepared.signatureLine)) as CueStamp;
    const subtle = webCrypto(crypto.subtle);
    expect(await verifyStamp(stamp, { keys: [rig.key.publicJwk] }, subtle)).toBe('good');
    expect(await openCueData(stamp, prepared.key!, subtle)).toEqual({ question: 'hidden until its picture' });
    expect(stamp.body).toMatchObject({ id: 'sealed', rev: 0, stream: STREAM, durationMs: 10_000 });
  });

  test('two cues with the same data have nothing in common that tells so', async () => {
    await rig.mark({ type: 'custom', data: { a: 1 } });
    await rig.mark({ type: 'custom', data: { a: 1 } });
    const [one, two] = rig.gate.scheduled;
    expect(one!.key).not.toBe(two!.key);
    expect(JSON.parse(one!.bodyText).sealed).not.toBe(JSON.parse(two!.bodyText).sealed);
  });

  test('a cue without data has nothing to seal', async () => {
    await rig.mark({ type: 'custom' });
    expect(rig.gate.scheduled[0]).toMatchObject({ key: null });
    expect(JSON.parse(rig.gate.scheduled[0]!.bodyText)).not.toHaveProperty('sealed');
  });

  test('a cue without data that is announced is sealed all the same: taken back, it opens for nobody', async () => {
    const opening = await rig.mark({ type: 'interaction.open' });
    for (const request of [
      { type: 'custom', delayMs: 5_000 },
      { type: 'interaction.lock', ref: opening, delayMs: 5_000, announceMs: 100 },
    ]) {
      const id = await rig.mark(request);
      const prepared = rig.gate.held.get(`${STREAM} ${id}`)!;
      expect(prepared.key).not.toBeNull();
      expect(JSON.parse(prepared.bodyText)).toMatchObject({ sealed: expect.any(String) });
    }
    const unannounced = await rig.mark({ type: 'custom', delayMs: 5_000, announceMs: 0 });
    expect(rig.gate.held.get(`${STREAM} ${unannounced}`)!.key).toBeNull();
  });

  test('ids that it makes sort by time', async () => {
    const first = await rig.mark({ type: 'custom' });
    rig.clock.advanceMs(1);
    const second = await rig.mark({ type: 'custom' });
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(first < second).toBe(true);
  });
});

describe('refusing', () => {
  test('a stream that is not live', async () => {
    expect(await rig.refusal({ type: 'custom' }, { stream: 'live/other' })).toMatchObject({
      code: 'ERR_STREAM_NOT_LIVE',
    });
  });

  test('a cue whose largest stamp does not fit, with how much it has and may have', async () => {
    const text = 'é'.repeat(400);
    const { code, details } = await rig.refusal({ type: 'custom', data: { text } });
    expect(code).toBe('ERR_CUE_TOO_LARGE');
    expect(details).toEqual({ bytes: expect.any(Number), limit: 1_024 });
    expect(details!.bytes).toBeGreaterThan(1_024);
    expect(rig.told).toEqual([]);
  });

  test('no cue that it takes ever has a stamp above the limit', async () => {
    let size = 0;
    for (let length = 300; ; length += 2) {
      const outcome = await rig.accept({ type: 'custom', id: `c${length}`, data: { t: 'x'.repeat(length) } });
      if (outcome.kind === 'refused') break;
      const { bodyText, signatureLine, key } = rig.gate.scheduled.at(-1)!;
      const head = { epoch: 'epoch-1', at: 1_700_000_000_123_456, pts: 4_000_000_000, fireIn: -30_000 };
      const text = formatCueStamp(
        { ...head, fireAt: 1_700_000_000_123_456, key: key! },
        bodyText,
        signatureLine,
      );
      size = Buffer.byteLength(text);
      expect(size).toBeLessThanOrEqual(1_024);
      rig.gate.held.clear();
      await rig.book.cancel({ stream: STREAM, id: `c${length}`, who: WHO });
    }
    expect(size).toBeGreaterThan(980);
  });

  test('an id that is taken, also by a cue of long ago, and by two at once', async () => {
    const both = await Promise.all([1, 2].map(() => rig.accept({ type: 'custom', id: 'one' })));
    expect(both.map((outcome) => outcome.kind).sort()).toEqual(['accepted', 'refused']);
    expect(await rig.refusal({ type: 'custom', id: 'one' })).toMatchObject({ code: 'ERR_CUE_EXISTS' });
    expect(rig.told).toEqual(['1:one:accepted']);
  });

  test('more cues than may wait', async () => {
    for (let at = 0; at < 20; at++) await rig.mark({ type: 'custom', delayMs: 1_000 });
    expect(await rig.refusal({ type: 'custom' })).toMatchObject({
      code: 'ERR_CUE_TOO_MANY_OPEN',
      details: { limit: 20, retryAfterMs: 5_000 },
    });
  });

  test('more windows than may be open; what has no window of its own only leaves the keyframes', async () => {
    const window = { type: 'product.card', durationMs: 60_000 };
    for (let at = 0; at < 8; at++) rig.land(await rig.mark(window));
    for (const request of [window, OPEN, { type: 'interaction.open' }]) {
      expect(await rig.refusal(request)).toMatchObject({
        code: 'ERR_CUE_TOO_MANY_OPEN',
        details: { limit: 8 },
      });
    }
    for (let at = 0; at < 12; at++) {
      const id = await rig.mark({ type: 'custom' });
      expect(rig.gate.scheduled.at(-1)).toMatchObject({ id, openForMs: 0, repeat: 4 });
      rig.land(id);
      rig.book.onStampEvent({ kind: 'ended', id, rev: 0 });
    }
    const [first] = rig.gate.held.values();
    rig.book.onStampEvent({ kind: 'ended', id: first!.id, rev: 0 });
    await rig.mark(OPEN);
    expect(rig.gate.scheduled.at(-1)).toMatchObject({ openForMs: 10_000 });
  });

  test('windows that will be open at the same time, also before any is; one after the other is no problem', async () => {
    for (let at = 0; at < 8; at++) await rig.mark({ ...OPEN, delayMs: 10_000 });
    expect(await rig.refusal({ ...OPEN, delayMs: 15_000 })).toMatchObject({ code: 'ERR_CUE_TOO_MANY_OPEN' });
    for (let at = 3; at < 12; at++) await rig.mark({ ...OPEN, delayMs: at * 11_000 });
  });

  test('everything while it closes', async () => {
    const closed = rig.book.close();
    expect(await rig.refusal({ type: 'custom' })).toMatchObject({ code: 'ERR_NOT_READY' });
    await closed;
  });
});

describe('lock, reveal and cancel', () => {
  const refer = (type: string, ref: string, id = `${type}-${ref}`) => ({
    type: `interaction.${type}`,
    ref,
    id,
  });

  test('need an opening cue of this stream', async () => {
    const card = await rig.mark({ type: 'product.card' });
    rig.gate.begin('live/other');
    const elsewhere = await rig.accept({ ...OPEN, id: 'elsewhere' }, { stream: 'live/other' });
    expect(elsewhere.kind).toBe('accepted');
    for (const ref of ['nobody', card, 'elsewhere']) {
      expect(await rig.refusal(refer('lock', ref))).toMatchObject({ code: 'ERR_REQUEST_INVALID' });
    }
  });

  test('come in an order that makes sense, and each once', async () => {
    const open = await rig.mark(OPEN);
    await rig.mark(refer('lock', open));
    expect(await rig.refusal(refer('lock', open, 'again'))).toMatchObject({
      code: 'ERR_CUE_STATE',
      details: { by: `lock-${open}` },
    });
    await rig.mark(refer('reveal', open));
    for (const type of ['lock', 'reveal', 'cancel']) {
      expect(await rig.refusal(refer(type, open, 'late'))).toMatchObject({ code: 'ERR_CUE_STATE' });
    }
  });

  test('a round that is locked can be called off; then nothing more comes of it', async () => {
    const open = await rig.mark(OPEN);
    await rig.mark(refer('lock', open));
    await rig.mark(refer('cancel', open));
    expect(await rig.refusal(refer('reveal', open))).toMatchObject({ code: 'ERR_CUE_STATE' });
  });

  test('two locks at once: one', async () => {
    const open = await rig.mark(OPEN);
    const both = await Promise.all(['a', 'b'].map((id) => rig.accept(refer('lock', open, id))));
    expect(both.map((outcome) => outcome.kind).sort()).toEqual(['accepted', 'refused']);
  });

  test('one that was taken back or missed leaves room for another', async () => {
    const open = await rig.mark(OPEN);
    await rig.mark(refer('lock', open, 'first'));
    await rig.book.cancel({ stream: STREAM, id: 'first', who: WHO });
    await rig.mark(refer('lock', open, 'second'));
    rig.book.onStampEvent({ kind: 'missed', id: 'second', rev: 0, code: 'EXPIRED', text: 'x' });
    await rig.mark(refer('lock', open, 'third'));
  });

  test('of an opening that nobody saw are refused', async () => {
    const open = await rig.mark({ ...OPEN, delayMs: 5_000 });
    await rig.book.cancel({ stream: STREAM, id: open, who: WHO });
    expect(await rig.refusal(refer('lock', open))).toMatchObject({ code: 'ERR_CUE_STATE' });
  });
});

describe('Idempotency-Key', () => {
  test('the same request again gets the first cue as it now stands', async () => {
    const first = await rig.accept(OPEN, { key: 'k' });
    if (first.kind !== 'accepted') throw new Error(first.kind);
    rig.land(first.cue.id);
    const again = await rig.accept(OPEN, { key: 'k' });
    expect(again).toMatchObject({ kind: 'repeated', cue: { id: first.cue.id, state: 'landed' } });
    expect(rig.gate.scheduled).toHaveLength(1);
  });

  test('the order of fields does not make another request', async () => {
    await rig.accept({ type: 'custom', repeat: 1, delayMs: 5 }, { key: 'k' });
    expect(await rig.accept({ delayMs: 5, repeat: 1, type: 'custom' }, { key: 'k' })).toMatchObject({
      kind: 'repeated',
    });
  });

  test('another request with it is refused; another token has keys of its own', async () => {
    await rig.accept(OPEN, { key: 'k' });
    expect(await rig.refusal({ type: 'custom' }, { key: 'k' })).toMatchObject({
      code: 'ERR_IDEMPOTENCY_CONFLICT',
    });
    rig.gate.begin('live/other');
    expect(await rig.refusal(OPEN, { key: 'k', stream: 'live/other' })).toMatchObject({
      code: 'ERR_IDEMPOTENCY_CONFLICT',
    });
    expect(await rig.accept({ type: 'custom' }, { key: 'k', by: 'anna' })).toMatchObject({
      kind: 'accepted',
    });
  });

  test('many at once make one cue', async () => {
    const outcomes = await Promise.all(Array.from({ length: 25 }, () => rig.accept(OPEN, { key: 'k' })));
    const ids = new Set(outcomes.map((outcome) => outcome.kind !== 'refused' && outcome.cue.id));
    expect(ids.size).toBe(1);
    expect(outcomes.filter((outcome) => outcome.kind === 'accepted')).toHaveLength(1);
    expect(rig.gate.scheduled).toHaveLength(1);
    expect(rig.told).toHaveLength(1);
  });

  test('a request that was refused does not use it up', async () => {
    rig.gate.end(STREAM);
    expect(await rig.refusal(OPEN, { key: 'k' })).toMatchObject({ code: 'ERR_STREAM_NOT_LIVE' });
    rig.gate.begin(STREAM);
    expect(await rig.accept(OPEN, { key: 'k' })).toMatchObject({ kind: 'accepted' });
  });

  test('is known after a restart, and free again after a day', async () => {
    const first = await rig.accept(OPEN, { key: 'k' });
    await rig.crash();
    rig.gate.begin(STREAM);
    const again = await rig.accept(OPEN, { key: 'k' });
    expect(again.kind !== 'refused' && again.cue.id).toBe(first.kind !== 'refused' && first.cue.id);
    rig.clock.advanceMs(86_400_001);
    expect(await rig.accept({ type: 'custom' }, { key: 'k' })).toMatchObject({ kind: 'accepted' });
  });
});

describe('when the stream goes while the log is written', () => {
  test('the cue is missed, the caller is told, and the key can be used again', async () => {
    const accepted = rig.accept({ ...OPEN, id: 'gone' }, { key: 'k' });
    rig.gate.end(STREAM);
    expect(await accepted).toMatchObject({ kind: 'refused', error: { code: 'ERR_STREAM_NOT_LIVE' } });
    expect(await rig.state('gone')).toBe('missed STREAM_GONE');
    rig.gate.begin(STREAM);
    expect(await rig.accept({ ...OPEN, id: 'anew' }, { key: 'k' })).toMatchObject({ kind: 'accepted' });
    await vi.waitFor(() => expect(rig.told).toContain('2:gone:missed'), 15_000);
    await rig.crash();
    rig.gate.begin(STREAM);
    expect(await rig.accept({ ...OPEN, id: 'anew' }, { key: 'k' })).toMatchObject({ kind: 'repeated' });
  });

  test('the same where stamping was switched off, or the injector is full', async () => {
    const switched = rig.accept({ ...OPEN, id: 'switched' });
    await rig.book.setStamping(STREAM, false, WHO);
    expect(await switched).toMatchObject({ error: { code: 'ERR_STAMPING_OFF' } });
    await rig.book.setStamping(STREAM, true, WHO);
    rig.gate.isFull = true;
    expect(await rig.refusal({ ...OPEN, id: 'full' })).toMatchObject({ code: 'ERR_CUE_TOO_MANY_OPEN' });
    expect([await rig.state('switched'), await rig.state('full')]).toEqual([
      'missed STAMPING_OFF',
      'missed NO_ROOM',
    ]);
  });
});

describe('taking a cue back', () => {
  test('works while it waits, is logged when it is answered, and can be done twice', async () => {
    const id = await rig.mark({ type: 'custom', delayMs: 60_000 });
    expect(await rig.book.cancel({ stream: STREAM, id: id, who: WHO })).toMatchObject({
      kind: 'cancelled',
      cue: { state: 'cancelled' },
    });
    expect(rig.told).toEqual([`1:${id}:accepted`, `2:${id}:cancelled`]);
    expect(rig.gate.held.size).toBe(0);
    expect(await rig.book.cancel({ stream: STREAM, id: id, who: WHO })).toMatchObject({ kind: 'cancelled' });
    expect(rig.told).toHaveLength(2);
    await rig.crash();
    expect(await rig.book.cancel({ stream: STREAM, id: id, who: WHO })).toMatchObject({ kind: 'cancelled' });
  });

  test('works while its stream is away', async () => {
    const id = await rig.mark({ type: 'custom', delayMs: 60_000 });
    rig.gate.end(STREAM);
    expect(await rig.book.cancel({ stream: STREAM, id: id, who: WHO })).toMatchObject({ kind: 'cancelled' });
  });

  test('of no cue, or of another stream, is refused', async () => {
    const id = await rig.mark(OPEN);
    for (const [stream, cue] of [
      [STREAM, 'nobody'],
      ['live/other', id],
    ] as const) {
      expect(await rig.book.cancel({ stream: stream, id: cue, who: WHO })).toMatchObject({
        error: { code: 'ERR_CUE_UNKNOWN' },
      });
    }
  });
});

describe('what the injector tells', () => {
  test('goes to the log in order, with the receipt', async () => {
    const landed = vi.fn();
    await rig.crash({ observer: { cueLanded: landed } });
    rig.gate.begin(STREAM);
    const id = await rig.mark({ type: 'custom' });
    rig.clock.advanceMs(12);
    rig.book.onStampEvent({ kind: 'announced', id, rev: 0, epoch: 'epoch-1', firePts: 1_000 as never });
    rig.land(id, { frame: 77 });
    expect(await rig.book.get(STREAM, id)).toMatchObject({
      state: 'landed',
      landing: { epoch: 'epoch-1', pts: 1_000, frame: 77, markToStampMs: 12 },
    });
    rig.book.onStampEvent({ kind: 'ended', id, rev: 0 });
    await vi.waitFor(
      () =>
        expect(rig.told).toEqual([
          `1:${id}:accepted`,
          `2:${id}:announced`,
          `3:${id}:landed`,
          `4:${id}:ended`,
        ]),
      15_000,
    );
    expect(JSON.parse(rig.rows[2]!.json).landing).toMatchObject({ frame: 77 });
    expect(landed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ id }), {
      acceptToStampMs: 12,
      markToStampMs: 12,
    });
  });

  test('of cues that it does not know, or twice, changes nothing', async () => {
    const id = await rig.mark({ type: 'custom' });
    rig.land(id);
    rig.land(id, { frame: 99 });
    rig.book.onStampEvent({ kind: 'ended', id: 'nobody', rev: 0 });
    rig.book.onStampEvent({ kind: 'missed', id, rev: 0, code: 'EXPIRED', text: 'x' });
    expect(await rig.book.get(STREAM, id)).toMatchObject({ state: 'landed', landing: { frame: 25 } });
  });

  test('is kept while the log takes nothing, in order, and logged when it does again', async () => {
    const waiting: number[] = [];
    await rig.cueLog.close(true);
    await rig.open({ observer: { journalWaiting: (entries) => waiting.push(entries) } }, { timeoutMs: 200 });
    const [one, two] = [
      await rig.mark({ type: 'custom', id: 'one' }),
      await rig.mark({ type: 'custom', id: 'two' }),
    ];
    const other = new DatabaseSync(rig.path);
    other.exec('BEGIN IMMEDIATE');
    rig.land(one);
    rig.land(two);
    rig.book.onStampEvent({ kind: 'ended', id: one, rev: 0 });
    expect(await rig.state(one)).toBe('ended');
    await vi.waitFor(() => expect(rig.book.healthy).toBe(false), 15_000);
    expect(rig.told).toHaveLength(2);
    other.exec('ROLLBACK');
    other.close();
    await vi.waitFor(() => expect(rig.book.healthy).toBe(true), 10_000);
    await vi.waitFor(() => expect(waiting.at(-1)).toBe(0), 10_000);
    const order = rig.told.slice(2).map((line) => line.replace(/^\d+:/, ''));
    // A write that was given up may have been committed all the same: then it stands twice.
    expect([...new Set(order)]).toEqual(['one:landed', 'two:landed', 'one:ended']);
  });
});

describe('a log that cannot take a cue', () => {
  test('is answered 503, and nothing is half accepted', async () => {
    await rig.cueLog.close(true);
    await rig.open({}, { maxPages: 24 });
    const limits = { ...TEST_LIMITS, stampTextLimit: 4_000 };
    await rig.cueLog.close(true);
    await rig.open({ limits }, { maxPages: 24 });
    let refused: Awaited<ReturnType<Rig['accept']>> | null = null;
    for (let at = 0; at < 20 && refused?.kind !== 'refused'; at++) {
      const data = { text: 'x'.repeat(2_500) };
      refused = await rig.accept({ type: 'custom', id: `c${at}`, data, delayMs: 1_000 }, { key: `k${at}` });
    }
    expect(refused).toMatchObject({ error: { code: 'ERR_STORE_UNAVAILABLE', status: 503, retryable: true } });
    const taken = rig.gate.scheduled.length;
    expect(rig.told).toHaveLength(taken);
    expect(await rig.book.get(STREAM, `c${taken}`)).toBeNull();
    expect(await rig.accept({ type: 'custom', id: `c${taken}` }, { key: `k${taken}` })).toMatchObject({
      kind: 'accepted',
    });
  });

  test('in time but takes it later all the same: the cue is disowned, never stamped, and its key is free', async () => {
    await rig.cueLog.close(true);
    await rig.open({}, { timeoutMs: 200 });
    const other = new DatabaseSync(rig.path);
    other.exec('BEGIN IMMEDIATE');
    expect(await rig.refusal({ type: 'custom', id: 'late' }, { key: 'k' })).toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      details: { mayBeCommitted: true },
    });
    other.exec('ROLLBACK');
    other.close();
    await vi.waitFor(() => expect(rig.told).toEqual(['1:late:accepted', '2:late:missed']), 10_000);
    expect(await rig.state('late')).toBe('missed NOT_CONFIRMED');
    expect(rig.gate.scheduled).toEqual([]);
    expect(await rig.accept({ type: 'custom' }, { key: 'k' })).toMatchObject({ kind: 'accepted' });
    await rig.restart();
    expect(await rig.state('late')).toBe('missed NOT_CONFIRMED');
  });
});

test('cues are listed newest first, as they now stand', async () => {
  for (const id of ['a', 'b', 'c']) await rig.mark({ type: 'custom', id });
  rig.land('b');
  const cues = await rig.book.list(STREAM, 2, null);
  expect(cues?.map((cue) => `${cue.id} ${cue.state}`)).toEqual(['c accepted', 'b landed']);
  expect((await rig.book.list(STREAM, 2, 'b'))?.map((cue) => cue.id)).toEqual(['a']);
  expect(await rig.book.list(STREAM, 2, 'nobody')).toBeNull();
});

describe('the stamping switch', () => {
  test('is off at once, refuses cues, and stays off over a restart', async () => {
    await rig.book.setStamping(STREAM, false, WHO);
    expect(rig.gate.stamping).toEqual([[STREAM, false]]);
    expect(await rig.refusal({ type: 'custom' })).toMatchObject({ code: 'ERR_STAMPING_OFF' });
    await rig.restart();
    rig.book.streamBegan(STREAM);
    expect(rig.gate.stamping).toEqual([[STREAM, false]]);
    await rig.book.setStamping(STREAM, true, WHO);
    await rig.restart();
    expect(rig.book.isStampingOn(STREAM)).toBe(true);
  });

  test('switched off while it is being switched on, stays off', async () => {
    await rig.book.setStamping(STREAM, false, WHO);
    const on = rig.book.setStamping(STREAM, true, WHO);
    const off = rig.book.setStamping(STREAM, false, WHO);
    await Promise.all([on, off]);
    expect(rig.book.isStampingOn(STREAM)).toBe(false);
    expect(rig.gate.stamping.at(-1)).toEqual([STREAM, false]);
    await rig.restart();
    expect(rig.book.isStampingOn(STREAM)).toBe(false);
  });

  test('switched on again, nothing is stamped whose moment passed meanwhile', async () => {
    const passed = await rig.mark({ type: 'custom', delayMs: 1_000 });
    const ahead = await rig.mark({ type: 'custom', delayMs: 9_000 });
    await rig.book.setStamping(STREAM, false, WHO);
    rig.clock.advanceMs(5_000);
    await rig.book.setStamping(STREAM, true, WHO);
    expect([await rig.state(passed), await rig.state(ahead)]).toEqual(['missed STAMPING_OFF', 'accepted']);
    expect([...rig.gate.held.values()].map((cue) => cue.id)).toEqual([ahead]);
  });
});
