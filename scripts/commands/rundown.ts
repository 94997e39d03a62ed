import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import {
  type RundownDocument,
  type RundownFormat,
  type RundownIssue,
  type RundownReading,
  readRundown,
  validateRundown,
  writeRundownCsv,
} from '../../cues/rundown/index.ts';
import { ID_PATTERN } from '../../cues/wire/index.ts';
import type { RundownView } from '../../director/rundown/view.ts';
import { FramecueError } from '../../packet/errors.ts';
import { loadSettings } from '../../service/settings.ts';
import { ask, type ServerOptions, serverOf, withServer } from './server.ts';

interface RundownFile {
  /** As it was given. */
  readonly path: string;
  readonly format: RundownFormat;
  readonly bytes: Buffer;
  /** Id of the rundown where a CSV file says none. */
  readonly name: string;
}

interface CheckOptions extends ServerOptions {
  readonly server?: boolean;
  readonly json?: boolean;
}

interface LoadOptions extends ServerOptions {
  readonly replace?: boolean;
  readonly unchecked?: boolean;
  readonly json?: boolean;
}

interface ShowOptions extends ServerOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
}

const CONTENT_TYPES: Readonly<Record<RundownFormat, string>> = { json: 'application/json', csv: 'text/csv' };
/** A key's id is the head of a SHA-256. */
const KEY_ID_LENGTH = 11;

/** `framecue rundown check|load|show`: exit code 1 where a rundown is not valid. */
export const rundownCommand = (): Command =>
  new Command('rundown')
    .exitOverride()
    .showHelpAfterError()
    .description('the running order of a show: checks it, loads it, shows how far it is')
    .addCommand(checkCommand())
    .addCommand(loadCommand())
    .addCommand(showCommand());

const checkCommand = (): Command =>
  withServer(new Command('check'))
    .description('says everything that is wrong with a rundown at once')
    .argument('<file>', 'JSON (.json) or CSV (.csv)', rundownFile)
    .option('--server', 'let the server check it: its settings, and whether every interaction exists')
    .option('--json', 'print the issues as JSON')
    .action(async (file: RundownFile, options: CheckOptions) => {
      const reading = readingOf(file);
      const server = options.server === true ? serverOf(options) : null;
      const issues =
        server === null
          ? checkHere(reading, options.stream ?? 'live/main')
          : await issuesOf(() =>
              ask(
                server,
                'PUT',
                `/api/v1/streams/${server.stream}/rundown?check=1&id=${file.name}`,
                file.bytes,
                CONTENT_TYPES[file.format],
              ),
            );
      report(file, reading, issues, options.json === true, server !== null);
    });

const loadCommand = (): Command =>
  withServer(new Command('load'))
    .description('loads a rundown for a stream of the server')
    .argument('<file>', 'JSON (.json) or CSV (.csv)', rundownFile)
    .option('--replace', 'also while an item is on air: what has landed stays')
    .option('--unchecked', 'also where events cannot be asked whether interactions exist')
    .option('--json', 'print the rundown as the server gives it')
    .action(async (file: RundownFile, options: LoadOptions) => {
      const server = serverOf(options);
      const query = new URLSearchParams({
        id: file.name,
        ...(options.replace === true ? { replace: '1' } : {}),
        ...(options.unchecked === true ? { unchecked: '1' } : {}),
      });
      let view: RundownView | null = null;
      const issues = await issuesOf(async () => {
        const path = `/api/v1/streams/${server.stream}/rundown?${query}`;
        view = await ask<RundownView>(server, 'PUT', path, file.bytes, CONTENT_TYPES[file.format]);
      });
      if (view === null) report(file, readingOf(file), issues, options.json === true, true);
      else print(options.json === true ? JSON.stringify(view) : table(view));
    });

const showCommand = (): Command =>
  withServer(new Command('show'))
    .description('shows the rundown of a stream and how far it is, or what a file says')
    .argument('[file]', 'JSON (.json) or CSV (.csv); without one: what the server has loaded', rundownFile)
    .option('--json', 'print it as JSON')
    .option('--csv', 'print it as CSV')
    .action(async (file: RundownFile | undefined, options: ShowOptions) => {
      if (options.json === true && options.csv === true) {
        throw new InvalidArgumentError('give --json or --csv.');
      }
      if (file !== undefined) {
        const reading = readingOf(file);
        if (reading.issues.length > 0) return report(file, reading, reading.issues, false, false);
        const { document } = reading;
        return print(formatted(document, options, () => document.items.map(lineOfItem).join('\n')));
      }
      const server = serverOf(options);
      const view = await ask<RundownView>(server, 'GET', `/api/v1/streams/${server.stream}/rundown`);
      if (options.csv === true) print(writeRundownCsv(documentOf(view)).trimEnd());
      else print(options.json === true ? JSON.stringify(view) : table(view));
    });

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const formatted = (document: RundownDocument, options: ShowOptions, plain: () => string): string => {
  if (options.json === true) return JSON.stringify(document);
  return options.csv === true ? writeRundownCsv(document).trimEnd() : plain();
};

function rundownFile(path: string): RundownFile {
  const extension = extname(path).toLowerCase();
  if (extension !== '.json' && extension !== '.csv')
    throw new InvalidArgumentError('give a .json or .csv file.');
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new InvalidArgumentError(`the file cannot be read (${why}).`);
  }
  const name = basename(path, extname(path))
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 64);
  const format = extension === '.json' ? 'json' : 'csv';
  return { path, format, bytes, name: ID_PATTERN.test(name) ? name : 'rundown' };
}

const readingOf = ({ bytes, format, name }: RundownFile): RundownReading => readRundown(bytes, format, name);

/** By the settings of this environment, without asking anybody. */
function checkHere(reading: RundownReading, stream: string): RundownIssue[] {
  const { settings } = loadSettings(process.env);
  return validateRundown(reading, {
    now: Date.now(),
    stream,
    spreadCapMs: settings.viewerSpreadCapMs,
    stampTextLimit: settings.stampTextLimit,
    keyIdLength: KEY_ID_LENGTH,
    interactions: null,
    done: new Set(),
  });
}

/** What the server finds wrong. @throws {FramecueError} whatever else it refuses it for. */
async function issuesOf(sent: () => Promise<unknown>): Promise<readonly RundownIssue[]> {
  try {
    await sent();
    return [];
  } catch (error) {
    const issues = error instanceof FramecueError ? error.details?.issues : undefined;
    if (!(error instanceof FramecueError) || error.code !== 'ERR_RUNDOWN_INVALID' || !Array.isArray(issues)) {
      throw error;
    }
    return issues as RundownIssue[];
  }
}

function report(
  file: RundownFile,
  { document }: RundownReading,
  issues: readonly RundownIssue[],
  asJson: boolean,
  interactionsChecked: boolean,
): void {
  process.exitCode = issues.length > 0 ? 1 : 0;
  if (asJson) {
    print(JSON.stringify({ file: file.path, valid: issues.length === 0, interactionsChecked, issues }));
    return;
  }
  for (const issue of issues) print(lineOfIssue(file.path, issue));
  const hint = interactionsChecked ? '' : ' Interactions were not checked: --server asks.';
  const found = issues.length === 1 ? '1 thing is wrong' : `${issues.length} things are wrong`;
  print(
    issues.length === 0
      ? `${file.path}: rundown "${document.id}", ${document.items.length} items, is valid.${hint}`
      : `${found} with ${file.path}.${hint}`,
  );
}

/** As compilers write it, so that editors jump to it. */
function lineOfIssue(path: string, { line, item, field, code, problem }: RundownIssue): string {
  const where = [item, field].filter((part) => part !== null).join(' ');
  return `${path}${line === null ? '' : `:${line}`}: ${code}${where === '' ? '' : ` [${where}]`}: ${problem}`;
}

type Item = RundownDocument['items'][number];

function whenOf({ at, after }: Item): string {
  if (at !== undefined) return `at ${typeof at === 'number' ? new Date(at).toISOString() : at}`;
  return after === undefined ? 'by hand' : `${after.ms} ms after ${after.item}`;
}

const lineOfItem = (item: Item): string =>
  [item.id.padEnd(16), item.type.padEnd(19), whenOf(item), item.title ?? ''].join('  ').trimEnd();

function table(view: RundownView): string {
  const head = `${view.title ?? view.id} (${view.id}), revision ${view.rev} on ${view.stream}${view.rehearsal ? ', REHEARSAL' : ''}`;
  const lines = view.items.map((item) => {
    const mark = item.id === view.next ? '>' : ' ';
    const pts = item.landedPts === null ? '' : ` on PTS ${item.landedPts}`;
    const why = item.reason === null ? '' : ` (${item.reason.code}: ${item.reason.text})`;
    return `${mark} ${item.state.padEnd(10)}${lineOfItem(item)}${pts}${why}`;
  });
  return [head, ...lines].join('\n');
}

/** The document of a rundown that a server shows. */
function documentOf({ id, title, show, items }: RundownView): RundownDocument {
  return {
    id,
    ...(title === null ? {} : { title }),
    ...(show === null ? {} : { show }),
    items: items.map(({ state, cue, landedPts, reason, runsAt, notBefore, ...item }) => item),
  };
}
