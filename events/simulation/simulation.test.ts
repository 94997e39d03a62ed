import { describe, expect, test } from 'vitest';
import { SimulationFolder } from './disk.ts';
import { PLANTED } from './planted.ts';
import { catchPlanted, runMany } from './runs.ts';
import { runSequence } from './sequence.ts';

/** How many sequences, and which: `FRAMECUE_SIMULATION_RUNS=10000`, as `npm run simulate -- --runs 10000` does. */
const RUNS = Number(process.env.FRAMECUE_SIMULATION_RUNS ?? 60);
const FROM = Number(process.env.FRAMECUE_SEED ?? 1);
const PLANTED_RUNS = Number(process.env.FRAMECUE_PLANTED_RUNS ?? 3);
const PATIENCE_MS = 120_000 + RUNS * 1_000;

test(
  'whatever happens between any two steps, the books are right once it is over',
  async () => {
    const broken: string[] = [];
    const totals = await runMany({
      ...{ runs: RUNS, from: FROM, workers: 2 },
      onBroken: (number, law) => broken.push(`${law} (npm run simulate -- --replay ${number})`),
    });
    expect(broken).toEqual([]);
    expect(totals.sequences).toBe(RUNS);
    // Something has happened in them.
    expect(totals.crashes).toBeGreaterThan(RUNS / 2);
    expect(totals.calls).toBeGreaterThan(RUNS / 10);
  },
  PATIENCE_MS,
);

test('a sequence is the same whenever it is run', async () => {
  const folder = new SimulationFolder();
  try {
    for (const number of [7, 12]) {
      const [one, two] = [await runSequence(number, { folder }), await runSequence(number, { folder })];
      expect(two).toEqual(one);
      expect(one.counts.steps).toBeGreaterThan(3);
    }
  } finally {
    folder.remove();
  }
});

describe('a planted fault is caught', () => {
  test.each(PLANTED.map((planted) => [planted.name, planted] as const))(
    '%s',
    async (_name, planted) => {
      const caught = await catchPlanted(planted, { from: planted.shownBy ?? 1, runs: PLANTED_RUNS });
      expect(caught).not.toBeNull();
    },
    PATIENCE_MS,
  );
});
