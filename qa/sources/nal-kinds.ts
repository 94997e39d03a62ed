import { nalUnitsOfAnnexB, parseSeiNal } from '../../h264-sei-parser/src/index.ts';
import type { VideoCodec } from './items.ts';

/** What a NAL unit is, whichever of the two codecs: H.264 table 7-1, H.265 table 7-1. */
export type NalKind = 'vcl' | 'aud' | 'sei' | 'parameter-set' | 'before-picture' | 'other';

export const nalTypeByte = (byte: number, codec: VideoCodec): number =>
  codec === 'hevc' ? (byte >> 1) & 0x3f : byte & 0x1f;

export function nalKindOf(type: number, codec: VideoCodec): NalKind {
  if (codec === 'hevc') {
    if (type < 32) return 'vcl';
    if (type === 35) return 'aud';
    if (type === 39) return 'sei';
    if (type <= 34) return 'parameter-set';
    // H.265 7.4.2.4.4: these, too, begin an access unit once a picture has been seen.
    return (type >= 41 && type <= 44) || (type >= 48 && type <= 55) ? 'before-picture' : 'other';
  }
  if (type >= 1 && type <= 5) return 'vcl';
  if (type === 9) return 'aud';
  if (type === 6) return 'sei';
  if (type === 7 || type === 8) return 'parameter-set';
  return type >= 14 && type <= 18 ? 'before-picture' : 'other';
}

/** A slice that begins a picture: `first_mb_in_slice` is 0, or `first_slice_segment_in_pic_flag` is set. */
export const beginsPicture = (nal: Uint8Array, codec: VideoCodec): boolean =>
  ((codec === 'hevc' ? nal[2] : nal[1]) ?? 0) >= 0x80;

const RECOVERY_POINT = 6;
/** BLA, IDR and CRA pictures. */
const isIrap = (type: number): boolean => type >= 16 && type <= 23;

/** A picture that decoding can begin at: IDR, or one with a recovery point (open GOP, intra refresh). */
export function isRandomAccess(data: Uint8Array, codec: VideoCodec): boolean {
  for (const { start, end } of nalUnitsOfAnnexB(data)) {
    const type = nalTypeByte(data[start]!, codec);
    if (codec === 'hevc') {
      if (isIrap(type)) return true;
      if (type < 32) return false;
      continue;
    }
    if (type === 5) return true;
    if (type >= 1 && type < 5) return false;
    if (type === 6 && hasRecoveryPoint(data.subarray(start, end))) return true;
  }
  return false;
}

function hasRecoveryPoint(nal: Uint8Array): boolean {
  try {
    return parseSeiNal(nal).some(({ payloadType }) => payloadType === RECOVERY_POINT);
  } catch {
    // Not well formed: the linter says so, and it is no reason to take the picture for a keyframe.
    return false;
  }
}
