import type { Clock } from '../packet/clock.ts';

/** What has passed, and what this thread has computed. Only differences mean something. Microseconds. */
export interface Spent {
  readonly wallUs: number;
  /** CPU time of this thread: it stands while the machine gives the thread no CPU. Null: nobody measures it. */
  readonly cpuUs: number | null;
}

let threadCpuUs: (() => number) | null = null;

/**
 * For measurements. `process.threadCpuUsage` will not do for a millisecond: Linux brings it up to date when the thread
 * is switched or a tick comes (1 to 4 ms), so that most requests seem to take nothing.
 */
export function useThreadCpuClock(read: (() => number) | null): void {
  threadCpuUs = read;
}

export function spentNow(clock: Clock): Spent {
  return { wallUs: clock.monotonicUs(), cpuUs: threadCpuUs?.() ?? null };
}

export function spentSince(from: Spent, clock: Clock): Spent {
  return less(spentNow(clock), from);
}

export const less = (a: Spent, b: Spent): Spent => ({
  wallUs: a.wallUs - b.wallUs,
  cpuUs: a.cpuUs === null || b.cpuUs === null ? null : a.cpuUs - b.cpuUs,
});
