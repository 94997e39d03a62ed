/** How FLV tags lie on a viewer's connection: one after the other, or each in a WebSocket message of its own. */
export type Framing = 'flv' | 'ws';

const FIN_BINARY = 0x82;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/**
 * One whole binary WebSocket message, RFC 6455 section 5.2. A server does not mask (section 5.1), so the same
 * bytes go to every viewer, as with HTTP-FLV.
 */
export function webSocketMessage(payload: Uint8Array): Buffer {
  const length = payload.length;
  const headerBytes = length < LENGTH_16 ? 2 : length <= 0xffff ? 4 : 10;
  const message = Buffer.allocUnsafeSlow(headerBytes + length);
  message[0] = FIN_BINARY;
  if (headerBytes === 2) {
    message[1] = length;
  } else if (headerBytes === 4) {
    message[1] = LENGTH_16;
    message.writeUInt16BE(length, 2);
  } else {
    message[1] = LENGTH_64;
    message.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    message.writeUInt32BE(length >>> 0, 6);
  }
  message.set(payload, headerBytes);
  return message;
}

/** The parts (FLV header, tags) as one run of bytes under this framing. */
export function joinParts(parts: readonly Buffer[], framing: Framing): Buffer {
  if (framing === 'ws') return Buffer.concat(parts.map(webSocketMessage));
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
