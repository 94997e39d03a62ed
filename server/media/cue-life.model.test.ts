import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CueStep, CueWorld, type Moment } from './testing/cue-world.ts';

/**
 * How many lives are tried, and which: `FRAMECUE_MODEL_RUNS=3000 FRAMECUE_SEED=...` for many others. With
 * `FRAMECUE_MODEL_SHRINK=1` one that breaks a law is made smaller.
 */
const RUNS = Number(process.env.FRAMECUE_MODEL_RUNS ?? 15);
const SEED = Number(process.env.FRAMECUE_SEED ?? 1_000);

const moment: fc.Arbitrary<Moment> = fc.record({
  kind: fc.constantFrom('next' as const, 'delay', 'at', 'media'),
  inMs: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 9_000 })),
});
const announceMs = fc.constantFrom(0, 300, 2_000, 6_000);
const which = fc.integer({ min: 0, max: 3 });
const bare = <const Do extends string>(name: Do) => fc.constant({ do: name } as const);

const step: fc.Arbitrary<CueStep> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('mark' as const),
      ...{ moment, announceMs },
      type: fc.constantFrom('custom' as const, 'interaction.open', 'window', 'lock', 'series'),
    }),
  },
  { weight: 2, arbitrary: bare('arm') },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const), which, moment, announceMs }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('edit' as const), which, moment: fc.option(moment) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cancel' as const), which }) },
  { weight: 1, arbitrary: bare('panic') },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('frames' as const),
      count: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 80 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('idle' as const), forMs: fc.integer({ min: 1, max: 5_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('wall' as const),
      byMs: fc.constantFrom(-3_600_000, -4_000, -1_500, 1_500, 4_000, 3_600_000),
    }),
  },
  { weight: 1, arbitrary: bare('jump') },
  { weight: 1, arbitrary: bare('gone') },
  { weight: 2, arbitrary: bare('back') },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      mode: fc.constantFrom('open' as const, 'open', 'hold', 'mute', 'refuse'),
    }),
  },
  { weight: 1, arbitrary: bare('log-times-out') },
  { weight: 1, arbitrary: bare('audit') },
  { weight: 2, arbitrary: bare('crash') },
  { weight: 1, arbitrary: bare('restart') },
);

interface Life {
  readonly hasBFrames: boolean;
  readonly endsLive: boolean;
  readonly steps: readonly CueStep[];
}
const life: fc.Arbitrary<Life> = fc.record({
  hasBFrames: fc.boolean(),
  endsLive: fc.boolean(),
  steps: fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }),
});

async function breachesOf({ hasBFrames, endsLive, steps }: Life): Promise<readonly string[]> {
  const world = await CueWorld.open(hasBFrames);
  try {
    await world.run(steps, endsLive);
    return world.laws.breaches;
  } finally {
    await world.remove();
  }
}

// Of the journal and of requests; video and cues go by a clock of their own.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the life of cues, whatever happens to publisher, clock, store and process', () => {
  it(
    'fires each once at most, never early and never once it is taken back, and loses none without a reason',
    async () => {
      await fc.assert(
        fc.asyncProperty(life, async (given) => {
          expect(await breachesOf(given)).toEqual([]);
        }),
        { numRuns: RUNS, seed: SEED, endOnFailure: process.env.FRAMECUE_MODEL_SHRINK !== '1' },
      );
    },
    60_000 + RUNS * 3_000,
  );
});
