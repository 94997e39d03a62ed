import { FramecueError } from '../../packet/errors.ts';
import type { ByteAccess } from './access.ts';
import { readAvcRecord, readHevcRecord } from './configs.ts';
import { emsgOf } from './emsg.ts';
import type { Framing, Place, ReaderOptions, SourceItem, VideoCodec } from './items.ts';
import { boxHeaderAt, Mp4Error, type Mp4Track, tracksOf } from './mp4-boxes.ts';
import { type Mp4Sample, runsOfFragment, samplesOf } from './mp4-samples.ts';
import { problem } from './problem.ts';

/** An index larger than this is none that anybody writes. */
const MAX_INDEX_BYTES = 512 << 20;
const NO_DEFAULTS = { duration: 0, size: 0, flags: 0 };

/**
 * MP4, plain and fragmented, and CMAF segments one after the other (`read` keeps what the initialisation section
 * said). Our own reader: a library that gives decode time stamps and byte offsets was not found.
 */
export class Mp4SourceReader {
  readonly #options: ReaderOptions;
  #tracks: readonly Mp4Track[] = [];
  #video: Mp4Track | null = null;
  #codec: VideoCodec = 'h264';
  #framing: Framing = { kind: 'avcc', lengthSize: 4 };
  #index = 0;
  readonly #next = new Map<number, number>();

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /**
   * @param segment named in the items' places.
   * @throws {FramecueError} ERR_SOURCE_CODEC, ERR_SOURCE_FORMAT
   */
  async *read(access: ByteAccess, segment?: string): AsyncGenerator<SourceItem, void> {
    const place = (offset: number): Place => (segment === undefined ? { offset } : { offset, segment });
    let moov: Uint8Array | null = null;
    let mdatBeforeMoov = false;
    for (let at = 0; ; ) {
      const head = await access.read(at, 16);
      if (head.length === 0) break;
      let header: ReturnType<typeof boxHeaderAt>;
      try {
        header = boxHeaderAt(head, 0);
      } catch (error) {
        if (!(error instanceof Mp4Error)) throw error;
        yield problem('MP4_BOX_CORRUPT', place(at), error.message);
        break;
      }
      if (header === null) {
        yield problem('SOURCE_TRUNCATED', place(at), 'the file ends in a box header');
        break;
      }
      const { type, headerBytes, size } = header;
      let skip: number | null = 0;
      if (type === 'moov' || type === 'moof' || type === 'emsg') {
        const box = await this.#whole(access, at, size);
        if (box === null) {
          yield problem('SOURCE_TRUNCATED', place(at), `the file ends in its ${type} box`);
          break;
        }
        // The data of a fragment stand behind the next header: where there is no way back, it is read before them.
        if (type === 'moof' && size !== null) skip = await mediaDataAt(access, at + size);
        try {
          if (type === 'emsg') {
            const item = this.#options.metadata ? emsgOf(box, headerBytes, place(at)) : null;
            if (item !== null) yield item;
          } else if (type === 'moov') {
            moov = box;
            yield* this.#acceptMoov(box, headerBytes, place(at));
            if (mdatBeforeMoov) yield* this.#indexed(access, box, place);
          } else {
            yield* this.#acceptMoof(access, box, headerBytes, at, place);
          }
        } catch (error) {
          yield corruptBox(error, place(at));
        }
      } else if (type === 'mdat') {
        if (moov === null && this.#tracks.length === 0) {
          if (!access.canSeek) await access.read(0, 1);
          mdatBeforeMoov = true;
        } else if (moov !== null && !mdatBeforeMoov) {
          mdatBeforeMoov = true;
          try {
            yield* this.#indexed(access, moov, place);
          } catch (error) {
            yield corruptBox(error, place(at));
          }
        }
      }
      if (size === null || skip === null) break;
      at += size + skip;
      if (access.size !== null && at > access.size) {
        yield problem('SOURCE_TRUNCATED', place(at - size - skip), `the file ends in its ${type} box`);
        break;
      }
    }
    if (this.#tracks.length === 0) {
      throw new FramecueError(
        'ERR_SOURCE_FORMAT',
        'The MP4 data has no index (moov): it is cut, or was never finished.',
      );
    }
  }

  /** @returns a copy of the box, null where it is cut or its size cannot be. */
  async #whole(access: ByteAccess, at: number, size: number | null): Promise<Uint8Array | null> {
    const length = size ?? (access.size === null ? MAX_INDEX_BYTES : access.size - at);
    if (length > MAX_INDEX_BYTES) return null;
    const bytes = await access.read(at, length);
    return bytes.length < length && size !== null ? null : bytes.slice();
  }

  *#acceptMoov(moov: Uint8Array, body: number, place: Place): Generator<SourceItem, void> {
    this.#tracks = tracksOf(moov, body);
    const video = this.#tracks.find(({ handler }) => handler === 'vide') ?? null;
    this.#video = video;
    if (video === null)
      throw new FramecueError(
        'ERR_SOURCE_CODEC',
        'The MP4 data has no video track: there is nothing to inspect, or to stamp.',
      );
    if (video.format === 'encv') {
      throw new FramecueError('ERR_SOURCE_CODEC', 'The video is encrypted (encv): give it in the clear.');
    }
    const isHevc = video.format === 'hvc1' || video.format === 'hev1';
    if (!isHevc && video.format !== 'avc1' && video.format !== 'avc3') {
      const text = `The video is ${video.format}: H.264 and, for inspect, HEVC can be read.`;
      throw new FramecueError('ERR_SOURCE_CODEC', text, { details: { codec: video.format } });
    }
    this.#codec = isHevc ? 'hevc' : 'h264';
    if (video.record === null) {
      yield problem('CONFIG_MISSING', place);
      return;
    }
    const read = (isHevc ? readHevcRecord : readAvcRecord)(video.record, place);
    if (read.problem !== null) yield read.problem;
    if (read.config === null) return;
    this.#framing = read.config.framing;
    yield read.config;
  }

  /** Samples of the plain index. */
  async *#indexed(
    access: ByteAccess,
    moov: Uint8Array,
    place: (offset: number) => Place,
  ): AsyncGenerator<SourceItem, void> {
    const tracks = this.#tracks.filter((track) => track === this.#video || this.#isAudio(track));
    const all = tracks.flatMap((track) => samplesOf(moov, track.stbl).map((sample) => ({ track, sample })));
    // Video alone is in decode order already; with audio, as the file has them.
    if (tracks.length > 1) all.sort((a, b) => a.sample.offset - b.sample.offset);
    for (const { track, sample } of all) {
      const item = await this.#sample(access, track, sample, place);
      yield item;
      if (item.kind === 'problem') return;
    }
  }

  async *#acceptMoof(
    access: ByteAccess,
    moof: Uint8Array,
    body: number,
    at: number,
    place: (offset: number) => Place,
  ): AsyncGenerator<SourceItem, void> {
    if (this.#tracks.length === 0) {
      throw new FramecueError(
        'ERR_SOURCE_FORMAT',
        'The fragments come without an initialisation section (moov).',
      );
    }
    const defaultsOf = (id: number) => this.#tracks.find((track) => track.id === id)?.defaults ?? NO_DEFAULTS;
    const runs = runsOfFragment(moof, body, at, defaultsOf, this.#next);
    const all = runs.flatMap(({ trackId, samples }) => {
      const track = this.#tracks.find(({ id }) => id === trackId);
      if (track === undefined || (track !== this.#video && !this.#isAudio(track))) return [];
      return samples.map((sample) => ({ track, sample }));
    });
    if (!access.canSeek) all.sort((a, b) => a.sample.offset - b.sample.offset);
    for (const { track, sample } of all) {
      const item = await this.#sample(access, track, sample, place);
      yield item;
      if (item.kind === 'problem') return;
    }
  }

  #isAudio(track: Mp4Track): boolean {
    return this.#options.audio && track.handler === 'soun';
  }

  async #sample(
    access: ByteAccess,
    track: Mp4Track,
    sample: Mp4Sample,
    place: (offset: number) => Place,
  ): Promise<SourceItem> {
    const where = place(sample.offset);
    if (sample.size > this.#options.maxUnitBytes)
      return problem('NAL_TOO_LARGE', where, `${sample.size} bytes`);
    const bytes = await access.read(sample.offset, sample.size);
    if (bytes.length < sample.size) {
      const detail = `a sample of ${sample.size} bytes where ${bytes.length} are left`;
      return problem('MP4_SAMPLE_BEYOND', where, detail);
    }
    const toMs = (ticks: number): number => (ticks / track.timescale) * 1000 + track.shiftMs;
    const pts = toMs(sample.dts + sample.cts);
    const data = bytes.slice();
    if (track !== this.#video) return { kind: 'audio', pts, codec: track.format, data, ...where };
    return {
      kind: 'access-unit',
      index: this.#index++,
      pts,
      dts: toMs(sample.dts),
      isKeyframe: sample.isSync,
      codec: this.#codec,
      framing: this.#framing,
      data,
      ...where,
    };
  }
}

/** The size of the `mdat` box at `at`; 0 for any other; null where it goes on to the end. */
async function mediaDataAt(access: ByteAccess, at: number): Promise<number | null> {
  if (access.canSeek) return 0;
  const head = (await access.read(at, 16)).slice();
  if (String.fromCharCode(...head.subarray(4, 8)) !== 'mdat') return 0;
  try {
    return boxHeaderAt(head, 0)?.size ?? null;
  } catch (error) {
    // The walk over the boxes comes to it next, and says so.
    if (error instanceof Mp4Error) return 0;
    throw error;
  }
}

/** What a box that is not well formed makes a reader throw, as an item; all else is thrown on. */
function corruptBox(error: unknown, place: Place): SourceItem {
  if (error instanceof Mp4Error || error instanceof RangeError || error instanceof TypeError) {
    return problem('MP4_BOX_CORRUPT', place, error.message);
  }
  throw error;
}
