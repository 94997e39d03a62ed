import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BitstreamError,
  BPM_UUID,
  type BpmTimeFields,
  bpmKindOf,
  bpmMessage,
  isPrecisionTimeStamp,
  parseBpm,
  parsePrecisionTimeStamp,
  precisionTimeStampMessage,
  uuidFromText,
} from './index.ts';
import { unixMicrosecondsOfRfc3339 } from './rfc3339.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const MISP = '4d4953506d6963726f73656374696d65';

function errorOf(run: () => unknown): { code: string; offset: number } {
  try {
    run();
  } catch (error) {
    if (error instanceof BitstreamError) return { code: error.code, offset: error.offset };
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('MISB ST 0604 precision time stamp', () => {
  it.each([
    [`${MISP}1f0006ff269eff7cc3ff4240`, Date.UTC(2024, 10, 11, 8, 0, 0, 123) * 1000 + 456, true],
    [`${MISP}9f0005ff6028ff6bcaff1467`, Date.UTC(2017, 11, 12, 18, 0, 6, 917) * 1000 + 223, false],
  ])('reads and writes %s', (payload, unixMicroseconds, locked) => {
    expect(isPrecisionTimeStamp(bytes(payload))).toBe(true);
    const stamp = parsePrecisionTimeStamp(bytes(payload));
    expect(stamp).toMatchObject({ unixMicroseconds, locked, discontinuity: false, reverse: false });
    expect(stamp.time).toBe(BigInt(unixMicroseconds));
    const written = precisionTimeStampMessage({ time: unixMicroseconds, locked });
    expect([written.payloadType, hex(written.payload)]).toEqual([5, payload]);
  });

  it('has identifiers of its own in HEVC, one for nanoseconds', () => {
    const time = 1_513_101_606_917_223n;
    const micros = precisionTimeStampMessage({ identifier: 'hevc', time });
    expect(hex(micros.payload)).toBe(
      'a8687dd4d7593758a5cef0338b6545f19f00 05ff6028ff6bcaff1467'.replace(' ', ''),
    );
    const nanos = precisionTimeStampMessage({ identifier: 'hevcNano', time: time * 1000n + 999n });
    for (const [identifier, { payload }] of [
      ['hevc', micros],
      ['hevcNano', nanos],
    ] as const) {
      expect(isPrecisionTimeStamp(payload)).toBe(true);
      expect(parsePrecisionTimeStamp(payload)).toMatchObject({ identifier, unixMicroseconds: Number(time) });
    }
  });

  it('takes reserved status bits of any value', () => {
    const stamp = parsePrecisionTimeStamp(bytes(`${MISP}0f0005ff6028ff6bcaff1467`));
    expect(stamp).toMatchObject({ status: 0x0f, locked: true, discontinuity: false, reverse: false });
  });

  it('gives back every time and flag that can be written', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, (1n << 64n) - 1n),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (time, locked, d, r) => {
          const flags = { locked, discontinuity: d || r, reverse: r };
          const read = parsePrecisionTimeStamp(precisionTimeStampMessage({ time, ...flags }).payload);
          expect(read).toMatchObject({ time, ...flags });
          expect(read.unixMicroseconds).toBe(time < 1n << 53n ? Number(time) : null);
        },
      ),
    );
  });

  it.each([
    ['no room for the UUID', MISP.slice(2), 'ERR_USER_DATA_SHORT', 15],
    ['eleven bytes', `${MISP}1f0006ff269eff7cc3ff42`, 'ERR_MISB_SHORT', 27],
    ['no first FF', `${MISP}1f000600269eff7cc3ff4240`, 'ERR_MISB_MARKER', 19],
    ['no second FF', `${MISP}1f0006ff269e007cc3ff4240`, 'ERR_MISB_MARKER', 22],
    ['no third FF', `${MISP}1f0006ff269eff7cc3fe4240`, 'ERR_MISB_MARKER', 25],
  ])('names %s', (_, payload, code, offset) => {
    expect(errorOf(() => parsePrecisionTimeStamp(bytes(payload)))).toEqual({ code, offset });
  });

  it('refuses to write what it cannot say', () => {
    expect(() => precisionTimeStampMessage({ time: -1 })).toThrow(RangeError);
    expect(() => precisionTimeStampMessage({ time: 1n << 64n })).toThrow(RangeError);
    expect(() => precisionTimeStampMessage({ time: 1, reverse: true })).toThrow(RangeError);
  });
});

describe('broadcast performance metrics', () => {
  const uuid = { TS: '', SM: '', ERM: '' };
  for (const kind of ['TS', 'SM', 'ERM'] as const) uuid[kind] = hex(uuidFromText(BPM_UUID[kind]));
  const text = (value: string): string => hex(new TextEncoder().encode(value));
  const at = '2024-05-31T12:26:03.591Z';
  const us = Date.UTC(2024, 4, 31, 12, 26, 3, 591) * 1000;

  it('reads the time stamps of a frame', () => {
    const payload = bytes(
      `${uuid.TS} 03 0101${text(at)}00 0202 0000018fce27cf80 0303 00000000000f4240 0104${text('soon')}00`,
    );
    expect(bpmKindOf(payload)).toBe('TS');
    expect(parseBpm(payload)).toEqual({
      kind: 'TS',
      times: [
        { type: 'rfc3339', event: 1, text: at, unixMicroseconds: us },
        {
          type: 'unixMilliseconds',
          event: 2,
          milliseconds: 0x18fce27cf80n,
          unixMicroseconds: 0x18fce27cf80 * 1000,
        },
        { type: 'deltaNanoseconds', event: 3, nanoseconds: 1_000_000n },
        { type: 'rfc3339', event: 4, text: 'soon', unixMicroseconds: null },
      ],
      counters: [],
      rest: new Uint8Array(0),
    });
  });

  it('reads counters, unknown tags and high nibbles, and keeps what follows', () => {
    const payload = bytes(`${uuid.SM} f0 0104${text(at)}00 f1 01 0000003c 09 ffffffff aabb`);
    const read = parseBpm(payload);
    expect(read?.counters).toEqual([
      { tag: 1, delta: 60 },
      { tag: 9, delta: 0xffff_ffff },
    ]);
    expect(hex(read!.rest)).toBe('aabb');
  });

  it('leaves other user data alone', () => {
    expect(bpmKindOf(bytes(MISP))).toBe(null);
    expect(parseBpm(bytes(`${MISP}00`))).toBe(null);
  });

  it.each([
    ['no room for the UUID', uuid.TS.slice(2), 'ERR_USER_DATA_SHORT', 15],
    ['nothing after the UUID', uuid.TS, 'ERR_BPM_TRUNCATED', 16],
    ['an end in a time stamp', `${uuid.TS} 00 02 01 0000`, 'ERR_BPM_TRUNCATED', 21],
    ['a text without its NUL', `${uuid.TS} 00 01 01 3230`, 'ERR_BPM_TRUNCATED', 21],
    ['no counters', `${uuid.ERM} 00 01 01 00`, 'ERR_BPM_TRUNCATED', 20],
    ['an end in a counter', `${uuid.ERM} 00 01 01 00 00 01 0000`, 'ERR_BPM_TRUNCATED', 24],
    ['a time stamp of an unknown type', `${uuid.TS} 00 04 01 00`, 'ERR_BPM_VALUE', 17],
  ])('names %s', (_, payload, code, offset) => {
    expect(errorOf(() => parseBpm(bytes(payload)))).toEqual({ code, offset });
  });

  it('gives back what it wrote', () => {
    const event = fc.nat(255);
    const u64 = fc.bigInt(0n, (1n << 64n) - 1n);
    const time: fc.Arbitrary<BpmTimeFields> = fc.oneof(
      fc.record({ type: fc.constant('rfc3339' as const), event, text: fc.constantFrom(at, '', 'x') }),
      fc.record({ type: fc.constant('unixMilliseconds' as const), event, milliseconds: u64 }),
      fc.record({ type: fc.constant('deltaNanoseconds' as const), event, nanoseconds: u64 }),
    );
    const times = fc.array(time, { minLength: 1, maxLength: 16 });
    const counter = fc.record({ tag: fc.nat(255), delta: fc.nat(0xffff_ffff) });
    const counters = fc.array(counter, { minLength: 1, maxLength: 16 });
    fc.assert(
      fc.property(fc.constantFrom('TS', 'SM', 'ERM'), times, counters, (kind, times, all) => {
        const fields = { kind, times, counters: kind === 'TS' ? [] : all } as const;
        const { payload } = bpmMessage(fields);
        const read = parseBpm(payload)!;
        expect(read).toMatchObject(fields);
        expect(hex(bpmMessage(read).payload)).toBe(hex(payload));
      }),
    );
  });

  it('refuses to write what it cannot say', () => {
    const time = { type: 'rfc3339', event: 1, text: at } as const;
    const counter = { tag: 1, delta: 1 };
    const refused = [
      { kind: 'TS', times: [] },
      { kind: 'TS', times: [time], counters: [counter] },
      { kind: 'SM', times: [time] },
      { kind: 'SM', times: [time], counters: [{ tag: 256, delta: 1 }] },
      { kind: 'SM', times: [time], counters: [{ tag: 1, delta: 2 ** 32 }] },
      { kind: 'TS', times: [{ ...time, text: 'ä' }] },
      { kind: 'TS', times: [{ type: 'unixMilliseconds', event: 1, milliseconds: -1 }] },
    ] as const;
    for (const fields of refused) expect(() => bpmMessage(fields)).toThrow(RangeError);
  });
});

describe('RFC 3339 times', () => {
  const second = (text: string): number => Date.parse(text) * 1000;
  it.each([
    ['2024-05-31T12:26:03Z', second('2024-05-31T12:26:03Z')],
    ['2024-05-31t12:26:03.1z', second('2024-05-31T12:26:03Z') + 100_000],
    ['2024-05-31T12:26:03.1234567Z', second('2024-05-31T12:26:03Z') + 123_456],
    ['2024-12-31T23:59:59.1000Z', second('2025-01-01T00:00:00Z')],
    ['2016-12-31T23:59:60Z', second('2017-01-01T00:00:00Z')],
    ['2024-05-31T12:26:03+02:30', second('2024-05-31T09:56:03Z')],
    ['2024-05-31T12:26:03-00:30', second('2024-05-31T12:56:03Z')],
    ['0001-01-01T00:00:00Z', second('0001-01-01T00:00:00Z')],
  ])('%s', (text, us) => {
    expect(unixMicrosecondsOfRfc3339(text)).toBe(us);
  });

  it.each([
    '',
    '2024-05-31',
    '2024-02-30T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:00:00+24:00',
    '2024-01-01T00:00:00-00:60',
  ])('%s is none', (text) => {
    expect(unixMicrosecondsOfRfc3339(text)).toBe(null);
  });
});
