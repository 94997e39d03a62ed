import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createShortMac } from './short-mac.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

// Its other cases have data that are no text, or keys that are longer than a block.
test.each([
  ['4.2', '0b'.repeat(20), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    '4.3',
    Buffer.from('Jefe').toString('hex'),
    'what do ya want for nothing?',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
])('gives what RFC 4231 says, %s', (_, key, text, wanted) => {
  expect(createShortMac(hex(key), 64)(text)).toBe(hex(wanted).toString('base64url'));
});

test('gives what createHmac gives, for any key and text, again and again', () => {
  const key = fc.uint8Array({ minLength: 0, maxLength: 64 });
  const text = fc.string({ unit: 'binary', maxLength: 100 });
  fc.assert(
    fc.property(key, fc.array(text, { minLength: 1, maxLength: 5 }), (key, texts) => {
      const mac = createShortMac(key, 200);
      for (const text of texts) {
        expect(mac(text)).toBe(createHmac('sha256', key).update(text).digest('base64url'));
      }
    }),
  );
});

test('takes no key beyond a block and no text beyond what was said', () => {
  expect(() => createShortMac(new Uint8Array(65), 10)).toThrow(RangeError);
  const mac = createShortMac(new Uint8Array(32), 3);
  expect(mac('\uffff\uffff\uffff')).toBe(
    createHmac('sha256', new Uint8Array(32)).update('\uffff\uffff\uffff').digest('base64url'),
  );
  expect(() => mac('four')).toThrow(RangeError);
});
