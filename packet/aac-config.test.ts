import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAacConfig } from './aac-config.ts';
import { FramecueError } from './errors.ts';
import { makeFlv, packetsOfFlv } from './testing/flv-fixture.ts';

/** Fields as [value, bits], padded to whole bytes. */
function pack(...fields: readonly (readonly [number, number])[]): Uint8Array {
  const bits = fields.map(([value, count]) => value.toString(2).padStart(count, '0')).join('');
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0');
  return Uint8Array.from({ length: padded.length / 8 }, (_, at) =>
    Number.parseInt(padded.slice(at * 8, at * 8 + 8), 2),
  );
}
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

describe('an AudioSpecificConfig', () => {
  test('of an encoder', async () => {
    const config = packetsOfFlv(await makeFlv()).find((packet) => packet.kind === 'aac-config');
    expect(parseAacConfig(config!.data)).toEqual({
      objectType: 2,
      sampleRate: 48_000,
      channels: 2,
      samplesPerFrame: 1024,
      sbr: false,
      outputSampleRate: 48_000,
      codec: 'mp4a.40.2',
    });
  });

  test.each<[string, Uint8Array, object]>([
    ['LC 44.1 kHz stereo', bytes('1210'), { sampleRate: 44_100, channels: 2, codec: 'mp4a.40.2' }],
    ['LC 48 kHz mono', bytes('1188'), { sampleRate: 48_000, channels: 1 }],
    ['LC 7.1', pack([2, 5], [3, 4], [7, 4], [0, 3]), { channels: 8 }],
    ['LC 960 samples', pack([2, 5], [3, 4], [2, 4], [1, 1], [0, 2]), { samplesPerFrame: 960 }],
    [
      'low delay (ER AAC LD)',
      pack([23, 5], [3, 4], [2, 4], [0, 3]),
      { objectType: 23, samplesPerFrame: 512 },
    ],
    ['an explicit frequency', pack([2, 5], [15, 4], [44_000, 24], [2, 4], [0, 3]), { sampleRate: 44_000 }],
    ['channels by a program_config_element', pack([2, 5], [4, 4], [0, 4], [0, 3]), { channels: null }],
    [
      'SBR, hierarchical',
      pack([5, 5], [7, 4], [2, 4], [4, 4], [2, 5], [0, 3]),
      { objectType: 2, sampleRate: 22_050, outputSampleRate: 44_100, sbr: true, codec: 'mp4a.40.5' },
    ],
    [
      'PS, hierarchical',
      pack([29, 5], [7, 4], [1, 4], [4, 4], [2, 5], [0, 3]),
      { objectType: 2, outputSampleRate: 44_100, sbr: true, codec: 'mp4a.40.29' },
    ],
    [
      'SBR, backward compatible',
      pack([2, 5], [7, 4], [2, 4], [0, 3], [0x2b7, 11], [5, 5], [1, 1], [4, 4]),
      { objectType: 2, sampleRate: 22_050, outputSampleRate: 44_100, sbr: true, codec: 'mp4a.40.2' },
    ],
    [
      'SBR, backward compatible with an explicit frequency',
      pack([2, 5], [7, 4], [2, 4], [0, 3], [0x2b7, 11], [5, 5], [1, 1], [15, 4], [44_000, 24]),
      { sbr: true, outputSampleRate: 44_000 },
    ],
    [
      'SBR that is said to be absent (as ffmpeg writes 44.1 kHz)',
      bytes('121056e500'),
      { sampleRate: 44_100, outputSampleRate: 44_100, sbr: false },
    ],
    ['an extension that is cut off', bytes('121056e5'), { sbr: false, sampleRate: 44_100 }],
    ['a core coder delay', pack([2, 5], [4, 4], [2, 4], [0, 1], [1, 1], [5, 14], [0, 1]), { sbr: false }],
    ['a core coder delay that is cut off', pack([2, 5], [4, 4], [2, 4], [0, 1], [1, 1], [0, 1]), {}],
    ['an escaped object type', pack([31, 5], [10, 6], [3, 4], [2, 4], [0, 5]), { objectType: 42 }],
  ])('%s', (_, data, expected) => {
    expect(parseAacConfig(data)).toMatchObject(expected);
  });

  test.each<[string, Uint8Array, number]>([
    ['empty', new Uint8Array(), 0],
    ['one byte', bytes('12'), 5],
    ['object type 0', bytes('0210'), 5],
    ['a reserved frequency', pack([2, 5], [13, 4], [2, 4], [0, 3]), 9],
    ['a frequency of 0', pack([2, 5], [15, 4], [0, 24], [2, 4], [0, 3]), 33],
    ['a reserved channel configuration', pack([2, 5], [3, 4], [8, 4], [0, 3]), 13],
    ['an explicit frequency that is cut off', bytes('1780'), 9],
  ])('%s is refused', (_, data, bit) => {
    expect(() => parseAacConfig(data)).toThrow(
      expect.objectContaining({ code: 'ERR_AAC_CONFIG', details: { bit } }),
    );
  });

  test('whatever the bytes, it is read or refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (data) => {
        try {
          const config = parseAacConfig(data);
          expect(config.sampleRate).toBeGreaterThan(0);
          expect(config.samplesPerFrame).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(FramecueError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
