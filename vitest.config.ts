import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const NEVER = ['**/node_modules/**', '**/dist/**', '.framecue/**', 'test-streams/out/**'];

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.{ts,tsx,mjs}'],
          exclude: [...NEVER, 'e2e/**'],
          globalSetup: ['e2e/global-setup.ts'],
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: NEVER,
          globalSetup: ['e2e/global-setup.ts'],
          // Browsers, encoders and servers at once: two files together would measure each other.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
    // Real processes, sockets and workers: a file has a process of its own, so that what it leaves dies with it.
    pool: 'forks',
    // Many files wait more than they compute, so two even on a small machine; larger ones keep half their cores
    // for the servers and encoders that tests start.
    maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
    teardownTimeout: 20_000,
  },
});
