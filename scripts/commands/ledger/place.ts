import { join } from 'node:path';
import type { Command } from 'commander';
import { LEDGER_FILE } from '../../../events/ledger/place.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { sentenceOf } from '../../../server/process.ts';
import { loadSettings } from '../../../service/settings.ts';

export interface PlaceOptions {
  readonly data?: string;
  readonly file?: string;
  readonly json?: boolean;
}

/** Of commands that work in the data folder. */
export const withData = (command: Command): Command =>
  command
    .exitOverride()
    .showHelpAfterError()
    .option('--data <folder>', 'the data folder (default: FRAMECUE_DATA_DIR, else .framecue)');

/** Of commands that only read: also a backup. */
export const withFile = (command: Command): Command =>
  withData(command).option('--file <path>', 'this file instead of the ledger in the data folder: a backup');

export const dataDirOf = ({ data }: PlaceOptions): string =>
  data ?? loadSettings(process.env).settings.dataDir;

export const fileOf = (options: PlaceOptions): string =>
  options.file ?? join(dataDirOf(options), LEDGER_FILE);

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** A refusal as one sentence; with `--json` as the error's envelope on stdout. Exit code 1. */
export async function telling(json: boolean | undefined, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof FramecueError)) throw error;
    const { code, message, retryable, details } = error;
    if (json === true) print(JSON.stringify({ error: { code, message, retryable, details } }));
    process.stderr.write(`${sentenceOf(error)}\n`);
    process.exitCode = 1;
  }
}
