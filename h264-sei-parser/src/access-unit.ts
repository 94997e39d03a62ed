import { BitstreamError } from './errors.ts';
import { type Codec, nalTypeOf } from './nal.ts';
import { ParameterSets } from './parameter-sets.ts';
import { H264Boundary, HevcBoundary, type PictureBoundary, type Placed } from './picture-boundary.ts';
import type { SliceHeader } from './slice-header.ts';

/** One NAL unit, header included. `bytes` is what was pushed, not a copy. */
export interface AccessUnitNal {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** One access unit, H.264 clause 7.4.1.2: one primary coded picture and what goes with it. */
export interface AccessUnit {
  readonly nalUnits: readonly AccessUnitNal[];
  /**
   * What was coded. `fields`: two fields of one frame, with `groupFields`. Null: there is no picture (the stream ends
   * so), or its slice headers cannot be read. HEVC: `frame` (fields are not told apart).
   */
  readonly picture: 'frame' | 'topField' | 'bottomField' | 'fields' | null;
  /** Decoding can begin here: an IDR picture (H.264), an IRAP picture (HEVC). */
  readonly isKeyframe: boolean;
  /** The first slice header of the primary coded picture. Null for HEVC, and where it cannot be read. */
  readonly slice: SliceHeader | null;
  /** What could not be read; offsets are within the NAL unit concerned. */
  readonly problems: readonly BitstreamError[];
}

export interface AccessUnitSplitterOptions {
  readonly codec?: Codec;
  /**
   * Two fields of one frame (opposite parity, same frame_num, the second no IDR picture) come as one, as MP4 and FLV
   * hold them. The standard makes each field an access unit of its own, and so does the splitter without it.
   */
  readonly groupFields?: boolean;
  /** Parameter sets known from elsewhere (avcC); those in the stream are added to it. */
  readonly parameterSets?: ParameterSets;
  /** A larger access unit is given out in parts and reported. 64 MiB where left out. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX = 64 * 1024 * 1024;

/**
 * Puts the NAL units of a byte stream, in decoding order, together to access units (H.264 clauses 7.4.1.2.3 and
 * 7.4.1.2.4; H.265 clause 7.4.2.4.4). Never throws. An access unit is known to be complete when the next one begins.
 */
export class AccessUnitSplitter {
  readonly parameterSets: ParameterSets;
  readonly #codec: Codec;
  readonly #groupFields: boolean;
  readonly #max: number;
  #boundary: PictureBoundary;
  #draft = new Draft();
  /** Prefix NAL units, until it is known to which access unit they belong. */
  #waiting: AccessUnitNal[] = [];
  #firstField: AccessUnit | null = null;

  constructor(options: AccessUnitSplitterOptions = {}) {
    this.parameterSets = options.parameterSets ?? new ParameterSets();
    this.#codec = options.codec ?? 'h264';
    this.#groupFields = options.groupFields ?? false;
    this.#max = options.maxBytes ?? DEFAULT_MAX;
    this.#boundary = this.#newBoundary();
  }

  /** Takes the next NAL unit, header included; gives the access units that it completes (mostly none or one). */
  push(nal: Uint8Array): AccessUnit[] {
    const done: AccessUnit[] = [];
    if (nal.length === 0) {
      this.#draft.problems.push(new BitstreamError('ERR_NAL_EMPTY', 0, 'a NAL unit without a header'));
      return done;
    }
    const unit = { type: nalTypeOf(nal[0]!, this.#codec), bytes: nal };
    const found = this.#boundary.place(nal);
    // What went before may have been given out already, for its size.
    if (found.placement === 'next' && !this.#draft.isEmpty) this.#close(done);
    if (this.#draft.bytes + nal.length > this.#max && this.#draft.nalUnits.length > 0) {
      const message = `an access unit of more than ${this.#max} bytes`;
      this.#draft.problems.push(new BitstreamError('ERR_ACCESS_UNIT_TOO_LARGE', 0, message));
      this.#close(done);
    }
    if (found.placement === 'withFollowing') {
      this.#waiting.push(unit);
      this.#draft.bytes += nal.length;
    } else {
      this.#draft.add(this.#waiting, unit, found);
      this.#waiting = [];
    }
    return done;
  }

  /** The stream is over: what is left. The splitter can then begin another stream; parameter sets are kept. */
  end(): AccessUnit[] {
    const done: AccessUnit[] = [];
    this.#draft.nalUnits.push(...this.#waiting);
    this.#waiting = [];
    if (!this.#draft.isEmpty) this.#close(done);
    if (this.#firstField !== null) done.push(this.#firstField);
    this.#firstField = null;
    this.#boundary = this.#newBoundary();
    return done;
  }

  #newBoundary(): PictureBoundary {
    return this.#codec === 'h264' ? new H264Boundary(this.parameterSets) : new HevcBoundary();
  }

  #close(done: AccessUnit[]): void {
    const unit = this.#draft.build(this.#codec);
    this.#draft = new Draft();
    if (!this.#groupFields) {
      done.push(unit);
      return;
    }
    const first = this.#firstField;
    this.#firstField = null;
    if (first !== null && areFieldsOfOneFrame(first, unit)) {
      done.push(joinFields(first, unit));
      return;
    }
    if (first !== null) done.push(first);
    if (unit.slice?.fieldPic === true) this.#firstField = unit;
    else done.push(unit);
  }
}

class Draft {
  readonly nalUnits: AccessUnitNal[] = [];
  readonly problems: BitstreamError[] = [];
  bytes = 0;
  #isKeyframe = false;
  #slice: SliceHeader | null = null;

  get isEmpty(): boolean {
    return this.nalUnits.length === 0 && this.problems.length === 0;
  }

  add(before: readonly AccessUnitNal[], unit: AccessUnitNal, found: Placed): void {
    this.nalUnits.push(...before, unit);
    this.bytes += unit.bytes.length;
    this.#isKeyframe ||= found.isKeyframe;
    this.#slice ??= found.slice;
    if (found.problem !== null) this.problems.push(found.problem);
  }

  build(codec: Codec): AccessUnit {
    const { nalUnits, problems } = this;
    const slice = this.#slice;
    const isPicture = codec === 'hevc' && nalUnits.some(({ type }) => type < 32);
    const coded = slice === null ? null : pictureOf(slice);
    return {
      nalUnits,
      picture: isPicture ? 'frame' : coded,
      isKeyframe: this.#isKeyframe,
      slice,
      problems,
    };
  }
}

function pictureOf(slice: SliceHeader): 'frame' | 'topField' | 'bottomField' {
  if (!slice.fieldPic) return 'frame';
  return slice.bottomField ? 'bottomField' : 'topField';
}

/** Clauses 3.30 and 3.31, complementary field pairs, as far as slice headers tell. */
function areFieldsOfOneFrame(first: AccessUnit, second: AccessUnit): boolean {
  const [a, b] = [first.slice, second.slice];
  if (a === null || b === null) return false;
  return b.fieldPic && a.bottomField !== b.bottomField && a.frameNum === b.frameNum && !b.isIdr;
}

const joinFields = (first: AccessUnit, second: AccessUnit): AccessUnit => ({
  nalUnits: [...first.nalUnits, ...second.nalUnits],
  picture: 'fields',
  isKeyframe: first.isKeyframe,
  slice: first.slice,
  problems: [...first.problems, ...second.problems],
});
