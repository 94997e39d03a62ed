import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './priority.ts';

const run = promisify(execFile);
const ROOT = new URL('..', import.meta.url).pathname;

/** In a process of its own: priority that was given up does not come back without rights. */
async function outcomeIn(code: string, command: readonly string[] = []): Promise<unknown> {
  const script = `const { askPriority } = await import(${JSON.stringify(`${ROOT}service/priority.ts`)}); ${code}`;
  const [file, ...args] = [...command, process.execPath, '--input-type=module', '-e', script];
  return JSON.parse((await run(file!, args, { timeout: 30_000 })).stdout);
}

const print = (expression: string): string => `process.stdout.write(JSON.stringify(${expression}));`;
const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
/** As root, and where root is all of root: in many containers it is not. */
const mayRaise =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, ['-e', 'os.setPriority(-1)'], { timeout: 30_000 }).status === 0;

describe('the priority that a process asks for', () => {
  it.runIf(mayRaise)(
    'is had, and by the threads that start afterwards, but for one that gives it up',
    async () => {
      const threads = `
      const { readdirSync, readFileSync } = await import('node:fs');
      const { Worker } = await import('node:worker_threads');
      const niceOf = (tid) => Number(readFileSync('/proc/self/task/' + tid + '/stat', 'utf8').split(') ')[1].split(' ')[16]);
      const before = readdirSync('/proc/self/task');
      const outcome = askPriority(-5);
      const start = async (code) => {
        const worker = new Worker(code + '; setInterval(() => {}, 1e6); (await import("node:worker_threads")).parentPort.postMessage(1)', { eval: true });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      };
      const now = () => readdirSync('/proc/self/task').filter((tid) => !before.includes(tid)).map(niceOf);
      await start('');
      const later = now();
      await start(${JSON.stringify(`import(${JSON.stringify(`${ROOT}service/priority.ts`)}).then((m) => m.giveUpPriority())`)});
      const one = () => now().filter((nice) => nice === 0).length;
      while (one() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      const own = niceOf(process.pid);
      ${print('{ outcome, own, later, waiting: one() }')}
      process.exit();`;
      const { outcome, own, later, waiting } = (await outcomeIn(threads)) as {
        outcome: unknown;
        own: number;
        later: number[];
        waiting: number;
      };
      expect(outcome).toEqual({ kind: 'set', nice: -5 });
      expect(own).toBe(-5);
      expect(later.length).toBeGreaterThan(0);
      expect(new Set(later)).toEqual(new Set([-5]));
      expect(waiting).toBe(1);
    },
  );

  const autogroups = process.platform === 'linux' && existsSync('/proc/self/autogroup');
  it.runIf(mayRaise && autogroups)(
    'goes for its session too where that is its own, and for no other',
    async () => {
      const code = `
      const { readFileSync } = await import('node:fs');
      const groupOf = () => Number(readFileSync('/proc/self/autogroup', 'utf8').split('nice ')[1]);
      const before = groupOf();
      askPriority(-5);
      ${print('{ before, after: groupOf() }')}`;
      expect(await outcomeIn(code, ['setsid', '--wait'])).toEqual({ before: 0, after: -5 });
      // A session of its own again, so that the test changes nothing for whoever runs it.
      const shell = ['setsid', '--wait', 'sh', '-c', '"$0" "$@"; exit'];
      expect(await outcomeIn(code, shell)).toEqual({ before: 0, after: 0 });
    },
  );

  it.runIf(mayRaise)('is as it was where it may not be had, and says so', async () => {
    const outcome = await outcomeIn(print('askPriority(-5)'), AS_NOBODY);
    expect(outcome).toEqual({ kind: 'refused', nice: 0, code: 'EACCES' });
  });

  // Few systems let even root raise it.
  const canRaiseLimit = mayRaise && spawnSync('prlimit', ['--nice=30:30', 'true']).status === 0;
  it.runIf(canRaiseLimit)('is had where RLIMIT_NICE allows it: 30 is a nice value of -10', async () => {
    const limited = ['prlimit', '--nice=30:30', ...AS_NOBODY];
    expect(await outcomeIn(print('askPriority(-10)'), limited)).toEqual({ kind: 'set', nice: -10 });
  });

  it('is left alone where none is asked for, and where whoever started it has chosen', async () => {
    expect(await outcomeIn(print('askPriority(0)'))).toEqual({ kind: 'as-it-was', nice: 0 });
    const outcome = await outcomeIn(print('askPriority(-5)'), ['nice', '-n', '3']);
    expect(outcome).toEqual({ kind: 'as-it-was', nice: 3 });
  });

  it('does not take another error for a refusal', () => {
    const other = Object.assign(new Error('no such thing'), { info: { code: 'EINVAL' } });
    expect(() => refusalOf(other)).toThrow(other);
    expect(refusalOf(Object.assign(new Error(), { info: { code: 'ESRCH' } }))).toBe('ESRCH');
  });
});
