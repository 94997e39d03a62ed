import { parseStamp, type Stamp, StampError } from '../../cues/wire/index.ts';
import {
  BitstreamError,
  isVcl,
  type NalRange,
  NalType,
  nalUnitsOfAnnexB,
  nalUnitsOfAvcc,
  parseSeiNal,
  type SeiMessage,
} from '../../h264-sei-parser/src/index.ts';
import { stampTextOf } from '../../injector/sei-unit.ts';
import type { AccessUnitItem } from '../sources/source.ts';

/** One message under our UUID, where a player meets it. */
export interface ReadStamp {
  /** Null where it is not a stamp that anybody can read; `problem` says why. */
  readonly stamp: Stamp | null;
  readonly problem: string | null;
  /** Behind the first VCL NAL unit: in a byte stream it belongs to the next picture (H.264 clause 7.4.1.2.3). */
  readonly afterSlices: boolean;
  /** Not the first message of its NAL unit: some players never see it. */
  readonly isHidden: boolean;
}

/** All stamps of one access unit, in order. What cannot be walked or parsed ends or skips the reading, never throws. */
export function stampsOf(unit: AccessUnitItem): ReadStamp[] {
  if (unit.codec !== 'h264') return [];
  const stamps: ReadStamp[] = [];
  let afterSlices = false;
  for (const nal of nalsOf(unit)) {
    if (isVcl(nal.type)) afterSlices = true;
    if (nal.type !== NalType.sei) continue;
    messagesOf(unit.data.subarray(nal.start, nal.end)).forEach((message, at) => {
      const text = stampTextOf(message);
      if (text !== null) stamps.push({ ...read(text), afterSlices, isHidden: at > 0 });
    });
  }
  return stamps;
}

/** NAL units as far as they can be told apart. */
export function* nalsOf({ data, framing }: AccessUnitItem): Generator<NalRange, void> {
  try {
    yield* framing.kind === 'avcc' ? nalUnitsOfAvcc(data, framing.lengthSize) : nalUnitsOfAnnexB(data);
  } catch (error) {
    // The linter of `inspect` says what is wrong with it; what came before is as good as in a player.
    if (!(error instanceof BitstreamError)) throw error;
  }
}

function messagesOf(nal: Uint8Array): SeiMessage[] {
  try {
    return parseSeiNal(nal);
  } catch (error) {
    if (!(error instanceof BitstreamError)) throw error;
    return [];
  }
}

function read(text: Uint8Array): Pick<ReadStamp, 'stamp' | 'problem'> {
  try {
    return { stamp: parseStamp(text), problem: null };
  } catch (error) {
    if (!(error instanceof StampError)) throw error;
    return { stamp: null, problem: error.code };
  }
}
