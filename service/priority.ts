import { getPriority, setPriority } from 'node:os';

/** What became of asking for a priority. `code`: the system's word for its refusal, such as EACCES. */
export type PriorityOutcome =
  | { readonly kind: 'set' | 'as-it-was'; readonly nice: number }
  | { readonly kind: 'refused'; readonly nice: number; readonly code: string };

/**
 * How readily this thread gets a processor (setpriority(2)): -20 first to 19 last; 0 leaves it as it was started.
 * On Linux a nice value is a thread's own. Threads and processes that this one starts from then on have the same.
 */
export function askPriority(nice: number): PriorityOutcome {
  // Whoever started it with another nice value (systemd, nice) has decided.
  if (nice === 0 || getPriority() !== 0) return { kind: 'as-it-was', nice: getPriority() };
  try {
    setPriority(nice);
    return { kind: 'set', nice: getPriority() };
  } catch (error) {
    return { kind: 'refused', nice: getPriority(), code: refusalOf(error) };
  }
}

/** Of a worker thread whose work can wait: it was started with the priority of the thread that did. */
export function giveUpPriority(): void {
  // Elsewhere the value is the whole process's.
  if (process.platform === 'linux' && getPriority() < 0) setPriority(0);
}

/** Where it may not be changed, or the process is over. @throws what else setting a priority throws. */
export function refusalOf(error: unknown): 'EACCES' | 'EPERM' | 'ESRCH' {
  // Errors of the priority stand inside `info`.
  const code = (error as { info?: { code?: string } }).info?.code ?? (error as NodeJS.ErrnoException).code;
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ESRCH') throw error;
  return code;
}
