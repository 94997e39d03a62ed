import { describe, expect, test } from 'vitest';
import { ms, unixUs } from '../../packet/time.ts';
import { type InteractionFacts, newFacts, type Transition, withTransition } from '../ledger/facts.ts';
import { anInteraction, canceledBy, lockedBy, openedBy, revealedBy } from '../ledger/fixtures.ts';
import { lifeCycleOf, settleMomentOf } from './life-cycle.ts';

const T0 = 1_700_000_000_000_000;
const atMs = (span: number) => unixUs(T0 + span * 1000);
const cap = { spreadMs: ms(15_000) };
const opened = (durationMs: number | null) =>
  openedBy('q1', { fireAtUs: atMs(0) }, durationMs === null ? null : ms(durationMs));
const locked = (span: number) => lockedBy('q1', { fireAtUs: atMs(span) });
const revealed = (span: number) => revealedBy('q1', { fireAtUs: atMs(span) }, {});
const having = (...steps: readonly Transition[]): InteractionFacts =>
  steps.reduce<InteractionFacts>(withTransition, newFacts(anInteraction()));

describe('the life cycle', () => {
  test('is SCHEDULED until the fire moment, ACTIVE, LOCKED by its own end, and settles', () => {
    const facts = having(opened(10_000));
    expect(lifeCycleOf(having(), atMs(0), cap)).toEqual({ state: 'SCHEDULED' });
    expect(lifeCycleOf(facts, atMs(-1), cap)).toEqual({ state: 'SCHEDULED' });
    const active = { state: 'ACTIVE', openedAt: atMs(0), locksAt: atMs(10_000) };
    expect(lifeCycleOf(facts, atMs(0), cap)).toEqual(active);
    expect(lifeCycleOf(facts, unixUs(atMs(10_000) - 1), cap)).toEqual(active);
    const end = { state: 'LOCKED', openedAt: atMs(0), lockedAt: atMs(10_000), settlesAt: atMs(25_000) };
    expect(lifeCycleOf(facts, atMs(10_000), cap)).toEqual(end);
    expect(lifeCycleOf(facts, atMs(1_000_000), cap)).toEqual(end);
  });

  test('a lock cue ends the window earlier, never later', () => {
    expect(lifeCycleOf(having(opened(10_000), locked(4_000)), atMs(5_000), cap)).toMatchObject({
      state: 'LOCKED',
      lockedAt: atMs(4_000),
      settlesAt: atMs(19_000),
    });
    expect(lifeCycleOf(having(opened(10_000), locked(12_000)), atMs(13_000), cap)).toMatchObject({
      lockedAt: atMs(10_000),
    });
    expect(lifeCycleOf(having(opened(null)), atMs(5_000), cap)).toMatchObject({
      state: 'ACTIVE',
      locksAt: null,
    });
    expect(settleMomentOf(having(opened(null)), cap)).toBeNull();
    expect(lifeCycleOf(having(opened(null), locked(60_000)), atMs(60_000), cap)).toMatchObject({
      state: 'LOCKED',
      lockedAt: atMs(60_000),
    });
  });

  test('a lock that has landed and whose picture is still to come locks nothing yet', () => {
    expect(lifeCycleOf(having(opened(null), locked(5_000)), atMs(4_990), cap)).toMatchObject({
      state: 'ACTIVE',
      locksAt: atMs(5_000),
    });
  });

  test('is RESOLVED by the reveal, with the lock if there was one before', () => {
    expect(lifeCycleOf(having(opened(10_000), revealed(30_000)), atMs(30_000), cap)).toEqual({
      state: 'RESOLVED',
      openedAt: atMs(0),
      lockedAt: atMs(10_000),
      resolvedAt: atMs(30_000),
    });
    expect(lifeCycleOf(having(opened(10_000), revealed(5_000)), atMs(30_000), cap)).toMatchObject({
      lockedAt: null,
      resolvedAt: atMs(5_000),
    });
  });

  test('is CANCELED from any state', () => {
    expect(lifeCycleOf(having(canceledBy('q1')), atMs(0), cap)).toEqual({
      state: 'CANCELED',
      openedAt: null,
      lockedAt: null,
      canceledAt: unixUs(T0),
    });
    expect(lifeCycleOf(having(opened(10_000), canceledBy('q1')), atMs(20_000), cap).state).toBe('CANCELED');
  });
});
