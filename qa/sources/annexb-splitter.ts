import { AccessUnitSplitter } from '../../h264-sei-parser/src/index.ts';
import { ByteWindow } from './byte-window.ts';
import type { VideoCodec } from './items.ts';
import { nalKindOf, nalTypeByte } from './nal-kinds.ts';

/** One access unit as it stands in the stream, start codes and zero bytes included: joined again they are the stream. */
export interface RawUnit {
  readonly offset: number;
  readonly data: Uint8Array;
  /** Larger than the limit: `data` is only a part of it, and what follows comes as `isCut` units too. */
  readonly isCut: boolean;
}

export interface SplitOptions {
  /** Two fields of one frame come as one, as MP4 and FLV hold them; else each is an access unit, H.264 7.4.1.2.4. */
  readonly groupFields?: boolean;
}

const START_CODE = Buffer.from([0, 0, 1]);
/** Bytes of a slice that its boundary is told by: the fields up to redundant_pic_cnt are shorter. */
const HEAD_BYTES = 96;
/** Of the NAL units' beginnings that the rules are kept on: an access unit of so many is none that anybody writes. */
const MAX_HEADS_BYTES = 8 << 20;

/**
 * Cuts a byte stream (H.264 Annex B) into access units, H.264 clauses 7.4.1.2.3 and 7.4.1.2.4, H.265 clause
 * 7.4.2.4.4: by h264-sei-parser's rules, which are given the parameter sets and the beginning of each other NAL unit.
 */
export class AnnexBSplitter {
  readonly #codec: VideoCodec;
  readonly #maxBytes: number;
  readonly #window = new ByteWindow(1 << 20);
  readonly #units: AccessUnitSplitter;
  /** Up to here in the window no start code is left unseen. */
  #scanned = 0;
  /** In the window: the header of a NAL unit that the rules have not seen yet; -1: there is none. */
  #open = -1;
  /** Where the last start code found begins, from the beginning of the stream. */
  #nextStart = 0;
  /** Where the NAL units of unfinished access units begin, from the beginning of the stream. */
  #starts: number[] = [];
  #hasNal = false;
  #cut = false;

  constructor(codec: VideoCodec, maxBytes: number, { groupFields = false }: SplitOptions = {}) {
    this.#codec = codec;
    this.#maxBytes = maxBytes;
    this.#units = new AccessUnitSplitter({ codec, groupFields, maxBytes: MAX_HEADS_BYTES });
  }

  push(chunk: Uint8Array): RawUnit[] {
    this.#window.append(chunk);
    return this.#split(false);
  }

  /** All that is left. Another stream may follow: its offsets go on. */
  end(): RawUnit[] {
    const units = this.#split(true);
    this.#close(this.#units.end(), units);
    if (this.#window.length > 0) units.push(this.#take(this.#window.length));
    this.#scanned = 0;
    this.#open = -1;
    this.#starts = [];
    this.#hasNal = false;
    this.#cut = false;
    return units;
  }

  #split(atEnd: boolean): RawUnit[] {
    const units: RawUnit[] = [];
    const { bytes, offset } = this.#window;
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    while (true) {
      const code = view.indexOf(START_CODE, this.#scanned);
      const end = code === -1 ? bytes.length : code;
      if (this.#open !== -1 && !this.#offer(bytes, end, code !== -1 || atEnd, units)) break;
      if (code === -1) break;
      // zero_byte belongs to its start code.
      const start = code > 0 && bytes[code - 1] === 0 ? code - 1 : code;
      // Bytes before the first start code of all are a unit of their own, so that they are seen and kept.
      if (!this.#hasNal && offset + start > this.#window.offset) units.push(this.#takeTo(offset + start));
      this.#hasNal = true;
      this.#open = code + START_CODE.length;
      this.#scanned = this.#open;
      this.#nextStart = offset + start;
    }
    this.#scanned = Math.max(this.#open, this.#scanned, bytes.length - 2, 0);
    this.#rebase(this.#window.offset - offset);
    if (this.#window.length > this.#maxBytes) {
      const length =
        this.#open === -1 ? this.#scanned : Math.min(this.#scanned, this.#nextStart - this.#window.offset);
      if (length > 0) {
        units.push({ ...this.#take(length), isCut: true });
        this.#rebase(length);
        this.#cut = true;
      }
    }
    return units;
  }

  /** The window has lost so many bytes at its front. */
  #rebase(count: number): void {
    this.#scanned = Math.max(0, this.#scanned - count);
    if (this.#open !== -1) this.#open -= count;
  }

  /**
   * Gives the open NAL unit to the rules.
   * @returns false where too little of it is there yet.
   */
  #offer(bytes: Uint8Array, end: number, isWhole: boolean, units: RawUnit[]): boolean {
    const from = this.#open;
    const isSet =
      from < end && nalKindOf(nalTypeByte(bytes[from]!, this.#codec), this.#codec) === 'parameter-set';
    if (!isWhole && (isSet ? end - from <= this.#maxBytes : end - from < HEAD_BYTES)) return false;
    let last = isSet ? end : Math.min(end, from + HEAD_BYTES);
    while (last > from && bytes[last - 1] === 0 && last === end) last--;
    this.#open = -1;
    // A start code with nothing behind it: the bytes stay with the access unit under way.
    if (last === from) return true;
    this.#starts.push(this.#nextStart);
    // Kept by the rules for longer than the window keeps its bytes.
    const done = this.#units.push(bytes.slice(from, last));
    this.#close(done, units);
    return true;
  }

  #close(done: ReturnType<AccessUnitSplitter['push']>, units: RawUnit[]): void {
    for (const { nalUnits, problems } of done) {
      this.#starts.splice(0, nalUnits.length);
      const isPart = problems.some(({ code }) => code === 'ERR_ACCESS_UNIT_TOO_LARGE');
      this.#cut ||= isPart;
      const next = this.#starts[0];
      if (next !== undefined && next > this.#window.offset) units.push(this.#takeTo(next));
      this.#cut = isPart;
    }
  }

  #takeTo(offset: number): RawUnit {
    return this.#take(offset - this.#window.offset);
  }

  #take(length: number): RawUnit {
    const offset = this.#window.offset;
    const data = this.#window.bytes.slice(0, length);
    const isCut = this.#cut;
    this.#cut = false;
    this.#window.drop(length);
    return { offset, data, isCut };
  }
}
