import { writeAnnexB } from '../src/index.ts';
import { buildPps, buildSlice, buildSps } from './build.ts';
import type { Target } from './targets.ts';

/** Named bytes, what they are read as, and what is wrong with them, in order: `CODE@offset`; nothing where they are good. */
export interface ByteCase {
  readonly name: string;
  readonly target: Target;
  readonly bytes: Uint8Array;
  readonly problems: readonly string[];
}

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.replaceAll(/\s/g, '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

const of = (target: Target, name: string, bytes: string | Uint8Array, ...problems: string[]): ByteCase => ({
  name,
  target,
  bytes: typeof bytes === 'string' ? fromHex(bytes) : bytes,
  problems,
});

const avcc = (name: string, hex: string, ...problems: string[]) => of('avcc', name, hex, ...problems);
const annexB = (name: string, hex: string, ...problems: string[]) => of('annexB', name, hex, ...problems);
const sei = (name: string, hex: string, ...problems: string[]) => of('seiNal', name, hex, ...problems);
const strict = (name: string, hex: string, ...problems: string[]) =>
  of('seiNalStrict', name, hex, ...problems);
const stream = (name: string, nals: readonly Uint8Array[], ...problems: string[]) =>
  of('accessUnits', name, writeAnnexB(nals), ...problems);

const UUID = '00112233445566778899aabbccddeeff';
const MISP = '4d4953506d6963726f73656374696d65';
const BPM_TS = '0aecffe752724e2fa62fd19cd61a93b5';
const BPM_SM = 'ca60e71c6a8b4388a377151df7bf8ac2';
const SPS = buildSps();
const PPS = buildPps();
const IDR = buildSlice({ type: 5, lsb: 0 });

export const CASES: readonly ByteCase[] = [
  avcc('lengths of 1 byte', '01 02 6588 01 09'),
  avcc('lengths of 2 bytes', '02 0002 6588 0001 09'),
  avcc('lengths of 4 bytes', '04 00000002 6588'),
  avcc('lengths of 3 bytes', '03 000002 6588', 'ERR_NAL_LENGTH_SIZE@0'),
  avcc('a length of 0', '04 00000000 00000001 09', 'ERR_NAL_EMPTY@0'),
  avcc('a length beyond the data', '04 00000001 09 00000009 6588', 'ERR_NAL_TRUNCATED@5'),
  avcc('a length with its top bit set', '04 ffffffff 65', 'ERR_NAL_TRUNCATED@0'),
  avcc('a length cut short', '04 000000', 'ERR_NAL_TRUNCATED@0'),

  annexB('start codes of 3 and 4 bytes', '00000001 6742 000001 68ce'),
  annexB('zero bytes between NAL units', '000001 6588 000000000000 000001 09'),
  annexB('cabac_zero_words', '000001 6580 000003 000003 000001 09'),
  annexB('bytes before the first start code', '474011 000001 09', 'ERR_START_CODE@0'),
  annexB('a start code without a NAL unit', '000001 000001 09', 'ERR_NAL_EMPTY@3'),
  annexB('a NAL unit above the limit', `000001 65${'55'.repeat(64)} 000001 09`, 'ERR_NAL_TOO_LARGE@3'),

  sei('one message', '06 05 02 aabb 80'),
  sei('several messages', '06 00 01 aa 01 00 05 02 bbcc 80'),
  sei('no message', '06 80'),
  sei('a type and a size of 255', `06 ff00 ff00 ${'07'.repeat(255)} 80`),
  sei('a prevention byte inside', '06 05 04 0000030100 80'),
  sei('zero bytes behind the trailing bits', '06 05 01 aa 80 0000'),
  sei('a cabac_zero_word behind the trailing bits', '06 05 01 aa 80 000003'),
  sei('a needless prevention byte', '06 05 04 00000304aa 80'),
  sei('a payload that looks like trailing bits', '06 05 02 aa80 80'),
  sei('no trailing bits', '06 05 02 aabb', 'ERR_SEI_TRAILING_BITS@4'),
  sei('no trailing bits behind a payload that looks like them', '06 05 02 aa80', 'ERR_SEI_TRAILING_BITS@4'),
  sei('no trailing bits behind zero bytes', '06 05 03 aa0000', 'ERR_SEI_TRAILING_BITS@3'),
  sei('nothing behind the header', '06', 'ERR_SEI_TRAILING_BITS@1'),
  sei('a message that outruns it', '06 05 10 aabb 80', 'ERR_SEI_TRUNCATED@3'),
  sei('a good message and one that outruns it', '06 00 01 aa 05 10 bb 80', 'ERR_SEI_TRUNCATED@6'),
  sei('one that outruns it behind prevention bytes', '06 00 03 00000301 05 10 bb 80', 'ERR_SEI_TRUNCATED@9'),
  sei('an end inside a chained type', '06 ffff 80', 'ERR_SEI_TRUNCATED@1'),
  sei('an end before the size', '06 05 80', 'ERR_SEI_TRUNCATED@2'),
  sei('another NAL unit', '65 88 80', 'ERR_SEI_NOT_SEI@0'),
  sei('nothing', '', 'ERR_SEI_NOT_SEI@0'),
  strict('strictly: one message', '06 05 02 aabb 80'),
  strict('strictly: no trailing bits', '06 05 02 aabb', 'ERR_SEI_TRAILING_BITS@4'),
  strict('strictly: a payload that looks like trailing bits', '06 05 02 aa80', 'ERR_SEI_TRUNCATED@3'),
  strict('strictly: behind prevention bytes', '06 00 03 00000301 05 10 bb 80', 'ERR_SEI_TRUNCATED@9'),
  strict('strictly: another NAL unit', '65', 'ERR_SEI_NOT_SEI@0'),
  of('hevcSeiNal', 'prefix', '4e01 05 02 aabb 80'),
  of('hevcSeiNal', 'suffix', '5001 84 02 aabb 80'),
  of('hevcSeiNal', 'one byte', '4e', 'ERR_SEI_NOT_SEI@0'),
  of('hevcSeiNal', 'without trailing bits', '4e01 05 02 aabb', 'ERR_SEI_TRAILING_BITS@5'),

  of('spsNal', 'high profile', SPS),
  of('spsNal', 'a subset', buildSps({ type: 15, profileIdc: 118 })),
  of(
    'spsNal',
    'of everything',
    buildSps({
      separateColourPlane: true,
      scalingLists: true,
      interlaced: true,
      picOrderCntType: 1,
      vui: { nalHrd: { cpbs: 3 }, vclHrd: {}, picStruct: true, sar: [4, 3] },
    }),
  ),
  of(
    'spsNal',
    'of baseline',
    buildSps({ profileIdc: 66, levelIdc: 11, constraintFlags: 0x10, picOrderCntType: 2 }),
  ),
  of('spsNal', 'with VUI cut short', buildSps({ vui: { cut: true } }), 'ERR_SPS_TRUNCATED@20'),
  of('spsNal', 'cut short', SPS.subarray(0, 6), 'ERR_SPS_TRUNCATED@6'),
  of('spsNal', 'with an id of 32', '67 640000 0420 80', 'ERR_SPS_VALUE@4'),
  of('spsNal', 'with an endless Exp-Golomb code', '67 640000 0000030000030000030080', 'ERR_SPS_VALUE@4'),
  of('spsNal', 'too wide', buildSps({ widthInMbs: 2000 }), 'ERR_SPS_VALUE@7'),
  of('spsNal', 'another NAL unit', '68', 'ERR_SPS_VALUE@0'),
  of('spsNal', 'nothing', '', 'ERR_SPS_VALUE@0'),

  of('ppsNal', 'plain', PPS),
  of('ppsNal', 'with scaling lists', buildPps({ scalingLists: 'of 4:2:0' })),
  ...[0, 1, 2, 3, 4, 5, 6].map((type) =>
    of('ppsNal', `with slice group map type ${type}`, buildPps({ sliceGroupMapType: type })),
  ),
  of('ppsNal', 'cut short', PPS.subarray(0, 2), 'ERR_PPS_TRUNCATED@2'),
  of('ppsNal', 'with more map units than bytes', '68 c9 0f 80 00 80', 'ERR_PPS_TRUNCATED@6'),
  of('ppsNal', 'with an id of 256', '68 00 8080', 'ERR_PPS_VALUE@1'),
  of('ppsNal', 'another NAL unit', '67', 'ERR_PPS_VALUE@0'),

  stream('two pictures', [SPS, PPS, IDR, buildSlice({ frameNum: 1, lsb: 2 })]),
  stream('a slice without parameter sets', [IDR], 'ERR_PPS_MISSING@2'),
  stream('a slice without its sequence parameter set', [PPS, IDR], 'ERR_SPS_MISSING@2'),
  stream('a slice cut short', [SPS, PPS, fromHex('65 88')], 'ERR_SLICE_TRUNCATED@2'),
  stream('a slice type of 10', [SPS, PPS, fromHex('65 8b8880')], 'ERR_SLICE_VALUE@1'),
  stream(
    'an access unit above the limit',
    [SPS, PPS, ...Array.from({ length: 16 }, (_, i) => buildSlice({ type: 5, lsb: 0, firstMb: i }))],
    'ERR_ACCESS_UNIT_TOO_LARGE@0',
  ),

  of('bufferingPeriod', 'three buffers', '80201006027fe004'),
  of('bufferingPeriod', 'of an unknown SPS', '40', 'ERR_SPS_MISSING@0'),
  of('bufferingPeriod', 'cut short', '80 10', 'ERR_SEI_PAYLOAD_TRUNCATED@2'),
  of('bufferingPeriod', 'with an id of 32', '0420', 'ERR_SEI_PAYLOAD_VALUE@0'),
  of('picTiming', 'a frame without a time stamp', '00404040'),
  of('picTiming', 'a frame with a full time stamp', '004040b0418ec7bf60'),
  of('picTiming', 'two fields with short time stamps', '004043b00188b19db0018760'),
  of('picTiming', 'cut short', '00', 'ERR_SEI_PAYLOAD_TRUNCATED@1'),
  of('picTiming', 'with a pic_struct of 9', '00401900', 'ERR_SEI_PAYLOAD_VALUE@2'),
  of('recoveryPoint', 'at once, exact', 'c4'),
  of('recoveryPoint', 'cut short', '', 'ERR_SEI_PAYLOAD_TRUNCATED@0'),
  of('recoveryPoint', 'too far', '000080 008000', 'ERR_SEI_PAYLOAD_VALUE@0'),
  of('userDataRegistered', 'captions', 'b5 0031 47413934 03 41 ff fc9420 ff'),
  of('userDataRegistered', 'of another country', 'ff 01 0203'),
  of('userDataRegistered', 'without a country', '', 'ERR_SEI_PAYLOAD_TRUNCATED@0'),
  of('userDataRegistered', 'without the extension of the country', 'ff', 'ERR_SEI_PAYLOAD_TRUNCATED@1'),
  of('precisionTimeStamp', 'locked', `${MISP} 1f 0006ff269eff7cc3ff4240`),
  of('precisionTimeStamp', 'without a UUID', MISP.slice(2), 'ERR_USER_DATA_SHORT@15'),
  of('precisionTimeStamp', 'cut short', `${MISP} 1f 0006ff269eff7cc3ff42`, 'ERR_MISB_SHORT@27'),
  of('precisionTimeStamp', 'without its FF bytes', `${MISP} 1f 0006ff269e007cc3ff4240`, 'ERR_MISB_MARKER@22'),
  of(
    'bpm',
    'a time stamp of each type',
    `${BPM_TS} 02 0101 3200 0202 0000018fce27cf80 0303 00000000000f4240`,
  ),
  of('bpm', 'counters', `${BPM_SM} 00 0101 3200 01 01 0000003c 09 00000001`),
  of('bpm', 'other user data', `${UUID} 00`),
  of('bpm', 'cut short', `${BPM_SM} 00 0101 3200`, 'ERR_BPM_TRUNCATED@21'),
  of('bpm', 'a time stamp of type 4', `${BPM_TS} 00 0401`, 'ERR_BPM_VALUE@17'),
];
