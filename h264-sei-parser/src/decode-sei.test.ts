import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildSps } from '../testing/build.ts';
import { CASES } from '../testing/cases.ts';
import { PAYLOAD_SPS } from '../testing/targets.ts';
import {
  bpmMessage,
  bufferingPeriodMessage,
  type ClockTimestamp,
  decodeSei,
  ParameterSets,
  type PicTiming,
  parseBufferingPeriod,
  parsePicTiming,
  parseRecoveryPoint,
  parseSps,
  parseUserDataRegistered,
  picTimingMessage,
  precisionTimeStampMessage,
  recoveryPointMessage,
  type SpsInfo,
  seiName,
  userDataMessage,
  uuidFromText,
} from './index.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const UUID = '00112233-4455-6677-8899-aabbccddeeff';
const sps = parseSps(PAYLOAD_SPS);
const sets = new ParameterSets();
sets.add(PAYLOAD_SPS);

describe('decodeSei', () => {
  it('decodes buffering period, picture timing and recovery point', () => {
    expect(
      decodeSei({ payloadType: 0, payload: bytes('80201006027fe004') }, { parameterSets: sets }),
    ).toEqual({
      kind: 'bufferingPeriod',
      name: 'buffering_period',
      spsId: 0,
      nal: [
        { delay: 1, offset: 2 },
        { delay: 3, offset: 4 },
      ],
      vcl: [{ delay: 1023, offset: 0 }],
    });
    const stamp = {
      ctType: 1,
      nuitFieldBased: true,
      countingType: 0,
      fullTimestamp: true,
      discontinuity: false,
      cntDropped: false,
      nFrames: 24,
      seconds: 59,
      minutes: 7,
      hours: 23,
      timeOffset: -3,
    };
    const timing = { cpbRemovalDelay: 1, dpbOutputDelay: 4, picStruct: 0, clockTimestamps: [stamp] };
    const message = { payloadType: 1, payload: bytes('004040b0418ec7bf60') };
    const expected = { kind: 'picTiming', name: 'pic_timing', ...timing };
    expect(decodeSei(message, { parameterSets: sets })).toEqual(expected);
    expect(decodeSei(message, { sps })).toEqual(expected);
    expect(decodeSei({ payloadType: 6, payload: bytes('0fb4') })).toEqual({
      kind: 'recoveryPoint',
      name: 'recovery_point',
      recoveryFrameCnt: 30,
      exactMatch: false,
      brokenLink: true,
      changingSliceGroupIdc: 2,
    });
  });

  it('says what it would need', () => {
    const unknown = (name: string) => ({ kind: 'unknownContext', name, needs: 'sps' });
    expect(decodeSei({ payloadType: 0, payload: bytes('80') })).toEqual(unknown('buffering_period'));
    expect(decodeSei({ payloadType: 1, payload: bytes('80') })).toEqual(unknown('pic_timing'));
    const two = new ParameterSets();
    two.add(PAYLOAD_SPS);
    two.add(buildSps({ id: 5 }));
    expect(decodeSei({ payloadType: 1, payload: bytes('80') }, { parameterSets: two })).toEqual(
      unknown('pic_timing'),
    );
    expect(decodeSei({ payloadType: 0, payload: bytes('80201006027fe004') }, { sps })).toMatchObject({
      spsId: 0,
    });
    expect(decodeSei({ payloadType: 0, payload: bytes('40') }, { sps })).toEqual(unknown('buffering_period'));
  });

  it('names what cannot be read, with offset and clause', () => {
    expect(decodeSei({ payloadType: 6, payload: new Uint8Array(0) })).toEqual({
      kind: 'unreadable',
      name: 'recovery_point',
      code: 'ERR_SEI_PAYLOAD_TRUNCATED',
      offset: 0,
      clause: 'D.1',
    });
  });

  it('decodes user data of known and unknown owners', () => {
    const stamp = precisionTimeStampMessage({ time: 1_731_312_000_123_456n, locked: true });
    expect(decodeSei(stamp)).toEqual({
      kind: 'precisionTimeStamp',
      name: 'user_data_unregistered',
      uuid: '4d495350-6d69-6372-6f73-656374696d65',
      identifier: 'h264',
      status: 0x1f,
      locked: true,
      discontinuity: false,
      reverse: false,
      time: '1731312000123456',
      unixMicroseconds: 1_731_312_000_123_456,
    });
    const metrics = bpmMessage({
      kind: 'ERM',
      times: [
        { type: 'rfc3339', event: 1, text: '2024-05-31T12:26:03.591Z' },
        { type: 'unixMilliseconds', event: 2, milliseconds: 1_717_158_363_591 },
        { type: 'deltaNanoseconds', event: 3, nanoseconds: 1 },
      ],
      counters: [
        { tag: 2, delta: 7 },
        { tag: 9, delta: 1 },
      ],
    });
    expect(decodeSei(metrics)).toEqual({
      kind: 'broadcastPerformanceMetrics',
      name: 'user_data_unregistered',
      uuid: 'f1fbc1d5-101e-4fb5-a61e-b8ce3c07b8c0',
      metrics: 'ERM',
      times: [
        {
          type: 'rfc3339',
          event: 1,
          text: '2024-05-31T12:26:03.591Z',
          unixMicroseconds: 1_717_158_363_591_000,
        },
        {
          type: 'unixMilliseconds',
          event: 2,
          milliseconds: '1717158363591',
          unixMicroseconds: 1_717_158_363_591_000,
        },
        { type: 'deltaNanoseconds', event: 3, nanoseconds: '1' },
      ],
      counters: [
        { tag: 2, counter: 'skipped', delta: 7 },
        { tag: 9, counter: null, delta: 1 },
      ],
    });
    const text = (data: Uint8Array) => decodeSei(userDataMessage(uuidFromText(UUID), data));
    const other = { kind: 'userDataUnregistered', name: 'user_data_unregistered', uuid: UUID };
    expect(text(bytes('7832363400'))).toEqual({ ...other, text: 'x264' });
    expect(text(bytes('c3a40a'))).toEqual({ ...other, text: 'ä\n' });
    expect(text(bytes('0102'))).toEqual({ ...other, text: null });
    expect(text(bytes('ff'))).toEqual({ ...other, text: null });
    expect(decodeSei({ payloadType: 5, payload: bytes('0011') })).toMatchObject({
      code: 'ERR_USER_DATA_SHORT',
    });
  });

  it('names all else, of HEVC too', () => {
    const payload = bytes('00');
    expect(decodeSei({ payloadType: 45, payload })).toEqual({
      kind: 'other',
      name: 'frame_packing_arrangement',
    });
    expect(decodeSei({ payloadType: 1, payload }, { codec: 'hevc' })).toEqual({
      kind: 'other',
      name: 'pic_timing',
    });
    expect(decodeSei({ payloadType: 132, payload }, { codec: 'hevc' })).toEqual({
      kind: 'other',
      name: 'decoded_picture_hash',
    });
    expect([seiName(7), seiName(7, 'hevc'), seiName(132), seiName(9999)]).toEqual([
      'dec_ref_pic_marking_repetition',
      'reserved_sei_message',
      'reserved_sei_message',
      'reserved_sei_message',
    ]);
  });

  it('gives JSON, whatever the payload, and throws nothing', () => {
    const payloads = fc.oneof(
      fc.constantFrom(...CASES.map((c) => c.bytes)),
      fc.uint8Array({ maxLength: 60 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 4, 5, 6, 45), payloads, (payloadType, payload) => {
        const decoded = decodeSei({ payloadType, payload }, { parameterSets: sets });
        expect(JSON.parse(JSON.stringify(decoded))).toEqual(decoded);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('user_data_registered_itu_t_t35, clause D.1.6', () => {
  it.each([
    ['captions', 'b5 0031 47413934 03 42 ff fc9420 fd8080 ff', 'cea-608/708'],
    ['bar data', 'b5 0031 47413934 06 00', 'bar-data'],
    ['another GA94', 'b5 0031 47413934 09 00', null],
    ['active format', 'b5 0031 44544731 41 f8', 'afd'],
    ['HDR10+', 'b5 003c 0001 04 01', 'hdr10plus'],
    ['another use of that provider', 'b5 003c 0002 04 01', null],
    ['another provider', 'b5 002f 03', null],
    ['a short ATSC message', 'b5 0031 47', null],
    ['another country', '26 0004', null],
  ])('%s', (_, payload, content) => {
    expect(parseUserDataRegistered(bytes(payload))).toMatchObject({ content });
  });

  it('reads caption packets, as far as they are there', () => {
    const read = (payload: string) => parseUserDataRegistered(bytes(payload)).captions;
    const packets = [
      { valid: true, type: 0, data: 0x9420 },
      { valid: false, type: 1, data: 0x8080 },
    ];
    expect(read('b5 0031 47413934 03 42 ff fc9420 f98080 ff')).toEqual({ processCcData: true, packets });
    expect(read('b5 0031 47413934 03 1f ff fc9420 f98080 ff')).toEqual({ processCcData: false, packets });
    expect(read('b5 0031 47413934 03')).toEqual({ processCcData: false, packets: [] });
  });

  it('keeps codes that it does not know', () => {
    expect(parseUserDataRegistered(bytes('ff 12 3456 78'))).toMatchObject({
      countryCode: 0xff,
      countryCodeExtension: 0x12,
      providerCode: 0x3456,
      userIdentifier: null,
      data: bytes('345678'),
    });
    expect(parseUserDataRegistered(bytes('26'))).toMatchObject({ countryCode: 0x26, providerCode: null });
  });
});

describe('what is written is read back', () => {
  const value = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
  const plain = parseSps(buildSps({ vui: { picStruct: true } }));
  const noOffset = parseSps(
    buildSps({ vui: { vclHrd: { delayLength: 32, timeOffsetLength: 0 }, picStruct: true } }),
  );
  const noVui = parseSps(buildSps());

  const stamp = (offsetBits: number): fc.Arbitrary<ClockTimestamp> =>
    fc
      .record({
        ctType: value(2),
        nuitFieldBased: fc.boolean(),
        countingType: value(5),
        fullTimestamp: fc.boolean(),
        discontinuity: fc.boolean(),
        cntDropped: fc.boolean(),
        nFrames: value(8),
        parts: fc.nat(3),
        seconds: value(6),
        minutes: value(6),
        hours: value(5),
        offset: offsetBits === 0 ? fc.constant(0) : value(offsetBits),
      })
      .map(({ parts, seconds, minutes, hours, offset, ...head }) => ({
        ...head,
        seconds: head.fullTimestamp || parts > 0 ? seconds : null,
        minutes: head.fullTimestamp || parts > 1 ? minutes : null,
        hours: head.fullTimestamp || parts > 2 ? hours : null,
        timeOffset: offset === 0 ? 0 : offset - 2 ** (offsetBits - 1),
      }));

  it.each<[string, SpsInfo, number, number]>([
    ['two HRDs', sps, 10, 5],
    ['no HRD: offsets of 24 bits', plain, 0, 24],
    ['delays of 32 bits, no offsets', noOffset, 32, 0],
  ])('picture timing with %s', (_, active, delayBits, offsetBits) => {
    const counts = [1, 1, 1, 2, 2, 3, 3, 2, 3];
    const timing: fc.Arbitrary<PicTiming> = fc.integer({ min: 0, max: 8 }).chain((picStruct) =>
      fc.record({
        cpbRemovalDelay: delayBits === 0 ? fc.constant(null) : value(delayBits),
        dpbOutputDelay: delayBits === 0 ? fc.constant(null) : value(delayBits),
        picStruct: fc.constant(picStruct),
        clockTimestamps: fc.array(fc.option(stamp(offsetBits)), {
          minLength: counts[picStruct]!,
          maxLength: counts[picStruct]!,
        }),
      }),
    );
    fc.assert(
      fc.property(timing, (fields) => {
        const { payload } = picTimingMessage(fields, active);
        expect(parsePicTiming(payload, active)).toEqual(fields);
        expect(hex(picTimingMessage(parsePicTiming(payload, active), active).payload)).toBe(hex(payload));
      }),
    );
  });

  it('picture timing of a stream without VUI is empty', () => {
    const empty = { cpbRemovalDelay: null, dpbOutputDelay: null, picStruct: null, clockTimestamps: [] };
    expect(parsePicTiming(new Uint8Array(0), noVui)).toEqual(empty);
    expect(picTimingMessage(empty, noVui).payload).toHaveLength(0);
  });

  it('buffering periods', () => {
    const delay = fc.record({ delay: value(10), offset: value(10) });
    const nal = fc.array(delay, { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(nal, delay, (two, one) => {
        const period = { spsId: 0, nal: two, vcl: [one] };
        const { payload } = bufferingPeriodMessage(period, sps);
        expect(parseBufferingPeriod(payload, () => sps)).toEqual(period);
      }),
    );
    const { payload } = bufferingPeriodMessage({ spsId: 3, nal: [], vcl: [] }, noVui);
    expect(parseBufferingPeriod(payload, () => noVui)).toEqual({ spsId: 3, nal: [], vcl: [] });
  });

  it('recovery points', () => {
    const point = fc.record({
      recoveryFrameCnt: value(16),
      exactMatch: fc.boolean(),
      brokenLink: fc.boolean(),
      changingSliceGroupIdc: value(2),
    });
    fc.assert(
      fc.property(point, (fields) => {
        const { payload } = recoveryPointMessage(fields);
        expect(parseRecoveryPoint(payload)).toEqual(fields);
      }),
    );
  });

  it('what does not fit is refused', () => {
    const good: ClockTimestamp = {
      ctType: 0,
      nuitFieldBased: false,
      countingType: 0,
      fullTimestamp: true,
      discontinuity: false,
      cntDropped: false,
      nFrames: 0,
      seconds: 0,
      minutes: 0,
      hours: 0,
      timeOffset: 0,
    };
    const timing = { cpbRemovalDelay: 0, dpbOutputDelay: 0, picStruct: 0, clockTimestamps: [good] };
    const refused: (() => unknown)[] = [
      () => picTimingMessage({ ...timing, cpbRemovalDelay: null }, sps),
      () => picTimingMessage({ ...timing, cpbRemovalDelay: 1024 }, sps),
      () => picTimingMessage(timing, plain),
      () => picTimingMessage({ ...timing, picStruct: null, clockTimestamps: [] }, sps),
      () => picTimingMessage({ ...timing, picStruct: 9 }, sps),
      () => picTimingMessage({ ...timing, picStruct: 3 }, sps),
      () => picTimingMessage({ ...timing, clockTimestamps: [{ ...good, hours: null }] }, sps),
      () => picTimingMessage({ ...timing, clockTimestamps: [{ ...good, seconds: 64 }] }, sps),
      () => picTimingMessage({ ...timing, clockTimestamps: [{ ...good, timeOffset: 16 }] }, sps),
      () =>
        picTimingMessage(
          { ...timing, clockTimestamps: [{ ...good, fullTimestamp: false, seconds: null }] },
          sps,
        ),
      () => picTimingMessage({ ...timing, clockTimestamps: [{ ...good, timeOffset: 1 }] }, noOffset),
      () => bufferingPeriodMessage({ spsId: 0, nal: [], vcl: [] }, sps),
      () => bufferingPeriodMessage({ spsId: 32, nal: [], vcl: [] }, noVui),
      () =>
        recoveryPointMessage({
          recoveryFrameCnt: 65_536,
          exactMatch: true,
          brokenLink: false,
          changingSliceGroupIdc: 0,
        }),
    ];
    for (const run of refused) expect(run).toThrow(RangeError);
  });
});
