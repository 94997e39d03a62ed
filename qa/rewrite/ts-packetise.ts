import { TS_PACKET_BYTES, type TsPacket } from '../sources/ts-packet.ts';

const HEADER_BYTES = 4;
const PAYLOAD_FLAG = 0x10;
const ADAPTATION_FLAG = 0x20;
const UNIT_START_FLAG = 0x40;
const STUFFING = 0xff;

interface Source {
  readonly bytes: Uint8Array;
  readonly video: TsPacket;
}

/**
 * A PES packet as transport packets: in the places of those that it came in, with what their adaptation fields say
 * (PCR, random access), and more behind them where they are too few. ISO/IEC 13818-1 clause 2.4.3.
 * @param counter continuity_counter of the first packet with payload.
 */
export function packetise(pes: Uint8Array, sources: readonly Source[], counter: number): Uint8Array[] {
  const first = sources[0]!.bytes;
  const packets: Uint8Array[] = [];
  let at = 0;
  let next = counter;
  for (const { bytes } of sources) {
    const said = adaptationOf(bytes);
    const left = pes.length - at;
    // Of packets that are no longer needed only those stay whose adaptation field says something.
    if (left === 0 && said === null) continue;
    const taken = Math.min(left, TS_PACKET_BYTES - HEADER_BYTES - (said?.length ?? 0));
    packets.push(packetOf(bytes, pes.subarray(at, at + taken), said, next, at === 0 && taken > 0));
    if (taken > 0) next = (next + 1) & 15;
    at += taken;
  }
  while (at < pes.length) {
    const taken = Math.min(pes.length - at, TS_PACKET_BYTES - HEADER_BYTES);
    packets.push(packetOf(first, pes.subarray(at, at + taken), null, next, false));
    next = (next + 1) & 15;
    at += taken;
  }
  return packets;
}

/**
 * The adaptation field without its stuffing, length byte included; null where it is none, or nothing but stuffing.
 * Clause 2.4.3.4.
 */
function adaptationOf(packet: Uint8Array): Uint8Array | null {
  if ((packet[3]! & ADAPTATION_FLAG) === 0) return null;
  const length = packet[4]!;
  const flags = length === 0 ? 0 : packet[5]!;
  if (flags === 0) return null;
  let end = 6;
  if ((flags & 0x10) !== 0) end += 6; // PCR
  if ((flags & 0x08) !== 0) end += 6; // OPCR
  if ((flags & 0x04) !== 0) end += 1; // splice_countdown
  if ((flags & 0x02) !== 0) end += 1 + (packet[end] ?? 0); // private data
  if ((flags & 0x01) !== 0) end += 1 + (packet[end] ?? 0); // extension
  const field = packet.slice(HEADER_BYTES, Math.min(end, HEADER_BYTES + 1 + length, TS_PACKET_BYTES));
  field[0] = field.length - 1;
  return field;
}

function packetOf(
  like: Uint8Array,
  payload: Uint8Array,
  adaptation: Uint8Array | null,
  counter: number,
  startsUnit: boolean,
): Uint8Array {
  const packet = new Uint8Array(TS_PACKET_BYTES).fill(STUFFING);
  packet[0] = like[0]!;
  // transport_priority and PID are those of its stream.
  packet[1] = (like[1]! & ~UNIT_START_FLAG) | (startsUnit ? UNIT_START_FLAG : 0);
  packet[2] = like[2]!;
  const fieldBytes = TS_PACKET_BYTES - HEADER_BYTES - payload.length;
  // Without payload the counter stays that of the packet before, clause 2.4.3.3.
  const shown = payload.length > 0 ? counter : (counter + 15) & 15;
  packet[3] = (fieldBytes > 0 ? ADAPTATION_FLAG : 0) | (payload.length > 0 ? PAYLOAD_FLAG : 0) | shown;
  if (fieldBytes > 0) {
    if (adaptation !== null) packet.set(adaptation, HEADER_BYTES);
    else if (fieldBytes > 1) packet[HEADER_BYTES + 1] = 0;
    packet[HEADER_BYTES] = fieldBytes - 1;
  }
  packet.set(payload, TS_PACKET_BYTES - payload.length);
  return packet;
}
