import { expect, test } from 'vitest';
import { box, fullBox, text, u8, u16, u24, u32, u64, zeros } from './boxes.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('numbers are big-endian', () => {
  expect(hex(u8(0xab))).toBe('ab');
  expect(hex(u16(0x1234, 0x8001))).toBe('12348001');
  expect(hex(u24(0x123456))).toBe('123456');
  expect(hex(u32(0x89abcdef, 1))).toBe('89abcdef00000001');
  expect(hex(u32(-2))).toBe('fffffffe');
  expect(hex(u64(0))).toBe('0000000000000000');
  expect(hex(u64(2 ** 32 + 5))).toBe('0000000100000005');
  expect(hex(u64(Number.MAX_SAFE_INTEGER))).toBe('001fffffffffffff');
});

test('boxes hold fields, boxes and lists of boxes', () => {
  expect(hex(box('free'))).toBe('0000000866726565');
  const inner = box('aaaa', zeros(2));
  expect(hex(box('bbbb', u8(1), [inner, []], text('x')))).toBe(
    `00000014 62626262 01 ${hex(inner)} 78`.replaceAll(' ', ''),
  );
  expect(hex(fullBox('cccc', 1, 0x020003, u8(9)))).toBe('0000000d636363630102000309');
});
