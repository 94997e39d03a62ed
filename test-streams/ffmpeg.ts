/** Running ffmpeg: a thin spawn, with a bounded tail of what it says. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { FramecueError } from '../packet/errors.ts';

const TAIL_LINES = 40;
const LINE_LENGTH = 500;
const HELP_MS = 10_000;
const HELP_BYTES = 4 << 20;

/**
 * Starts `program`; a failure to start comes with `exitOf`, as any other end.
 * stdin and stdout are pipes only where asked for; stderr always is, and somebody has to read it.
 */
export function start(
  program: string,
  args: readonly string[],
  pipes: { readonly stdin?: boolean; readonly stdout?: boolean } = {},
): ChildProcess {
  return spawn(program, args, {
    stdio: [pipes.stdin ? 'pipe' : 'ignore', pipes.stdout ? 'pipe' : 'ignore', 'pipe'],
    windowsHide: true,
  });
}

export interface Exit {
  /** Null when a signal ended it, or it never started. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  readonly failure: Error | null;
}

/** How the process ended, once it has and its pipes are drained. Never rejects. */
export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((settle) => {
    child.once('error', (failure) => {
      // `error` also comes when a signal could not be sent: only a process that never was is over by it.
      if (child.pid === undefined) settle({ code: null, signal: null, failure });
    });
    child.once('close', (code, signal) => settle({ code, signal, failure: null }));
  });
}

const syncOptions = new Map<string, Promise<readonly string[]>>();

/**
 * The option that passes each decoded picture on once: `-fps_mode` where it is known, since `-vsync` goes; before
 * ffmpeg 5.1 there was `-vsync` alone. Asked and not told by the version, which builds from git do not have.
 */
export function passthroughOption(ffmpeg: string): Promise<readonly string[]> {
  const known = syncOptions.get(ffmpeg);
  if (known !== undefined) return known;
  const asked = new Promise<readonly string[]>((settle) => {
    const limits = { timeout: HELP_MS, maxBuffer: HELP_BYTES };
    execFile(ffmpeg, ['-hide_banner', '-h', 'long'], limits, (_error, stdout) => {
      // What goes wrong here goes wrong again when ffmpeg is run in earnest, and is reported there.
      settle([stdout.includes('-fps_mode') ? '-fps_mode' : '-vsync', 'passthrough']);
    });
  });
  syncOptions.set(ffmpeg, asked);
  return asked;
}

/** The last lines of a text stream, each and all bounded; `clean` sees every line before it is kept. */
export class Tail {
  readonly #lines: string[] = [];
  #open = '';
  readonly #clean: (line: string) => string;
  readonly #limit: number;

  constructor(clean: (line: string) => string = (line) => line, limit = TAIL_LINES) {
    this.#clean = clean;
    this.#limit = limit;
  }

  add(chunk: Uint8Array | string): void {
    const parts = (this.#open + (typeof chunk === 'string' ? chunk : decode(chunk))).split(/[\r\n]+/);
    this.#open = (parts.pop() ?? '').slice(0, LINE_LENGTH * 4);
    for (const line of parts) if (line !== '') this.#keep(line);
  }

  lines(): readonly string[] {
    return this.#open === '' ? [...this.#lines] : [...this.#lines, this.#cut(this.#open)].slice(-this.#limit);
  }

  #keep(line: string): void {
    this.#lines.push(this.#cut(line));
    if (this.#lines.length > this.#limit) this.#lines.shift();
  }

  // Cleaned before it is cut: half a secret is still half a secret.
  #cut(line: string): string {
    return this.#clean(line).slice(0, LINE_LENGTH);
  }
}

/** The coded error for an ffmpeg that ended badly, with its last words. */
export function ffmpegFailed(exit: Exit, said: Tail): FramecueError {
  const last = said.lines().slice(-3).join(' | ');
  const text = `ffmpeg failed (${describeExit(exit)})${last === '' ? '' : `: ${last}`}`;
  return new FramecueError('ERR_TOOL_FAILED', text, { cause: exit.failure ?? undefined });
}

export function describeExit({ code, signal, failure }: Exit): string {
  return failure?.message ?? signal ?? `exit code ${code}`;
}

/** Calls `bite` once when nobody feeds it for `ms`; it starts awake. */
export class Watchdog {
  readonly #ms: number;
  readonly #bite: () => void;
  #timer: NodeJS.Timeout | undefined;
  #fired = false;

  constructor(ms: number, bite: () => void) {
    this.#ms = ms;
    this.#bite = bite;
    this.feed();
  }

  get fired(): boolean {
    return this.#fired;
  }

  feed(): void {
    clearTimeout(this.#timer);
    if (this.#fired) return;
    this.#timer = setTimeout(() => {
      this.#fired = true;
      this.#bite();
    }, this.#ms);
  }

  /** Sleeps until it is fed again. */
  rest(): void {
    clearTimeout(this.#timer);
  }
}

const decode = (chunk: Uint8Array): string => Buffer.from(chunk).toString('utf8');
