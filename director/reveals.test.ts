import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import type { FramecueError } from '../packet/errors.ts';
import { EditRequest, TakeRequest } from './cue-request.ts';
import { type RevealFact, type RevealLookup, Reveals } from './reveals.ts';
import { Rig, STREAM, WHO } from './testing/rig.ts';

const KEY = 'k'.repeat(43);
const OPEN = { id: 'open', type: 'interaction.open', data: { interaction: 'final' }, durationMs: 10_000 };
const REVEAL = { id: 'reveal', type: 'interaction.reveal', ref: 'open' };
const HAS_KEY: RevealFact = { kind: 'carries', data: { interaction: 'final', resultKey: KEY } };
const AWAY: RevealFact = { kind: 'away', why: 'events does not answer' };

let rig: Rig;
let fact: RevealFact;
const lookUp = vi.fn<RevealLookup>();

beforeEach(async () => {
  fact = HAS_KEY;
  lookUp.mockReset().mockImplementation(async () => fact);
  rig = await new Rig().open({ lookUpReveal: lookUp });
  rig.gate.begin(STREAM);
});
afterEach(() => rig.remove());

const cueOf = async (id: string): Promise<Cue> => (await rig.book.get(STREAM, id))!;
const dataOf = async (id: string) => (await cueOf(id)).data;
const take = (id: string) =>
  rig.book.take({ stream: STREAM, id, request: TakeRequest.parse({}), who: WHO, receivedAt: rig.now });
const edit = (id: string, request: object) =>
  rig.book.edit({ stream: STREAM, id, request: EditRequest.parse(request), who: WHO, receivedAt: rig.now });

describe('a reveal carries what events says, and nobody copies it', () => {
  test('asked for when the round opens: at the reveal it is there', async () => {
    await rig.mark(OPEN);
    expect(lookUp.mock.calls).toEqual([['final']]);
    fact = AWAY;
    await rig.mark(REVEAL);
    expect(await dataOf('reveal')).toEqual({ interaction: 'final', resultKey: KEY });
    expect(lookUp).toHaveBeenCalledTimes(1);
  });

  test('events was away at the opening: asked again at the lock, and at the reveal', async () => {
    fact = AWAY;
    await rig.mark(OPEN);
    await rig.mark({ id: 'lock', type: 'interaction.lock', ref: 'open' });
    await vi.waitFor(() => expect(lookUp).toHaveBeenCalledTimes(2), 15_000);
    fact = HAS_KEY;
    await rig.mark({ ...REVEAL, data: { text: 'And it goes to' } });
    expect(await dataOf('reveal')).toEqual({ interaction: 'final', resultKey: KEY, text: 'And it goes to' });
  });

  test('what the director gives goes before, and nobody is asked for it', async () => {
    fact = AWAY;
    await rig.mark(OPEN);
    lookUp.mockClear();
    await rig.mark({ ...REVEAL, data: { interaction: 'final', resultKey: 'own' } });
    expect(await dataOf('reveal')).toEqual({ interaction: 'final', resultKey: 'own' });
    expect(lookUp).not.toHaveBeenCalled();
  });

  test('an armed one gets it with its take, and keeps it when it is edited', async () => {
    await rig.mark(OPEN);
    await rig.mark({ ...REVEAL, armed: true });
    expect(await dataOf('reveal')).toEqual({});
    expect(await take('reveal')).toMatchObject({ kind: 'taken' });
    expect(await dataOf('reveal')).toEqual({ interaction: 'final', resultKey: KEY });
    expect(await edit('reveal', { data: { text: 'now' } })).toMatchObject({ kind: 'edited' });
    expect(await dataOf('reveal')).toEqual({ resultKey: KEY, text: 'now' });
  });

  test('an armed one that is taken at all has room for the key', async () => {
    await rig.mark(OPEN);
    const arm = (n: number) =>
      rig.accept({ ...REVEAL, id: `r${n}`, armed: true, data: { text: 'x'.repeat(n) } });
    let [fits, tooLong] = [0, 4_000];
    while (tooLong - fits > 1) {
      const n = Math.floor((fits + tooLong) / 2);
      const outcome = await arm(n);
      if (outcome.kind === 'refused') expect(outcome.error.code).toBe('ERR_CUE_TOO_LARGE');
      else await rig.book.cancel({ stream: STREAM, id: `r${n}`, who: WHO });
      if (outcome.kind === 'refused') tooLong = n;
      else fits = n;
    }
    expect(fits).toBeGreaterThan(100);
    await rig.accept({ ...REVEAL, id: 'last', armed: true, data: { text: 'x'.repeat(fits) } });
    // Nor is it edited to where it could not be taken.
    expect(await edit('last', { data: { text: 'x'.repeat(tooLong + 3) } })).toMatchObject({
      ...{ kind: 'refused', error: { code: 'ERR_CUE_TOO_LARGE' } },
    });
    expect(await take('last')).toMatchObject({ kind: 'taken' });
    expect(await dataOf('last')).toMatchObject({ resultKey: KEY });
  });

  test('other types, and interactions that events does not know, are as they are', async () => {
    fact = { kind: 'unknown' };
    await rig.mark(OPEN);
    await rig.mark({ ...REVEAL, data: { correct: 1 } });
    expect(await dataOf('reveal')).toEqual({ correct: 1 });
  });
});

describe('where events cannot be asked', () => {
  beforeEach(() => {
    fact = AWAY;
  });
  const reveal = (more: object = {}) => rig.accept({ ...REVEAL, ...more });

  test('a reveal that says nothing itself is refused, with what to do; nothing is marked', async () => {
    await rig.mark(OPEN);
    const outcome = await reveal();
    expect(outcome).toMatchObject({
      kind: 'refused',
      error: { code: 'ERR_REVEAL_UNKNOWN', details: { interaction: 'final', why: 'events does not answer' } },
    });
    expect(await rig.book.get(STREAM, 'reveal')).toBeNull();
    fact = HAS_KEY;
    expect(await reveal()).toMatchObject({ kind: 'accepted' });
  });

  test('a quiz is revealed all the same: it brings what it shows', async () => {
    await rig.mark(OPEN);
    expect(await reveal({ data: { interaction: 'final', correct: 1 } })).toMatchObject({ kind: 'accepted' });
  });

  test('a take is refused likewise, and works later', async () => {
    await rig.mark(OPEN);
    await rig.mark({ ...REVEAL, armed: true });
    expect(await take('reveal')).toMatchObject({ kind: 'refused', error: { code: 'ERR_REVEAL_UNKNOWN' } });
    expect((await cueOf('reveal')).state).toBe('armed');
    fact = HAS_KEY;
    expect(await take('reveal')).toMatchObject({ kind: 'taken' });
  });
});

describe('a rehearsal never carries the key: the draw itself is to come', () => {
  test('by its mode, whoever gave the key', async () => {
    rig.book.isRehearsal = () => true;
    await rig.mark(OPEN);
    await rig.mark({ ...REVEAL, data: { interaction: 'final', resultKey: KEY } });
    expect(await cueOf('reveal')).toMatchObject({ rehearsal: true, data: { interaction: 'final' } });
  });

  test('armed before the mode was switched', async () => {
    await rig.mark({ ...OPEN, armed: true });
    await rig.mark({ ...REVEAL, armed: true, data: { resultKey: KEY } });
    rig.book.isRehearsal = () => true;
    await take('open');
    expect(await take('reveal')).toMatchObject({ kind: 'taken', cue: { rehearsal: true, data: {} } });
  });

  test('switched while events was being asked', async () => {
    rig.book.isRehearsal = () => false;
    fact = AWAY;
    await rig.mark(OPEN);
    lookUp.mockImplementation(async () => {
      rig.book.isRehearsal = () => true;
      return HAS_KEY;
    });
    const outcome = await rig.accept(REVEAL);
    // It is of another mode than its opening by now.
    expect(outcome).toMatchObject({ kind: 'refused', error: { code: 'ERR_CUE_STATE' } });
  });
});

test('whoever asks while the answer is on its way waits for it, whatever became of the one before', async () => {
  const [first, second] = [Promise.withResolvers<RevealFact>(), Promise.withResolvers<RevealFact>()];
  lookUp.mockReset().mockReturnValueOnce(first.promise).mockReturnValueOnce(second.promise);
  const reveals = new Reveals(lookUp);
  const ask = () => reveals.of('final', {}).catch(({ code }: FramecueError) => code);
  const answers = [ask()];
  void first.promise.then(() => answers.push(ask()));
  first.resolve(AWAY);
  // The first one has its answer, and those who wait have not heard yet.
  answers.push(ask());
  await first.promise;
  await Promise.resolve();
  answers.push(ask());
  second.resolve(HAS_KEY);
  const carried = { interaction: 'final', resultKey: KEY };
  expect(await Promise.all(answers)).toEqual([
    ...['ERR_REVEAL_UNKNOWN', 'ERR_REVEAL_UNKNOWN', carried, carried],
  ]);
  expect(lookUp).toHaveBeenCalledTimes(2);
});
