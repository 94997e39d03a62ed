import { expect, test } from 'vitest';
import { joinParts, webSocketMessage } from './framing.ts';

// RFC 6455, 5.2: 7 bits of length, or 16, or 64; never a mask from a server.
test.each([
  [0, '8200'],
  [125, '827d'],
  [126, '827e007e'],
  [65_535, '827effff'],
  [65_536, '827f0000000000010000'],
])('a message of %d bytes', (length, header) => {
  const message = webSocketMessage(new Uint8Array(length).fill(7));
  expect(message.toString('hex', 0, header.length / 2)).toBe(header);
  expect(message.length).toBe(header.length / 2 + length);
  expect(message.subarray(header.length / 2).every((byte) => byte === 7)).toBe(true);
});

test('parts follow each other, or are messages each', () => {
  const parts = [Buffer.from('ab'), Buffer.from('c')];
  expect(joinParts(parts, 'flv').toString()).toBe('abc');
  expect(joinParts(parts, 'ws').toString('latin1')).toBe('\x82\x02ab\x82\x01c');
  expect(joinParts([parts[0]!], 'flv')).toBe(parts[0]);
});
