import { readSync } from 'node:fs';
import { FramecueError } from '../../packet/errors.ts';
import { readAvcRecord } from '../sources/configs.ts';
import { boxHeaderAt, boxIn, Mp4Error, type Mp4Track, tracksOf, u32 } from '../sources/mp4-boxes.ts';
import { type Mp4Sample, runsOfFragment, samplesOf } from '../sources/mp4-samples.ts';
import type { FrameEditor, FrameFraming } from './edit.ts';
import { patchFragment } from './mp4-fragment.ts';
import { patchIndex } from './mp4-index.ts';
import type { PieceWriter } from './piece-writer.ts';
import { Shifts } from './shifts.ts';

const MAX_INDEX_BYTES = 512 << 20;
const NO_DEFAULTS = { duration: 0, size: 0, flags: 0 };

interface TopBox {
  readonly type: string;
  readonly start: number;
  readonly headerBytes: number;
  readonly end: number;
  /** Its size field says 0: to the end of the file. */
  readonly isOpen: boolean;
}

/**
 * MP4, plain or fragmented: everything stays but the samples of the video track and what says where samples are
 * (sample sizes, chunk offsets, track runs). Indexes of byte ranges (sidx, mfra) become free space: they would be wrong.
 * @throws {FramecueError} ERR_SOURCE_FORMAT, ERR_SOURCE_CODEC, ERR_SOURCE_LIMIT
 */
export function rewriteMp4(
  inFd: number,
  size: number,
  writer: PieceWriter,
  editor: FrameEditor,
  onBytes: (bytes: number) => void = () => undefined,
): void {
  try {
    new Mp4Rewriter(inFd, size, writer, editor, onBytes).run();
  } catch (error) {
    if (!(error instanceof Mp4Error)) throw error;
    throw new FramecueError('ERR_MEDIA_CORRUPT', `The MP4 file is corrupt: ${error.message}.`, {
      cause: error,
      details: { offset: error.offset },
    });
  }
}

class Mp4Rewriter {
  readonly #inFd: number;
  readonly #size: number;
  readonly #writer: PieceWriter;
  readonly #editor: FrameEditor;
  readonly #onBytes: (bytes: number) => void;
  /** Edits by their place in the input, and what the output has shifted by there. */
  readonly #shifts = new Shifts();
  #video!: Mp4Track;
  #tracks: readonly Mp4Track[] = [];
  #framing: FrameFraming = 4;

  constructor(
    inFd: number,
    size: number,
    writer: PieceWriter,
    editor: FrameEditor,
    onBytes: (bytes: number) => void,
  ) {
    this.#inFd = inFd;
    this.#size = size;
    this.#writer = writer;
    this.#editor = editor;
    this.#onBytes = onBytes;
  }

  run(): void {
    const boxes = [...this.#topBoxes()];
    const moovBox = boxes.find(({ type }) => type === 'moov');
    if (moovBox === undefined) {
      throw new FramecueError(
        'ERR_SOURCE_FORMAT',
        'The MP4 file has no index (moov): it was never finished.',
      );
    }
    const moov = this.#bytesOf(moovBox);
    this.#readTracks(moov, moovBox.headerBytes);
    const newMoov = this.#editIndexed(moov, moovBox, boxes);
    const fragments = this.#editFragments(boxes);
    for (const box of boxes) {
      if (box === moovBox) this.#writer.view(newMoov);
      else if (box.type === 'moof') this.#writer.view(fragments.get(box.start)!);
      else if (box.type === 'mdat') this.#writeMedia(box);
      else if (box.type === 'sidx' || box.type === 'mfra' || box.type === 'ssix') this.#writeFree(box);
      else this.#writer.copy(this.#inFd, box.start, box.end);
      this.#writer.flush();
      this.#onBytes((box.end - box.start) / 2);
    }
  }

  *#topBoxes(): Generator<TopBox, void> {
    for (let at = 0; at < this.#size; ) {
      const header = boxHeaderAt(this.#read(at, 16), 0);
      if (header === null) throw new Mp4Error(at, 'it ends in a box header');
      const end = header.size === null ? this.#size : at + header.size;
      if (end > this.#size) throw new Mp4Error(at, `its box ${header.type} is cut`);
      yield {
        type: header.type,
        start: at,
        headerBytes: header.headerBytes,
        end,
        isOpen: header.size === null,
      };
      at = end;
    }
  }

  #readTracks(moov: Uint8Array, body: number): void {
    this.#tracks = tracksOf(moov, body);
    const video = this.#tracks.find(({ handler }) => handler === 'vide');
    if (video === undefined || (video.format !== 'avc1' && video.format !== 'avc3')) {
      if (video?.format === 'encv') {
        throw new FramecueError('ERR_SOURCE_CODEC', 'The video is encrypted (encv): give it in the clear.');
      }
      const what = video === undefined ? 'no video track' : `video of the kind ${video.format}`;
      throw new FramecueError('ERR_SOURCE_CODEC', `The MP4 file has ${what}: only H.264 can be stamped.`);
    }
    this.#video = video;
    const { config } =
      video.record === null ? { config: null } : readAvcRecord(video.record, { offset: null });
    if (config?.framing.kind === 'avcc') this.#framing = config.framing.lengthSize;
  }

  /** The samples of the plain index, and the `moov` that goes with them. */
  #editIndexed(moov: Uint8Array, moovBox: TopBox, boxes: readonly TopBox[]): Uint8Array {
    const samples = samplesOf(moov, this.#video.stbl);
    const sizes = samples.map((sample) => this.#editSample(sample));
    for (const mdat of boxes) if (mdat.type === 'mdat') this.#checkMedia(mdat);
    const stsz = boxIn(moov, this.#video.stbl, 'stsz');
    if (stsz === null && sizes.length > 0) {
      throw new FramecueError(
        'ERR_SOURCE_LIMIT',
        'The MP4 file has compact sample sizes (stz2), which cannot grow.',
      );
    }
    const isFixed = stsz !== null && u32(moov, stsz.body + 4) !== 0;
    // Where every size was the same, they now need a table of their own, and the index grows by it.
    const growth = isFixed && sizes.length > 0 ? 4 * sizes.length : 0;
    if (growth > 0) this.#shifts.add({ at: moovBox.end, remove: 0, insert: new Uint8Array(growth) }, false);
    this.#shifts.settle();
    return patchIndex(moov, this.#tracks, this.#video, sizes, growth, (offset) =>
      this.#shifts.shifted(offset),
    );
  }

  #editFragments(boxes: readonly TopBox[]): ReadonlyMap<number, Uint8Array> {
    const next = new Map<number, number>();
    const patched = new Map<number, Uint8Array>();
    const defaultsOf = (id: number) => this.#tracks.find((track) => track.id === id)?.defaults ?? NO_DEFAULTS;
    for (const box of boxes) {
      if (box.type !== 'moof') continue;
      const moof = this.#bytesOf(box);
      const runs = runsOfFragment(moof, box.headerBytes, box.start, defaultsOf, next);
      const sizes = new Map<number, readonly number[]>();
      for (const { trackId, trun, samples } of runs) {
        if (trackId === this.#video.id)
          sizes.set(
            trun.start,
            samples.map((sample) => this.#editSample(sample)),
          );
      }
      this.#shifts.settle();
      const fragment = patchFragment(moof, box.headerBytes, sizes, {
        moofAt: box.start,
        runs,
        shifted: (offset) => this.#shifts.shifted(offset),
        defaultsOf,
      });
      patched.set(box.start, fragment.bytes);
      if (fragment.growth > 0) {
        this.#shifts.add({ at: box.end, remove: 0, insert: new Uint8Array(fragment.growth) }, false);
        this.#shifts.settle();
      }
    }
    return patched;
  }

  /** @returns the sample's new size. */
  #editSample({ offset, size, dts, cts, isSync }: Mp4Sample): number {
    if (offset + size > this.#size)
      throw new Mp4Error(offset, `a sample of ${size} bytes beyond the file's end`);
    const data = this.#read(offset, size);
    this.#onBytes(size / 2);
    const { timescale, shiftMs } = this.#video;
    const toMs = (ticks: number): number => Math.round((ticks / timescale) * 1000 + shiftMs);
    const edits = this.#editor.edit(
      { dts: toMs(dts), pts: toMs(dts + cts), isKeyframe: isSync, data },
      this.#framing,
    );
    let grown = size;
    for (const { at, remove, insert } of edits) {
      this.#shifts.add({ at: offset + at, remove, insert }, true);
      grown += insert.length - remove;
    }
    return grown;
  }

  #checkMedia(mdat: TopBox): void {
    if (mdat.headerBytes === 16 || mdat.isOpen) return;
    const growth = this.#shifts.growthBetween(mdat.start, mdat.end);
    if (mdat.end - mdat.start + growth <= 0xffff_ffff) return;
    throw new FramecueError('ERR_SOURCE_LIMIT', 'The media data would pass 4 GiB, which its box cannot say.');
  }

  #writeMedia(mdat: TopBox): void {
    const header = Buffer.from(this.#read(mdat.start, mdat.headerBytes));
    const size = mdat.end - mdat.start + this.#shifts.growthBetween(mdat.start, mdat.end);
    if (mdat.headerBytes === 16) header.writeBigUInt64BE(BigInt(size), 8);
    else if (!mdat.isOpen) header.writeUInt32BE(size, 0);
    this.#writer.view(header);
    let from = mdat.start + mdat.headerBytes;
    for (const { at, remove, insert } of this.#shifts.editsBetween(from, mdat.end)) {
      this.#writer.copy(this.#inFd, from, at);
      this.#writer.view(insert);
      this.#writer.flush();
      from = at + remove;
    }
    this.#writer.copy(this.#inFd, from, mdat.end);
  }

  #writeFree(box: TopBox): void {
    const header = Buffer.from(this.#read(box.start, box.headerBytes));
    header.write('free', 4, 'latin1');
    this.#writer.view(header);
    this.#writer.copy(this.#inFd, box.start + box.headerBytes, box.end);
  }

  #bytesOf(box: TopBox): Uint8Array {
    const length = box.end - box.start;
    if (length > MAX_INDEX_BYTES)
      throw new FramecueError('ERR_SOURCE_LIMIT', `The box ${box.type} is too large.`);
    return this.#read(box.start, length);
  }

  #read(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.#size - at)));
    let have = 0;
    while (have < bytes.length) {
      const read = readSync(this.#inFd, bytes, have, bytes.length - have, at + have);
      if (read === 0) break;
      have += read;
    }
    return have === bytes.length ? bytes : bytes.subarray(0, have);
  }
}
