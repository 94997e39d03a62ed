import { BitstreamError } from './errors.ts';
import { HevcNalType, isFirstSliceSegment, isHevcIrap, isHevcVcl, parseHevcNalHeader } from './hevc.ts';
import { NalType } from './nal.ts';
import type { ParameterSets } from './parameter-sets.ts';
import {
  hasSliceHeader,
  parseSliceHeader,
  parseSliceStart,
  type SliceHeader,
  startsNewPicture,
} from './slice-header.ts';

/**
 * Where a NAL unit belongs: to the access unit under way, to the next one, or (a prefix NAL unit) to that of the
 * NAL unit behind it.
 */
export type Placement = 'current' | 'next' | 'withFollowing';

export interface Placed {
  readonly placement: Placement;
  /** The NAL unit is a slice of a picture at which decoding can begin. */
  readonly isKeyframe: boolean;
  /** Of a slice of the primary coded picture. */
  readonly slice: SliceHeader | null;
  readonly problem: BitstreamError | null;
}

/** Finds where access units begin; fed with every NAL unit in decoding order. */
export interface PictureBoundary {
  place(nal: Uint8Array): Placed;
}

const placed = (placement: Placement, more: Partial<Placed> = {}): Placed => ({
  placement,
  isKeyframe: false,
  slice: null,
  problem: null,
  ...more,
});

/** After the last VCL NAL unit of a picture these begin the next access unit, clause 7.4.1.2.3. */
const startsAccessUnit = (type: number): boolean =>
  (type >= NalType.sei && type <= NalType.accessUnitDelimiter) || (type >= NalType.prefix && type <= 18);

/** H.264 clauses 7.4.1.2.3 and 7.4.1.2.4. */
export class H264Boundary implements PictureBoundary {
  readonly #sets: ParameterSets;
  #hasPicture = false;
  #ended = false;
  /** The last slice of the primary coded picture; null where its header could not be read. */
  #last: SliceHeader | null = null;

  constructor(sets: ParameterSets) {
    this.#sets = sets;
  }

  place(nal: Uint8Array): Placed {
    const type = nal[0]! & 0x1f;
    if (hasSliceHeader(type)) return this.#placeSlice(nal);
    if (type === NalType.prefix && this.#hasPicture && !this.#ended) return placed('withFollowing');
    const isNext = this.#hasPicture && (this.#ended ? !isEnd(type) : startsAccessUnit(type));
    if (isNext) this.#begin();
    this.#ended ||= isEnd(type);
    return placed(isNext ? 'next' : 'current', { problem: this.#keepParameterSet(nal) });
  }

  #begin(): void {
    this.#hasPicture = false;
    this.#ended = false;
    this.#last = null;
  }

  #keepParameterSet(nal: Uint8Array): BitstreamError | null {
    try {
      this.#sets.add(nal);
      return null;
    } catch (error) {
      return error as BitstreamError;
    }
  }

  #placeSlice(nal: Uint8Array): Placed {
    const isKeyframe = (nal[0]! & 0x1f) === NalType.idr;
    let slice: SliceHeader | null = null;
    let problem: BitstreamError | null = null;
    try {
      slice = parseSliceHeader(nal, this.#sets);
    } catch (error) {
      problem = error as BitstreamError;
    }
    const isRedundant = slice !== null && slice.redundantPicCnt > 0;
    const isNext = this.#hasPicture && (this.#ended || (!isRedundant && this.#isOther(slice, nal)));
    if (isNext) this.#begin();
    if (!isRedundant) {
      this.#hasPicture = true;
      this.#last = slice;
    }
    return placed(isNext ? 'next' : 'current', { isKeyframe, slice: isRedundant ? null : slice, problem });
  }

  #isOther(slice: SliceHeader | null, nal: Uint8Array): boolean {
    if (slice !== null && this.#last !== null) return startsNewPicture(this.#last, slice);
    // Without parameter sets: the first macroblock is in the first slice, unless slices come in any order.
    try {
      return parseSliceStart(nal).firstMbInSlice === 0;
    } catch {
      // Its header cannot be read at all, which has been reported: it stays where it is.
      return false;
    }
  }
}

const isEnd = (type: number): boolean => type === NalType.endOfSequence || type === NalType.endOfStream;

/** After the last VCL NAL unit of a picture these begin the next access unit, H.265 clause 7.4.2.4.4. */
const startsHevcAccessUnit = (type: number): boolean =>
  (type >= HevcNalType.vps && type <= HevcNalType.accessUnitDelimiter) ||
  type === HevcNalType.prefixSei ||
  (type >= 41 && type <= 44) ||
  (type >= 48 && type <= 55);

/** H.265 clause 7.4.2.4.4; further layers (nuh_layer_id above 0) stay with their base layer. */
export class HevcBoundary implements PictureBoundary {
  #hasPicture = false;
  #ended = false;

  place(nal: Uint8Array): Placed {
    const header = parseHevcNalHeader(nal);
    if (header === null) {
      const problem = new BitstreamError('ERR_NAL_TRUNCATED', 0, 'a NAL unit of one byte', 'H.265 7.3.1.1');
      return placed('current', { problem });
    }
    const { type, layerId } = header;
    if (layerId > 0) return placed('current');
    const isPicture = isHevcVcl(type);
    const begins = isPicture ? isFirstSliceSegment(nal) : startsHevcAccessUnit(type);
    const isEndType = type === HevcNalType.endOfSequence || type === HevcNalType.endOfBitstream;
    const isNext = this.#hasPicture && (begins || (this.#ended && !isEndType));
    if (isNext) {
      this.#hasPicture = false;
      this.#ended = false;
    }
    this.#hasPicture ||= isPicture;
    this.#ended ||= isEndType;
    return placed(isNext ? 'next' : 'current', { isKeyframe: isHevcIrap(type) });
  }
}
