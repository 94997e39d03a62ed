import type { Random } from '../lib/random.ts';
import { escapeByBytes, unescapeByBytes } from '../reference/escape.ts';
import { concat, joinSei, type Message, splitSei } from '../reference/framing.ts';
import { mutateBytes } from './bytes.ts';

/** Types that have a reader, their neighbours, and those that need chained bytes. */
const TYPES = [0, 1, 2, 3, 4, 5, 6, 45, 47, 129, 132, 136, 137, 144, 147, 254, 255, 256, 511];

/**
 * Changes the messages of an SEI NAL unit and frames them anew, so that the change is met behind the framing; now
 * and then the framing itself is what is wrong.
 * @param headerBytes 1 in H.264, 2 in HEVC.
 */
export function mutateSeiNal(
  nal: Uint8Array,
  random: Random,
  pool: readonly Message[],
  headerBytes: number,
): Uint8Array {
  const messages = splitSei(unescapeByBytes(nal.subarray(headerBytes)));
  const changed = mutateMessages(messages, random, pool);
  const rbsp = joinSei(changed);
  return concat([nal.subarray(0, headerBytes), escapeByBytes(spoiled(rbsp, random))]);
}

function mutateMessages(given: readonly Message[], random: Random, pool: readonly Message[]): Message[] {
  const messages = [...given];
  const from = (): Message =>
    pool.length > 0 ? random.pick(pool) : { type: random.pick(TYPES), payload: random.bytes(random.int(40)) };
  if (messages.length === 0) return [from()];
  const at = random.int(messages.length);
  const message = messages[at]!;
  switch (random.int(8)) {
    case 0:
      messages[at] = { ...message, type: random.pick(TYPES) };
      break;
    case 1:
      messages.splice(at, 0, from());
      break;
    case 2:
      messages.splice(at, 1);
      break;
    case 3:
      messages.splice(at, 0, message);
      break;
    case 4:
      messages[at] = { ...message, payload: resized(message.payload, random) };
      break;
    default:
      messages[at] = { ...message, payload: mutateBytes(message.payload, random, from().payload) };
  }
  return messages;
}

/** Around the sizes that are chained: 254, 255, 256, 510. */
function resized(payload: Uint8Array, random: Random): Uint8Array {
  const size = random.pick([0, 1, 15, 16, 17, 254, 255, 256, 510, payload.length + 1, payload.length - 1]);
  const out = new Uint8Array(Math.max(0, size));
  out.set(payload.subarray(0, out.length));
  return out;
}

/** Mostly as it is. */
function spoiled(rbsp: Uint8Array, random: Random): Uint8Array {
  if (!random.chance(0.12)) return rbsp;
  switch (random.int(4)) {
    case 0:
      return rbsp.subarray(0, -1);
    case 1:
      return concat([rbsp, new Uint8Array(1 + random.int(4))]);
    case 2:
      return rbsp.subarray(0, random.int(rbsp.length));
    default:
      return mutateBytes(rbsp, random, rbsp);
  }
}
