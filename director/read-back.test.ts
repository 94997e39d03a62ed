import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OutputReceipt } from '../cues/output-receipt.ts';
import { ms, unixMsToUs, unixUs } from '../packet/time.ts';
import type { ReadBack } from './read-back.ts';
import { Rig, STREAM } from './testing/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await new Rig().open();
  rig.gate.begin(STREAM);
});
afterEach(() => rig.remove());

const SEEN: OutputReceipt = {
  ...{ seen: 'sei', pts: ms(1_000), offsetMs: 0, delayMs: 12.5, copies: 5, carriers: ['onframecue'] },
};
const MISSING: OutputReceipt = {
  ...{ seen: 'missing', pts: null, offsetMs: null, delayMs: null, copies: 0, carriers: [] },
  problem: 'CUE_LOST',
};

describe('what was read back', () => {
  test('fills the receipt in, in the log too, and changes nothing else', async () => {
    const id = await rig.mark({ type: 'custom' });
    rig.land(id);
    const before = await rig.book.get(STREAM, id);
    expect(rig.book.noteOutputs(id, { epoch: 'epoch-1', pts: 1_000 }, { flv: SEEN })).toBe(true);
    expect(rig.book.noteOutputs(id, { epoch: 'epoch-1', pts: 1_000 }, { hls: MISSING })).toBe(true);
    const landing = { ...before!.landing, outputs: { flv: SEEN, hls: MISSING } };
    expect(await rig.book.get(STREAM, id)).toEqual({ ...before, landing });
    await vi.waitFor(() => expect(JSON.parse(rig.rows.at(-1)!.json)).toEqual({ ...before, landing }), 15_000);
    expect(rig.told).toEqual([`1:${id}:accepted`, `2:${id}:landed`, `3:${id}:landed`, `4:${id}:landed`]);
  });

  test('is kept over a restart, and reaches a cue that has ended', async () => {
    const id = await rig.mark({ type: 'custom' });
    rig.land(id);
    rig.book.onStampEvent({ kind: 'ended', id, rev: 0 });
    expect(rig.book.noteOutputs(id, { epoch: 'epoch-1', pts: 1_000 }, { flv: SEEN })).toBe(true);
    await rig.restart();
    expect(await rig.book.get(STREAM, id)).toMatchObject({
      state: 'ended',
      landing: { outputs: { flv: SEEN } },
    });
  });

  test('says no to what did not land, or landed in another epoch', async () => {
    const waiting = await rig.mark({ type: 'custom' });
    const landed = await rig.mark({ type: 'custom' });
    rig.land(landed);
    const of = () => rig.told.filter((line) => line.includes(landed));
    await vi.waitFor(() => expect(of()).toHaveLength(2), 15_000);
    expect(rig.book.noteOutputs(waiting, { epoch: 'epoch-1', pts: 1_000 }, { flv: SEEN })).toBe(false);
    expect(rig.book.noteOutputs(landed, { epoch: 'epoch-2', pts: 1_000 }, { flv: SEEN })).toBe(false);
    expect(rig.book.noteOutputs('nobody', { epoch: 'epoch-1', pts: 1_000 }, { flv: SEEN })).toBe(false);
    await rig.restart();
    expect(of()).toHaveLength(2);
  });
});

describe('an uncertain cue', () => {
  const OPEN = { type: 'interaction.open', data: { interaction: 'q1' }, durationMs: 60_000 };
  let id: string;
  let found: ReadBack;
  beforeEach(async () => {
    id = await rig.mark(OPEN);
    const { markedAt } = (await rig.book.get(STREAM, id))!;
    await rig.crash();
    expect(await rig.state(id)).toBe('uncertain CRASHED');
    const at = unixUs(unixMsToUs(markedAt) + 40_000);
    found = {
      ...{ rev: 0, epoch: 'epoch-1', firePts: 2_000, stampedAtUs: at, fireAtUs: unixUs(at + 10_000) },
      ...{ output: 'cdn/720p', receipt: SEEN },
    };
  });

  test('is told apart from the others', () => {
    expect(rig.book.uncertain().map((cue) => cue.id)).toEqual([id]);
  });

  test('that was found in an output has landed where its stamp says', async () => {
    expect(rig.book.settleUncertain(id, found)).toBe(true);
    expect(await rig.book.get(STREAM, id)).toMatchObject({
      state: 'landed',
      reason: { code: 'READ_BACK' },
      landing: {
        ...{ epoch: 'epoch-1', pts: 2_000, frame: null, choice: 'read-back', markToStampMs: 40, errorMs: 0 },
        outputs: { 'cdn/720p': SEEN },
      },
    });
    expect(rig.book.settleUncertain(id, found)).toBe(false);
    expect(rig.book.uncertain()).toEqual([]);
  });

  test('goes on for who joins, once the stream is back: whichever comes first', async () => {
    rig.gate.begin(STREAM, 'epoch-2', 50_000);
    rig.book.streamBegan(STREAM);
    expect(rig.gate.held.size).toBe(0);
    rig.book.settleUncertain(id, { ...found, rev: 3 });
    const [again] = [...rig.gate.held.values()];
    expect(again).toMatchObject({ id, rev: 19, landedAtUs: found.fireAtUs });
    expect(await rig.state(id)).toBe('landed READ_BACK');
    rig.clock.advanceMs(61_000);
    rig.gate.end(STREAM);
    rig.book.sweep();
    expect(await rig.state(id)).toBe('ended READ_BACK');
  });

  test('that an output would carry and does not is missed', async () => {
    expect(rig.book.settleUncertain(id, null)).toBe(true);
    expect(await rig.state(id)).toBe('missed NOT_IN_OUTPUT');
    expect(rig.book.settleUncertain(id, found)).toBe(false);
    expect(rig.book.settleUncertain('nobody', found)).toBe(false);
  });

  test('can be settled by a later process too', async () => {
    await rig.restart();
    expect(rig.book.uncertain().map((cue) => cue.id)).toEqual([id]);
    expect(rig.book.settleUncertain(id, found)).toBe(true);
    await rig.restart();
    expect(await rig.state(id)).toBe('landed READ_BACK');
  });
});

describe('the moment asked for', () => {
  test.each([
    [{ mediaTime: 1_900 }, 100],
    [{ delayMs: 30 }, 20],
  ])('%j: is compared with where the stamp fires', async (when, errorMs) => {
    const id = await rig.mark({ type: 'custom', ...when });
    const { acceptedAt } = (await rig.book.get(STREAM, id))!;
    rig.clock.advanceMs(5_000);
    await rig.crash();
    const fireAtUs = unixUs(unixMsToUs(acceptedAt) + 50_000);
    rig.book.settleUncertain(id, {
      ...{ rev: 0, epoch: 'epoch-1', firePts: 2_000, stampedAtUs: fireAtUs, fireAtUs },
      ...{ output: 'dvr', receipt: SEEN },
    });
    expect((await rig.book.get(STREAM, id))!.landing).toMatchObject({ pts: 2_000, errorMs });
  });
});
