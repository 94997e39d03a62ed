import { readFileSync, writeFileSync } from 'node:fs';
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
  } catch (error) {
    return { kind: 'refused', nice: getPriority(), code: refusalOf(error) };
  }
  raiseSession(nice);
  return { kind: 'set', nice: getPriority() };
}

/**
 * Linux shares processors between sessions first (sched(7), "The autogroup feature"), and a nice value counts within
 * its session alone: without this, a browser on the same machine is served like media.
 */
function raiseSession(nice: number): void {
  if (process.platform !== 'linux') return;
  try {
    if (leadsSession()) writeFileSync('/proc/self/autogroup', String(nice));
  } catch (error) {
    // No /proc, a kernel without autogroups, or files that are read only, as in many containers: those have a group of their own.
    if (!['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'EAGAIN', 'EIO'].includes(codeOf(error) ?? '')) throw error;
  }
}

/** A session of others (a terminal's) is not ours to put before the rest. */
function leadsSession(): boolean {
  const afterName = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)!;
  // state, ppid, pgrp, session (proc_pid_stat(5))
  return Number(afterName.split(' ')[3]) === process.pid;
}

/** Of a worker thread whose work can wait for the others of its session: it was started with the priority of the thread that did. */
export function giveUpPriority(): void {
  // Elsewhere the value is the whole process's.
  if (process.platform === 'linux' && getPriority() < 0) setPriority(0);
}

/** Where it may not be changed, or the process is over. @throws what else setting a priority throws. */
export function refusalOf(error: unknown): 'EACCES' | 'EPERM' | 'ESRCH' {
  const code = codeOf(error);
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ESRCH') throw error;
  return code;
}

/** Errors of the priority stand inside `info`. */
const codeOf = (error: unknown): string | undefined =>
  (error as { info?: { code?: string } }).info?.code ?? (error as NodeJS.ErrnoException).code;
