/** What a whole child process costs, start-up included. */
import { spawn } from 'node:child_process';
import { describeExit, exitOf, Tail } from '../../test-streams/ffmpeg.ts';

export interface Cost {
  /** User and system time of the process and its children, seconds. */
  readonly cpuS: number;
  readonly wallS: number;
}

/** A shell's `times`: the second line is that of its children (POSIX, 2.14 special built-ins). */
const TIMES = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s+(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/;

/**
 * Runs one command to its end under a shell, which is asked afterwards what its children have used: `getrusage` of
 * one's own children is nothing that Node offers. Its resolution is some 10 ms.
 * @throws {Error} with the last words of a command that failed, or did not end in time.
 */
export async function costOf(command: readonly string[], timeoutMs: number): Promise<Cost> {
  const startedAt = performance.now();
  const child = spawn('sh', ['-c', '"$@" >&2; code=$?; times; exit $code', 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
  });
  const said = new Tail();
  let answer = '';
  child.stderr.on('data', (chunk: Uint8Array) => said.add(chunk));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  const exit = await exitOf(child);
  if (exit.code !== 0) {
    throw new Error(`${command[0]} failed (${describeExit(exit)}): ${said.lines().slice(-5).join(' | ')}`);
  }
  const wallS = (performance.now() - startedAt) / 1000;
  const match = TIMES.exec(answer.trim());
  if (match === null) throw new Error(`The shell's \`times\` cannot be read: ${JSON.stringify(answer)}`);
  const [userM, userS, systemM, systemS] = match.slice(5).map(Number) as [number, number, number, number];
  return { cpuS: 60 * (userM + systemM) + userS + systemS, wallS };
}
