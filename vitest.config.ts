import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { pureTests } from './scripts/lib/test-projects.ts';

const NEVER = ['**/node_modules/**', '**/dist/**', '.framecue/**', 'test-streams/out/**'];

// What Node makes of the TypeScript files is kept between processes, as for `npx framecue`: servers, workers and
// commands that tests start are mostly busy with loading otherwise.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules', '.cache', 'framecue');

/** Conditions say when a test is over; these say when it hangs, also on a machine that others keep busy. */
const PATIENCE = { testTimeout: 60_000, hookTimeout: 60_000 };

const E2E = {
  globalSetup: ['e2e/global-setup.ts'],
  testTimeout: 180_000,
  hookTimeout: 180_000,
};

/** End-to-end files that judge no picture on a screen, or say themselves how far off the machine made them. */
const BLIND = [
  'aligned',
  'audit',
  'command',
  'console',
  'cue-life',
  'director-docs',
  'encoder-clock',
  'kill',
  'lottery',
  'money-kill',
  'openapi',
  'prizes',
  'quiz',
  'replay',
  'return',
  'rundown',
  'sale-desk',
  'sale-stream',
  'stage',
  'stall',
  'wrong-clock',
].map((name) => `e2e/${name}.test.ts`);
/** Files that take long, however small they are: begun first, they are not what is waited for at the end. */
const LONG = [
  'client/players.test.ts',
  'client/page.test.ts',
  'qa/rewrite/rewrite.test.ts',
  'e2e/stall.test.ts',
  'e2e/kill.test.ts',
];
const gone = [...BLIND, ...LONG].filter((file) => !existsSync(join(import.meta.dirname, file)));
if (gone.length > 0) throw new Error(`vitest.config.ts names files that are not there: ${gone.join(', ')}`);

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.some((name) => moduleId.endsWith(name));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const PURE = pureTests(import.meta.dirname);

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.{ts,tsx,mjs}'],
          exclude: [...NEVER, 'e2e/**', ...PURE],
          globalSetup: ['e2e/global-setup.ts'],
          ...PATIENCE,
        },
      },
      {
        extends: true,
        // They compute and start nothing, so that one leaves nothing behind for the next: see scripts/lib/test-projects.ts.
        test: {
          ...PATIENCE,
          name: 'unit-pure',
          include: PURE,
          exclude: NEVER,
          isolate: false,
          restoreMocks: true,
        },
      },
      {
        extends: true,
        test: { ...E2E, name: 'e2e-blind', include: BLIND, exclude: NEVER, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          ...E2E,
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: [...NEVER, ...BLIND],
          // Browsers, encoders and servers at once: two files together would measure each other.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
    // Real processes, sockets and workers: a file has a process of its own, so that what it leaves dies with it.
    pool: 'forks',
    // Most files wait as long as they compute, so four even on a small machine; larger ones keep half their cores
    // for the servers and encoders that tests start.
    maxWorkers: Math.max(4, Math.floor(availableParallelism() / 2)),
    teardownTimeout: 20_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
