import { setTimeout as delay } from 'node:timers/promises';
import { parse, setOptions, type types } from 'hls-parser';
import { FramecueError } from '../../packet/errors.ts';
import type { ByteAccess } from '../sources/access.ts';
import { dateranges } from '../sources/daterange.ts';
import type { ReaderOptions, SourceItem } from '../sources/items.ts';
import { Mp4SourceReader } from '../sources/mp4.ts';
import { sniff } from '../sources/sniff.ts';
import { TsSourceReader } from '../sources/ts.ts';
import { type Access, type Body, getBytes, webUrl } from './http.ts';
import type { RenditionFacts } from './named-outputs.ts';
import type { Output } from './output.ts';

// Playlists of others are full of small faults; none of them is for our standard error.
setOptions({ silent: true });

export const MAX_PLAYLIST_BYTES = 2 * 1024 * 1024;
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;
const PLAYLIST_TIMEOUT_MS = 15_000;
const SEGMENT_TIMEOUT_MS = 30_000;
/** Where reading begins on a live playlist: where players do. */
const LIVE_EDGE_SEGMENTS = 3;
/** The most that is read of what was before, in search of cues that nobody knows the fate of. */
const SEARCHED_SEGMENTS = 300;
const MAX_RENDITIONS = 12;
const MAX_RANGES_KNOWN = 2_000;
const LEAST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 10_000;
const READING: ReaderOptions = { audio: false, metadata: true, maxUnitBytes: 16 * 1024 * 1024 };

type MediaPlaylist = types.MediaPlaylist;
type Segment = types.Segment;

export interface Rendition extends RenditionFacts {
  readonly url: URL;
}

export type Playlist =
  | { readonly kind: 'master'; readonly renditions: readonly Rendition[] }
  | { readonly kind: 'media'; readonly media: MediaPlaylist; readonly text: string; readonly url: URL };

/** @throws {FramecueError} ERR_SOURCE_FORMAT */
export function playlistOf({ bytes, url }: Body): Playlist {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  let playlist: ReturnType<typeof parse> | undefined;
  try {
    playlist = parse(text);
  } catch (cause) {
    throw new FramecueError('ERR_SOURCE_FORMAT', 'The output gives no playlist that can be read.', { cause });
  }
  // The parser gives nothing back for what it finds no playlist in.
  if (playlist === undefined || playlist === null) {
    throw new FramecueError('ERR_SOURCE_FORMAT', 'The output gives no playlist that can be read.');
  }
  if (!playlist.isMasterPlaylist) return { kind: 'media', media: playlist as MediaPlaylist, text, url };
  const { variants } = playlist as unknown as types.MasterPlaylist;
  const renditions = variants
    .filter(hasVideo)
    .slice(0, MAX_RENDITIONS)
    .map(
      ({ uri, bandwidth, resolution }): Rendition => ({
        url: webUrl(uri, url),
        bandwidth,
        height: resolution?.height ?? null,
      }),
    );
  if (renditions.length === 0) {
    throw new FramecueError('ERR_SOURCE_FORMAT', 'The master playlist names no rendition with video.');
  }
  return { kind: 'master', renditions };
}

/** CODECS of sound alone: `mp4a.40.2`, `ac-3`, `ec-3`, `opus`. */
const hasVideo = ({ codecs, isIFrameOnly }: types.Variant): boolean =>
  isIFrameOnly !== true &&
  (codecs === undefined || codecs.split(',').some((codec) => !/^\s*(mp4a|ac-3|ec-3|opus|fLaC)/i.test(codec)));

/** Follows one media playlist, over errors and reconnects: it goes on where it was. */
export class HlsFollower {
  readonly #output: Output;
  readonly #access: Access;
  readonly #ts = new TsSourceReader(READING);
  #mp4 = new Mp4SourceReader(READING);
  #map = '';
  #next: number | null = null;
  readonly #ranges = new Map<string, string>();
  /** Unix milliseconds from which on segments are of use, where earlier ones than the live edge's are. */
  readonly #searchFromMs: number | null;

  /** @param searchFromMs cues of this time on are looked for; null: what comes from now on is enough. */
  constructor(output: Output, access: Access, searchFromMs: number | null) {
    this.#output = output;
    this.#access = access;
    this.#searchFromMs = searchFromMs;
  }

  /**
   * Reads until the playlist ends.
   * @param first as it was loaded just now, for the address that it came from.
   * @throws {FramecueError} where it cannot be loaded any more.
   */
  async follow(start: URL, first: Extract<Playlist, { kind: 'media' }>): Promise<void> {
    for (let playlist = first; ; ) {
      const before = this.#next;
      this.#takeRanges(playlist.text);
      await this.#readNew(playlist);
      if (playlist.media.endlist) return;
      // RFC 8216 6.3.4: half a target duration where nothing was new.
      const targetMs = playlist.media.targetDuration * 1000;
      const pauseMs = this.#next === before ? targetMs / 2 : this.#output.isOwn ? targetMs / 2 : targetMs;
      const pause = Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, pauseMs || 0));
      await delay(pause, undefined, { signal: this.#access.signal });
      playlist = await loadMedia(start, this.#access, this.#output);
    }
  }

  async #readNew({ media, url }: Extract<Playlist, { kind: 'media' }>): Promise<void> {
    const { segments } = media;
    const last = segments.at(-1)?.mediaSequenceNumber ?? -1;
    // Numbers that begin anew: another packager took over.
    if (this.#next !== null && last + 1 < this.#next) this.#next = null;
    this.#next ??= this.#firstOf(media);
    for (const segment of segments) {
      const number = segment.mediaSequenceNumber;
      if (number < this.#next) continue;
      if (number > this.#next) this.#output.judge.began();
      this.#next = number + 1;
      if (segment.gap === true) {
        // What is not there was not read (RFC 8216bis, 4.4.4.7), however short it is.
        this.#output.judge.began();
        continue;
      }
      await this.#readSegment(segment, url);
    }
  }

  #firstOf({ segments, endlist }: MediaPlaylist): number {
    const first = segments[0]?.mediaSequenceNumber ?? 0;
    const edge = first + Math.max(0, segments.length - LIVE_EDGE_SEGMENTS);
    const searchFrom = this.#searchFromMs;
    if (this.#output.isOwn || endlist) return Math.max(first, first + segments.length - SEARCHED_SEGMENTS);
    if (searchFrom === null) return edge;
    const oldest = Math.max(0, segments.length - SEARCHED_SEGMENTS);
    const found = segments.findIndex((segment, at) => {
      const { programDateTime, duration } = segment;
      return (
        at >= oldest &&
        (programDateTime === undefined || programDateTime.getTime() + duration * 1000 >= searchFrom)
      );
    });
    return found === -1 ? edge : Math.min(edge, first + found);
  }

  /** A segment that cannot be had costs itself alone. */
  async #readSegment(segment: Segment, base: URL): Promise<void> {
    try {
      if (segment.key !== undefined && segment.key !== null && segment.key.method !== 'NONE') {
        throw new FramecueError('ERR_SOURCE_FORMAT', "The output's segments are encrypted.");
      }
      if (segment.map?.uri !== undefined) await this.#readMap(segment.map, base);
      const bytes = await this.#get(segment.uri, segment.byterange, base);
      for await (const item of this.#itemsOf(bytes, segment)) this.#output.take(item);
    } catch (error) {
      if (!(error instanceof FramecueError) || this.#access.signal.aborted) throw error;
      this.#output.lost(error.code);
      this.#output.judge.began();
    }
  }

  async *#itemsOf(bytes: Uint8Array, { uri, discontinuity }: Segment): AsyncGenerator<SourceItem, void> {
    const container = this.#map === '' ? sniff(bytes) : 'mp4';
    if (container === 'mpegts') {
      yield* this.#ts.beginSegment(uri, discontinuity === true);
      yield* this.#ts.push(bytes);
    } else if (container === 'mp4') {
      yield* this.#mp4.read(inMemory(bytes));
    } else {
      throw new FramecueError('ERR_SOURCE_FORMAT', 'A segment of the output is neither MPEG-TS nor MP4.');
    }
  }

  async #readMap({ uri, byterange }: types.MediaInitializationSection, base: URL): Promise<void> {
    const name = `${webUrl(uri, base).href}#${byterange?.offset ?? 0}`;
    if (name === this.#map) return;
    const bytes = await this.#get(uri, byterange, base);
    this.#mp4 = new Mp4SourceReader(READING);
    for await (const item of this.#mp4.read(inMemory(bytes))) this.#output.take(item);
    this.#map = name;
  }

  async #get(uri: string, range: types.Byterange | undefined, base: URL): Promise<Uint8Array> {
    const wanted = range === undefined || range === null ? null : range;
    const access =
      wanted === null
        ? this.#access
        : {
            ...this.#access,
            headers: {
              ...this.#access.headers,
              range: `bytes=${wanted.offset}-${wanted.offset + wanted.length - 1}`,
            },
          };
    const limits = { maxBytes: MAX_SEGMENT_BYTES, timeoutMs: SEGMENT_TIMEOUT_MS };
    const { bytes, isPart } = await getBytes(webUrl(uri, base), access, limits);
    this.#output.received(bytes.length);
    return wanted === null || isPart ? bytes : bytes.subarray(wanted.offset, wanted.offset + wanted.length);
  }

  #takeRanges(text: string): void {
    for (const { item, line } of dateranges(text)) {
      if (this.#ranges.get(item.id) === line) continue;
      this.#ranges.set(item.id, line);
      this.#output.take(item);
      if (this.#ranges.size <= MAX_RANGES_KNOWN) continue;
      const [oldest] = this.#ranges.keys();
      this.#ranges.delete(oldest!);
    }
  }
}

/** @throws {FramecueError} ERR_SOURCE_FORMAT where a master stands in its place, else as `getBytes`. */
async function loadMedia(
  url: URL,
  access: Access,
  output: Output,
): Promise<Extract<Playlist, { kind: 'media' }>> {
  const body = await getBytes(url, access, { maxBytes: MAX_PLAYLIST_BYTES, timeoutMs: PLAYLIST_TIMEOUT_MS });
  output.received(body.bytes.length);
  const playlist = playlistOf(body);
  if (playlist.kind === 'media') return playlist;
  throw new FramecueError('ERR_SOURCE_FORMAT', 'A rendition of the output is a master playlist.');
}

const inMemory = (bytes: Uint8Array): ByteAccess => ({
  size: bytes.length,
  canSeek: true,
  read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
});
