import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { FramecueError } from '../../../packet/errors.ts';
import { type Advice, telling } from '../cue/refusal.ts';
import { baseUrl, httpUrl, jsonObject, readRun, type Server, tokenFor, wholeNumber } from '../server.ts';

/** Of every command that asks events about prizes. */
export interface PrizeOptions {
  readonly events?: string;
  readonly token?: string;
  readonly json?: boolean;
}

export interface PageOptions extends PrizeOptions {
  readonly limit: number;
}

/** Whose token a request takes: looking, the show's own changes, or money. */
export type Asker = 'read' | 'direct' | 'treasurer';

/** Where a token is looked for, in this order, before run.json is. Both larger rights include `read`. */
const VARIABLES: Readonly<Record<Asker, readonly string[]>> = {
  read: ['FRAMECUE_READ_TOKEN', 'FRAMECUE_DIRECTOR_TOKEN', 'FRAMECUE_TREASURER_TOKEN'],
  direct: ['FRAMECUE_DIRECTOR_TOKEN'],
  treasurer: ['FRAMECUE_TREASURER_TOKEN'],
};

/** What to do about a refusal, where the server's own sentence does not say it. */
const ADVICE: Advice = {
  ERR_TOKEN_MISSING: 'Give --token.',
  ERR_TOKEN_INVALID: 'Give --token: `run.json` in the data folder of the server has those of its own.',
  ERR_RIGHT_MISSING: 'Money takes the token of the treasurer; boxes and measures, that of the director.',
  ERR_POOL_UNKNOWN: 'See `npx framecue pool list`.',
  ERR_POOL_EXISTS: 'The terms of a pool never change: see `npx framecue pool show`, or give another id.',
  ERR_POOL_STATE: 'See `npx framecue pool show`; what is to be swept is closed first.',
  ERR_IDEMPOTENCY_CONFLICT: 'It was used for something else: give another one.',
  ERR_GRANT_UNKNOWN: 'See `npx framecue pool grants`.',
  ERR_MEASURE_UNKNOWN: 'See `npx framecue measure list SHOW`.',
  ERR_MEASURE_STATE: 'See `npx framecue measure list SHOW`; what is applied is reverted first.',
  ERR_OUTBOX_UNKNOWN: 'See `npx framecue outbox list`.',
  ERR_OUTBOX_STATE: 'What was taken back meanwhile is not sent any more.',
  ERR_INTERACTION_UNKNOWN: 'Give the id of a lottery.',
  ERR_DRAW_NOT_YET: 'See `npx framecue draw show ID`.',
  ERR_DRAW_STATE: 'See `npx framecue draw show ID`.',
  ERR_STORE_UNAVAILABLE: 'The ledger takes nothing now: look at the disk of events, then try again.',
  ERR_TIMEOUT: 'Of a change nobody knows whether it was done: look, or say it again just as it was.',
};

/** A subcommand that asks events alone. */
export const onEvents = (name: string): Command =>
  new Command(name)
    .exitOverride()
    .showHelpAfterError()
    .addOption(
      new Option(
        '--events <url>',
        'base URL of events (default: the server that runs here, by run.json)',
      ).argParser(httpUrl),
    )
    .option('--token <token>', 'bearer token (default: of the environment, else of run.json)')
    .option('--json', 'print what the server says');

/** ... and reads a list page by page: `mark` is where the page before ended. */
export const onPages = (name: string, mark: 'before' | 'after'): Command =>
  onEvents(name)
    .option('--limit <n>', 'so many, at most 500', wholeNumber, 50)
    .option(`--${mark} <mark>`, 'the next page, as the end of the page before says');

/** ... and cannot be undone. */
export const onlySure = (command: Command): Command => command.option('--yes', 'needed: it cannot be undone');

/** @throws {FramecueError} ERR_REQUEST_INVALID without `--yes`. */
export function assertSure({ yes }: { readonly yes?: boolean }, what: string): void {
  if (yes === true) return;
  throw new FramecueError('ERR_REQUEST_INVALID', `${what}, and cannot be undone: say so by --yes.`);
}

/** @throws {FramecueError} ERR_NOT_READY where nothing tells where events is, or with which token. */
export function serverFor(asker: Asker, { events, token }: PrizeOptions): Server {
  const run = readRun();
  const found = events ?? run?.events;
  if (found === undefined) {
    const what = 'No server runs here (there is no run.json): start one by `npm start`, or give --events.';
    throw new FramecueError('ERR_NOT_READY', what);
  }
  const media = baseUrl(found);
  const names = VARIABLES[asker];
  const given = token ?? names.map((name) => process.env[name]).find((value) => value);
  const kept = run?.tokens[asker === 'treasurer' ? 'treasurer' : 'director'];
  return { media, what: 'events', token: tokenFor(media, given, run?.events, kept, names), stream: '' };
}

/** Asks, and prints the answer: as it is with `--json`, else in words. Exit code 1 where it is bad. */
export const tellAnswer = <T>(
  options: PrizeOptions,
  asker: Asker,
  get: (server: Server) => Promise<T>,
  words: (answer: T) => string,
  isBad: (answer: T) => boolean = () => false,
): Promise<void> =>
  telling(
    options.json,
    async () => {
      const answer = await get(serverFor(asker, options));
      process.stdout.write(`${options.json === true ? JSON.stringify(answer) : words(answer)}\n`);
      if (isBad(answer)) process.exitCode = 1;
    },
    ADVICE,
  );

/** `?a=1&b=2` of what is given. */
export function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]) => [name, `${value}`]))}`;
}

/** Of a name inside a path: what would lead out of it is none. */
export function named(text: string): string {
  if (/^[\x21-\x7e]{1,200}$/.test(text) && !/^\.{1,2}$/.test(text)) return text;
  throw new InvalidArgumentError('give 1 to 200 visible ASCII characters.');
}

/** A file that holds a JSON object, or `-`: standard input. */
export function jsonFile(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path === '-' ? process.stdin.fd : path, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new InvalidArgumentError(`it cannot be read (${why}).`);
  }
  return jsonObject(text);
}
