import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import { isVoiding, parseCueBody } from '../cues/wire/index.ts';
import type { DirectorAction } from './action.ts';
import { EditRequest, TakeRequest } from './cue-request.ts';
import { Rig, STREAM, WHO } from './testing/rig.ts';

let rig: Rig;
let actions: DirectorAction[];
beforeEach(async () => {
  rig = await new Rig().open();
  rig.gate.begin(STREAM);
  actions = [];
  rig.book.onAction((action) => actions.push(action));
});
afterEach(() => rig.remove());

const OPEN = { type: 'interaction.open', data: { interaction: 'q1' }, durationMs: 10_000 };
const take = (id: string, request: object = {}, who = WHO) =>
  rig.book.take({ stream: STREAM, id, request: TakeRequest.parse(request), who, receivedAt: rig.now });
const edit = (id: string, request: object) =>
  rig.book.edit({ stream: STREAM, id, request: EditRequest.parse(request), who: WHO, receivedAt: rig.now });
const cancel = (id: string) => rig.book.cancel({ stream: STREAM, id, who: WHO });
const panic = () => rig.book.panic({ stream: STREAM, who: WHO });
const cueOf = async (id: string): Promise<Cue> => (await rig.book.get(STREAM, id))!;
const codeOf = (outcome: { readonly kind: string; readonly error?: { readonly code: string } }) =>
  outcome.error?.code ?? outcome.kind;
const announce = (id: string) => {
  const { rev } = rig.gate.held.get(`${STREAM} ${id}`)!;
  const firePts = 4_000 as never;
  rig.book.onStampEvent({ kind: 'announced', id, rev, epoch: 'epoch-1', firePts });
};
const heldBody = (id: string) => parseCueBody(rig.gate.held.get(`${STREAM} ${id}`)!.bodyText);

describe('an armed cue', () => {
  const arm = (more: object = {}) => rig.mark({ ...OPEN, armed: true, ...more });

  test('is in no injector, whatever the stream does, and can be armed before it', async () => {
    rig.gate.end(STREAM);
    const id = await arm();
    rig.gate.begin(STREAM);
    rig.book.streamBegan(STREAM);
    rig.clock.advanceMs(60_000);
    rig.book.sweep();
    expect([await rig.state(id), rig.gate.scheduled]).toEqual(['armed', []]);
    expect(await cueOf(id)).not.toHaveProperty('dueAt');
  });

  test('fires with its take, whose moment is the director’s', async () => {
    const id = await arm({ alignInMs: 3_000, announceMs: 700 });
    rig.clock.advanceMs(20_000);
    expect(await take(id, { delayMs: 1_000 })).toMatchObject({
      kind: 'taken',
      cue: {
        ...{ state: 'taken', rev: 0, markedAt: rig.now, taken: { at: rig.now, by: 'director' } },
        ...{ fire: { kind: 'delay', delayMs: 1_000 }, announceMs: 700, dueAt: rig.now + 1_000 },
        ...{ alignAt: rig.now + 4_000, exp: rig.now + 44_000 },
      },
    });
    expect(rig.gate.scheduled).toMatchObject([{ id, fire: { kind: 'delay' }, markedAt: rig.now }]);
    rig.land(id);
    expect(await rig.state(id)).toBe('landed');
  });

  test('is on the disk as taken before an injector has it', async () => {
    const id = await arm();
    let atSchedule: readonly string[] = [];
    rig.gate.onSchedule = () => {
      atSchedule = [...rig.told];
    };
    await take(id);
    expect(atSchedule.at(-1)).toBe(`2:${id}:taken`);
  });

  test('fires once: two takes at once, one more, one after a crash', async () => {
    const id = await arm();
    const outcomes = await Promise.all([take(id), take(id)]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['repeated', 'taken']);
    expect((await take(id)).kind).toBe('repeated');
    expect(rig.gate.scheduled).toHaveLength(1);
    await rig.crash();
    rig.gate.begin(STREAM);
    rig.book.streamBegan(STREAM);
    expect(await take(id)).toMatchObject({ kind: 'repeated', cue: { state: 'uncertain' } });
    expect(rig.gate.scheduled).toEqual([]);
    expect(actions.map(({ what }) => what)).toEqual(['arm', 'take']);
  });

  test('stays armed over a crash, and can be taken then', async () => {
    const id = await arm();
    await rig.crash();
    rig.gate.begin(STREAM);
    expect((await take(id)).kind).toBe('taken');
    expect(rig.gate.scheduled).toHaveLength(1);
  });

  test('that the log cannot take stays armed, and nothing fires', async () => {
    const id = await arm();
    const spy = vi.spyOn(rig.cueLog, 'update').mockRejectedValue(new Error('disk'));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const pending = take(id);
    await vi.advanceTimersByTimeAsync(5_100);
    expect(codeOf(await pending)).toBe('ERR_STORE_UNAVAILABLE');
    spy.mockRestore();
    await vi.advanceTimersByTimeAsync(100);
    vi.useRealTimers();
    expect([await rig.state(id), rig.gate.scheduled]).toEqual(['armed', []]);
    expect((await take(id)).kind).toBe('taken');
  });

  test('is refused a take while its stream is away, and of what is not armed', async () => {
    const id = await arm();
    rig.gate.end(STREAM);
    expect(codeOf(await take(id))).toBe('ERR_STREAM_NOT_LIVE');
    rig.gate.begin(STREAM);
    const plain = await rig.mark({ type: 'custom' });
    expect([codeOf(await take(plain)), codeOf(await take('nobody'))]).toEqual([
      'ERR_CUE_STATE',
      'ERR_CUE_UNKNOWN',
    ]);
    await cancel(id);
    expect(codeOf(await take(id))).toBe('ERR_CUE_STATE');
  });

  test('that nobody takes for a day is missed', async () => {
    const id = await arm();
    rig.clock.advanceMs(86_400_000);
    rig.book.sweep();
    expect(await rig.state(id)).toBe('missed NOT_TAKEN');
  });
});

describe('an edit', () => {
  test('of a cue that waits gives the injector its next revision', async () => {
    const id = await rig.mark({ ...OPEN, delayMs: 5_000 });
    rig.clock.advanceMs(1_000);
    expect(
      await edit(id, { rev: 0, data: { interaction: 'q2' }, durationMs: 3_000, title: 'two' }),
    ).toMatchObject({
      kind: 'edited',
      cue: { rev: 1, data: { interaction: 'q2' }, durationMs: 3_000, title: 'two', dueAt: rig.now + 4_000 },
    });
    // A delay goes on; it does not begin anew.
    expect(rig.gate.held.get(`${STREAM} ${id}`)).toMatchObject({
      ...{ rev: 1, fire: { kind: 'at', at: rig.now + 4_000, by: 'arrival' }, openForMs: 3_000 },
    });
    expect(heldBody(id)).toMatchObject({ rev: 1, durationMs: 3_000 });
  });

  test('of its moment counts from now', async () => {
    const id = await rig.mark({ ...OPEN, at: rig.now + 60_000, alignInMs: 2_000 });
    rig.clock.advanceMs(1_000);
    const outcome = await edit(id, { delayMs: 500 });
    expect(outcome).toMatchObject({
      cue: { fire: { kind: 'delay', delayMs: 500 }, dueAt: rig.now + 500, alignAt: rig.now + 2_500 },
    });
  });

  test('of an armed cue changes what it will be', async () => {
    const id = await rig.mark({ ...OPEN, armed: true, audience: { level: 'gold' } });
    await edit(id, { audience: null, announceMs: 300 });
    expect(codeOf(await edit(id, { delayMs: 1 }))).toBe('ERR_REQUEST_INVALID');
    const outcome = await take(id, { delayMs: 1_000 });
    expect(outcome).toMatchObject({ cue: { announceMs: 300, rev: 1 } });
    expect(outcome.kind === 'taken' && outcome.cue).not.toHaveProperty('audience');
  });

  test('of another revision than the present one is refused', async () => {
    const id = await rig.mark({ ...OPEN, armed: true });
    await edit(id, { title: 'one' });
    expect(await edit(id, { rev: 0, title: 'two' })).toMatchObject({
      error: { code: 'ERR_CUE_CHANGED', details: { rev: 1 } },
    });
  });

  test('comes too late once it is announced, has landed, or is over', async () => {
    const id = await rig.mark({ ...OPEN, delayMs: 5_000 });
    announce(id);
    expect(codeOf(await edit(id, { title: 'x' }))).toBe('ERR_CUE_STATE');
    rig.land(id);
    expect(codeOf(await edit(id, { title: 'x' }))).toBe('ERR_CUE_STATE');
    expect(await rig.state(id)).toBe('landed');
  });

  test('is in no injector while it is on its way to the disk: the old text cannot fire', async () => {
    const id = await rig.mark({ ...OPEN, delayMs: 5_000 });
    const pending = edit(id, { data: { interaction: 'q2' } });
    // No frame comes between: these are steps of one turn.
    for (let step = 0; step < 5; step++) await null;
    expect(rig.gate.held.has(`${STREAM} ${id}`)).toBe(false);
    await pending;
    expect(rig.gate.held.get(`${STREAM} ${id}`)!.rev).toBe(1);
  });

  test('of one whose stamp would be too large leaves it as it was', async () => {
    const id = await rig.mark({ ...OPEN, delayMs: 5_000 });
    expect(codeOf(await edit(id, { data: { text: 'x'.repeat(900) } }))).toBe('ERR_CUE_TOO_LARGE');
    expect(rig.gate.held.get(`${STREAM} ${id}`)!.rev).toBe(0);
  });

  test('at the same time as a take: one after the other', async () => {
    const id = await rig.mark({ ...OPEN, armed: true });
    const [taken, edited] = await Promise.all([take(id, { delayMs: 9_000 }), edit(id, { title: 'x' })]);
    expect([taken.kind, edited.kind]).toEqual(['taken', 'edited']);
    expect(await cueOf(id)).toMatchObject({ state: 'taken', rev: 1, title: 'x' });
    expect(rig.gate.held.get(`${STREAM} ${id}`)!.rev).toBe(1);
  });
});

describe('voiding', () => {
  test('of an open cue is stamped as its next revision, on the next picture', async () => {
    const id = await rig.mark(OPEN);
    rig.land(id);
    expect(await cancel(id)).toMatchObject({
      kind: 'voided',
      cue: { state: 'landed', rev: 1, voided: { at: rig.now, by: 'director', landing: null } },
    });
    const stamped = rig.gate.held.get(`${STREAM} ${id}`)!;
    expect(stamped).toMatchObject({ rev: 1, fire: { kind: 'next' }, key: null, openForMs: null });
    expect(isVoiding(heldBody(id))).toBe(true);
    rig.land(id, { pts: 2_000 as never });
    expect((await cueOf(id)).voided?.landing).toMatchObject({ pts: 2_000 });
    expect((await cueOf(id)).landing).toMatchObject({ pts: 1_000 });
    expect((await cancel(id)).kind).toBe('voided');
    expect(actions.map(({ what, cue, rev }) => `${what} ${cue} ${rev}`)).toEqual([
      `accept ${id} 0`,
      `void ${id} 1`,
    ]);
  });

  test('of an announced cue cancels it: it cannot land any more', async () => {
    const id = await rig.mark({ ...OPEN, delayMs: 5_000 });
    announce(id);
    expect((await cancel(id)).kind).toBe('voided');
    expect(await cueOf(id)).toMatchObject({
      state: 'cancelled',
      rev: 1,
      landing: null,
      voided: { landing: null },
    });
    rig.land(id, { pts: 2_000 as never });
    expect(await cueOf(id)).toMatchObject({
      state: 'cancelled',
      landing: null,
      voided: { landing: { pts: 2_000 } },
    });
  });

  test('goes on in a new epoch and after a crash, and ends with its time', async () => {
    const id = await rig.mark(OPEN);
    rig.land(id);
    await cancel(id);
    rig.land(id);
    rig.gate.begin(STREAM, 'epoch-2');
    rig.book.streamBegan(STREAM);
    expect(heldBody(id)).toMatchObject({ rev: 2, type: 'interaction.cancel' });
    await rig.book.panic({ stream: 'live/other', who: WHO });
    await rig.crash();
    rig.gate.begin(STREAM, 'epoch-3');
    rig.book.streamBegan(STREAM);
    expect(heldBody(id)).toMatchObject({ rev: 18, type: 'interaction.cancel' });
    rig.clock.advanceMs(41_000);
    rig.gate.end(STREAM);
    rig.book.sweep();
    expect(await rig.state(id)).toBe('ended');
  });

  test('of a round whose window is over, whose result was shown, or of which nobody knows', async () => {
    const id = await rig.mark(OPEN);
    rig.land(id);
    const reveal = await rig.mark({ type: 'interaction.reveal', ref: id });
    rig.land(reveal);
    rig.book.onStampEvent({ kind: 'ended', id, rev: 0 });
    expect(await cancel(id)).toMatchObject({ kind: 'voided', cue: { state: 'ended', rev: 1 } });
    expect(isVoiding(heldBody(id))).toBe(true);
    const unsure = await rig.mark(OPEN);
    await rig.crash();
    rig.gate.begin(STREAM);
    expect(await cancel(unsure)).toMatchObject({ kind: 'voided', cue: { state: 'uncertain', rev: 16 } });
  });

  test('leaves no room for a lock, reveal or cancel of it', async () => {
    const id = await rig.mark(OPEN);
    rig.land(id);
    await cancel(id);
    for (const type of ['interaction.lock', 'interaction.reveal', 'interaction.cancel']) {
      expect((await rig.refusal({ type, ref: id })).code).toBe('ERR_CUE_STATE');
    }
  });

  test('of a lock that has landed, and of a card that has no end, is refused', async () => {
    const id = await rig.mark(OPEN);
    rig.land(id);
    const lock = await rig.mark({ type: 'interaction.lock', ref: id });
    const card = await rig.mark({ type: 'product.card' });
    for (const cue of [lock, card]) rig.land(cue);
    for (const cue of [lock, card]) expect(codeOf(await cancel(cue))).toBe('ERR_CUE_STATE');
  });
});

describe('panic', () => {
  test('is noted when the end of what was on its way to the disk is there too', async () => {
    const accepting = rig.accept({ type: 'custom', id: 'entering', delayMs: 9_000 });
    expect(await panic()).toEqual({ cancelled: ['entering'], voided: [], noted: true });
    expect(rig.told.at(-1)).toBe('2:entering:cancelled');
    await accepting;
  });

  test('is noted when the end of what was being taken is there too', async () => {
    const id = await rig.mark({ type: 'custom', armed: true });
    const taking = rig.book.take({
      stream: STREAM,
      id,
      request: { delayMs: 9_000 },
      who: WHO,
      receivedAt: rig.now,
    });
    // On its way to the disk: all in one turn.
    for (let n = 0; n < 20 && (await rig.state(id)) === 'armed'; n++);
    expect(await rig.state(id)).toBe('taken');
    expect(await panic()).toEqual({ cancelled: [id], voided: [], noted: true });
    expect(rig.told.at(-1)).toBe(`3:${id}:cancelled`);
    await taking;
  });

  test('takes back all that waits, voids all that is open, and is done once', async () => {
    const open = await rig.mark(OPEN);
    const locked = await rig.mark(OPEN);
    for (const id of [open, locked]) rig.land(id);
    rig.land(await rig.mark({ type: 'interaction.lock', ref: locked }));
    const armed = await rig.mark({ ...OPEN, armed: true });
    const waits = await rig.mark({ type: 'custom', delayMs: 9_000 });
    const told = await rig.mark({ ...OPEN, delayMs: 5_000 });
    announce(told);
    rig.gate.begin('live/other');
    const other = await rig.accept({ type: 'custom', delayMs: 9_000 }, { stream: 'live/other' });
    expect(await panic()).toEqual({ cancelled: [armed, waits], voided: [open, told], noted: true });
    expect(await panic()).toEqual({ cancelled: [], voided: [], noted: true });
    expect(other.kind === 'accepted' && (await rig.state(other.cue.id, 'live/other'))).toBe('accepted');
    expect(actions.at(-2)).toMatchObject({
      ...{ what: 'panic', cue: null, cues: { cancelled: [armed, waits], voided: [open, told] } },
    });
  });

  test('takes back what is on its way to the disk', async () => {
    const armed = await rig.mark({ ...OPEN, armed: true });
    const marking = rig.accept({ ...OPEN, id: 'on-its-way' });
    const taking = take(armed);
    const { cancelled } = await panic();
    await Promise.all([marking, taking]);
    expect(new Set(cancelled)).toEqual(new Set(['on-its-way', armed]));
    expect(rig.gate.scheduled).toEqual([]);
    expect([await rig.state(armed), await rig.state('on-its-way')]).toEqual(['cancelled', 'cancelled']);
  });
});

describe('what is taken', () => {
  const open = async (id: string) => {
    await rig.mark({ ...OPEN, id });
    rig.land(id);
    await rig.mark({ type: 'interaction.lock', id: `${id}-lock`, ref: id });
    rig.land(`${id}-lock`);
    return rig.mark({ type: 'interaction.reveal', id: `${id}-reveal`, ref: id, armed: true });
  };

  test.each([true, false])(
    'closes no round of the other mode (opened in rehearsal: %s)',
    async (rehearsed) => {
      rig.book.isRehearsal = () => rehearsed;
      const reveal = await open('r');
      rig.book.isRehearsal = () => !rehearsed;
      expect(codeOf(await take(reveal))).toBe('ERR_CUE_STATE');
      expect([await rig.state(reveal), rig.gate.held.has(`${STREAM} ${reveal}`)]).toEqual(['armed', false]);
      rig.book.isRehearsal = () => rehearsed;
      expect(codeOf(await take(reveal))).toBe('taken');
    },
  );

  test('is of the mode in which it was pressed: switched while it waits for an edit, it stays armed', async () => {
    rig.book.isRehearsal = () => true;
    const id = await rig.mark({ ...OPEN, armed: true });
    const [edited, taken] = [edit(id, { title: 'x' }), take(id)];
    rig.book.isRehearsal = () => false;
    expect([codeOf(await edited), codeOf(await taken)]).toEqual(['edited', 'ERR_MODE_SWITCHED']);
    expect([await rig.state(id), rig.gate.scheduled]).toEqual(['armed', []]);
    expect(await take(id)).toMatchObject({ kind: 'taken' });
  });

  test('closes no round that was voided since it was armed', async () => {
    await rig.mark({ ...OPEN, id: 'gone' });
    rig.land('gone');
    const lock = await rig.mark({ type: 'interaction.lock', ref: 'gone', armed: true });
    await cancel('gone');
    expect(codeOf(await take(lock))).toBe('ERR_CUE_STATE');
  });
});

describe('a step of the wall clock', () => {
  const HOUR_MS = 3_600_000;
  test('leaves a delay that waits where it is in time', async () => {
    const id = await rig.mark({ ...OPEN, delayMs: 20_000, announceMs: 0 });
    rig.clock.stepWallMs(HOUR_MS);
    rig.book.sweep();
    expect(await cueOf(id)).toMatchObject({
      state: 'accepted',
      rev: 1,
      dueAt: rig.now + 20_000,
      exp: rig.now + 60_000,
    });
    expect(rig.gate.held.get(`${STREAM} ${id}`)).toMatchObject({
      fire: { kind: 'at', at: rig.now + 20_000 },
    });
  });

  test('leaves what is announced on its picture', async () => {
    const id = await rig.mark({ ...OPEN, at: rig.now + 5_000 });
    announce(id);
    rig.clock.stepWallMs(-HOUR_MS);
    rig.book.sweep();
    expect(rig.gate.held.get(`${STREAM} ${id}`)).toMatchObject({
      rev: 1,
      fire: { kind: 'mediaTime', pts: 4_000 },
    });
    expect(await cueOf(id)).toMatchObject({ exp: rig.now + 45_000 });
  });

  test('is followed by a moment that has not been announced; small ones are nothing', async () => {
    const at = rig.now + 5_000;
    const id = await rig.mark({ ...OPEN, at });
    rig.clock.stepWallMs(-HOUR_MS);
    rig.book.sweep();
    rig.clock.stepWallMs(300);
    rig.book.sweep();
    expect(rig.gate.scheduled).toMatchObject([{ id, rev: 0, fire: { kind: 'at', at }, lateMs: 30_000 }]);
  });
});
