import fc from 'fast-check';
import { type Step, step } from './step.ts';

/** What happens to machine, clock and process between any two steps. */

const span = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 2_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 2_000, max: 40_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(600_000, 3_600_000) },
);

/** Timers go in between, as they do; a long span is a process that was put aside, too. */
const SLICES = 4;

export const machineSteps: fc.WeightedArbitrary<Step>[] = [
  {
    weight: 7,
    arbitrary: step('time', span, async (world, spanMs) => {
      for (let slice = 0; slice < SLICES; slice++) await world.advance(spanMs / SLICES);
      return `${Math.round(world.time.clock.monotonicUs() / 1000)} ms`;
    }),
  },
  {
    weight: 1,
    arbitrary: step(
      'clock steps',
      fc.constantFrom(-3_600_000, -5_000, 5_000, 3_600_000),
      async (world, byMs) => {
        world.time.clock.stepWallMs(byMs);
        return 'the wall clock alone';
      },
    ),
  },
  {
    weight: 3,
    arbitrary: step('crash', fc.constant(null), async (world) => {
      await world.crash();
      return 'between two steps';
    }),
  },
  {
    weight: 5,
    arbitrary: step(
      'commit',
      fc.record({
        kind: fc.constantFrom('fails' as const, 'done-but-fails', 'crash-before', 'crash-after'),
        after: fc.integer({ min: 0, max: 4 }),
      }),
      async (world, { kind, after }) => {
        world.planCommitFault(kind, after);
        return 'planned';
      },
    ),
  },
  {
    weight: 4,
    arbitrary: step(
      'writer',
      fc.constantFrom('answer-too-late' as const, 'lost-before', 'overloaded'),
      async (world, fault) => {
        await world.life();
        world.planWriterFault(fault);
        return 'planned';
      },
    ),
  },
  {
    weight: 2,
    arbitrary: step('disk', fc.constantFrom('fill' as const, 'lock', 'mend', 'mend'), async (world, what) => {
      if (what === 'mend') world.mend();
      else world.disk[what]();
      return 'done';
    }),
  },
];
