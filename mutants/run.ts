/** `npm run mutants`: plants one fault after the other in a copy of the project, and sees that a named test goes red. */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../scripts/lib/tools.ts';
import type { Mutant } from './lib/mutant.ts';
import { ProjectCopy } from './lib/project-copy.ts';
import { runTests } from './lib/run-tests.ts';
import { patched, testMissing } from './lib/sources.ts';
import { MUTANTS } from './table/index.ts';

const USAGE = `usage: npm run mutants -- [--only NAME]... [--list] [--json FILE] [--jobs N]

  --only NAME  this fault alone, or these
  --list       what there is, without running
  --jobs N     copies of the project at work (default: one for each core, 4 at most)
  --json FILE  the outcomes as JSON

Exit code: 0 every fault was caught, 1 one survived, broke more than its test, or can no longer be planted, 2 used wrongly.
`;
const MOST_JOBS = 4;

interface Outcome {
  readonly mutant: Mutant;
  readonly kind: 'caught' | 'survived' | 'stale' | 'broken';
  readonly by: string;
  readonly seconds: number;
}

async function plant(mutant: Mutant, { root }: ProjectCopy): Promise<Outcome> {
  const since = performance.now();
  const outcome = (kind: Outcome['kind'], by: string): Outcome => ({
    ...{ mutant, kind, by },
    seconds: (performance.now() - since) / 1000,
  });
  const patch = patched(root, mutant);
  if (patch.kind === 'stale') return outcome('stale', patch.why);
  const missing = testMissing(root, mutant);
  if (missing !== null) return outcome('stale', missing);
  const file = join(root, mutant.file);
  const original = patched(root, { ...mutant, replace: mutant.find });
  try {
    writeFileSync(file, patch.text);
    const run = await runTests(root, [mutant.test.file], mutant.test.name);
    if (run.kind === 'broken') return outcome('broken', run.why);
    const red = run.tests.find(
      ({ name, status }) => status === 'failed' && name.includes(mutant.test.name.trim()),
    );
    return red === undefined
      ? outcome('survived', `${mutant.test.file}: ${mutant.test.name}`)
      : outcome('caught', red.name);
  } finally {
    if (original.kind === 'patched') writeFileSync(file, original.text);
  }
}

/** A test that is red without any fault would catch everything. */
async function alreadyRed(mutants: readonly Mutant[], { root }: ProjectCopy): Promise<string[]> {
  const files = [...new Set(mutants.map(({ test }) => test.file))];
  const run = await runTests(root, files, null);
  if (run.kind === 'broken') return [run.why];
  const isNamed = (name: string): boolean => mutants.some(({ test }) => name.includes(test.name.trim()));
  return run.tests.filter(({ name, status }) => status === 'failed' && isNamed(name)).map(({ name }) => name);
}

async function main(): Promise<number> {
  const options = optionsOf();
  if (options === null) return 2;
  const { mutants, jobs, json } = options;
  const copies: ProjectCopy[] = [];
  const remove = (): void => {
    for (const copy of copies.splice(0)) copy.remove();
  };
  process.once('exit', remove);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  for (let i = 0; i < Math.min(jobs, mutants.length); i++) copies.push(new ProjectCopy());
  process.stderr.write(
    `${mutants.length} faults, ${copies.length} copies of the project; first the tests without any\n`,
  );
  const red = await alreadyRed(mutants, copies[0]!);
  if (red.length > 0) {
    process.stderr.write(`These are red without any fault: mend them first.\n  ${red.join('\n  ')}\n`);
    return 1;
  }
  const since = performance.now();
  const left = [...mutants];
  const outcomes: Outcome[] = [];
  await Promise.all(
    copies.map(async (copy) => {
      for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
        const outcome = await plant(mutant, copy);
        outcomes.push(outcome);
        process.stderr.write(`${outcomes.length}/${mutants.length} ${mutant.name}: ${outcome.kind}\n`);
      }
    }),
  );
  outcomes.sort((a, b) => mutants.indexOf(a.mutant) - mutants.indexOf(b.mutant));
  print(outcomes);
  const caught = outcomes.filter(({ kind }) => kind === 'caught').length;
  process.stdout.write(`\nmutants: ${outcomes.length} faults\ncaught: ${caught} faults\n`);
  process.stdout.write(`time: ${((performance.now() - since) / 1000).toFixed(1)} s\n`);
  if (json !== undefined) writeJson(json, outcomes);
  return caught === outcomes.length ? 0 : 1;
}

function print(outcomes: readonly Outcome[]): void {
  const width = Math.max(...outcomes.map(({ mutant }) => mutant.name.length));
  process.stdout.write(`\n${'fault'.padEnd(width)}  outcome   seconds  by\n`);
  for (const { mutant, kind, by, seconds } of outcomes) {
    const line = [mutant.name.padEnd(width), kind.padEnd(8), seconds.toFixed(1).padStart(7), by];
    process.stdout.write(`${line.join('  ')}\n`);
  }
}

function writeJson(file: string, outcomes: readonly Outcome[]): void {
  const rows = outcomes.map(({ mutant, ...outcome }) => ({
    name: mutant.name,
    file: mutant.file,
    ...outcome,
  }));
  writeFileSync(file, `${JSON.stringify(rows, null, 2)}\n`);
}

function optionsOf(): { mutants: readonly Mutant[]; jobs: number; json: string | undefined } | null {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        list: { type: 'boolean', default: false },
        jobs: { type: 'string', default: String(Math.min(MOST_JOBS, availableParallelism())) },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    if (values.list) {
      for (const { name, file, why } of MUTANTS) process.stdout.write(`${name} (${file}): ${why}\n`);
      process.exit(0);
    }
    const unknown = values.only.find((name) => !MUTANTS.some((mutant) => mutant.name === name));
    const jobs = Number(values.jobs);
    if (unknown !== undefined || !Number.isInteger(jobs) || jobs < 1) {
      process.stderr.write(
        `${unknown === undefined ? '--jobs' : `There is no fault ${unknown}`}\n\n${USAGE}`,
      );
      return null;
    }
    const mutants =
      values.only.length === 0 ? MUTANTS : MUTANTS.filter(({ name }) => values.only.includes(name));
    return { mutants, jobs, json: values.json };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return null;
  }
}

process.stderr.write(`project: ${ROOT}\n`);
process.exitCode = await main();
