import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAvcRecord } from './avc-record.ts';
import { FramecueError } from './errors.ts';
import { makeFlv, packetsOfFlv } from './testing/flv-fixture.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
/** Baseline, level 1.1, 160x90, from x264. */
const SPS = '6742c00bd90a0cb8 0880000003008000001907 8a152400'.replaceAll(' ', '');
const set = (hex: string) => (hex.length / 2).toString(16).padStart(4, '0') + hex;
const record = (sps: readonly string[], pps: readonly string[], lengthByte = 'ff') =>
  bytes(
    `0142c00b${lengthByte}${(0xe0 | sps.length).toString(16)}${sps.map(set).join('')}` +
      `${pps.length.toString(16).padStart(2, '0')}${pps.map(set).join('')}`,
  );
const PPS = '68cb83cb20';

describe('an AVC decoder configuration record', () => {
  test('of an encoder', async () => {
    const config = packetsOfFlv(await makeFlv()).find((packet) => packet.kind === 'avc-config');
    const parsed = parseAvcRecord(config!.record);
    expect(parsed).toMatchObject({ nalLengthSize: 4, profileIdc: 66 });
    expect(parsed.spsInfo).toMatchObject({ width: 160, height: 90, frameRate: 25 });
    expect(parsed.codec).toMatch(/^avc1\.42c0[0-9a-f]{2}$/);
    expect([parsed.sps.length, parsed.pps.length]).toEqual([1, 1]);
    expect(parsed.sps[0]![0]! & 0x1f).toBe(7);
    expect(parsed.pps[0]![0]! & 0x1f).toBe(8);
  });

  test('with several parameter sets, short lengths and an extension', () => {
    const parsed = parseAvcRecord(
      Uint8Array.from([...record([SPS, SPS], [PPS, PPS, PPS], 'fd'), 0xfd, 0xf8, 0xf8, 0]),
    );
    expect(parsed).toMatchObject({ nalLengthSize: 2, codec: 'avc1.42c00b' });
    expect([parsed.sps.length, parsed.pps.length]).toEqual([2, 3]);
  });

  test.each<[string, Uint8Array, number]>([
    ['empty', new Uint8Array(), 0],
    ['cut short', bytes('014d401fffe1'), 6],
    ['of another version', bytes('00 42c00b ff e1 0000 00'), 0],
    ['with lengths of 3 bytes', record([SPS], [PPS], 'fe'), 4],
    ['without a sequence parameter set', record([], [PPS]), 5],
    ['without a picture parameter set', record([SPS], []), 8 + SPS.length / 2],
    ['that ends before its picture parameter sets', record([SPS], []).subarray(0, -1), 8 + SPS.length / 2],
    ['that ends inside a picture parameter set', record([SPS], [PPS]).subarray(0, -1), 9 + SPS.length / 2],
    ['with an empty sequence parameter set', record([''], [PPS]), 6],
    ['with a picture among the sequence parameter sets', record([PPS], [PPS]), 8],
    ['with a sequence among the picture parameter sets', record([SPS], [SPS]), 11 + SPS.length / 2],
    ['with a sequence parameter set that ends early', record(['6742c00b'], [PPS]), 12],
  ])('%s is refused', (_, data, offset) => {
    expect(() => parseAvcRecord(data)).toThrow(
      expect.objectContaining({ code: 'ERR_AVCC_RECORD', details: { offset } }),
    );
  });

  test('whatever the bytes, it is read or refused with a code', () => {
    const mutated = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(mutated, fc.nat(60), (changes, length) => {
        const data = record([SPS], [PPS]);
        for (const [place, value] of changes) data[place % data.length] = value;
        try {
          const parsed = parseAvcRecord(data.subarray(0, length));
          expect(parsed.sps.length * parsed.pps.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(FramecueError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
