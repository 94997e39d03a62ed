import { expect, test } from 'vitest';
import { nextStepOf } from './next-step.ts';

test('every state and problem of a draw has words, and those that need somebody say what to do', () => {
  const draw = { interaction: 'final', round: 7, short: 0, excluded: 0, lacks: null, isShadow: false };
  for (const state of ['open', 'frozen', 'committed', 'booking'] as const) {
    expect(nextStepOf({ ...draw, state, problem: null })).toMatch(/^Nothing/);
  }
  for (const problem of ['seed-lost', 'no-randomness', 'list-changed', 'failed'] as const) {
    expect(nextStepOf({ ...draw, state: 'committed', problem })).toMatch(/Put|give|framecue|look/);
  }
  const drawn = { ...draw, state: 'revealed', problem: null } as const;
  const lacks = (outcome: 'empty' | 'closed' | 'no-pool') => ({ pool: 'p1', outcome });
  expect(nextStepOf({ ...drawn, short: 2, lacks: lacks('empty') })).toMatch(/2 winners.*p1.*Fund it.*rebook/);
  expect(nextStepOf({ ...drawn, short: 2, lacks: lacks('closed') })).toMatch(/p1.*Reopen it/);
  expect(nextStepOf({ ...drawn, short: 2, lacks: lacks('no-pool') })).toMatch(/no pool p1.*Open one/);
  expect(nextStepOf(drawn)).toBeNull();
  expect(nextStepOf({ ...drawn, state: 'drawn' })).toContain('Reveal');
  expect(nextStepOf({ ...drawn, isShadow: true, excluded: 3 })).toContain('shadow');
  expect(nextStepOf({ ...drawn, state: 'void', short: 3 })).toBeNull();
});
