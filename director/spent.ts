import type { Clock } from '../packet/clock.ts';

/** What has passed, and what this thread has computed. Only differences mean something. Microseconds. */
export interface Spent {
  readonly wallUs: number;
  /** CPU time of this thread, user and system: it stands while the machine gives the thread no CPU. */
  readonly cpuUs: number;
}

export function spentNow(clock: Clock): Spent {
  const { user, system } = process.threadCpuUsage();
  return { wallUs: clock.monotonicUs(), cpuUs: user + system };
}

export function spentSince(from: Spent, clock: Clock): Spent {
  const now = spentNow(clock);
  return { wallUs: now.wallUs - from.wallUs, cpuUs: now.cpuUs - from.cpuUs };
}
