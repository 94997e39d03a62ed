import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import { FramecueError } from '../packet/errors.ts';
import { unixUs } from '../packet/time.ts';
import { Rig, STREAM, WHO } from './testing/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await new Rig().open();
  rig.gate.begin(STREAM);
});
afterEach(() => rig.remove());

const cancel = (id: string) => rig.book.cancel({ stream: STREAM, id, who: WHO });
const cueOf = async (id: string): Promise<Cue> => (await rig.book.get(STREAM, id))!;
const SERIES = { type: 'custom.tick', id: 's', series: { everyMs: 10_000, count: 3 }, announceMs: 0 };
const until = (id: string) => vi.waitFor(async () => expect(await rig.state(id)).toBe('accepted'), 15_000);
const landAt = (id: string) => rig.land(id, { fireAtUs: unixUs(rig.clock.unixUs()) });

test('enters the next one when the one before has landed, on the grid of the first', async () => {
  const start = rig.now;
  await rig.mark(SERIES);
  expect(await rig.state('s.1')).toBe('accepted');
  rig.clock.advanceMs(80);
  landAt('s.1');
  await until('s.2');
  expect(await cueOf('s.2')).toMatchObject({
    fire: { kind: 'at', at: start + 10_000, by: 'arrival' },
    series: { id: 's', n: 2, count: 3, everyMs: 10_000 },
  });
  rig.clock.advanceMs(10_000);
  landAt('s.2');
  await until('s.3');
  rig.clock.advanceMs(10_000);
  landAt('s.3');
  rig.book.sweep();
  expect(await rig.book.get(STREAM, 's.4')).toBeNull();
});

test('that is cancelled while its next cue is on its way to the disk ends there', async () => {
  await rig.mark({ type: 'custom', id: 's', series: { everyMs: 1_000, count: 5 } });
  rig.land('s.1');
  // The next one is entered in a turn of its own.
  await new Promise((resolve) => setImmediate(resolve));
  await rig.book.cancel({ stream: STREAM, id: 's', who: WHO });
  await vi.waitFor(async () => expect(await rig.state('s.2')).toBe('cancelled'), 15_000);
  expect(rig.gate.scheduled.map(({ id }) => id)).toEqual(['s.1']);
});

test.each(['s', 's.1'])(
  'that is cancelled by %s answers when the end of what was on its way is there',
  async (id) => {
    await rig.mark({ type: 'custom', id: 's', series: { everyMs: 1_000, count: 5 } });
    rig.land('s.1');
    await new Promise((resolve) => setImmediate(resolve));
    expect(await cancel(id)).toMatchObject({ kind: 'cancelled' });
    expect(rig.told.at(-1)).toMatch(/^\d+:s\.2:cancelled$/);
    // Also where the first answer was lost.
    expect(await cancel(id)).toMatchObject({ kind: 'cancelled' });
  },
);

test('that was cancelled does not go on by a cue that the log has taken too late', async () => {
  await rig.mark({ type: 'custom', id: 's', series: { everyMs: 1_000, count: 5 } });
  const accept = rig.cueLog.accept.bind(rig.cueLog);
  const inDoubt = new FramecueError('ERR_STORE_UNAVAILABLE', undefined, {
    details: { mayBeCommitted: true },
  });
  let takeLate: (() => Promise<unknown>) | null = null;
  const spy = vi.spyOn(rig.cueLog, 'accept').mockImplementation(async (...given) => {
    takeLate = () => accept(...given);
    throw inDoubt;
  });
  rig.land('s.1');
  await vi.waitFor(() => expect(takeLate).not.toBeNull(), 15_000);
  expect(await cancel('s')).toMatchObject({ kind: 'cancelled', cue: { series: { stopped: true } } });
  spy.mockRestore();
  await takeLate!();
  await vi.waitFor(async () => expect(await rig.state('s.2')).toBe('missed NOT_CONFIRMED'), 15_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await rig.book.get(STREAM, 's.3')).toBeNull();
  await rig.restart();
  rig.book.sweep();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await rig.book.get(STREAM, 's.3')).toBeNull();
});

test('goes on after a crash, and says what passed meanwhile', async () => {
  await rig.mark(SERIES);
  landAt('s.1');
  await until('s.2');
  await rig.crash();
  rig.clock.advanceMs(15_000);
  rig.gate.begin(STREAM);
  rig.book.streamBegan(STREAM);
  expect(await rig.state('s.2')).toBe('missed STREAM_AWAY');
  await until('s.3');
  expect(rig.gate.held.has(`${STREAM} s.3`)).toBe(true);
});

test('of a rehearsal ends with it, wherever the switch comes between two of it', async () => {
  rig.book.isRehearsal = () => true;
  await rig.mark(SERIES);
  landAt('s.1');
  // Before the next one is entered: nothing of it waits, so the mode can be switched.
  rig.book.isRehearsal = () => false;
  rig.book.sweep();
  await vi.waitFor(
    async () => expect((await cueOf('s.1')).series).toMatchObject({ n: 1, stopped: true }),
    15_000,
  );
  rig.book.sweep();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await rig.book.get(STREAM, 's.2')).toBeNull();
});

test('whose next moment has passed says so of each', async () => {
  await rig.mark(SERIES);
  landAt('s.1');
  await until('s.2');
  await rig.crash();
  rig.clock.advanceMs(60_000);
  rig.gate.begin(STREAM);
  rig.book.streamBegan(STREAM);
  await vi.waitFor(async () => expect(await rig.state('s.3')).toBe('missed SERIES_BEHIND'), 15_000);
  expect(rig.gate.scheduled).toEqual([]);
});

test('ends when it, or one of it, is cancelled, also over a restart', async () => {
  await rig.mark(SERIES);
  landAt('s.1');
  await until('s.2');
  expect(await cancel('s')).toMatchObject({
    kind: 'cancelled',
    cue: { id: 's.2', series: { stopped: true } },
  });
  await rig.restart();
  rig.book.sweep();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await rig.book.get(STREAM, 's.3')).toBeNull();
});
