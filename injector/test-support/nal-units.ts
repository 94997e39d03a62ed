import {
  BpmEvent,
  bpmMessage,
  type NalLengthSize,
  nalUnitsOfAvcc,
  userDataMessage,
  uuidFromText,
  writeAvccNal,
  writeSeiNal,
} from '../../h264-sei-parser/src/index.ts';
import type { AvcFramePacket, MediaPacket } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';

export const AUD = Uint8Array.of(0x09, 0xf0);
export const IDR = Uint8Array.of(0x65, 0x88, 0x84, 1);
/** Of the same picture: `first_mb_in_slice` is not 0. */
export const IDR_SECOND = Uint8Array.of(0x65, 0x40, 0x84, 2);
export const SLICE = Uint8Array.of(0x41, 0x9a, 7);
export const SLICE_SECOND = Uint8Array.of(0x41, 0x40, 8);
export const END_OF_SEQUENCE = Uint8Array.of(0x0a);
export const END_OF_STREAM = Uint8Array.of(0x0b);
export const FILLER = Uint8Array.of(0x0c, 0xff, 0xff, 0x80);
export const PREFIX = Uint8Array.of(0x6e, 0x40, 0x80, 0x07);
export const SLICE_EXTENSION = Uint8Array.of(0x74, 0x40, 0x80, 0x07, 1);
export const AUXILIARY = Uint8Array.of(0x13, 0x88, 1);
export const PARTITION_A = Uint8Array.of(0x42, 0x9a, 1);
export const PARTITION_B = Uint8Array.of(0x43, 0x9a, 2);
export const PARTITION_C = Uint8Array.of(0x44, 0x9a, 3);
export const SPS = Uint8Array.from(Buffer.from('6742c00bd90a0cb808800000030080000019078a152400', 'hex'));
export const PPS = Uint8Array.from(Buffer.from('68cb83cb20', 'hex'));

/** `buffering_period` and `pic_timing`; what they say is of no matter here. */
export const BUFFERING_PERIOD = writeSeiNal([{ payloadType: 0, payload: Uint8Array.of(0x80, 0, 0, 3) }]);
export const PIC_TIMING = writeSeiNal([{ payloadType: 1, payload: Uint8Array.of(0x12) }]);
export const RECOVERY_POINT = writeSeiNal([{ payloadType: 6, payload: Uint8Array.of(0xc4) }]);
export const X264_INFO = writeSeiNal([
  userDataMessage(uuidFromText('dc45e9bd-e6d9-48b7-962c-d820d923eeef'), Uint8Array.of(0, 0, 1, 0, 0, 0, 3)),
]);

/** The three SEI NAL units that OBS writes on keyframes, in its order: TS, SM, ERM. */
export function bpmUnits(composited = '2024-05-31T12:26:03.591Z'): Uint8Array[] {
  const times = [{ type: 'rfc3339', event: BpmEvent.composited, text: composited }] as const;
  const counters = (count: number) => Array.from({ length: count }, (_, i) => ({ tag: i + 1, delta: 60 }));
  return [
    bpmMessage({ kind: 'TS', times }),
    bpmMessage({ kind: 'SM', times, counters: counters(4) }),
    bpmMessage({ kind: 'ERM', times, counters: counters(3) }),
  ].map((message) => writeSeiNal([message]));
}

/** As OBS sends it: a keyframe's BPM behind its slices, in the same tag. */
export const likeObs = (packet: MediaPacket): MediaPacket =>
  packet.kind === 'avc-frame' && packet.isKeyframe
    ? { ...packet, data: Uint8Array.from([...packet.data, ...avcc(bpmUnits())]) }
    : packet;

export function avcc(units: readonly Uint8Array[], lengthSize: NalLengthSize = 4): Uint8Array {
  const out = new Uint8Array(units.reduce((sum, unit) => sum + lengthSize + unit.length, 0));
  let at = 0;
  for (const unit of units) at = writeAvccNal(out, at, unit, lengthSize);
  return out;
}

export const unitsOf = (data: Uint8Array, lengthSize: NalLengthSize = 4): Uint8Array[] =>
  Array.from(nalUnitsOfAvcc(data, lengthSize), ({ start, end }) => data.subarray(start, end));

export const frame = (
  data: Uint8Array,
  more: Partial<Pick<AvcFramePacket, 'dts' | 'compositionOffset' | 'isKeyframe'>> = {},
): AvcFramePacket => ({
  kind: 'avc-frame',
  dts: ms(0),
  compositionOffset: ms(0),
  isKeyframe: false,
  data,
  ...more,
});
