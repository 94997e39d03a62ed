import fc from 'fast-check';
import type { MediaPacket } from '../packet.ts';
import { type Milliseconds, ms } from '../time.ts';

const dts = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(ms);
const offset: fc.Arbitrary<Milliseconds> = fc.integer({ min: -0x80_0000, max: 0x7f_ffff }).map(ms);
const data = fc.uint8Array({ minLength: 1, maxLength: 300 });
const script = fc
  .tuple(fc.string({ maxLength: 20, unit: 'grapheme-ascii' }), fc.uint8Array({ maxLength: 50 }))
  .filter(([name]) => !name.startsWith('@'))
  .map(([name, value]) => Uint8Array.from([2, 0, name.length, ...Buffer.from(name, 'latin1'), ...value]));

/** Every kind of packet, with values over their whole ranges. */
export const anyPacket = (): fc.Arbitrary<MediaPacket> =>
  fc.oneof(
    fc.record({ kind: fc.constant('avc-config' as const), dts, record: data }),
    fc.record({
      kind: fc.constant('avc-frame' as const),
      dts,
      isKeyframe: fc.boolean(),
      compositionOffset: offset,
      data,
    }),
    fc.record({ kind: fc.constantFrom('aac-config' as const, 'aac-frame' as const), dts, data }),
    fc.record({ kind: fc.constant('script' as const), dts, data: script }),
  );
