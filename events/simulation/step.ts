import fc from 'fast-check';
import type { Model } from './model.ts';
import type { World } from './world.ts';

/** One thing that happens to a world. */
export type Step = fc.AsyncCommand<Model, World>;

/** @param run does it and holds what comes of it against the model. */
export const step = <Given>(
  name: string,
  given: fc.Arbitrary<Given>,
  run: (world: World, given: Given) => Promise<string>,
): fc.Arbitrary<Step> =>
  given.map((value) => {
    const text = `${name} ${JSON.stringify(value)}`;
    return {
      check: () => true,
      async run(_model: Model, world: World) {
        world.stepped();
        world.say(text);
        world.say(`  ${await run(world, value)}`);
      },
      toString: () => text,
    };
  });

export const VIEWERS = ['ann', 'bob', 'eve', 'kim', 'zoe'] as const;
export const ROUNDS = ['r1', 'r2', 'r3'] as const;

export const viewer = fc.constantFrom(...VIEWERS);
export const round = fc.constantFrom(...ROUNDS);
/** A client that hears nothing of what came of its request. */
export const deaf = fc.integer({ min: 0, max: 9 }).map((n) => n === 0);
