import { describe, expect, test } from 'vitest';
import type { Cue } from '../../cues/cue.ts';
import { ms, unixMs, unixUs } from '../../packet/time.ts';
import { type InteractionRecord, newFacts, type Transition } from '../ledger/facts.ts';
import { aCue, anInteraction, canceledBy, lockedBy, openedBy, revealedBy } from '../ledger/fixtures.ts';
import { BookDraft, InteractionBook } from './book.ts';
import { effectOf, inOrderOfEffect } from './steps.ts';

const NOW = unixUs(1_700_000_000_000_000);

const landed = (over: Partial<Cue> & Pick<Cue, 'id' | 'type'>, fireAtUs: number = NOW): Cue =>
  aCue({
    state: 'landed',
    data: {},
    landing: {
      epoch: 'e1',
      pts: ms(1_000),
      frame: 7,
      stampedAtUs: NOW,
      fireAtUs: unixUs(fireAtUs),
      markToStampMs: 2,
      errorMs: 0,
      choice: 'next-in-presentation',
      outputs: {},
    },
    ...over,
  });

const bookWith = (record: Partial<InteractionRecord> = {}, ...steps: readonly Transition[]) => {
  const book = new InteractionBook(10);
  book.add(newFacts(anInteraction({ id: 'q1', ...record })));
  for (const step of steps) book.apply(step);
  return book;
};
const effect = (cue: Cue, book: InteractionBook, others: readonly Cue[] = []) =>
  effectOf(cue, NOW, book, (stream, id) => others.find((c) => c.stream === stream && c.id === id));

const moment = (cue: string, over: object = {}) => ({
  cue,
  rev: 0,
  stream: 'live/main',
  epoch: 'e1',
  pts: 1_000,
  fireAtUs: NOW,
  ...over,
});
const OPEN = landed({ id: 'c1', type: 'interaction.open', data: { interaction: 'q1' } });
const OPENED = openedBy('q1', moment('c1') as object);
const LOCK = landed({ id: 'c2', type: 'interaction.lock', ref: 'c1' });
const REVEAL = landed({ id: 'c3', type: 'interaction.reveal', ref: 'c1', data: { correct: 2 } });
const CANCEL = landed({ id: 'c4', type: 'interaction.cancel', ref: 'c1' });

describe('what a cue does', () => {
  describe('that was voided', () => {
    const at = unixMs(1_700_000_005_000);
    const VOID = { ...OPEN, rev: 1, voided: { at, by: 'director', landing: null } } satisfies Cue;
    const CANCELED = {
      kind: 'step',
      step: { kind: 'canceled', interaction: 'q1', cue: 'c1', atUs: 1_700_000_005_000_000 },
    };

    test('cancels its round from that moment on, while it is open and when it is over', () => {
      expect(effect(VOID, bookWith({}, OPENED))).toEqual(CANCELED);
      const revealed = revealedBy('q1', moment('c3') as object, {});
      expect(effect(VOID, bookWith({}, OPENED, lockedBy('q1', moment('c2') as object), revealed))).toEqual(
        CANCELED,
      );
      expect(effect({ ...VOID, state: 'ended' }, bookWith({}, OPENED, revealed))).toEqual(CANCELED);
    });

    test('cancels it where the feed brings opening and voiding in one', () => {
      expect(effect(VOID, bookWith())).toEqual(CANCELED);
    });

    test('cancels it once, and nobody else’s', () => {
      expect(effect(VOID, bookWith({}, OPENED, canceledBy('q1')))).toEqual({ kind: 'none' });
      expect(effect(VOID, bookWith({}, openedBy('q1', moment('c9') as object)))).toEqual({ kind: 'none' });
      expect(effect(VOID, bookWith({ stream: 'live/other' }))).toEqual({ kind: 'none' });
    });

    test('before it landed leaves the round to another cue', () => {
      const announced = { ...VOID, state: 'cancelled', landing: null } satisfies Cue;
      expect(effect(announced, bookWith())).toEqual({ kind: 'none' });
    });

    test('while nobody knows whether it landed cancels the round', () => {
      const unsure = { ...VOID, state: 'uncertain', landing: null } satisfies Cue;
      expect(effect(unsure, bookWith())).toEqual(CANCELED);
    });
  });

  test('opens, for as long as the cue or else the config says', () => {
    expect(effect(OPEN, bookWith())).toEqual({
      kind: 'step',
      step: { kind: 'opened', interaction: 'q1', moment: moment('c1'), durationMs: 10_000 },
    });
    expect(effect({ ...OPEN, durationMs: ms(3_000) }, bookWith())).toMatchObject({
      step: { durationMs: 3_000 },
    });
  });

  test('locks, reveals and cancels what its ref has opened', () => {
    const book = bookWith({}, OPENED);
    expect(effect(LOCK, book)).toEqual({
      kind: 'step',
      step: { kind: 'locked', interaction: 'q1', moment: moment('c2') },
    });
    expect(effect(REVEAL, book)).toEqual({
      kind: 'step',
      step: { kind: 'revealed', interaction: 'q1', moment: moment('c3'), data: { correct: 2 } },
    });
    expect(effect(CANCEL, book)).toEqual({
      kind: 'step',
      step: { kind: 'canceled', interaction: 'q1', cue: 'c4', atUs: NOW },
    });
  });

  test('finds the interaction by its name where the ref opened nothing', () => {
    const byName = landed({ id: 'c4', type: 'interaction.cancel', data: { interaction: 'q1' } });
    expect(effect(byName, bookWith())).toMatchObject({ step: { kind: 'canceled', interaction: 'q1' } });
    const pending = aCue({ id: 'c1', data: { interaction: 'q1' } });
    expect(effect(CANCEL, bookWith(), [pending])).toMatchObject({
      step: { kind: 'canceled', interaction: 'q1' },
    });
  });

  test.each<[string, Cue]>([
    ['is accepted only', aCue({ id: 'c1' })],
    ['is announced', aCue({ id: 'c1', state: 'announced' })],
    ['is missed', aCue({ id: 'c1', state: 'missed' })],
    ['was cancelled before it landed', aCue({ id: 'c1', state: 'cancelled' })],
    ['names nothing', landed({ id: 'c1', type: 'interaction.open' })],
    ['is about a product', landed({ id: 'c1', type: 'product.card', data: { interaction: 'q1' } })],
    ['is a lock of nothing', landed({ id: 'c1', type: 'interaction.lock' })],
  ])('nothing while it %s', (_name, cue) => {
    expect(effect(cue, bookWith())).toEqual({ kind: 'none' });
  });

  test('what it has done it does not do again, not even in another revision', () => {
    const book = bookWith({}, OPENED, lockedBy('q1', moment('c2') as object));
    expect(effect(OPEN, book)).toEqual({ kind: 'none' });
    expect(effect({ ...OPEN, rev: 1, state: 'ended' }, book)).toEqual({ kind: 'none' });
    expect(effect(LOCK, book)).toEqual({ kind: 'none' });
  });

  test('an open cue that is taken back voids its interaction', () => {
    const voided = { ...OPEN, state: 'cancelled' as const };
    expect(effect(voided, bookWith({}, OPENED))).toMatchObject({ step: { kind: 'canceled', cue: 'c1' } });
    expect(effect(voided, bookWith({}, OPENED, canceledBy('q1')))).toEqual({ kind: 'none' });
  });

  test.each<[string, Cue, InteractionBook]>([
    [
      'unknown-interaction',
      landed({ id: 'c1', type: 'interaction.open', data: { interaction: 'q9' } }),
      bookWith(),
    ],
    ['unknown-interaction', LOCK, bookWith()],
    ['other-stream', { ...OPEN, stream: 'live/other' }, bookWith({ stream: 'live/main' })],
    [
      'other-stream',
      {
        ...landed({ id: 'c2', type: 'interaction.lock', data: { interaction: 'q1' } }),
        stream: 'live/other',
      },
      bookWith({}, OPENED),
    ],
    ['opened-by-another-cue', { ...OPEN, id: 'c9' }, bookWith({}, OPENED)],
    ['opened-by-another-cue', { ...OPEN, stream: 'live/other' }, bookWith({}, OPENED)],
    ['had-one-already', { ...LOCK, id: 'c9' }, bookWith({}, OPENED, lockedBy('q1', moment('c2') as object))],
    ['not-opened', landed({ id: 'c2', type: 'interaction.lock', data: { interaction: 'q1' } }), bookWith()],
    ['over', OPEN, bookWith({}, canceledBy('q1'))],
    ['over', LOCK, bookWith({}, OPENED, canceledBy('q1'))],
    ['over', CANCEL, bookWith({}, OPENED, revealedBy('q1', moment('c3') as object, {}))],
  ])('is passed over: %s', (why, cue, book) => {
    expect(effect(cue, book)).toMatchObject({ kind: 'passed-over', why });
  });

  test('a snapshot is worked through in an order in which each finds what it belongs to', () => {
    const book = bookWith();
    const draft = new BookDraft(book);
    const steps: Transition[] = [];
    for (const cue of inOrderOfEffect([REVEAL, LOCK, aCue({ id: 'x' }), OPEN])) {
      const done = effectOf(cue, NOW, draft, () => undefined);
      if (done.kind !== 'step') continue;
      draft.apply(done.step);
      steps.push(done.step);
    }
    expect(steps.map(({ kind }) => kind)).toEqual(['opened', 'locked', 'revealed']);
    expect(book.get('q1')!.facts.opened).toBeNull();
  });
});
