import { vi } from 'vitest';

const PATIENCE_MS = 30_000;

/** Tries until it no longer throws. Patient, since machines that run tests are often busy. */
export const until = <Value>(check: () => Value | Promise<Value>): Promise<Value> =>
  vi.waitFor(check, { timeout: PATIENCE_MS, interval: 20 });
