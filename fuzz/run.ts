/** `npm run fuzz`: millions of inputs through the bytes' whole way, each with what must hold of it. */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { readCrasher, saveCrasher } from './lib/crashers.ts';
import { type Finding, findingOf, runOnce } from './lib/engine.ts';
import { type FuzzTotals, runFuzz } from './lib/fuzz-run.ts';
import { LEAST_PAST_FRAMING, LONG_RUN, linesOf, summaryOf } from './lib/report.ts';
import { TARGETS } from './targets/index.ts';

const USAGE = `usage: npm run fuzz -- [--minutes N | --inputs N] [--target NAME]... [--seed S] [--workers K] [--json FILE]
       npm run fuzz -- --replay FILE...

  --minutes N    run for so long (default 5)
  --inputs N     run so many inputs, in all workers together
  --target NAME  only this one, or these
  --seed S       the same seed and number of workers give the same inputs (default 1)
  --workers K    default: one a core
  --replay FILE  run kept inputs (fuzz/crashers/TARGET-HASH.bin), and nothing else
  --json FILE    the figures as JSON

Targets:
${TARGETS.map(({ name, pastFraming }) => `  ${name.padEnd(15)}past framing: ${pastFraming}`).join('\n')}

What breaks is made small and kept in fuzz/crashers. Exit code: 0 nothing broke, 1 something broke, fewer than
${LEAST_PAST_FRAMING} % of the inputs got past framing, or (from ${LONG_RUN} inputs on) an error code was never reached, 2 used wrongly.
`;
const HANG_MS = 5000;
const MOST_FINDINGS = 50;

class UsageError extends Error {}

function optionsOf(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        minutes: { type: 'string' },
        inputs: { type: 'string' },
        target: { type: 'string', multiple: true, default: [] },
        seed: { type: 'string', default: '1' },
        workers: { type: 'string', default: String(availableParallelism()) },
        json: { type: 'string' },
        replay: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.minutes !== undefined && values.inputs !== undefined)
      throw new UsageError('--minutes or --inputs');
    if (!values.replay && positionals.length > 0) throw new UsageError(`what is ${positionals[0]}?`);
    const unknown = values.target.find((name) => !TARGETS.some((target) => target.name === name));
    if (unknown !== undefined) throw new UsageError(`there is no target ${unknown}`);
    return {
      ...values,
      files: positionals,
      seed: numberOf('seed', values.seed, 0),
      workers: numberOf('workers', values.workers, 1),
      inputs: values.inputs === undefined ? null : numberOf('inputs', values.inputs, 1),
      minutes: values.minutes === undefined ? null : numberOf('minutes', values.minutes, 0.001, false),
    };
  } catch (error) {
    if (error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) {
      process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
      return null;
    }
    throw error;
  }
}

function numberOf(name: string, text: string, least: number, whole = true): number {
  const value = Number(text);
  if (!(value >= least) || (whole && !Number.isSafeInteger(value))) throw new UsageError(`--${name} ${text}`);
  return value;
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === null) return 2;
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.replay) return replay(options.files);
  const targets = TARGETS.filter(({ name }) => options.target.length === 0 || options.target.includes(name));
  const findings: Finding[] = [];
  const { seed, workers, inputs } = options;
  const forMs = inputs !== null ? null : (options.minutes ?? 5) * 60_000;
  const ends = inputs === null ? `${forMs! / 60_000} minutes` : `${inputs} inputs`;
  process.stderr.write(`${targets.length} targets, ${ends}, seed ${seed}, ${workers} workers\n`);
  const totals = await runFuzz({
    targetsUrl: new URL('./targets/index.ts', import.meta.url).href,
    only: options.target,
    ...{ seed, workers, inputs, forMs },
    hangMs: HANG_MS,
    onFinding: (finding) => {
      const isKnown = findings.some(({ target, what }) => target === finding.target && what === finding.what);
      if (isKnown || findings.length >= MOST_FINDINGS) return;
      findings.push(finding);
      process.stderr.write(`${finding.target}: ${finding.what}\n  kept as ${saveCrasher(finding)}\n`);
    },
    onProgress: (progress) => process.stderr.write(`${progressLine(progress, findings.length)}\n`),
  });
  const summary = summaryOf(totals, targets);
  process.stdout.write(`${linesOf(summary, findings.length).join('\n')}\n`);
  const isWhole = options.target.length === 0;
  if (isWhole && summary.codesMissing.length > 0) {
    process.stdout.write(`never reached: ${summary.codesMissing.join(', ')}\n`);
  }
  for (const { target, what } of findings) process.stdout.write(`broke: ${target}: ${what}\n`);
  if (options.json !== undefined) {
    const broke = findings.map(({ target, what }) => ({ target, what }));
    writeFileSync(
      options.json,
      `${JSON.stringify({ seed, workers, ...summary, findings: broke }, null, 2)}\n`,
    );
  }
  const missing = isWhole && totals.inputs >= LONG_RUN && summary.codesMissing.length > 0;
  const shallow = isWhole && totals.inputs > 0 && summary.pastFraming < LEAST_PAST_FRAMING;
  return findings.length > 0 || missing || shallow ? 1 : 0;
}

function progressLine({ stats, inputs, seconds }: FuzzTotals, findings: number): string {
  const all = Object.values(stats);
  const past = all.reduce((sum, one) => sum + one.past, 0);
  const counted = all.reduce((sum, one) => sum + one.inputs, 0);
  const codes = new Set(all.flatMap((one) => Object.keys(one.codes))).size;
  const share = counted === 0 ? 0 : (100 * past) / counted;
  return `${seconds.toFixed(0)} s: ${inputs} inputs, ${(inputs / seconds).toFixed(0)}/s, ${share.toFixed(1)} % past framing, ${codes} codes, ${findings} findings`;
}

function replay(files: readonly string[]): number {
  let broke = 0;
  for (const file of files) {
    const { target: name, input } = readCrasher(file);
    const target = TARGETS.find((one) => one.name === name);
    if (target === undefined) {
      process.stderr.write(`${file}: there is no target ${name}\n`);
      return 2;
    }
    const error = runOnce(target, input);
    if (error !== null) broke++;
    process.stdout.write(`${file}: ${error === null ? 'holds' : findingOf(target, input, error).what}\n`);
    if (error instanceof Error) process.stdout.write(`${error.stack}\n`);
  }
  return broke > 0 ? 1 : 0;
}

process.exitCode = await main();
