/**
 * Test streams for everybody: import from here, or run it.
 *
 *     node test-streams/make.ts NAME|all [--force]
 *
 * Exit code 0: all are there; 1: one could not be made; 2: used wrongly.
 */
import { parseArgs } from 'node:util';
import { FramecueError } from '../packet/errors.ts';
import { ensureTestStream, TEST_STREAM_NAMES, type TestStreamName } from './catalogue.ts';

export * from './catalogue.ts';
export { type EncodeOptions, makeTestStream, type TestStream } from './encode.ts';
export type { FrameRate, TestStreamParameters, TestStreamShape } from './parameters.ts';

const USAGE = `usage: node test-streams/make.ts NAME|all [--force]

Makes the test streams that are missing under test-streams/out and prints their paths.
  NAME      one of ${TEST_STREAM_NAMES.join(', ')}
  --force   make it again although it is there
`;

/** @returns the exit code. */
export async function main(args: readonly string[], signal?: AbortSignal): Promise<number> {
  const wanted = parse(args);
  if (wanted === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (wanted === null) {
    process.stderr.write(USAGE);
    return 2;
  }
  for (const name of wanted.names) {
    const progress = progressLine(name);
    try {
      const { file, frames, durationSeconds, made } = await ensureTestStream(name, {
        force: wanted.force,
        onProgress: progress.show,
        ...(signal && { signal }),
      });
      progress.end();
      process.stderr.write(
        `${name}: ${frames} frames, ${durationSeconds.toFixed(2)} s, ${made ? 'made' : 'there'}\n`,
      );
      process.stdout.write(`${file}\n`);
    } catch (error) {
      progress.end();
      if (signal?.aborted) process.stderr.write(`${name}: stopped\n`);
      else if (error instanceof FramecueError)
        process.stderr.write(`${name}: ${error.code}: ${error.message}\n`);
      else throw error;
      return 1;
    }
  }
  return 0;
}

function parse(
  args: readonly string[],
): 'help' | null | { names: readonly TestStreamName[]; force: boolean } {
  let parsed: { values: { force: boolean; help: boolean }; positionals: string[] };
  try {
    const options = {
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    } as const;
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
  const { values, positionals } = parsed;
  if (values.help) return 'help';
  const [chosen] = positionals;
  if (positionals.length !== 1 || chosen === undefined) return null;
  if (chosen === 'all') return { names: TEST_STREAM_NAMES, force: values.force };
  const name = TEST_STREAM_NAMES.find((known) => known === chosen);
  return name === undefined ? null : { names: [name], force: values.force };
}

/** On a terminal one line that changes, elsewhere a line each quarter. */
function progressLine(name: string) {
  const onTerminal = process.stderr.isTTY;
  let shown = 0;
  return {
    show: (percent: number) => {
      if (percent <= shown || (!onTerminal && percent < shown + 25)) return;
      shown = percent;
      process.stderr.write(onTerminal ? `\r${name}: ${percent} %` : `${name}: ${percent} %\n`);
    },
    end: () => {
      if (onTerminal && shown > 0) process.stderr.write('\r\x1b[K');
    },
  };
}

if (import.meta.main) {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  process.exitCode = await main(process.argv.slice(2), stop.signal);
}
