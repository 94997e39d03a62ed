import { spawn } from 'node:child_process';

/**
 * @typedef {{ kind: 'ended', code: number, output: string }
 *   | { kind: 'timed-out', output: string }
 *   | { kind: 'not-started', output: string }} RunOutcome
 * `output` is the tail of stdout and stderr together. A child ended by a signal has code 128.
 */

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
const isWindows = process.platform === 'win32';
const GRACE_MS = 5_000;

/**
 * Runs one program to its end, without a terminal or input, bounded in time and in what is kept of its output.
 * It gets a process group of its own, so that all that it started can be ended with it.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ limitMs: number, cwd?: string, env?: NodeJS.ProcessEnv, keepChars?: number, shell?: boolean,
 *   onLine?: (line: string) => void }} options
 * @returns {Promise<RunOutcome>}
 */
export function run(command, args, { limitMs, cwd, env, keepChars = 16_384, shell = false, onLine }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      shell,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: !isWindows,
      windowsHide: true,
    });
    running.add(child);
    let output = '';
    let isTimedOut = false;
    let isSettled = false;

    const limit = setTimeout(() => {
      isTimedOut = true;
      void endGroup(child);
    }, limitMs);

    /** @param {RunOutcome} outcome */
    const settle = (outcome) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(limit);
      running.delete(child);
      // A grandchild may still hold the pipes: they must not keep set-up alive.
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(outcome);
    };
    /** @param {number | null} code */
    const ended = (code) =>
      settle(isTimedOut ? { kind: 'timed-out', output } : { kind: 'ended', code: code ?? 128, output });

    for (const stream of [child.stdout, child.stderr]) {
      let unfinished = '';
      stream.setEncoding('utf8');
      stream.on('data', (/** @type {string} */ chunk) => {
        output = (output + chunk).slice(-keepChars);
        // Progress bars end their lines with a carriage return.
        const lines = (unfinished + chunk).split(/[\r\n]+/);
        unfinished = (lines.pop() ?? '').slice(-keepChars);
        for (const line of lines) if (line.trim() !== '') onLine?.(line);
      });
    }
    child.on('error', (error) => settle({ kind: 'not-started', output: `${output}${error.message}` }));
    child.on('close', (code) => ended(code));
    child.on('exit', (code) => setTimeout(ended, 1_000, code));
  });
}

/** Ends every program that {@link run} started and that still runs; resolves when they are gone. */
export async function endChildren() {
  await Promise.all([...running].map(endGroup));
}

/** @param {import('node:child_process').ChildProcess} child */
async function endGroup(child) {
  if (child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', () => resolve(true)));
  if (child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(child.pid, 'SIGTERM');
  const timer = setTimeout(signalGroup, GRACE_MS, child.pid, 'SIGKILL');
  await gone;
  clearTimeout(timer);
  // What the program itself left behind in its group.
  signalGroup(child.pid, 'SIGKILL');
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function signalGroup(pid, signal) {
  if (isWindows) {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).unref();
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Nobody left in the group is what we want; anything else is a fault.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}
