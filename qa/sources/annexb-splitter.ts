import { ByteWindow } from './byte-window.ts';
import type { VideoCodec } from './items.ts';
import { beginsPicture, nalKindOf, nalTypeByte } from './nal-kinds.ts';

/** One access unit as it stands in the stream, start codes and zero bytes included: joined again they are the stream. */
export interface RawUnit {
  readonly offset: number;
  readonly data: Uint8Array;
  /** Larger than the limit: `data` is only its beginning, and what follows comes as `isCut` units too. */
  readonly isCut: boolean;
}

/** Bytes behind a start code that a boundary is told by. */
const HEAD_BYTES = 3;

/**
 * Cuts a byte stream (H.264 Annex B) into access units, H.264 clauses 7.4.1.2.3 and 7.4.1.2.4: a delimiter, parameter
 * set or SEI after a picture's slices begins the next one, and so does a slice that begins a picture.
 */
export class AnnexBSplitter {
  readonly #codec: VideoCodec;
  readonly #maxBytes: number;
  readonly #window = new ByteWindow(1 << 20);
  /** Up to here in the window no start code is left unseen. */
  #scanned = 0;
  /** The unit under way has slices. */
  #hasSlices = false;
  #hasNal = false;
  #cut = false;

  constructor(codec: VideoCodec, maxBytes: number) {
    this.#codec = codec;
    this.#maxBytes = maxBytes;
  }

  push(chunk: Uint8Array): RawUnit[] {
    this.#window.append(chunk);
    return this.#split(false);
  }

  end(): RawUnit[] {
    const units = this.#split(true);
    if (this.#window.length > 0) units.push(this.#take(this.#window.length));
    return units;
  }

  #split(atEnd: boolean): RawUnit[] {
    const units: RawUnit[] = [];
    let bytes = this.#window.bytes;
    for (let one = bytes.indexOf(1, this.#scanned); one !== -1; one = bytes.indexOf(1, one + 1)) {
      if (one < 2 || bytes[one - 1] !== 0 || bytes[one - 2] !== 0) continue;
      if (one + HEAD_BYTES >= bytes.length && !atEnd) {
        this.#scanned = one;
        return units;
      }
      const start = one - 2 - (one > 2 && bytes[one - 3] === 0 ? 1 : 0);
      const isBoundary = this.#accept(bytes.subarray(one + 1, one + 1 + HEAD_BYTES));
      if (isBoundary && start > 0) {
        units.push(this.#take(start));
        bytes = this.#window.bytes;
        one -= start;
      }
    }
    this.#scanned = Math.max(0, bytes.length - 2);
    if (bytes.length > this.#maxBytes) {
      units.push({ ...this.#take(this.#scanned), isCut: true });
      this.#cut = true;
      this.#scanned = 0;
    }
    return units;
  }

  /** Whether this NAL unit begins the next access unit. */
  #accept(head: Uint8Array): boolean {
    const codec = this.#codec;
    const kind = nalKindOf(nalTypeByte(head[0] ?? 0, codec), codec);
    const isSlice = kind === 'vcl';
    const isFirst = !this.#hasNal;
    // A delimiter behind what is no picture yet (parameter sets that a remuxer put first) begins none of its own.
    const isBoundary = this.#hasSlices && (isSlice ? beginsPicture(head, codec) : kind !== 'other');
    this.#hasNal = true;
    if (isBoundary) this.#hasSlices = isSlice;
    else this.#hasSlices ||= isSlice;
    // Bytes before the first start code of all are a unit of their own, so that they are seen and kept.
    return isBoundary || isFirst;
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
