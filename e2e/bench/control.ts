/**
 * What the machine alone costs: a process of its own that does the same piece of synchronous work, about as long as
 * accepting a cue, at the pace of the cues and with the priority that media asks for. Whatever its wall time has beyond
 * its CPU time, the machine has taken.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { askPriority } from '../../service/priority.ts';
import { loadSettings } from '../../service/settings.ts';
import { threadCpuClock } from './thread-cpu.ts';

/** Milliseconds. */
export interface Took {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export interface Control {
  /** What was done since the last time that this was asked. */
  taken(): readonly Took[];
  stop(): void;
}

export function startControl(everyMs: number): Control {
  const args = ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url), String(everyMs)];
  const child: ChildProcess = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // As media has it: a session is served as a whole.
    detached: true,
  });
  let took: Took[] = [];
  child.on('message', (one: Took) => took.push(one));
  return {
    taken() {
      const all = took;
      took = [];
      return all;
    },
    stop: () => void child.kill(),
  };
}

/** JSON and hashes, as a cue's acceptance has them; some 0.9 ms on a machine of 2020 that has nothing else to do. */
const ROUNDS = 120;

function work(n: number): string {
  let text = '';
  for (let round = 0; round < ROUNDS; round++) {
    const cue = { id: `${n}.${round}`, type: 'custom.control', data: { n, text }, at: n * 1_000 };
    const parsed = JSON.parse(JSON.stringify(cue)) as { readonly id: string };
    text = createHash('sha256').update(JSON.stringify(parsed)).digest('base64url');
  }
  return text;
}

function runControl(everyMs: number): void {
  askPriority(loadSettings(process.env).settings.mediaNice);
  const cpuUs = threadCpuClock();
  const warmUntil = performance.now() + 300;
  for (let n = 0; performance.now() < warmUntil; n++) work(n);
  let n = 0;
  setInterval(() => {
    const [from, fromCpu] = [performance.now(), cpuUs()];
    work(n++);
    process.send!({ wallMs: performance.now() - from, cpuMs: (cpuUs() - fromCpu) / 1_000 } satisfies Took);
  }, everyMs);
  process.on('disconnect', () => process.exit());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) runControl(Number(process.argv[2]));
