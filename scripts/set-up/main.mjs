import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browserStep } from './browser.mjs';
import { describeFailure, SetUpFailure } from './failure.mjs';
import { ffmpegStep } from './ffmpeg.mjs';
import { tryLock } from './lock.mjs';
import { thisMachine } from './machine.mjs';
import { packagesStep } from './packages.mjs';
import { pagesStep } from './pages.mjs';
import { createReporter, formatSeconds } from './progress.mjs';
import { openRecords } from './records.mjs';
import { endChildren } from './run.mjs';
import { runtimeStep } from './runtime.mjs';
import { straceStep } from './strace.mjs';

/**
 * @typedef {{ root: string, machine: import('./machine.mjs').Machine, report: import('./progress.mjs').Reporter,
 *   records: import('./records.mjs').Records, limitMs: number }} Context
 * @typedef {{ name: string, isDone: () => boolean, make: () => Promise<void> }} Step
 */

/**
 * What each command needs, in order. `npm test` builds the pages as a stage of its own, which can fail like a test.
 * @type {Record<string, readonly ((context: Context) => Step)[]>}
 */
const STEPS = {
  demo: [packagesStep, runtimeStep, ffmpegStep, pagesStep],
  start: [packagesStep, runtimeStep, pagesStep],
  test: [packagesStep, runtimeStep, ffmpegStep, browserStep, straceStep],
  pages: [packagesStep, runtimeStep, pagesStep],
  bench: [packagesStep, runtimeStep, ffmpegStep, browserStep, pagesStep],
  fuzz: [packagesStep, runtimeStep],
  mutants: [packagesStep, runtimeStep, ffmpegStep],
  simulate: [packagesStep, runtimeStep],
};

const USAGE = `Usage: node scripts/set-up.mjs --for demo|start|test|bench|pages|fuzz|mutants|simulate

Installs what the command needs and this machine does not have. The npm scripts call it; a second run finds
everything in place and takes a fraction of a second.

Settings:
  FRAMECUE_FFMPEG, FRAMECUE_FFPROBE   the ffmpeg and ffprobe to use, instead of looking for them
  FRAMECUE_CHROMIUM                   the Chrome or Chromium to use
  FRAMECUE_SETUP_MINUTES              the most that one installation may take (15)
`;

const DEFAULT_MINUTES = 15;
const LOCK_EVERY_MS = 500;
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** @param {readonly string[]} args */
export async function main(args) {
  if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(USAGE);
  const purpose = args.length === 2 && args[0] === '--for' ? (args[1] ?? '') : '';
  const steps = Object.hasOwn(STEPS, purpose) ? STEPS[purpose] : undefined;
  if (steps === undefined) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  const report = createReporter({
    write: (text) => void process.stdout.write(text),
    isTTY: process.stdout.isTTY === true,
    // A terminal that does not tell its width says 0.
    columns: () => process.stdout.columns || 80,
  });
  /** @type {() => void} */
  let release = () => undefined;
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => {
      report.line(`stopping (${signal})`);
      void endChildren().finally(() => {
        release();
        process.exit(EXIT_CODES[signal]);
      });
    });
  }
  try {
    await setUp(steps, report, (given) => {
      release = given;
    });
  } catch (error) {
    report.erase();
    process.exitCode = 1;
    process.stderr.write(`${error instanceof SetUpFailure ? describeFailure(error) : inspect(error)}\n`);
  } finally {
    release();
  }
}

/**
 * @param {readonly ((context: Context) => Step)[]} makers
 * @param {import('./progress.mjs').Reporter} report
 * @param {(release: () => void) => void} onLocked
 */
async function setUp(makers, report, onLocked) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  const since = performance.now();
  const limitMs = minutesFrom(process.env.FRAMECUE_SETUP_MINUTES) * 60_000;
  const machine = thisMachine(root);
  /** Made anew once the lock is ours: another set-up may just have done the work. */
  const look = () => {
    const context = { root, machine, report, limitMs, records: openRecords(root) };
    return makers.map((make) => make(context));
  };
  if (look().every((step) => step.isDone())) return report.line('everything is in place');

  onLocked(await takeLock(join(root, '.framecue', 'set-up.lock'), report, limitMs));
  for (const step of look()) if (!step.isDone()) await step.make();
  report.line(`ready in ${formatSeconds(performance.now() - since)}`);
}

/**
 * Waits for another set-up in the same checkout, if there is one.
 * @param {string} file
 * @param {import('./progress.mjs').Reporter} report
 * @param {number} limitMs
 */
async function takeLock(file, report, limitMs) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const first = tryLock(file);
  if (first.kind === 'taken') return first.release;
  const who = first.holder === null ? '' : ` (process ${first.holder.pid})`;
  return report.step(`waiting for another set-up in this folder${who}`, async () => {
    const until = performance.now() + 3 * limitMs;
    while (performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, LOCK_EVERY_MS));
      const next = tryLock(file);
      if (next.kind === 'taken') return next.release;
    }
    throw new SetUpFailure(`another set-up${who} has held this folder for too long`, {
      advice: [`see whether it still does something; if not, end it and remove ${file}`],
    });
  });
}

/** @param {string | undefined} setting */
export function minutesFrom(setting) {
  if (setting === undefined || setting === '') return DEFAULT_MINUTES;
  const minutes = Number(setting);
  if (Number.isFinite(minutes) && minutes > 0) return minutes;
  throw new SetUpFailure(`FRAMECUE_SETUP_MINUTES=${setting} is not a number of minutes above 0`, {
    advice: ['set it to a number such as 30, or unset it'],
  });
}

/** A fault of set-up itself: all of it is wanted. @param {unknown} error */
function inspect(error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `set-up: FAILED by a fault of its own; please report this:\n${text}`;
}
