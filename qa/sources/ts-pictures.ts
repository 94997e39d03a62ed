import { AnnexBSplitter } from './annexb-splitter.ts';
import type { VideoCodec } from './items.ts';
import { nalKindOf, nalTypeByte } from './nal-kinds.ts';

/** An access unit of a PES stream, and the PES packet whose time it has. */
export interface PesUnit<Pes> {
  /** Bytes of PES payload before it, since the stream began. */
  readonly offset: number;
  readonly data: Uint8Array;
  readonly pes: Pes;
  /** Access units that had their time from that packet before: 0: it is this one's own. */
  readonly nth: number;
  /** `cut`: a part of one that is too large; `stray`: bytes without a start code. */
  readonly kind: 'whole' | 'cut' | 'stray';
}

interface Held<Pes> {
  readonly at: number;
  readonly pes: Pes;
  units: number;
}

/**
 * The access units of a video's PES packets, however they lie in them: several in one, one over several, or cut
 * anywhere. A PTS is that of the first access unit that begins in its packet, ISO/IEC 13818-1 clause 2.4.3.7. Two
 * fields of one frame are one.
 */
export class PesPictures<Pes> {
  readonly #codec: VideoCodec;
  readonly #splitter: AnnexBSplitter;
  #held: Held<Pes>[] = [];
  #bytes = 0;

  constructor(codec: VideoCodec, maxBytes: number) {
    this.#codec = codec;
    this.#splitter = new AnnexBSplitter(codec, maxBytes, { groupFields: true });
  }

  /** Bytes of payload so far. */
  get offset(): number {
    return this.#bytes;
  }

  /** The access units that end in this packet, or before it. */
  push(payload: Uint8Array, pes: Pes): PesUnit<Pes>[] {
    this.#held.push({ at: this.#bytes, pes, units: 0 });
    this.#bytes += payload.length;
    return this.#splitter.push(payload).map((unit) => this.#timed(unit));
  }

  /** All that is left: nothing is expected to go on behind it. */
  end(): PesUnit<Pes>[] {
    const units = this.#splitter.end().map((unit) => this.#timed(unit));
    this.#held = [];
    return units;
  }

  #timed({ offset, data, isCut }: ReturnType<AnnexBSplitter['push']>[number]): PesUnit<Pes> {
    const code = startCodeIn(data);
    let held = this.#holderOf(offset + Math.max(0, code));
    if (code !== -1 && held.units > 0) held = this.#laterHolder(offset, data, code) ?? held;
    const nth = held.units;
    if (code !== -1) held.units++;
    // What lies before is not asked for again.
    while (this.#held.length > 1 && this.#held[1]!.at <= offset) this.#held.shift();
    return { offset, data, pes: held.pes, nth, kind: isCut ? 'cut' : code === -1 ? 'stray' : 'whole' };
  }

  #holderOf(at: number): Held<Pes> {
    let holder = this.#held[0]!;
    for (const held of this.#held) if (held.at <= at) holder = held;
    return holder;
  }

  /**
   * SEI behind a picture's slices, at the end of its PES packet, belongs to the next picture, whose own packet comes
   * then and says its time.
   */
  #laterHolder(offset: number, data: Uint8Array, code: number): Held<Pes> | null {
    if (kindAt(data, code, this.#codec) !== 'sei') return null;
    for (let at = code; at !== -1; at = nextCode(data, at + 3)) {
      if (kindAt(data, at, this.#codec) === 'sei') continue;
      const holder = this.#holderOf(offset + at);
      return holder.units === 0 ? holder : null;
    }
    return null;
  }
}

const START_CODE = Buffer.from([0, 0, 1]);

function nextCode(data: Uint8Array, from: number): number {
  return Buffer.from(data.buffer, data.byteOffset, data.length).indexOf(START_CODE, from);
}

/** Where the first start code (of three bytes) is, if nothing but zero bytes comes before; else -1. */
function startCodeIn(data: Uint8Array): number {
  let at = 0;
  while (at < data.length && data[at] === 0) at++;
  return at >= 2 && data[at] === 1 ? at - 2 : -1;
}

const kindAt = (data: Uint8Array, code: number, codec: VideoCodec) =>
  nalKindOf(nalTypeByte(data[code + 3] ?? 0, codec), codec);
