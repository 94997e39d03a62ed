/** The frame numbers of a stream in presentation order, read from its decoded pictures. */
import { createInterface } from 'node:readline';
import { FramecueError } from '../packet/errors.ts';
import { ffmpegPath } from '../scripts/lib/tools.ts';
import {
  BARCODE_COLUMNS,
  BARCODE_ROWS,
  type BarcodeReading,
  grayPicture,
  readBarcodeStrip,
} from './barcode.ts';
import { exitOf, ffmpegFailed, passthroughOption, start, Tail, Watchdog } from './ffmpeg.ts';

export type ReadFrame = BarcodeReading & {
  /** Counts decoded pictures from 0. */
  readonly index: number;
  /** The stream's own time stamp in milliseconds; null where the container gives none. */
  readonly ptsMs: number | null;
};

export interface ReadFramesOptions {
  /** Stops reading; the iterator ends by throwing the signal's reason. */
  readonly signal?: AbortSignal;
  /** A source that gives no picture for so long has failed; 20 s by default. */
  readonly stallMs?: number;
  /** More of ffmpeg's options for the input, before its `-i`. */
  readonly inputOptions?: readonly string[];
  /** A filter chain of ffmpeg's that the pictures go through first, e.g. `scale=iw/2:-2`. */
  readonly filter?: string;
}

/** The strip is brought to this size: 8x8 pixels a cell. */
const STRIP_WIDTH = BARCODE_COLUMNS * 8;
const STRIP_HEIGHT = BARCODE_ROWS * 8;
const STALL_MS = 20_000;

/**
 * Decodes a file or URL and reads every picture's barcode; a picture that cannot be read comes with `error`.
 * Leaving the loop ends ffmpeg.
 * @throws {FramecueError} ERR_TOOL_MISSING, ERR_TOOL_FAILED, ERR_TIMEOUT
 */
export async function* readFrames(
  source: string,
  options: ReadFramesOptions = {},
): AsyncGenerator<ReadFrame> {
  const { signal, stallMs = STALL_MS, inputOptions = [], filter } = options;
  signal?.throwIfAborted();
  const ffmpeg = ffmpegPath();
  const passthrough = await passthroughOption(ffmpeg);
  const child = start(ffmpeg, argumentsFor(source, passthrough, inputOptions, filter), { stdout: true });
  const exited = exitOf(child);
  const said = new Tail();
  const times = new Times();
  const stderr = createInterface({ input: child.stderr! });
  stderr.on('line', (line) => {
    if (!line.includes('Parsed_showinfo')) said.add(`${line}\n`);
    const shown = / n: *\d+ .*pts_time:(\S+)/.exec(line);
    if (shown !== null)
      times.put(Number.isFinite(Number(shown[1])) ? Math.round(Number(shown[1]) * 1000) : null);
  });
  stderr.once('close', () => times.close());
  const watchdog = new Watchdog(stallMs, () => child.kill('SIGKILL'));
  const abort = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', abort, { once: true });
  try {
    let index = 0;
    for await (const pixels of stripsOf(child.stdout!)) {
      const ptsMs = await times.take();
      // Whoever reads us may take their time: only waiting for ffmpeg counts as a stall.
      watchdog.rest();
      yield { index, ptsMs, ...readBarcodeStrip(grayPicture(STRIP_WIDTH, STRIP_HEIGHT, pixels)) };
      watchdog.feed();
      index += 1;
    }
    const exit = await exited;
    signal?.throwIfAborted();
    if (watchdog.fired) throw new FramecueError('ERR_TIMEOUT', `ffmpeg gave no picture for ${stallMs} ms`);
    if (exit.code !== 0) throw ffmpegFailed(exit, said);
  } finally {
    watchdog.rest();
    signal?.removeEventListener('abort', abort);
    child.kill('SIGKILL');
    await exited;
  }
}

function argumentsFor(
  source: string,
  passthrough: readonly string[],
  inputOptions: readonly string[],
  filter: string | undefined,
): string[] {
  const chain = [
    ...(filter === undefined ? [] : [filter]),
    'crop=w=iw:h=round(ih*4/45):x=0:y=0:exact=1',
    `scale=${STRIP_WIDTH}:${STRIP_HEIGHT}:flags=area`,
    'format=gray',
    // It says each picture's time stamp on stderr; -copyts keeps the source's own.
    'showinfo=checksum=0',
  ];
  return [
    ...[
      '-hide_banner',
      '-nostdin',
      '-nostats',
      '-loglevel',
      'info',
      '-copyts',
      ...inputOptions,
      '-i',
      source,
    ],
    ...[
      '-map',
      '0:v:0',
      '-vf',
      chain.join(','),
      ...passthrough,
      '-f',
      'rawvideo',
      '-pix_fmt',
      'gray',
      'pipe:1',
    ],
  ];
}

/** Cuts the byte stream into strips. */
async function* stripsOf(stdout: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  let strip = new Uint8Array(STRIP_WIDTH * STRIP_HEIGHT);
  let filled = 0;
  for await (const chunk of stdout) {
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + strip.length - filled);
      strip.set(part, filled);
      filled += part.length;
      from += part.length;
      if (filled < strip.length) continue;
      yield strip;
      strip = new Uint8Array(strip.length);
      filled = 0;
    }
  }
}

/**
 * Time stamps in the order of the pictures. ffmpeg says a time stamp before it passes the picture on, but the
 * two come by different pipes. Never longer than the pictures that fit into the other pipe.
 */
class Times {
  readonly #values: (number | null)[] = [];
  #waiting: ((value: number | null) => void) | undefined;
  #closed = false;

  put(value: number | null): void {
    if (this.#waiting === undefined) this.#values.push(value);
    else this.#settle(value);
  }

  close(): void {
    this.#closed = true;
    if (this.#waiting !== undefined) this.#settle(null);
  }

  take(): Promise<number | null> {
    if (this.#values.length > 0) return Promise.resolve(this.#values.shift()!);
    if (this.#closed) return Promise.resolve(null);
    return new Promise((settle) => {
      this.#waiting = settle;
    });
  }

  #settle(value: number | null): void {
    this.#waiting?.(value);
    this.#waiting = undefined;
  }
}
