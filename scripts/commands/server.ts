import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ERRORS, type ErrorCode, FramecueError } from '../../packet/errors.ts';
import { type RunFile, runFilePath } from '../../server/run-file.ts';
import type { ErrorBody } from '../../service/http-errors.ts';
import { loadSettings } from '../../service/settings.ts';

/** Where a command talks to, and as whom. */
export interface Server {
  /** The base URL: of media, or of what `what` says. */
  readonly media: string;
  readonly what?: 'media' | 'events';
  readonly token: string;
  /** `app/name` */
  readonly stream: string;
}

export interface ServerOptions {
  readonly media?: string;
  readonly token?: string;
  readonly stream?: string;
  /** Of `withEvents`. */
  readonly events?: string;
}

const TIMEOUT_MS = 10_000;

/** The options of every command that talks to a server. */
export const withServer = (command: Command): Command =>
  command
    .exitOverride()
    .showHelpAfterError()
    .addOption(
      new Option(
        '--media <url>',
        'base URL of media (default: the server that runs here, by run.json)',
      ).argParser(httpUrl),
    )
    .addOption(
      new Option('--token <token>', 'bearer token (default: run.json)').env('FRAMECUE_DIRECTOR_TOKEN'),
    )
    .addOption(
      new Option('--stream <app/name>', 'the stream (default: run.json, else live/main)').argParser(
        streamName,
      ),
    );

/** For commands that ask the events process, too. */
export const withEvents = (command: Command): Command =>
  withServer(command).addOption(
    new Option(
      '--events <url>',
      'base URL of events (default: the server that runs here, by run.json)',
    ).argParser(httpUrl),
  );

/**
 * The events process beside a server; null where nothing tells where it is.
 * @throws {FramecueError} ERR_NOT_READY as `tokenFor`.
 */
export function eventsOf(
  { token, stream }: Server,
  { events, media, token: given }: ServerOptions,
): Server | null {
  const run = readRun();
  // A media server that was named is not the one that run.json is about.
  const found = events ?? (media === undefined ? run?.events : undefined);
  if (found === undefined) return null;
  const base = baseUrl(found);
  return { media: base, what: 'events', token: tokenFor(base, given, run?.events, token), stream };
}

/** As it is asked, and compared with another. */
export const baseUrl = (url: string): string => url.replace(/\/+$/, '');

/**
 * The token that was given, else that of run.json, which goes to no server but the one that run.json is about.
 * @param own where that one is
 * @param names of variables that would have given one
 * @throws {FramecueError} ERR_NOT_READY where there is none for this server, ERR_TOKEN_INVALID for what is none.
 */
export function tokenFor(
  base: string,
  given: string | undefined,
  own: string | undefined,
  kept: string | undefined,
  names: readonly string[] = ['FRAMECUE_DIRECTOR_TOKEN'],
): string {
  // An empty variable gives none.
  const found = given || (own !== undefined && base === baseUrl(own) ? kept : undefined);
  if (found !== undefined) {
    // Anything else cannot be sent at all.
    if (/^[\x21-\x7e]+$/.test(found)) return found;
    throw new FramecueError('ERR_TOKEN_INVALID', 'A token is of visible ASCII characters alone.');
  }
  const others = names.length === 0 ? '' : `, or set ${names.join(' or ')}`;
  throw new FramecueError('ERR_NOT_READY', `Nothing says with which token: give --token${others}.`);
}

export function httpUrl(text: string): string {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('give an address as http://127.0.0.1:8080.');
}

function streamName(text: string): string {
  if (/^[^/\s]+\/[^/\s]+$/.test(text)) return text;
  throw new InvalidArgumentError('give app/name, as live/main.');
}

/** @throws {FramecueError} ERR_NOT_READY where neither options nor run.json tell where the server is, or as `tokenFor`. */
export function serverOf({ media, token, stream }: ServerOptions): Server {
  const run = readRun();
  const found = media ?? run?.media;
  if (found === undefined) {
    throw new FramecueError(
      'ERR_NOT_READY',
      'No server runs here (there is no run.json): start one by `npm start`, or give --media and --token.',
    );
  }
  const base = baseUrl(found);
  const own = run === null ? 'live/main' : `${run.stream.app}/${run.stream.name}`;
  return {
    media: base,
    token: tokenFor(base, token, run?.media, run?.tokens.director),
    stream: stream ?? own,
  };
}

/** What the server that runs here has told of itself; null: none runs. */
export function readRun(dataDir: string = loadSettings(process.env).settings.dataDir): RunFile | null {
  try {
    return JSON.parse(readFileSync(runFilePath(dataDir), 'utf8')) as RunFile;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** @throws {FramecueError} ERR_NOT_READY where something else answers, ERR_TIMEOUT where its answer breaks off. */
async function answerOf<T>({ media, what = 'media' }: Server, response: Response): Promise<T> {
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    throw new FramecueError('ERR_TIMEOUT', `${media} broke its answer off.`, { cause });
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const said = `${media} is no framecue ${what} server: it answers ${response.status} without JSON.`;
    throw new FramecueError('ERR_NOT_READY', `${said} Give --${what} the address of ${what}.`, { cause });
  }
}

/** An answer with what the status line and the header say of it. */
export interface Exchange<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** @throws {FramecueError} the server's own code, ERR_TIMEOUT where it does not answer, or ERR_NOT_READY. */
export const ask = async <T>(
  server: Server,
  method: string,
  path: string,
  body?: unknown,
  /** Of a body that is text: it goes as it is. */
  contentType: string | null = null,
): Promise<T> =>
  (await exchange<T>(server, method, path, body, contentType === null ? {} : { 'content-type': contentType }))
    .body;

/** Bodies are JSON where `headers` name no other type. @throws {FramecueError} as `ask`. */
export async function exchange<T>(
  server: Server,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
  timeoutMs = TIMEOUT_MS,
): Promise<Exchange<T>> {
  let response: Response;
  try {
    response = await fetch(server.media + path, {
      method,
      headers: {
        authorization: `Bearer ${server.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: headers['content-type'] === undefined ? JSON.stringify(body) : (body as BodyInit) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    throw new FramecueError('ERR_TIMEOUT', `${server.media} does not answer.`, { cause });
  }
  const { status } = response;
  if (status === 204) return { status, headers: response.headers, body: null as T };
  const answer = await answerOf<T & { error?: ErrorBody['error'] }>(server, response);
  if (response.ok) return { status, headers: response.headers, body: answer };
  const { code = 'ERR_INTERNAL', message = response.statusText, details } = answer.error ?? {};
  throw new FramecueError(
    code in ERRORS ? (code as ErrorCode) : 'ERR_INTERNAL',
    message,
    details === undefined ? {} : { details },
  );
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('give a whole number.');
  return Number(text);
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `1500`, `1500ms`, `1.5s`, `2m`: whole milliseconds. */
export function span(text: string): number {
  const [, figure, unit = 'ms'] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = figure === undefined ? Number.NaN : Number(figure) * UNITS_MS[unit]!;
  if (!Number.isInteger(Math.round(ms * 1e6) / 1e6)) {
    throw new InvalidArgumentError('give milliseconds, or a span as 500ms, 2s, 1.5s, 10m.');
  }
  return Math.round(ms);
}

/** RFC 3339 with its offset as it is, or Unix milliseconds as a number. */
export function moment(text: string): string | number {
  if (/^\d{13}$/.test(text)) return Number(text);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i.test(text)) return text;
  throw new InvalidArgumentError(
    'give a moment with its offset as 2026-12-31T23:59:50Z, or Unix milliseconds (13 digits).',
  );
}

export function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (cause) {
    throw new InvalidArgumentError(
      `give a JSON object (${cause instanceof Error ? cause.message : 'not JSON'}).`,
    );
  }
  throw new InvalidArgumentError('give a JSON object.');
}
