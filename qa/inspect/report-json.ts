import type { CueStamp } from '../../cues/wire/index.ts';
import type { InspectedSei, InspectedUnit } from './unit-reader.ts';

/** One access unit as one line of `framecue inspect --json`, without a line end. */
export function jsonLineOf(unit: InspectedUnit): string {
  const { index, pts, dts, isKeyframe, nalUnits, sei, lint } = unit;
  return JSON.stringify({ index, pts, dts, isKeyframe, nalUnits, sei: sei.map(jsonSei), lint });
}

function jsonSei({ payloadType, payloadSize, payload, uuid, decoded, stamp }: InspectedSei): object {
  return {
    payloadType,
    payloadSize,
    payloadHex: Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('hex'),
    ...(uuid === null ? {} : { uuid }),
    decoded: stamp === null ? decoded : jsonStamp(stamp),
  };
}

/** Our own stamp: what its lines say. `verified` only where keys were given. */
function jsonStamp(read: NonNullable<InspectedSei['stamp']>): object {
  if (read.kind === 'unreadable') {
    return { kind: 'framecueStamp', stamp: 'unreadable', code: read.code, text: read.text };
  }
  const { stamp, verified } = read;
  if (stamp.kind === 'clock') return { kind: 'framecueStamp', stamp: 'clock', head: stamp.head };
  return {
    kind: 'framecueStamp',
    stamp: 'cue',
    head: stamp.head,
    cue: stamp.body,
    signature: stamp.signature,
    ...firePtsOf(stamp),
    ...(verified === null ? {} : { verified }),
  };
}

const firePtsOf = ({ head }: CueStamp): { firePts?: number } =>
  head.pts === undefined ? {} : { firePts: head.pts + head.fireIn };
