import { BitstreamError } from '../../h264-sei-parser/src/index.ts';
import type { FrameFraming } from './edit.ts';

/**
 * A NAL unit with its length or a four-byte start code in front.
 * @throws {BitstreamError} ERR_NAL_LENGTH_SIZE when the length does not fit.
 */
export function withFraming(nal: Uint8Array, framing: FrameFraming): Uint8Array {
  const prefix = framing === 0 ? 4 : framing;
  const out = new Uint8Array(prefix + nal.length);
  out.set(nal, prefix);
  if (framing === 0) out[3] = 1;
  else {
    if (nal.length >= 2 ** (8 * framing)) {
      throw new BitstreamError('ERR_NAL_LENGTH_SIZE', 0, `a NAL unit of ${nal.length} bytes`);
    }
    for (let i = framing - 1, rest = nal.length; i >= 0; i--, rest = Math.floor(rest / 256))
      out[i] = rest & 0xff;
  }
  return out;
}
