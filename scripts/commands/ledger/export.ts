import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command, Option } from 'commander';
import {
  EXPORT_CSV_HEAD,
  type ExportOptions,
  exportCsvRow,
  exportLedger,
} from '../../../events/ledger/sqlite/export.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { wholeNumber } from '../server.ts';
import { fileOf, type PlaceOptions, telling, withFile } from './place.ts';

interface Options extends PlaceOptions {
  readonly format: 'jsonl' | 'csv';
  readonly viewers: boolean;
  readonly after?: number;
}

export const exportCommand = (): Command =>
  withFile(new Command('export'))
    .description('the whole chain for an audit: the rows of each block, then the block')
    .argument('[output]', 'a file that is not there yet (default: standard output)')
    .addOption(
      new Option('--format <format>', 'jsonl: all of it, checkable by itself; csv: for eyes and spreadsheets')
        .choices(['jsonl', 'csv'])
        .default('jsonl'),
    )
    .option('--no-viewers', 'leaves out who it was and what they said')
    .option('--after <block>', 'begins behind this block', wholeNumber)
    .action((output: string | undefined, options: Options) =>
      telling(false, async () => {
        const { after = 0, viewers } = options;
        const text = linesOf(fileOf(options), options.format, { after, withoutViewers: !viewers });
        if (output === undefined) {
          for (const line of text) {
            // The reader has gone (`| head`): there is nobody to write for.
            if (process.stdout.destroyed) return;
            if (!process.stdout.write(line)) await drained();
          }
          return;
        }
        try {
          await pipeline(Readable.from(text), createWriteStream(output, { flags: 'wx', mode: 0o600 }));
        } catch (cause) {
          if (!(cause instanceof Error && 'syscall' in cause && 'code' in cause)) throw cause;
          const why = cause.code === 'EEXIST' ? 'is there already' : `cannot be written (${cause.code})`;
          throw new FramecueError('ERR_OUTPUT_WRITE', `${output} ${why}.`, { cause });
        }
      }),
    );

function* linesOf(path: string, format: Options['format'], options: ExportOptions): Iterable<string> {
  if (format === 'csv') yield EXPORT_CSV_HEAD;
  for (const row of exportLedger(path, options)) {
    yield format === 'csv' ? exportCsvRow(row) : `${JSON.stringify(row)}\n`;
  }
}

const drained = (): Promise<void> =>
  new Promise((resolve) => {
    process.stdout.once('drain', resolve).once('close', resolve);
  });
