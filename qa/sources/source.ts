import { FramecueError } from '../../packet/errors.ts';
import { type ByteInput, type InputOptions, openInput, PeekedInput } from './input.ts';
import {
  type ContainerName,
  type ContainerReader,
  DEFAULT_READER_OPTIONS,
  type ReaderOptions,
  type SourceItem,
} from './items.ts';
import { describeOther } from './other-formats.ts';
import { SNIFF_BYTES, sniff, sniffCodec } from './sniff.ts';

export * from './items.ts';
export { PROBLEMS, type ProblemCode, type Severity } from './problem-codes.ts';

export interface SourceOptions extends InputOptions, Partial<ReaderOptions> {
  /** End after this much media time, or on live sources this much time, whichever comes first. */
  readonly maxSeconds?: number;
  /** End after this many access units. */
  readonly maxFrames?: number;
  /** Of an HLS master playlist: this index into `renditions`; default: the one with the highest bandwidth. */
  readonly rendition?: number;
  /** A live HLS playlist is read on as it grows (default), or only as it stands. */
  readonly follow?: boolean;
}

/** One line of an HLS master playlist. */
export interface Rendition {
  readonly uri: string;
  /** Bits per second. */
  readonly bandwidth: number;
  readonly resolution: { readonly width: number; readonly height: number } | null;
  readonly codecs: string | null;
}

export interface SourceProgress {
  readonly bytesRead: number;
  /** Null where it is not known. */
  readonly totalBytes: number | null;
}

/** A stream that can be read once, from front to back. */
export interface Source {
  readonly address: string;
  readonly container: ContainerName;
  /** It may never end by itself: limit it, or stop it with the signal. */
  readonly isLive: boolean;
  /** All lines of an HLS master playlist, highest bandwidth first; else none. */
  readonly renditions: readonly Rendition[];
  readonly progress: SourceProgress;
  /**
   * Everything in order. What is wrong and can be passed over comes as `problem` items.
   * @throws {FramecueError} ERR_SOURCE_READ, ERR_TIMEOUT, ERR_SOURCE_FORMAT, ERR_SOURCE_CODEC where nothing more
   *   can be read; the signal's reason when it was aborted.
   */
  items(): AsyncGenerator<SourceItem, void>;
  close(): Promise<void>;
}

/** What a format adds to the input: its items, in order. */
export interface OpenedContainer {
  readonly items: AsyncGenerator<SourceItem, void>;
  readonly isLive?: boolean;
  readonly renditions?: readonly Rendition[];
  readonly progress?: () => SourceProgress;
}

/**
 * Opens a file, `-` (standard input), or an http, https, ws, wss, rtmp or rtmps address, and tells by the first
 * bytes what it is. Never holds more than one incomplete structure (`maxUnitBytes`).
 * @throws {FramecueError} ERR_SOURCE_OPEN, ERR_SOURCE_FORMAT, ERR_TIMEOUT, ERR_TOOL_MISSING (rtmp without ffmpeg).
 */
export async function openSource(address: string, options: SourceOptions = {}): Promise<Source> {
  const input = new PeekedInput(await openInput(address, options));
  try {
    const head = await input.peek(SNIFF_BYTES);
    const container = sniff(head);
    if (container === null) throw unknownFormat(address, head);
    const opened = await openContainer(container, input, head, options);
    const isLive = opened.isLive ?? input.isLive;
    return {
      address,
      container,
      isLive,
      renditions: opened.renditions ?? [],
      get progress() {
        return opened.progress?.() ?? { bytesRead: input.bytesRead, totalBytes: input.totalBytes };
      },
      items: () => limited(opened.items, options, isLive),
      close: () => input.close(),
    };
  } catch (error) {
    await input.close();
    throw error;
  }
}

async function openContainer(
  container: ContainerName,
  input: ByteInput,
  head: Uint8Array,
  options: SourceOptions,
): Promise<OpenedContainer> {
  const reading: ReaderOptions = {
    audio: options.audio ?? DEFAULT_READER_OPTIONS.audio,
    metadata: options.metadata ?? DEFAULT_READER_OPTIONS.metadata,
    maxUnitBytes: options.maxUnitBytes ?? DEFAULT_READER_OPTIONS.maxUnitBytes,
    ...(options.program === undefined ? {} : { program: options.program }),
  };
  switch (container) {
    case 'flv': {
      const { FlvSourceReader } = await import('./flv.ts');
      return { items: pump(input, new FlvSourceReader(reading), options.signal) };
    }
    case 'mpegts': {
      const { TsSourceReader } = await import('./ts.ts');
      return { items: pump(input, new TsSourceReader(reading), options.signal) };
    }
    case 'annexb': {
      const { AnnexBSourceReader } = await import('./annexb.ts');
      return { items: pump(input, new AnnexBSourceReader(sniffCodec(head), reading), options.signal) };
    }
    case 'mp4': {
      const [{ Mp4SourceReader }, { accessTo }] = await Promise.all([
        import('./mp4.ts'),
        import('./access.ts'),
      ]);
      return { items: new Mp4SourceReader(reading).read(accessTo(input)) };
    }
    case 'hls': {
      const { openHls } = await import('./hls.ts');
      return openHls(input, reading, options);
    }
    default:
      return container satisfies never;
  }
}

/** Chunks through a reader. */
async function* pump(
  input: ByteInput,
  reader: ContainerReader,
  signal: AbortSignal | undefined,
): AsyncGenerator<SourceItem, void> {
  for await (const chunk of input.chunks()) {
    signal?.throwIfAborted();
    yield* reader.push(chunk);
  }
  yield* reader.end();
}

/** Ends after `maxFrames` or `maxSeconds`. */
async function* limited(
  items: AsyncGenerator<SourceItem, void>,
  { maxSeconds, maxFrames, signal }: SourceOptions,
  isLive: boolean,
): AsyncGenerator<SourceItem, void> {
  let frames = 0;
  let firstDts: number | null = null;
  const openedAt = performance.now();
  for await (const item of items) {
    signal?.throwIfAborted();
    if (item.kind === 'access-unit') {
      firstDts ??= item.dts;
      if (maxFrames !== undefined && frames >= maxFrames) return;
      if (maxSeconds !== undefined && firstDts !== null && item.dts !== null) {
        if (item.dts - firstDts >= maxSeconds * 1000) return;
      }
      frames++;
    }
    yield item;
    if (frames === maxFrames) return;
    if (isLive && maxSeconds !== undefined && performance.now() - openedAt >= maxSeconds * 1000) return;
  }
}

function unknownFormat(address: string, head: Uint8Array): FramecueError {
  const what =
    head.length === 0
      ? `${address} is empty: nothing has been written to it, or nothing is being sent.`
      : `${address} is ${describeOther(head)}.`;
  return new FramecueError('ERR_SOURCE_FORMAT', what);
}
