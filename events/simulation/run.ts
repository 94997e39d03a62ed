/** `npm run simulate`: thousands of sequences of steps and faults over the real ledger, each with what must hold. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { SimulationFolder } from './disk.ts';
import { PLANTED } from './planted.ts';
import { catchPlanted, runMany } from './runs.ts';
import { runSequence } from './sequence.ts';

const RUNS = 1_000;
const PLANTED_RUNS = 300;

const USAGE = `usage: npm run simulate -- [--runs N] [--from NUMBER] [--workers K]
       npm run simulate -- --replay NUMBER [--plant NAME]
       npm run simulate -- --planted [--runs N] [--plant NAME]...

  --runs N         sequences (default ${RUNS}; with --planted at most so many for each fault, default ${PLANTED_RUNS})
  --from NUMBER    number of the first one (default 1); a number is all that a sequence follows from
  --workers K      default: one a core
  --replay NUMBER  one sequence, step by step; one that breaks is made smaller first
  --planted        plants each fault and says after how many sequences it was caught
  --plant NAME     only this fault, or these

Faults that can be planted:
${PLANTED.map(({ name, what }) => `  ${name.padEnd(34)}${what}`).join('\n')}

Exit code: 0 all holds (or every planted fault was caught), 1 not so, 2 used wrongly.
`;

class UsageError extends Error {}

function optionsOf(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        runs: { type: 'string' },
        from: { type: 'string', default: '1' },
        workers: { type: 'string', default: String(availableParallelism()) },
        replay: { type: 'string' },
        planted: { type: 'boolean', default: false },
        plant: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', default: false },
      },
    });
    const number = (name: string, text: string): number => {
      const value = Number(text);
      if (!Number.isInteger(value) || value < 1 || value > 0x7fff_ffff)
        throw new UsageError(`--${name} ${text}`);
      return value;
    };
    const unknown = values.plant.find((name) => !PLANTED.some((one) => one.name === name));
    if (unknown !== undefined) throw new UsageError(`nobody can plant ${unknown}`);
    return {
      ...values,
      runs: values.runs === undefined ? null : number('runs', values.runs),
      from: number('from', values.from),
      workers: number('workers', values.workers),
      replay: values.replay === undefined ? null : number('replay', values.replay),
    };
  } catch (error) {
    if (error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) {
      process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
      return null;
    }
    throw error;
  }
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === null) return 2;
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { replay: number, plant, from, workers } = options;
  if (number !== null) return replay(number, plant[0] ?? null);
  if (options.planted) {
    const chosen = PLANTED.filter(({ name }) => plant.length === 0 || plant.includes(name));
    let missed = 0;
    for (const planted of chosen) {
      const caught = await catchPlanted(planted, { from, runs: options.runs ?? PLANTED_RUNS });
      if (caught === null) missed++;
      const text = caught === null ? 'NOT CAUGHT' : `caught by sequence ${caught.tries} (${caught.law})`;
      process.stdout.write(`${planted.name.padEnd(34)}${text}\n`);
    }
    process.stdout.write(`${chosen.length - missed} of ${chosen.length} planted faults caught\n`);
    return missed === 0 ? 0 : 1;
  }
  return many(options.runs ?? RUNS, from, workers);
}

async function many(runs: number, from: number, workers: number): Promise<number> {
  const broken: number[] = [];
  let toldAt = performance.now();
  const started = toldAt;
  const totals = await runMany({
    ...{ runs, from, workers },
    onBroken(number, law) {
      broken.push(number);
      process.stdout.write(`broken: ${law}\n  npm run simulate -- --replay ${number}\n`);
    },
    onProgress({ sequences, steps, crashes }) {
      const now = performance.now();
      if (now - toldAt < 5_000) return;
      toldAt = now;
      const rate = (sequences / ((now - started) / 1000)).toFixed(1);
      process.stderr.write(
        `${sequences} of ${runs} sequences, ${rate}/s, ${steps} steps, ${crashes} crashes, ${broken.length} broken\n`,
      );
    },
  });
  const { sequences, steps, crashes, commits, calls } = totals;
  process.stdout.write(
    `${sequences} sequences (${from} to ${from + runs - 1}): ${steps} steps, ${crashes} crashes, ${commits} commits, ${calls} calls downstream; ${broken.length} broken\n`,
  );
  return broken.length === 0 ? 0 : 1;
}

async function replay(number: number, plant: string | null): Promise<number> {
  const folder = new SimulationFolder();
  try {
    const planted = PLANTED.find(({ name }) => name === plant) ?? null;
    const end = await runSequence(number, { folder, planted });
    process.stdout.write(`${end.trace.join('\n')}\n`);
    if (end.kind === 'holds') {
      process.stdout.write('all holds\n');
      return 0;
    }
    const { error } = end;
    process.stdout.write(
      `broken: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 1;
  } finally {
    folder.remove();
  }
}

process.exitCode = await main();
