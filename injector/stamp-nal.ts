import {
  NalType,
  USER_DATA_UNREGISTERED,
  userDataMessage,
  writeSeiNal,
} from '../h264-sei-parser/src/index.ts';
import { STAMP_UUID } from './sei-unit.ts';

/** `rbsp_trailing_bits`, H.264 clause 7.3.2.11. */
const STOP_BYTE = 0x80;

/**
 * The SEI NAL unit of one stamp, the same bytes as `writeSeiNal` gives. It is written for every stamped frame: JSON
 * text and our UUID hold no zero byte, so that there is nothing to escape (7.4.1) and one pass is enough.
 */
export function stampNal(text: string): Uint8Array {
  if (text.includes('\0')) return writeSeiNal([userDataMessage(STAMP_UUID, new TextEncoder().encode(text))]);
  const textBytes = Buffer.byteLength(text, 'utf8');
  const payloadBytes = STAMP_UUID.length + textBytes;
  const sizeBytes = Math.floor(payloadBytes / 255) + 1;
  const nal = Buffer.allocUnsafe(2 + sizeBytes + payloadBytes + 1);
  nal[0] = NalType.sei;
  nal[1] = USER_DATA_UNREGISTERED;
  nal.fill(0xff, 2, 1 + sizeBytes);
  nal[1 + sizeBytes] = payloadBytes % 255;
  nal.set(STAMP_UUID, 2 + sizeBytes);
  nal.write(text, 2 + sizeBytes + STAMP_UUID.length, textBytes, 'utf8');
  nal[nal.length - 1] = STOP_BYTE;
  return new Uint8Array(nal.buffer, nal.byteOffset, nal.length);
}
