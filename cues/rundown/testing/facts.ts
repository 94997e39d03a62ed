import type { RundownFacts } from '../rule-context.ts';

export const NOW = Date.parse('2030-01-31T20:00:00Z');

/** A server's usual settings, with no events to ask. */
export const testFacts = (given: Partial<RundownFacts> = {}): RundownFacts => ({
  now: NOW,
  stream: 'live/main',
  spreadCapMs: 15_000,
  stampTextLimit: 1_024,
  keyIdLength: 11,
  interactions: null,
  done: new Set(),
  ...given,
});
