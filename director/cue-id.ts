import { randomBytes as nodeRandomBytes } from 'node:crypto';
import type { UnixMilliseconds } from '../packet/time.ts';

/** A UUID version 7 (RFC 9562, 5.7): ids sort by the time they were made. */
export function makeCueId(
  now: UnixMilliseconds,
  randomBytes: (size: number) => Uint8Array = nodeRandomBytes,
): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.max(0, now), 0, 6);
  bytes.set(randomBytes(10), 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
