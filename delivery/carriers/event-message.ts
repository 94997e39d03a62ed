import { type CarriedStamp, carrierIdOf, EMSG_SCHEME, EMSG_VALUE, writeId3 } from '../../cues/wire/index.ts';
import { fullBox, text, u32, u64 } from '../cmaf/boxes.ts';

/** `event_duration`: not known. */
const UNKNOWN_DURATION = 0xffff_ffff;

/**
 * A stamp as an event message of version 1 (ISO/IEC 23009-1 clause 5.10.3.3): its moment is the fire PTS (of a clock
 * stamp: its picture's), in ticks of the video track. Null where that lies before the timeline's zero, for which the
 * box has no way.
 */
export function eventMessage(carried: CarriedStamp, timescale: number): Uint8Array | null {
  const { stamp, eventPts } = carried;
  if (eventPts < 0) return null;
  const ticksOf = (ms: number): number => Math.round((ms * timescale) / 1000);
  const durationMs = stamp.kind === 'clock' ? 0 : stamp.body.durationMs;
  const duration =
    durationMs === undefined ? UNKNOWN_DURATION : Math.min(ticksOf(durationMs), UNKNOWN_DURATION - 1);
  return fullBox(
    'emsg',
    1,
    0,
    u32(timescale),
    u64(ticksOf(eventPts)),
    u32(duration, hash(eventKeyOf(carried))),
    text(`${EMSG_SCHEME}\0${EMSG_VALUE}\0`),
    writeId3(carried.text),
  );
}

/**
 * Messages with one key say the same to whoever reads one of them (the standard asks for one `id` then): the copies of
 * a cue's revision that are sealed, and those that are open.
 */
export const eventKeyOf = ({ stamp, eventPts, isOpen }: CarriedStamp): string =>
  stamp.kind === 'clock'
    ? `${carrierIdOf(stamp)} ${eventPts}`
    : `${carrierIdOf(stamp)} ${isOpen ? 'open' : 'sealed'}`;

/** FNV-1a, 32 bits. */
function hash(key: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) value = Math.imul(value ^ key.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
