import type { Random } from '../lib/random.ts';
import { concat } from '../reference/framing.ts';
import { mutateBytes } from './bytes.ts';

const TS_BYTES = 188;

/** One change to an MPEG-TS stream that leaves its packets in step: 188 bytes each, sync byte first. */
export function mutateTs(data: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const packets = inBlocks(data, TS_BYTES);
  const at = random.int(packets.length);
  const packet = packets[at];
  if (packet === undefined) return mutateBytes(data, random, other);
  switch (random.int(6)) {
    case 0:
      packets.splice(at, 1);
      break;
    case 1:
      packets.splice(at, 0, packet);
      break;
    case 2:
      packets.splice(at, 0, ...inBlocks(other, TS_BYTES).slice(0, 1 + random.int(3)));
      break;
    case 3: {
      // The header: flags, PID, adaptation field control, continuity counter, adaptation field length.
      const head = packet.slice();
      head[1 + random.int(5)] = random.int(256);
      packets[at] = head;
      break;
    }
    default: {
      const changed = packet.slice();
      for (let i = 1 + random.int(4); i > 0; i--) changed[4 + random.int(TS_BYTES - 4)] = random.int(256);
      packets[at] = changed;
    }
  }
  return concat(packets);
}

interface Box {
  readonly type: Uint8Array;
  readonly body: Uint8Array;
}

const CONTAINERS = ['moov', 'trak', 'mdia', 'minf', 'stbl', 'mvex', 'moof', 'traf', 'edts', 'dinf'];
const MOST_DEPTH = 8;

/** One change to a box of an MP4 file, at any depth, the sizes around it written anew. */
export function mutateMp4(data: Uint8Array, random: Random, other: Uint8Array, depth = 0): Uint8Array {
  const boxes = boxesOf(data);
  if (boxes.length === 0) return mutateBytes(data, random, other);
  const at = random.int(boxes.length);
  const box = boxes[at]!;
  const isContainer = CONTAINERS.includes(Buffer.from(box.type).toString('latin1'));
  const choice = random.int(10);
  if (isContainer && depth < MOST_DEPTH && random.chance(0.85)) {
    boxes[at] = { ...box, body: mutateMp4(box.body, random, other, depth + 1) };
  } else if (choice === 0) boxes.splice(at, 1);
  else if (choice === 1) boxes.splice(at, 0, box);
  else boxes[at] = { ...box, body: mutateBytes(box.body, random, box.body) };
  return concat(boxes.flatMap(({ type, body }) => [sizeOf(body.length + 8), type, body]));
}

function boxesOf(data: Uint8Array): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= data.length; ) {
    const size = new DataView(data.buffer, data.byteOffset + at).getUint32(0);
    if (size < 8 || at + size > data.length) return [];
    boxes.push({ type: data.subarray(at + 4, at + 8), body: data.subarray(at + 8, at + size) });
    at += size;
  }
  return boxes;
}

function sizeOf(size: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, size);
  return bytes;
}

function inBlocks(data: Uint8Array, size: number): Uint8Array[] {
  const count = Math.floor(data.length / size);
  return Array.from({ length: count }, (_, i) => data.subarray(i * size, (i + 1) * size));
}
