/** For the tests that planted faults must turn red: no set-up beyond the tests' own. */
export default {
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test-streams/out/**'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 1,
  },
};
