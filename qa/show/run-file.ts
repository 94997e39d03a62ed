import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { FramecueError } from '../../packet/errors.ts';
import { isRunLine, RUN_VERSION, type RunHead, type RunLine } from './run-lines.ts';

/** A run's listing as a file: JSON lines, the head first. */

const FLUSH_CHARACTERS = 256 * 1024;
const READ_BYTES = 256 * 1024;
const MAX_LINE = 1024 * 1024;

export class RunFileWriter {
  readonly #fd: number;
  #text = '';

  constructor(path: string) {
    this.#fd = openOutput(path);
  }

  write(line: RunLine): void {
    this.#text += `${JSON.stringify(line)}\n`;
    if (this.#text.length >= FLUSH_CHARACTERS) this.#flush();
  }

  close(): void {
    try {
      this.#flush();
    } finally {
      closeSync(this.#fd);
    }
  }

  #flush(): void {
    const text = this.#text;
    this.#text = '';
    writeWhole(this.#fd, Buffer.from(text, 'utf8'));
  }
}

/** @throws {FramecueError} ERR_OUTPUT_WRITE */
export function openOutput(path: string): number {
  try {
    return openSync(path, 'w', 0o600);
  } catch (cause) {
    throw new FramecueError('ERR_OUTPUT_WRITE', `${path} cannot be written.`, { cause });
  }
}

/** @throws {FramecueError} ERR_OUTPUT_WRITE */
export function writeWhole(fd: number, bytes: Uint8Array): void {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  } catch (cause) {
    throw new FramecueError('ERR_OUTPUT_WRITE', undefined, { cause });
  }
}

/**
 * Reads a listing line by line.
 * @throws {FramecueError} ERR_SOURCE_OPEN, ERR_RUN_FORMAT (`details.line`).
 */
export function* readRunFile(path: string): Generator<RunLine> {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    throw new FramecueError('ERR_SOURCE_OPEN', `${path} cannot be read.`, { cause });
  }
  try {
    let line = 0;
    for (const text of linesOf(fd)) {
      line++;
      const parsed = lineOf(text, line === 1);
      if (typeof parsed === 'string') {
        throw new FramecueError('ERR_RUN_FORMAT', `${path}, line ${line}: ${parsed}.`, { details: { line } });
      }
      if (parsed !== null) yield parsed;
    }
    if (line === 0) throw new FramecueError('ERR_RUN_FORMAT', `${path} is empty.`, { details: { line } });
  } finally {
    closeSync(fd);
  }
}

const KINDS: readonly RunLine['kind'][] = ['run', 'epoch', 'unit', 'packet', 'event', 'gap'];

/** A line; null for a kind that a later version added; or what is wrong. */
function lineOf(text: string, isFirst: boolean): RunLine | string | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  if (typeof json !== 'object' || json === null || !('kind' in json)) return 'not a line of a run';
  if (isFirst) {
    if (json.kind !== 'run') return 'the head of a run is missing';
    const { version } = json as RunHead;
    if (typeof version !== 'number' || version > RUN_VERSION) return `a run of version ${version}`;
  }
  if (!(KINDS as readonly unknown[]).includes(json.kind)) return null;
  return isRunLine(json) ? json : `fields of a ${String(json.kind)} line are missing or not of their type`;
}

function* linesOf(fd: number): Generator<string> {
  const bytes = Buffer.allocUnsafe(READ_BYTES);
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for (;;) {
    const got = readSync(fd, bytes, 0, bytes.length, null);
    rest += got === 0 ? decoder.end() : decoder.write(bytes.subarray(0, got));
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > MAX_LINE) throw new FramecueError('ERR_RUN_FORMAT', 'A line of the run is too long.');
    if (got === 0) break;
  }
  if (rest !== '') yield rest;
}
