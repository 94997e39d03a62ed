import { setTimeout as delay } from 'node:timers/promises';
import { parse, setOptions, type types } from 'hls-parser';
import { FramecueError } from '../../packet/errors.ts';
import { ForwardAccess } from './access.ts';
import { dateranges } from './daterange.ts';
import { segmentBytes, wholeText } from './hls-segment.ts';
import { type ByteInput, reasonOf } from './input.ts';
import type { ReaderOptions, SegmentItem, SourceItem } from './items.ts';
import { Mp4SourceReader } from './mp4.ts';
import { problem } from './problem.ts';
import { sniff } from './sniff.ts';
import type { OpenedContainer, Rendition, SourceOptions } from './source.ts';
import { TsSourceReader } from './ts.ts';

// What is wrong with a playlist is thrown, and said once.
setOptions({ silent: true });

type Byterange = types.Byterange;
type MediaPlaylist = types.MediaPlaylist;
type Segment = types.Segment;
type Variant = types.Variant;

/** How often a playlist may fail to load in a row before the reading ends. */
const MAX_FAILURES = 5;
/** A live playlist without a new segment for this many target durations is over, whatever it says. */
const STALLED_TARGETS = 10;

/**
 * An HLS playlist (RFC 8216): a master's rendition, or a media playlist; CMAF or MPEG-TS segments. Live ones are read
 * again until they end.
 * @throws {FramecueError} ERR_SOURCE_FORMAT, ERR_SOURCE_OPEN
 */
export async function openHls(
  input: ByteInput,
  reading: ReaderOptions,
  options: SourceOptions,
): Promise<OpenedContainer> {
  const first = playlistOf(await wholeText(input), input.address);
  const counter = { bytesRead: 0 };
  const opened = (media: MediaPlaylist, text: string, address: string, renditions: readonly Rendition[]) => ({
    items: new HlsReader(address, reading, options, counter).read(media, text),
    isLive: !media.endlist && options.follow !== false,
    renditions,
    progress: () => ({ bytesRead: counter.bytesRead, totalBytes: null }),
  });
  if (!first.playlist.isMasterPlaylist) {
    return opened(first.playlist as MediaPlaylist, first.text, input.address, []);
  }
  const { variants } = first.playlist as unknown as { variants: Variant[] };
  const renditions = variants
    .filter((variant) => variant.isIFrameOnly !== true)
    .map((variant) => renditionOf(variant, input.address))
    .sort((a, b) => b.bandwidth - a.bandwidth);
  const chosen = renditions[options.rendition ?? 0];
  if (chosen === undefined) {
    const text = `The master playlist has ${renditions.length} renditions; there is no number ${options.rendition ?? 0}.`;
    throw new FramecueError('ERR_SOURCE_FORMAT', text);
  }
  const loaded = await load(chosen.uri, options);
  if (loaded.playlist.isMasterPlaylist) {
    throw new FramecueError(
      'ERR_SOURCE_FORMAT',
      `${chosen.uri} is a master playlist inside another, or the same again: give the address of a media playlist.`,
    );
  }
  return opened(loaded.playlist as MediaPlaylist, loaded.text, loaded.address, renditions);
}

interface Loaded {
  readonly playlist: ReturnType<typeof parse>;
  readonly text: string;
  readonly address: string;
}

async function load(address: string, options: SourceOptions): Promise<Loaded> {
  const { openInput } = await import('./input.ts');
  const input = await openInput(address, options);
  try {
    return playlistOf(await wholeText(input), input.address);
  } finally {
    await input.close();
  }
}

function playlistOf(text: string, address: string): Loaded {
  try {
    const playlist = parse(text);
    // EXT-X-TARGETDURATION is required, and what an empty playlist lacks.
    const { isMasterPlaylist, targetDuration } = playlist as
      | MediaPlaylist
      | (types.MasterPlaylist & { targetDuration?: number });
    if (!isMasterPlaylist && !((targetDuration ?? 0) > 0))
      throw new Error('it has neither renditions nor segments');
    return { playlist, text, address };
  } catch (cause) {
    throw new FramecueError(
      'ERR_SOURCE_FORMAT',
      `${address} is no playlist that can be read: ${reasonOf(cause)}.`,
      {
        cause,
      },
    );
  }
}

const renditionOf = (variant: Variant, base: string): Rendition => ({
  uri: resolveUri(variant.uri, base),
  bandwidth: variant.bandwidth,
  resolution: variant.resolution ?? null,
  codecs: variant.codecs ?? null,
});

/** Relative to the playlist, be it an address or a file. */
export function resolveUri(uri: string, base: string): string {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(uri)) return uri;
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(base)) return new URL(uri, base).href;
  const path = decodeURIComponent(uri.split('?')[0]!);
  if (path.startsWith('/')) return path;
  const folder = base.includes('/') ? base.slice(0, base.lastIndexOf('/') + 1) : '';
  return folder + path;
}

class HlsReader {
  #address: string;
  readonly #reading: ReaderOptions;
  readonly #options: SourceOptions;
  readonly #counter: { bytesRead: number };
  readonly #ts: TsSourceReader;
  readonly #mp4: Mp4SourceReader;
  #map = '';
  #usesTs = false;
  #next: number | null = null;
  readonly #ranges = new Map<string, string>();

  constructor(
    address: string,
    reading: ReaderOptions,
    options: SourceOptions,
    counter: { bytesRead: number },
  ) {
    this.#address = address;
    this.#reading = reading;
    this.#options = options;
    this.#counter = counter;
    this.#ts = new TsSourceReader(reading);
    this.#mp4 = new Mp4SourceReader(reading);
  }

  async *read(first: MediaPlaylist, text: string): AsyncGenerator<SourceItem, void> {
    let media = first;
    let body = text;
    let stalled = 0;
    let failures = 0;
    while (true) {
      if (this.#reading.metadata) yield* this.#newRanges(body);
      const before = this.#next;
      yield* this.#readNew(media);
      if (media.endlist || this.#options.follow === false) break;
      stalled = this.#next === before ? stalled + 1 : 0;
      // Half a target duration where nothing was new, RFC 8216 6.3.4.
      if (stalled > STALLED_TARGETS * 2) {
        yield problem('HLS_PLAYLIST', this.#place(), 'it has had no new segment for ten target durations');
        break;
      }
      await pause((media.targetDuration * 1000) / 2, this.#options.signal);
      try {
        const loaded = await load(this.#address, this.#options);
        if (loaded.playlist.isMasterPlaylist)
          throw new FramecueError('ERR_SOURCE_FORMAT', 'it is a master now');
        media = loaded.playlist as MediaPlaylist;
        body = loaded.text;
        failures = 0;
      } catch (error) {
        if (!(error instanceof FramecueError)) throw error;
        yield problem('HLS_PLAYLIST', this.#place(), error.message.replace(/\.$/, ''));
        if (++failures >= MAX_FAILURES) break;
      }
    }
    if (this.#usesTs) yield* this.#ts.end();
  }

  async *#readNew(media: MediaPlaylist): AsyncGenerator<SourceItem, void> {
    for (const segment of media.segments) {
      const number = segment.mediaSequenceNumber;
      if (this.#next !== null && number < this.#next) continue;
      if (this.#next !== null && number > this.#next) {
        yield problem('HLS_GAP', this.#place(), `${this.#next} to ${number - 1}`);
      }
      this.#next = number + 1;
      if (segment.gap === true) continue;
      yield* this.#readSegment(segment);
    }
  }

  async *#readSegment(segment: Segment): AsyncGenerator<SourceItem, void> {
    const uri = resolveUri(segment.uri, this.#address);
    const item: SegmentItem = {
      kind: 'segment',
      uri,
      mediaSequence: segment.mediaSequenceNumber,
      durationMs: segment.duration * 1000,
      programDateTime: segment.programDateTime ?? null,
      discontinuity: segment.discontinuity === true,
      offset: null,
      segment: uri,
    };
    yield item;
    const bytes = this.#bytes(segment.uri, segment.byterange, segment);
    try {
      if (segment.map?.uri !== undefined) yield* this.#readMap(segment);
      const first = await bytes.next();
      if (first.done === true) throw new FramecueError('ERR_SOURCE_READ', `${uri} is empty.`);
      const rest = prepend(first.value, bytes);
      const container = this.#map === '' ? sniff(first.value) : 'mp4';
      if (container === 'mpegts') {
        this.#usesTs = true;
        yield* this.#ts.beginSegment(uri, item.discontinuity);
        for await (const chunk of rest) yield* this.#ts.push(chunk);
      } else if (container === 'mp4') {
        yield* this.#mp4.read(new ForwardAccess(rest), uri);
      } else {
        throw new FramecueError('ERR_SOURCE_FORMAT', `${uri} is neither MPEG-TS nor MP4.`);
      }
    } catch (error) {
      if (!(error instanceof FramecueError) || error.code === 'ERR_SOURCE_CODEC') throw error;
      const detail = error.message.replace(/\.$/, '');
      yield problem('HLS_SEGMENT_LOST', { offset: null, segment: uri }, detail);
    } finally {
      // Readers may leave the last bytes unread: the input behind them is closed all the same.
      await bytes.return();
    }
  }

  /** EXT-X-MAP: read again when it is another. */
  async *#readMap({ map, mediaSequenceNumber }: Segment): AsyncGenerator<SourceItem, void> {
    const uri = resolveUri(map.uri, this.#address);
    const key = `${uri}#${map.byterange?.offset ?? 0}`;
    if (key === this.#map) return;
    const bytes = this.#bytes(map.uri, map.byterange, { mediaSequenceNumber });
    try {
      yield* this.#mp4.read(new ForwardAccess(bytes), uri);
      this.#map = key;
    } finally {
      await bytes.return();
    }
  }

  async *#bytes(
    uri: string,
    range: Byterange | undefined,
    segment: Pick<Segment, 'mediaSequenceNumber'> & Partial<Pick<Segment, 'key'>>,
  ): AsyncGenerator<Uint8Array, void> {
    const { key, mediaSequenceNumber } = segment;
    const resolve = (relative: string): string => resolveUri(relative, this.#address);
    const from = { uri: resolve(uri), range: range ?? null, key: key ?? null, mediaSequenceNumber, resolve };
    for await (const chunk of segmentBytes(from, this.#options)) {
      this.#counter.bytesRead += chunk.length;
      yield chunk;
    }
  }

  *#newRanges(text: string): Generator<SourceItem, void> {
    for (const { item, line } of dateranges(text)) {
      if (this.#ranges.get(item.id) === line) continue;
      this.#ranges.set(item.id, line);
      yield item;
    }
  }

  #place(): { offset: null; segment: string } {
    return { offset: null, segment: this.#address };
  }
}

/** @throws the signal's reason, as every other wait. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

async function* prepend(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  yield first;
  yield* rest;
}
