import type { Corpus } from '../lib/corpus.ts';
import type { Random } from '../lib/random.ts';
import type { Kind } from '../lib/target.ts';
import {
  concat,
  joinAnnexB,
  joinAvcc,
  type LengthSize,
  splitAnnexB,
  splitAvcc,
} from '../reference/framing.ts';
import { mutateMp4, mutateTs } from './blocks.ts';
import { mutateBytes } from './bytes.ts';
import { mutateFlv } from './flv.ts';
import { mutateGolomb } from './golomb.ts';
import { mutateNal, mutateNals, type NalSupply } from './nals.ts';
import { mutateSeiNal } from './sei.ts';
import { mutateText } from './text.ts';

/** No input is longer: every seed is far shorter, and time goes into many inputs rather than long ones. */
export const MOST_BYTES = 16_384;

const LENGTH_SIZES = [1, 2, 4, 4] as const;
export const lengthSizeOf = (choice: number): LengthSize => LENGTH_SIZES[choice & 3]!;

/** Makes inputs of a kind out of seeds: some changes that keep the framing, some that do not know of it. */
export class Mutator {
  readonly #h264: NalSupply;
  readonly #hevc: NalSupply;

  constructor({ nals, messages }: Corpus) {
    this.#h264 = { codec: 'h264', nals: nals.h264, messages };
    this.#hevc = { codec: 'hevc', nals: nals.hevc, messages };
  }

  /** 1 to 5 changes to a seed; every fiftieth input is of random bytes. */
  input(kind: Kind, seeds: readonly Uint8Array[], random: Random): Uint8Array {
    if (random.chance(0.02)) return random.bytes(random.int(300));
    let data: Uint8Array = random.pick(seeds);
    const blind = kind === 'program' ? 1 : 0.12;
    do {
      const other = random.pick(seeds);
      data = random.chance(blind)
        ? mutateBytes(data, random, other)
        : this.#change(kind, data, random, other);
    } while (random.chance(0.45));
    return data.length > MOST_BYTES ? data.subarray(0, MOST_BYTES) : data;
  }

  #change(kind: Kind, data: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
    switch (kind) {
      case 'annex-b':
        return joinAnnexB(mutateNals(splitAnnexB(data), random, this.#h264), 1 + random.int(4));
      case 'hevc':
        return joinAnnexB(mutateNals(splitAnnexB(data), random, this.#hevc), 1 + random.int(4));
      case 'avcc':
        return this.#changeAvcc(data, random);
      case 'sei':
        return mutateSeiNal(data, random, this.#h264.messages, 1);
      case 'nal':
        return mutateNal(data, random, this.#h264);
      case 'payload':
        return random.chance(0.1)
          ? concat([Uint8Array.of(random.pick(this.#h264.messages).type), data.subarray(1)])
          : concat([data.subarray(0, 1), mutateBytes(data.subarray(1), random, other)]);
      case 'flv':
        return mutateFlv(data, random, other, this.#h264);
      case 'ts':
        return mutateTs(data, random, other);
      case 'mp4':
        return mutateMp4(data, random, other);
      case 'record':
        return this.#changeRecord(data, random, other);
      case 'aac':
        return random.chance(0.5) ? mutateGolomb(data, random) : mutateBytes(data, random, other);
      case 'stamp':
        return mutateText(data, random, other);
      case 'program':
        return mutateBytes(data, random, other);
      default:
        return kind satisfies never;
    }
  }

  #changeAvcc(data: Uint8Array, random: Random): Uint8Array {
    if (data.length === 0) return Uint8Array.of(3);
    const { nals } = splitAvcc(data.subarray(1), lengthSizeOf(data[0]!));
    const choice = random.chance(0.1) ? random.int(4) : data[0]!;
    return concat([
      Uint8Array.of(choice),
      joinAvcc(mutateNals(nals, random, this.#h264), lengthSizeOf(choice)),
    ]);
  }

  /** The parameter sets of an avcC changed, with the lengths before them. */
  #changeRecord(data: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
    const spsBytes = data.length > 8 ? data[6]! * 256 + data[7]! : 0;
    const spsEnd = 8 + spsBytes;
    if (spsBytes === 0 || spsEnd > data.length || random.chance(0.3)) return mutateBytes(data, random, other);
    const sps = mutateNal(data.subarray(8, spsEnd), random, this.#h264);
    const head = Uint8Array.from(data.subarray(0, 8));
    head[6] = sps.length >> 8;
    head[7] = sps.length;
    return concat([head, sps, data.subarray(spsEnd)]);
  }
}
