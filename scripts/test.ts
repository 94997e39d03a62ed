#!/usr/bin/env node
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children } from './lib/children.ts';
import { runStage, type StageEnd } from './lib/stage-run.ts';
import { planTests, type StageName, TEST_USAGE, type TestPlan } from './lib/test-plan.ts';
import { ROOT, toolEnvironment } from './lib/tools.ts';
import { closingLine, countVitest, NOTHING, sumOf, type Totals } from './lib/totals.ts';

const DEFAULT_MINUTES = 75;
const SILENCE_MS = 10_000;
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

const HEADINGS: Readonly<Record<StageName, string>> = {
  lint: 'lint (biome)',
  types: 'types (tsc)',
  pages: 'pages (vite)',
  unit: 'unit and integration tests (vitest)',
  e2e: 'end-to-end tests (vitest, a real browser)',
};

/** Stages write into a pipe, so they cannot see for themselves whether a terminal is at its end. */
const isColourful = (process.env.FORCE_COLOR ?? '') !== '' || (process.stdout.isTTY && !process.env.NO_COLOR);
const modules = join(ROOT, 'node_modules');
const children = new Children();
const write = (text: string): void => void process.stdout.write(text);

interface StageResult {
  readonly name: StageName;
  readonly totals: Totals;
  readonly seconds: string;
  readonly note: string;
}

async function main(): Promise<number> {
  const outcome = planTests(process.argv.slice(2));
  if (outcome.kind === 'help') {
    write(TEST_USAGE);
    return 0;
  }
  const minutes = minutesFrom(process.env.FRAMECUE_TEST_MINUTES);
  if (outcome.kind === 'wrong' || minutes === null) {
    const why = outcome.kind === 'wrong' ? outcome.why : 'FRAMECUE_TEST_MINUTES is not a number above 0';
    process.stderr.write(`${why}\n\n${TEST_USAGE}`);
    return 2;
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void children.endAll().finally(() => process.exit(EXIT_CODES[signal])));
  }
  const reports = mkdtempSync(join(tmpdir(), 'framecue-test-'));
  process.once('exit', () => rmSync(reports, { recursive: true, force: true }));

  const until = performance.now() + minutes * 60_000;
  const results: StageResult[] = [];
  for (const name of outcome.plan.stages) {
    write(`\n== ${HEADINGS[name]}\n`);
    const result = await runOne(name, outcome.plan, join(reports, `${name}.json`), until - performance.now());
    write(`== ${name}: ${describe(result)}\n`);
    results.push(result);
  }

  write('\n');
  for (const result of results) write(`${result.name.padEnd(6)} ${describe(result)}\n`);
  const total = sumOf(results.map(({ totals }) => totals));
  if (results.some(({ note }) => note === TIME_IS_UP)) {
    write(`The time was up after ${minutes} min: allow more with FRAMECUE_TEST_MINUTES.\n`);
  }
  if (total.passed + total.failed === 0) write('No test was run: does the filter fit any?\n');
  write(`${closingLine(total)}\n`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
}

const TIME_IS_UP = 'time is up';

async function runOne(
  name: StageName,
  plan: TestPlan,
  reportFile: string,
  leftMs: number,
): Promise<StageResult> {
  if (leftMs <= 0) return { name, totals: { ...NOTHING, failed: 1 }, seconds: '0.0', note: TIME_IS_UP };
  const since = performance.now();
  const end = await runStage(children, {
    label: name,
    command: process.execPath,
    args: argumentsOf(name, plan, reportFile),
    cwd: ROOT,
    env: environment(),
    limitMs: leftMs,
    silenceMs: SILENCE_MS,
    write,
    isNoise: (line) => line.includes(`JSON report written to ${reportFile}`),
  });
  const totals = countStage(name, end, reportFile);
  const isEmpty = totals.passed + totals.failed === 0;
  const isNarrowed = plan.filters.length > 0 || plan.testName !== null;
  return {
    name,
    // A whole stage without a test is a mistake, such as a pattern that no longer fits.
    totals: isEmpty && !isNarrowed ? { ...totals, failed: 1 } : totals,
    seconds: ((performance.now() - since) / 1_000).toFixed(1),
    note: isEmpty ? 'no test found' : describeEnd(end),
  };
}

function argumentsOf(
  name: StageName,
  { filters, testName }: TestPlan,
  reportFile: string,
): readonly string[] {
  switch (name) {
    case 'lint':
      return [
        join(modules, '@biomejs', 'biome', 'bin', 'biome'),
        'ci',
        '.',
        `--colors=${isColourful ? 'force' : 'off'}`,
      ];
    case 'types':
      return [
        join(modules, 'typescript', 'bin', 'tsc'),
        '-p',
        'tsconfig.json',
        ...(isColourful ? ['--pretty'] : []),
      ];
    case 'pages':
      return [join(ROOT, 'scripts', 'set-up.mjs'), '--for', 'pages'];
    case 'unit':
    case 'e2e':
      return [
        join(modules, 'vitest', 'vitest.mjs'),
        'run',
        // `unit` with `unit-pure`, whose files share processes; `e2e` with `e2e-blind`, whose files run beside each other.
        `--project=${name}*`,
        // The verbose one names each test as it ends: an end-to-end file takes minutes.
        `--reporter=${name === 'e2e' ? 'verbose' : 'default'}`,
        '--reporter=json',
        `--outputFile.json=${reportFile}`,
        '--passWithNoTests',
        // A forgotten `.only` would leave the rest untried.
        '--allowOnly=false',
        ...(testName === null ? [] : [`--testNamePattern=${testName}`]),
        ...filters,
      ];
    default:
      return name satisfies never;
  }
}

function countStage(name: StageName, end: StageEnd, reportFile: string): Totals {
  if (end.kind !== 'ended') return { ...NOTHING, failed: 1 };
  if (name === 'unit' || name === 'e2e') return countVitest(readReport(reportFile), end.code);
  return end.code === 0 ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: 1 };
}

function readReport(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The run ended before it wrote one; that counts as a failure.
    return null;
  }
}

function describe({ totals, seconds, note }: StageResult): string {
  return [closingLine(totals), `${seconds} s`, note].filter((part) => part !== '').join(', ');
}

function describeEnd(end: StageEnd): string {
  if (end.kind === 'time-is-up') return TIME_IS_UP;
  if (end.kind === 'not-started') return `did not start: ${end.why}`;
  return end.code === null ? 'ended by a signal' : '';
}

/** Tests see the tools that set-up found, and none of the settings of whoever runs them. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('FRAMECUE_'));
  const colours = isColourful ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' };
  return { ...Object.fromEntries(own), ...colours, ...toolEnvironment() };
}

function minutesFrom(setting: string | undefined): number | null {
  if (setting === undefined || setting === '') return DEFAULT_MINUTES;
  const minutes = Number(setting);
  return Number.isFinite(minutes) && minutes > 0 ? minutes : null;
}

process.exitCode = await main();
