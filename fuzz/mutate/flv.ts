import type { Random } from '../lib/random.ts';
import { concat, joinAvcc, joinFlv, splitAvcc, splitFlv, type Tag } from '../reference/framing.ts';
import { mutateBytes } from './bytes.ts';
import { mutateNals, type NalSupply } from './nals.ts';

const TIMES = [0, 1, 40, 0x7f_ffff, 0xff_ffff, 0x100_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const MOST_TAGS = 96;

/** One change to the tags of an FLV file, sizes and time fields written anew; now and then the framing is wrong. */
export function mutateFlv(
  data: Uint8Array,
  random: Random,
  other: Uint8Array,
  supply: NalSupply,
): Uint8Array {
  const tags = splitFlv(data);
  const others = splitFlv(other);
  const at = random.int(tags.length);
  const tag = tags[at];
  if (tag === undefined) return other;
  const isFull = tags.length >= MOST_TAGS;
  switch (random.int(isFull ? 6 : 8)) {
    case 0:
      tags.splice(at, 1);
      break;
    case 1: {
      const to = random.int(tags.length);
      [tags[at], tags[to]] = [tags[to]!, tag];
      break;
    }
    case 2:
      tags[at] = { ...tag, time: random.chance(0.5) ? random.pick(TIMES) : random.u32() };
      break;
    case 3:
      tags[at] = { ...tag, type: random.pick([8, 9, 18, 9, random.int(256)]) };
      break;
    case 4:
    case 5:
      tags[at] = { ...tag, body: mutateBody(tag, random, supply) };
      break;
    case 6:
      tags.splice(at, 0, tag);
      break;
    default:
      if (others.length > 0) tags.splice(at, 0, random.pick(others));
  }
  const joined = joinFlv(tags);
  return random.chance(0.06) ? mutateBytes(joined, random, other) : joined;
}

function mutateBody({ type, body }: Tag, random: Random, supply: NalSupply): Uint8Array {
  const isFrame = type === 9 && body.length > 5 && body[1] === 1;
  if (!isFrame || random.chance(0.3)) return mutateBytes(body, random, body);
  const head = Uint8Array.from(body.subarray(0, 5));
  if (random.chance(0.3)) head.set(random.bytes(3), 2);
  const { nals } = splitAvcc(body.subarray(5), 4);
  return concat([head, joinAvcc(mutateNals(nals, random, supply), 4)]);
}
