/** `npm run coverage`: how much of the parser its own tests and the fuzzer's reach. */
export default {
  test: {
    include: ['h264-sei-parser/src/**/*.test.ts', 'fuzz/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 120_000,
    coverage: {
      provider: 'v8',
      include: ['h264-sei-parser/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text', 'json-summary'],
      thresholds: { branches: 95 },
    },
  },
};
