import type { Random } from '../lib/random.ts';
import { escapeByBytes, unescapeByBytes } from '../reference/escape.ts';
import { concat, type Message } from '../reference/framing.ts';
import { mutateBytes } from './bytes.ts';
import { mutateGolomb } from './golomb.ts';
import { mutateSeiNal } from './sei.ts';

/** What a codec's NAL units are mutated with. */
export interface NalSupply {
  readonly codec: 'h264' | 'hevc';
  /** NAL units to put in; not empty. */
  readonly nals: readonly Uint8Array[];
  readonly messages: readonly Message[];
}

const MOST_NALS = 64;

/** One change to a list of NAL units that leaves every other one as it is. */
export function mutateNals(given: readonly Uint8Array[], random: Random, supply: NalSupply): Uint8Array[] {
  const nals = [...given];
  const at = random.int(nals.length);
  const nal = nals[at];
  if (nal === undefined) return [random.pick(supply.nals)];
  const isFull = nals.length >= MOST_NALS;
  switch (random.int(isFull ? 7 : 10)) {
    case 0:
      nals[at] = withHeader(nal, random, supply.codec);
      break;
    case 1:
      nals.splice(at, 1);
      break;
    case 2: {
      const other = random.int(nals.length);
      [nals[at], nals[other]] = [nals[other]!, nal];
      break;
    }
    case 3:
    case 4:
    case 5:
      nals[at] = mutateNal(nal, random, supply);
      break;
    case 6:
      nals[at] = nal.subarray(0, 1 + random.int(nal.length));
      break;
    case 7:
      nals.splice(at, 0, nal);
      break;
    default:
      nals.splice(at, 0, random.pick(supply.nals));
  }
  return nals;
}

/** A change inside one NAL unit, escaped again after it. */
export function mutateNal(nal: Uint8Array, random: Random, supply: NalSupply): Uint8Array {
  const headerBytes = supply.codec === 'h264' ? 1 : 2;
  if (nal.length <= headerBytes) return withHeader(nal, random, supply.codec);
  if (isSei(nal, supply.codec) && random.chance(0.9)) {
    return mutateSeiNal(nal, random, supply.messages, headerBytes);
  }
  const rbsp = unescapeByBytes(nal.subarray(headerBytes));
  const other = random.pick(supply.nals).subarray(headerBytes);
  const changed = random.chance(0.7) ? mutateGolomb(rbsp, random) : mutateBytes(rbsp, random, other);
  return concat([nal.subarray(0, headerBytes), escapeByBytes(changed)]);
}

const isSei = (nal: Uint8Array, codec: NalSupply['codec']): boolean =>
  codec === 'h264' ? (nal[0]! & 0x1f) === 6 : [39, 40].includes((nal[0]! >> 1) & 0x3f);

/** Another type, or another nal_ref_idc (H.264), layer or temporal id (HEVC). */
function withHeader(nal: Uint8Array, random: Random, codec: NalSupply['codec']): Uint8Array {
  if (nal.length === 0) return Uint8Array.of(random.int(256));
  const out = Uint8Array.from(nal);
  if (codec === 'h264') {
    out[0] = random.chance(0.7) ? (out[0]! & 0xe0) | random.int(32) : (out[0]! & 0x1f) | (random.int(4) << 5);
  } else if (random.chance(0.7)) out[0] = (out[0]! & 0x81) | (random.int(64) << 1);
  else if (out.length > 1) out[1] = random.int(256);
  return out;
}
