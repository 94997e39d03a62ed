import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ms, unixUs } from '../../packet/time.ts';
import { type InteractionFacts, newFacts, type Transition, withTransition } from '../ledger/facts.ts';
import { anInteraction, canceledBy, lockedBy, openedBy, revealedBy } from '../ledger/fixtures.ts';
import { type Attempt, judgeWindow } from './judge.ts';

const T0 = 1_700_000_000_000_000;
const atMs = (span: number) => unixUs(T0 + span * 1000);
const limits = { spreadMs: ms(15_000), clockErrorMs: ms(100), toleranceMs: ms(250) };

/** Opens at PTS 1,000 for 10 s; PTS 1,000 is T0. */
const OPENED = openedBy('q1', { cue: 'c1', pts: ms(1_000), fireAtUs: unixUs(T0), epoch: 'e1' });
const OPEN_END = openedBy('q1', { cue: 'c1', pts: ms(1_000), fireAtUs: unixUs(T0), epoch: 'e1' }, null);
const lockAt = (spanMs: number, epoch = 'e1', pts = 1_000 + spanMs) =>
  lockedBy('q1', { cue: 'c2', pts: ms(pts), fireAtUs: atMs(spanMs), epoch });
const REVEALED = revealedBy('q1', { cue: 'c3', fireAtUs: atMs(20_000) }, {});

const having = (...steps: readonly Transition[]): InteractionFacts =>
  steps.reduce<InteractionFacts>(withTransition, newFacts(anInteraction()));

const judge = (facts: InteractionFacts, arrivedMs: number, claims: Attempt['claims'] = {}) => {
  const verdict = judgeWindow(facts, { arrivedAtUs: atMs(arrivedMs), claims }, limits);
  return verdict.kind === 'in-time'
    ? 'in-time'
    : `${verdict.code.slice('ERR_INTERACTION_'.length)} ${verdict.why}`;
};

describe('an answer is judged', () => {
  test.each<[string, readonly Transition[], number, Attempt['claims'], string]>([
    ['nothing is open', [], 0, {}, 'NOT_OPEN not-opened'],
    ['before the fire moment', [OPENED], -101, {}, 'NOT_OPEN before-fire'],
    ['before it within what clocks differ', [OPENED], -100, {}, 'in-time'],
    ['at the fire moment', [OPENED], 0, {}, 'in-time'],
    ['in the window', [OPENED], 5_000, { epoch: 'e1', actedPts: 6_000, answerMs: 5_000 }, 'in-time'],
    ['in the window, by who claims nothing', [OPENED], 5_000, {}, 'in-time'],
    [
      'acted before the picture was shown',
      [OPENED],
      500,
      { epoch: 'e1', actedPts: 700 },
      'NOT_OPEN acted-before-open',
    ],
    ['within the tolerance of that', [OPENED], 500, { epoch: 'e1', actedPts: 760 }, 'in-time'],
    [
      'behind, after the end by arrival alone',
      [OPENED],
      18_000,
      { epoch: 'e1', actedPts: 10_900 },
      'in-time',
    ],
    ['no claim, after the end, before the cap', [OPENED], 24_999, {}, 'in-time'],
    ['no claim, at the cap', [OPENED], 25_000, {}, 'LOCKED arrived-after-cap'],
    [
      'the best of claims, at the cap',
      [OPENED],
      25_000,
      { epoch: 'e1', actedPts: 1_001, answerMs: 1 },
      'LOCKED arrived-after-cap',
    ],
    [
      'acted after the window',
      [OPENED],
      11_500,
      { epoch: 'e1', actedPts: 11_251 },
      'LOCKED acted-after-window',
    ],
    ['within the tolerance of that', [OPENED], 11_500, { epoch: 'e1', actedPts: 11_250 }, 'in-time'],
    [
      'took longer than the window',
      [OPENED],
      11_500,
      { answerMs: 10_251 },
      'LOCKED answer-longer-than-window',
    ],
    ['within the tolerance of that', [OPENED], 11_500, { answerMs: 10_250 }, 'in-time'],
    ['a window without an end', [OPEN_END], 3_600_000, { answerMs: 3_599_000 }, 'in-time'],
    [
      'locked: had the lock on screen',
      [OPENED, lockAt(4_000)],
      4_100,
      { epoch: 'e1', actedPts: 5_000 },
      'LOCKED acted-after-lock',
    ],
    [
      'locked: one frame before it',
      [OPENED, lockAt(4_000)],
      12_000,
      { epoch: 'e1', actedPts: 4_960 },
      'in-time',
    ],
    ['locked: no epoch said', [OPENED, lockAt(4_000)], 4_100, { actedPts: 5_000 }, 'LOCKED acted-after-lock'],
    ['locked: no claim, before the cap', [OPENED, lockAt(4_000)], 18_999, {}, 'in-time'],
    ['locked: no claim, at the cap', [OPENED, lockAt(4_000)], 19_000, {}, 'LOCKED arrived-after-cap'],
    [
      'a lock behind the end takes nothing back',
      [OPENED, lockAt(12_000)],
      25_000,
      {},
      'LOCKED arrived-after-cap',
    ],
    ['a lock ends what has no end', [OPEN_END, lockAt(60_000)], 75_000, {}, 'LOCKED arrived-after-cap'],
    [
      'lock in the next epoch: acted in the first',
      [OPENED, lockAt(4_000, 'e2')],
      5_000,
      { epoch: 'e1', actedPts: 5_500 },
      'in-time',
    ],
    [
      'lock in the next epoch: acted in it, before',
      [OPENED, lockAt(4_000, 'e2')],
      5_000,
      { epoch: 'e2', actedPts: 4_960 },
      'in-time',
    ],
    [
      'lock in the next epoch: acted in it, at it',
      [OPENED, lockAt(4_000, 'e2')],
      5_000,
      { epoch: 'e2', actedPts: 5_000 },
      'LOCKED acted-after-lock',
    ],
    [
      'acted in an epoch after the lock',
      [OPENED, lockAt(4_000)],
      5_000,
      { epoch: 'e2', actedPts: 5_500 },
      'LOCKED acted-after-lock',
    ],
    [
      'media began anew: small PTS in the new epoch',
      [OPENED],
      5_000,
      { epoch: 'e2', actedPts: 40 },
      'in-time',
    ],
    [
      'media began anew: large PTS in the old epoch',
      [OPENED, lockAt(4_000, 'e2', 200)],
      5_000,
      { epoch: 'e1', actedPts: 4_900 },
      'in-time',
    ],
    [
      'media began anew: in the new one, after the lock',
      [OPENED, lockAt(4_000, 'e2', 200)],
      5_000,
      { epoch: 'e2', actedPts: 240 },
      'LOCKED acted-after-lock',
    ],
    [
      'resolved: always',
      [OPENED, lockAt(4_000), REVEALED],
      5_000,
      { epoch: 'e1', actedPts: 2_000 },
      'LOCKED resolved',
    ],
    ['resolved without a lock', [OPENED, REVEALED], 5_000, {}, 'LOCKED resolved'],
    ['cancelled', [OPENED, canceledBy('q1')], 5_000, {}, 'CANCELED cancelled'],
    ['cancelled before it opened', [canceledBy('q1')], 5_000, {}, 'CANCELED cancelled'],
  ])('%s', (_name, steps, arrivedMs, claims, expected) => {
    expect(judge(having(...steps), arrivedMs, claims)).toBe(expected);
  });

  const claim = fc.record(
    {
      epoch: fc.constantFrom('e1', 'e2', 'e9'),
      actedPts: fc.integer({ min: -10_000, max: 100_000 }),
      answerMs: fc.integer({ min: 0, max: 100_000 }),
    },
    { requiredKeys: [] },
  );
  const lock = fc.option(fc.integer({ min: 0, max: 20_000 }));

  test('no claim makes a late arrival good, and none makes it better than no claim at all', () => {
    fc.assert(
      fc.property(lock, fc.integer({ min: -1_000, max: 60_000 }), claim, (lockMs, arrivedMs, claims) => {
        const facts = lockMs === null ? having(OPENED) : having(OPENED, lockAt(lockMs));
        const verdict = judge(facts, arrivedMs, claims);
        const end = Math.min(10_000, lockMs ?? 10_000);
        if (arrivedMs >= end + 15_000) expect(verdict).toMatch(/^LOCKED/);
        if (arrivedMs < -100) expect(verdict).toMatch(/^NOT_OPEN/);
        if (judge(facts, arrivedMs) !== 'in-time') expect(verdict).not.toBe('in-time');
      }),
    );
  });

  test('an honest viewer, however far behind within the cap, is in time up to the lock', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 14_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 0, max: 900 }),
        (behindMs, lockMs, share, networkMs) => {
          const actedMs = lockMs * share;
          const facts = having(OPENED, lockAt(lockMs));
          const claims = { epoch: 'e1', actedPts: 1_000 + Math.floor(actedMs), answerMs: actedMs };
          expect(judge(facts, actedMs + behindMs + networkMs, claims)).toBe('in-time');
        },
      ),
    );
  });
});
