import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutputReceipt } from '../../cues/output-receipt.ts';
import { ms, unixMs, unixMsToUs } from '../../packet/time.ts';
import { STREAM } from '../testing/rig.ts';
import { RundownRig, WHO } from './testing/rundown-rig.ts';

let rig: RundownRig;
beforeEach(async () => {
  rig = await new RundownRig().open();
});
afterEach(() => rig.remove());

const open = (id: string, more: object = {}) => ({
  ...{ id, type: 'interaction.open', interaction: `of-${id}` },
  ...more,
});
const card = (id: string, more: object = {}) => ({ id, type: 'product.card', data: { id }, ...more });
const behind = (item: string, ms: number) => ({ after: { item, ms } });
const ROUND = [
  open('open'),
  { id: 'lock', type: 'interaction.lock', ref: 'open', ...behind('open', 10_000) },
  { id: 'reveal', type: 'interaction.reveal', ref: 'open', ...behind('lock', 15_000) },
];
const SEEN: OutputReceipt = {
  ...{ seen: 'sei', pts: ms(6_000), offsetMs: 0, delayMs: 5, copies: 1, carriers: [] },
};
const codeOf = (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'no error',
    (error: { code?: string }) => error.code ?? String(error),
  );

describe('a round', () => {
  it('is taken by hand, and locked and revealed by itself, to the millisecond of the timeline', async () => {
    await rig.load(ROUND);
    expect(rig.view).toMatchObject({ id: 'quiz', rev: 1, by: 'director', next: 'open', rehearsal: false });
    const cue = await rig.take('open');
    expect(cue).toMatchObject({ item: 'open', rundown: 'quiz', data: { interaction: 'of-open' } });
    const { landedPts } = rig.item('open');
    expect(rig.item('lock')).toMatchObject({ state: 'pending', runsAt: expect.any(Number) });
    await rig.pass(27_000);
    expect(rig.item('lock').landedPts).toBe(landedPts! + 10_000);
    expect(rig.item('reveal').landedPts).toBe(landedPts! + 25_000);
    expect(rig.fired).toHaveLength(3);
    expect(rig.view.next).toBeNull();
  });

  it('is not entered before it has to be: what waits can still be skipped', async () => {
    await rig.load(ROUND);
    await rig.take('open');
    await rig.pass(5_000);
    expect(rig.item('lock')).toMatchObject({ state: 'pending', cue: null });
    await rig.skip('lock');
    await rig.pass(30_000);
    expect(rig.states).toEqual(['open:landed', 'lock:skipped:SKIPPED', 'reveal:missed:NOT_BEFORE']);
    expect(rig.fired).toHaveLength(1);
  });
});

describe('take', () => {
  it('a second time gives the cue as it stands, and fires nothing', async () => {
    await rig.load([card('a'), card('b')]);
    const [first, second] = await Promise.all([rig.take('a'), rig.take('a')]);
    expect(second.id).toBe(first.id);
    const third = await rig.rundowns.take(STREAM, 'a', {}, WHO, rig.rig.now);
    expect(third).toMatchObject({ isRepeated: true, cue: { id: first.id, state: 'landed' } });
    expect(rig.fired).toEqual([first.id]);
  });

  it('of the next goes through the items by hand, armed ones first', async () => {
    await rig.load([card('a'), card('b'), card('auto', behind('b', 1_000)), card('c'), card('d')]);
    await rig.take(null);
    await rig.arm('d');
    expect(rig.view.next).toBe('d');
    await rig.take(null);
    expect(rig.states.filter((state) => state.endsWith(':landed'))).toEqual(['a:landed', 'd:landed']);
    // Behind the last one that has had its turn there is nothing: what was passed over is taken by name.
    expect(rig.view.next).toBeNull();
    expect(await codeOf(rig.take(null))).toBe('ERR_RUNDOWN_ITEM_STATE');
    await rig.take('b');
    await rig.pass(2_000);
    expect(rig.item('auto').state).toBe('landed');
  });

  it('has a moment of its own where it is given, in place of the one that the item has', async () => {
    await rig.load([open('a', { alignInMs: 500 }), card('b', { at: rig.rig.now + 60_000 })]);
    const cue = await rig.take('a', { delayMs: 3_000, alignInMs: 2_000 });
    expect(cue).toMatchObject({ fire: { kind: 'delay', delayMs: 3_000 }, asked: { alignInMs: 2_000 } });
    expect(rig.item('a').state).toBe('taken');
    await rig.take('b');
    expect(rig.item('b').state).toBe('landed');
    await rig.pass(61_000);
    expect(rig.fired).toHaveLength(2);
  });

  it('of a lock needs its round to be open', async () => {
    await rig.load([open('open'), { id: 'lock', type: 'interaction.lock', ref: 'open' }]);
    expect(await codeOf(rig.take('lock'))).toBe('ERR_RUNDOWN_ITEM_STATE');
    expect(await codeOf(rig.take('nobody'))).toBe('ERR_RUNDOWN_ITEM_UNKNOWN');
  });

  it('of a reveal waits for the lock and the spread, unless told otherwise', async () => {
    const reveal = { id: 'reveal', type: 'interaction.reveal', ref: 'open' };
    await rig.load([open('open'), { id: 'lock', type: 'interaction.lock', ref: 'open' }, reveal]);
    await rig.take('open');
    expect(await codeOf(rig.take('reveal'))).toBe('ERR_RUNDOWN_TOO_EARLY');
    await rig.take('lock');
    expect(await codeOf(rig.take('reveal'))).toBe('ERR_RUNDOWN_TOO_EARLY');
    const { notBefore } = rig.item('reveal');
    expect(notBefore).toBeGreaterThan(rig.rig.now + 14_000);
    await rig.pass(notBefore! - rig.rig.now);
    await rig.take('reveal');
    expect(rig.item('reveal').state).toBe('landed');
  });

  it('of a second round that gives prizes waits for the first', async () => {
    await rig.load([
      open('a', { prize: true, durationMs: 8_000 }),
      open('b', { prize: true }),
      { id: 'b-lock', type: 'interaction.lock', ref: 'b' },
      open('c', { prize: true }),
    ]);
    await rig.take('a');
    expect(await codeOf(rig.take('b'))).toBe('ERR_RUNDOWN_TOO_EARLY');
    await rig.pass(8_000);
    await rig.take('b');
    expect(await codeOf(rig.take('c'))).toBe('ERR_RUNDOWN_TOO_EARLY');
    await rig.take('c', {}, true);
    expect(rig.fired).toHaveLength(3);
  });
});

describe('an armed item', () => {
  it('waits for its take, and no clock runs it', async () => {
    await rig.load([card('a', { at: rig.rig.now + 10_000 }), card('b', behind('a', 500))]);
    const armed = await rig.arm('a');
    expect(armed).toMatchObject({ state: 'armed', item: 'a' });
    expect((await rig.arm('a')).id).toBe(armed.id);
    await rig.pass(15_000);
    expect(rig.states).toEqual(['a:armed', 'b:pending']);
    await rig.take('a');
    await rig.pass(1_000);
    expect(rig.states).toEqual(['a:landed', 'b:landed']);
  });

  it('is skipped and reset like others', async () => {
    await rig.load([card('a')]);
    const first = await rig.arm('a');
    await rig.skip('a');
    expect(rig.item('a')).toMatchObject({ state: 'skipped', reason: { code: 'SKIPPED' } });
    expect(await rig.rig.state(first.id)).toContain('cancelled');
    await rig.reset('a');
    expect(rig.item('a')).toMatchObject({ state: 'pending', cue: null, reason: null });
    const second = await rig.take('a');
    expect(second.id).not.toBe(first.id);
    expect(rig.fired).toEqual([second.id]);
    expect(rig.actions.map(({ what, item }) => `${what} ${item?.id ?? ''}`)).toEqual([
      'load ',
      'skip a',
      'reset a',
    ]);
  });
});

describe('an item by the clock', () => {
  it('runs at its moment', async () => {
    const at = rig.rig.now + 20_000;
    await rig.load([card('a', { at })]);
    await rig.pass(16_000);
    expect(rig.item('a')).toMatchObject({ state: 'pending', runsAt: at });
    await rig.pass(1_000);
    expect(rig.item('a').state).toBe('taken');
    await rig.pass(4_000);
    expect(rig.item('a').state).toBe('landed');
    expect((await rig.rig.book.get(STREAM, rig.item('a').cue!))?.fire).toEqual({ kind: 'at', at });
  });

  it('is missed where the stream is away, and what runs after it with it', async () => {
    await rig.load([card('a', { at: rig.rig.now + 20_000 }), card('b', behind('a', 1_000))]);
    rig.goAway();
    await rig.pass(25_000);
    expect(rig.states).toEqual(['a:missed:STREAM_AWAY', 'b:missed:NOT_BEFORE']);
    expect(rig.missed).toEqual([
      expect.stringMatching(/^a STREAM_AWAY a-\w+:missed$/),
      expect.stringMatching(/^b NOT_BEFORE b-\w+:missed$/),
    ]);
    rig.goLive();
    await rig.pass(5_000);
    expect(rig.fired).toEqual([]);
    // Taken by hand it runs all the same, and what was given up because of it has its chance again.
    await rig.take('a');
    await rig.pass(3_000);
    expect(rig.states).toEqual(['a:landed', 'b:landed']);
  });

  it('follows the wall clock when that is set back, and is missed where it is set past its moment', async () => {
    const at = rig.rig.now + 20_000;
    await rig.load([card('a', { at }), card('b', { at: at + 30_000 })]);
    rig.rig.clock.stepWallMs(-10_000);
    await rig.pass(22_000);
    expect(rig.item('a').state).toBe('pending');
    await rig.pass(9_000);
    expect(rig.item('a').state).toBe('landed');
    rig.rig.clock.stepWallMs(3_600_000);
    await rig.pass(1_000);
    expect(rig.item('b')).toMatchObject({ state: 'missed', reason: { code: 'CLOCK_STEPPED' } });
    expect(rig.fired).toHaveLength(1);
  });

  it('waits for the round that gives prizes before it, and is missed where that stays open', async () => {
    await rig.load([
      open('a', { prize: true }),
      { id: 'a-lock', type: 'interaction.lock', ref: 'a' },
      open('b', { prize: true, at: rig.rig.now + 20_000 }),
      { id: 'b-lock', type: 'interaction.lock', ref: 'b' },
      open('c', { prize: true, at: rig.rig.now + 60_000, durationMs: 1_000 }),
    ]);
    await rig.take('a');
    await rig.pass(25_000);
    expect(rig.item('b')).toMatchObject({ state: 'missed', reason: { code: 'ROUND_OPEN' } });
    await rig.take('a-lock');
    await rig.pass(40_000);
    expect(rig.item('c').state).toMatch(/landed|ended/);
  });
});

describe('panic', () => {
  it('ends what would run by itself, and leaves what waits for a hand', async () => {
    await rig.load([
      card('a'),
      card('b', behind('a', 5_000)),
      card('c', { at: rig.rig.now + 60_000 }),
      card('d'),
    ]);
    await rig.take('a');
    await rig.pass(2_500);
    expect(rig.item('b').state).toBe('taken');
    await rig.rig.book.panic({ stream: STREAM, who: WHO });
    await vi.waitFor(
      () => expect(rig.item('c')).toMatchObject({ state: 'cancelled', reason: { code: 'PANIC' } }),
      15_000,
    );
    await rig.pass(90_000);
    expect(rig.fired).toHaveLength(1);
    expect(rig.item('d').state).toBe('pending');
    await rig.take('d');
    expect(rig.fired).toHaveLength(2);
  });
});

describe('after a crash', () => {
  it('goes on where it was: what fired does not fire again, what is ahead runs', async () => {
    await rig.load([...ROUND, card('card', { at: rig.rig.now + 60_000 }), card('hand')]);
    await rig.take('open');
    await rig.pass(1_000);
    await rig.crash(2_000);
    expect(rig.states.slice(0, 2)).toEqual(['open:landed', 'lock:pending']);
    rig.goLive();
    await rig.pass(70_000);
    expect(rig.states.map((state) => state.split(':')[1])).toEqual([
      'ended',
      'ended',
      'ended',
      'landed',
      'pending',
    ]);
    expect(new Set(rig.fired).size).toBe(rig.fired.length);
    expect(rig.fired).toHaveLength(4);
  });

  it('says of what passed meanwhile that it was missed, and why', async () => {
    await rig.load([...ROUND, card('card', { at: rig.rig.now + 8_000 })]);
    await rig.take('open');
    await rig.crash(60_000);
    rig.goLive();
    await rig.pass(1_000);
    expect(rig.states).toEqual([
      'open:landed',
      'lock:missed:RESTARTED',
      'reveal:missed:NOT_BEFORE',
      'card:missed:RESTARTED',
    ]);
    expect(rig.fired).toHaveLength(1);
  });

  it('takes what waited for its picture for uncertain, and does not enter it again', async () => {
    await rig.load([card('a', { at: rig.rig.now + 5_000 }), card('b', behind('a', 60_000))]);
    await rig.pass(3_000);
    expect(rig.item('a').state).toBe('taken');
    await rig.crash(10_000);
    rig.goLive();
    await rig.pass(30_000);
    expect(rig.states).toEqual(['a:uncertain:CRASHED', 'b:pending']);
    await rig.pass(40_000);
    expect(rig.states).toEqual(['a:uncertain:CRASHED', 'b:missed:NOT_BEFORE']);
    expect(rig.fired).toEqual([]);
  });

  it('runs what comes after an uncertain one once that turns out to have landed, and nothing late', async () => {
    await rig.load([
      card('a', { at: rig.rig.now + 5_000 }),
      card('soon', behind('a', 20_000)),
      card('later', behind('a', 60_000)),
    ]);
    await rig.pass(3_000);
    const { cue } = rig.item('a');
    await rig.crash(10_000);
    rig.goLive();
    await rig.pass(20_000);
    expect(rig.states).toEqual(['a:uncertain:CRASHED', 'soon:missed:NOT_BEFORE', 'later:pending']);
    const landedAtUs = unixMsToUs(unixMs(rig.rig.now - 28_000));
    rig.rig.book.settleUncertain(cue!, {
      ...{ rev: 0, epoch: 'epoch-1', firePts: 6_000, stampedAtUs: landedAtUs, fireAtUs: landedAtUs },
      ...{ output: 'flv', receipt: SEEN },
    });
    await rig.pass(40_000);
    expect(rig.states).toEqual(['a:ended:READ_BACK', 'soon:missed:NOT_BEFORE', 'later:landed']);
    await rig.take('soon');
    expect(rig.item('soon').state).toBe('landed');
  });

  it('knows a cue that was committed and of which nobody heard', async () => {
    await rig.load([card('a', { at: rig.rig.now + 30_000 })]);
    const { store } = rig;
    const [kept] = await store.all();
    const id = `a-${kept!.kept!.tags.show}`;
    // As if the process had died between the log's commit and its answer.
    await rig.rig.accept({ id, type: 'product.card', at: rig.rig.now + 30_000 });
    await rig.pass(31_000);
    expect(rig.item('a')).toMatchObject({ state: 'landed', cue: id });
    expect(rig.fired).toEqual([id]);
  });

  it('still knows what was skipped, reset and missed', async () => {
    await rig.load([card('a'), card('b'), card('c', { at: rig.rig.now + 10_000 })]);
    await rig.take('a');
    await rig.pass(41_000);
    const first = rig.item('a').cue;
    expect(rig.item('a').state).toBe('ended');
    await rig.reset('a');
    await rig.skip('b');
    await rig.crash();
    expect(rig.states).toEqual(['a:pending', 'b:skipped:SKIPPED', 'c:landed']);
    rig.goLive();
    expect((await rig.take('a')).id).not.toBe(first);
  });
});

describe('replacing', () => {
  const items = () => [card('a'), card('b'), card('c', { at: rig.rig.now + 60_000 }), card('d')];

  it('is refused while something is on air, unless it is told; what has landed stays', async () => {
    const before = items();
    await rig.load(before);
    const a = await rig.take('a');
    const b = await rig.arm('b');
    expect(await codeOf(rig.load(before))).toBe('ERR_RUNDOWN_ON_AIR');
    expect(await codeOf(rig.rundowns.unload(STREAM, WHO, false))).toBe('ERR_RUNDOWN_ON_AIR');
    const changed = [before[0]!, { ...before[1]!, title: 'new' }, before[2]!, card('e')];
    const view = await rig.load(changed, { replace: true });
    expect(view).toMatchObject({ rev: 2, next: 'b' });
    expect(rig.states).toEqual(['a:landed', 'b:pending', 'c:pending', 'e:pending']);
    expect(rig.item('a').cue).toBe(a.id);
    expect(await rig.rig.state(b.id)).toContain('cancelled');
    await rig.crash();
    expect(rig.states).toEqual(['a:landed', 'b:pending', 'c:pending', 'e:pending']);
    rig.goLive();
    await rig.take('a');
    expect(rig.fired).toEqual([a.id]);
  });

  it('without anything on air begins anew', async () => {
    await rig.load([card('a')]);
    const first = await rig.take('a');
    await rig.pass(41_000);
    await rig.load([card('a')]);
    expect(rig.states).toEqual(['a:pending']);
    expect((await rig.take('a')).id).not.toBe(first.id);
  });

  it('by nothing takes back what waits', async () => {
    await rig.load([card('a')]);
    const a = await rig.arm('a');
    await rig.rundowns.unload(STREAM, WHO, false);
    expect(rig.rundowns.get(STREAM)).toBeNull();
    expect(await rig.rig.state(a.id)).toContain('cancelled');
    await rig.crash();
    expect(rig.rundowns.get(STREAM)).toBeNull();
    expect((await rig.load([card('a')])).rev).toBe(2);
  });
});

describe('loading', () => {
  it('refuses what is not valid, with all that is wrong', async () => {
    const error = await rig
      .load([open('a'), open('a'), card('b', { at: 5 })])
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ERR_RUNDOWN_INVALID',
      details: {
        issues: expect.arrayContaining([
          expect.objectContaining({ code: 'duplicate-id' }),
          expect.objectContaining({ code: 'at-passed' }),
        ]),
      },
    });
    expect(rig.rundowns.get(STREAM)).toBeNull();
  });

  it('asks events, and goes on without it only where it is told to', async () => {
    rig.facts = { 'of-a': { kind: 'unchecked', why: 'events does not answer' } };
    expect(await codeOf(rig.load([open('a')]))).toBe('ERR_RUNDOWN_INVALID');
    await rig.load([open('a')], { unchecked: true });
    rig.facts = { 'of-a': { kind: 'unknown' } };
    expect(await codeOf(rig.load([open('a')], { unchecked: true }))).toBe('ERR_RUNDOWN_INVALID');
  });

  it('tells of every change', async () => {
    await rig.load([card('a')]);
    await vi.waitFor(() => expect(rig.told.at(-1)).toMatchObject({ items: [{ state: 'pending' }] }), 15_000);
    await rig.take('a');
    await vi.waitFor(() => expect(rig.told.at(-1)).toMatchObject({ items: [{ state: 'landed' }] }), 15_000);
    await rig.rundowns.unload(STREAM, WHO, true);
    await vi.waitFor(() => expect(rig.told.at(-1)).toBeNull(), 15_000);
  });
});

describe('a rehearsal', () => {
  it('runs the items apart: the show is where it was, and each rehearsal begins at the start', async () => {
    await rig.load([card('a'), card('b')]);
    await rig.take('a');
    await rig.pass(31_000);
    rig.rehearsal = true;
    rig.rundowns.tick();
    await vi.waitFor(() => expect(rig.view.rehearsal).toBe(true), 15_000);
    expect(rig.states).toEqual(['a:pending', 'b:pending']);
    const rehearsed = await rig.take('b');
    expect(rehearsed.rehearsal).toBe(true);
    await rig.pass(31_000);
    await rig.crash();
    rig.goLive();
    expect(rig.states).toEqual(['a:pending', 'b:ended']);
    rig.rehearsal = false;
    rig.rundowns.tick();
    await vi.waitFor(() => expect(rig.states).toEqual(['a:ended', 'b:pending']), 15_000);
    rig.rehearsal = true;
    rig.rundowns.tick();
    await vi.waitFor(() => expect(rig.states).toEqual(['a:pending', 'b:pending']), 15_000);
    expect((await rig.take('b')).id).not.toBe(rehearsed.id);
  });

  it('and a press right after the switch are of one mode, before any tick has noticed it', async () => {
    await rig.load([card('a')]);
    rig.rehearsal = true;
    const rehearsed = await rig.take('a');
    expect(rehearsed.rehearsal).toBe(true);
    await rig.pass(31_000);
    rig.rehearsal = false;
    const real = await rig.take('a');
    expect(real.rehearsal).toBeUndefined();
    expect(real.id).not.toBe(rehearsed.id);
    expect(rig.view).toMatchObject({ rehearsal: false, items: [{ id: 'a', cue: real.id }] });
  });

  it('that ends while a press waits for its turn takes that press with it: nothing fires for real', async () => {
    rig.rehearsal = true;
    await rig.load([card('a'), card('b'), card('c')]);
    await rig.arm('c');
    const presses = [
      rig.rundowns.take(STREAM, 'a', {}, WHO, rig.rig.now),
      rig.arm('b'),
      rig.rundowns.take(STREAM, 'c', {}, WHO, rig.rig.now),
      rig.skip('b'),
    ];
    rig.rehearsal = false;
    expect(await Promise.all(presses.map(codeOf))).toEqual(presses.map(() => 'ERR_MODE_SWITCHED'));
    await rig.pass(1_000);
    expect(rig.fired).toEqual([]);
    expect(rig.states).toEqual(['a:pending', 'b:pending', 'c:pending']);
    expect((await rig.take('a')).rehearsal).toBeUndefined();
  });

  it('that ends while an item is put back to be taken again marks nothing', async () => {
    rig.rehearsal = true;
    await rig.load([card('a')]);
    await rig.skip('a');
    const write = rig.store.mark.bind(rig.store);
    vi.spyOn(rig.store, 'mark').mockImplementationOnce(async (...given) => {
      await write(...given);
      rig.rehearsal = false;
    });
    expect(await codeOf(rig.take('a'))).toBe('ERR_MODE_SWITCHED');
    await rig.pass(1_000);
    expect(rig.fired).toEqual([]);
    expect(rig.states).toEqual(['a:pending']);
  });

  it('that begins at once takes nothing from what was noted of the show', async () => {
    await rig.load([card('later', { at: rig.rig.now + 60_000 })]);
    await rig.rig.book.panic({ stream: STREAM, who: WHO });
    rig.rehearsal = true;
    rig.rundowns.tick();
    await vi.waitFor(() => expect(rig.view.rehearsal).toBe(true), 15_000);
    rig.rehearsal = false;
    await rig.crash();
    rig.goLive();
    rig.rundowns.tick();
    await vi.waitFor(() => expect(rig.view.rehearsal).toBe(false), 15_000);
    await rig.pass(65_000);
    expect(rig.states).toEqual(['later:cancelled:PANIC']);
    expect(rig.fired).toEqual([]);
  });
});

describe('a rundown that a token has loaded which only rehearses', () => {
  const TRAINEE = { by: 'trainee', console: null };

  it('runs as a rehearsal also when that token is gone', async () => {
    rig.trainees.add('trainee');
    const { now } = rig.rig;
    await rig.load([card('a', { at: now + 10_000 }), card('b', { at: now + 20_000 })], { who: TRAINEE });
    await rig.pass(11_000);
    rig.trainees.clear();
    await rig.crash();
    rig.goLive();
    await rig.pass(11_000);
    expect(rig.states).toEqual(['a:landed', 'b:landed']);
    const cues = await Promise.all(['a', 'b'].map((id) => rig.rig.book.get(STREAM, rig.item(id).cue!)));
    expect(cues.map((cue) => cue?.rehearsal)).toEqual([true, true]);
  });
});
