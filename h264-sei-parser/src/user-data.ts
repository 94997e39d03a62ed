import { BitstreamError } from './errors.ts';
import type { SeiMessage } from './sei.ts';

/** payloadType of `user_data_unregistered`, H.264 clause D.1.7. */
export const USER_DATA_UNREGISTERED = 5;
const UUID_BYTES = 16;

/** A user_data_unregistered message: whose it is, and what it says. H.264 clause D.2.7. */
export interface UserDataUnregistered {
  /** 16 bytes (ISO/IEC 11578 annex A). A view. */
  readonly uuid: Uint8Array;
  /** A view. */
  readonly data: Uint8Array;
}

/**
 * Splits the payload of a user_data_unregistered message.
 * @throws {BitstreamError} ERR_USER_DATA_SHORT when there is no room for the UUID.
 */
export function parseUserData(payload: Uint8Array): UserDataUnregistered {
  if (payload.length < UUID_BYTES) {
    throw new BitstreamError(
      'ERR_USER_DATA_SHORT',
      payload.length,
      'user_data_unregistered without a whole UUID',
    );
  }
  return { uuid: payload.subarray(0, UUID_BYTES), data: payload.subarray(UUID_BYTES) };
}

/** The SEI message that carries `data` under `uuid`. */
export function userDataMessage(uuid: Uint8Array, data: Uint8Array): SeiMessage {
  const payload = new Uint8Array(UUID_BYTES + data.length);
  payload.set(uuid.subarray(0, UUID_BYTES));
  payload.set(data, UUID_BYTES);
  return { payloadType: USER_DATA_UNREGISTERED, payload };
}

/** True when both arrays hold the same 16 bytes. */
export function sameUuid(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length < UUID_BYTES || b.length < UUID_BYTES) return false;
  for (let i = 0; i < UUID_BYTES; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `f5fe598b-3f69-...` to its 16 bytes (RFC 9562 section 4). */
export function uuidFromText(text: string): Uint8Array {
  const hex = text.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new TypeError(`not a UUID: ${text}`);
  return Uint8Array.from({ length: UUID_BYTES }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** 16 bytes to `f5fe598b-3f69-...`, lower case. */
export function uuidToText(uuid: Uint8Array): string {
  const hex = Array.from(uuid.subarray(0, UUID_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
