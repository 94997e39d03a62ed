import type { Milliseconds } from '../packet/time.ts';
import type { Batch } from './batch.ts';
import { type Framing, joinParts } from './framing.ts';
import { openingBytes } from './stream-configs.ts';
import type { Tag } from './tag.ts';

/** Audio that old cannot belong to the moment of a keyframe. */
const LEAD_MAX_MS = 1_000;
const RECENT_AUDIO = 16;

/** One GOP so far, and how a viewer begins with it. */
export class Gop {
  readonly batches: Batch[];
  /** Audio before the keyframe, unbroken up to what follows it; empty where there is none. */
  readonly lead: readonly Tag[];
  bytes: number;
  packets: number;
  readonly #openings = new Map<Framing, Buffer>();

  constructor(keyframe: Batch, lead: readonly Tag[]) {
    this.batches = [keyframe];
    this.lead = lead;
    this.bytes = keyframe.byteLength;
    this.packets = keyframe.tagCount;
  }

  get keyframe(): Batch {
    return this.batches[0]!;
  }

  /** Of what a viewer who begins here gets first. */
  get startDts(): Milliseconds {
    return (this.lead[0] ?? this.keyframe).dts;
  }

  /** FLV header and configs, at the time of the first frame that follows; one buffer for all who join here. */
  opening(framing: Framing): Buffer {
    let opening = this.#openings.get(framing);
    if (opening === undefined) {
      opening = openingBytes(this.keyframe.configs, this.startDts, framing);
      this.#openings.set(framing, opening);
    }
    return opening;
  }

  leadBytes(framing: Framing): Buffer | null {
    if (this.lead.length === 0) return null;
    return joinParts(
      this.lead.map((tag) => tag.bytes),
      framing,
    );
  }
}

export interface GopLimits {
  readonly maxBytes: number;
  readonly maxPackets: number;
}

/**
 * The newest GOP, whole or not at all: one that outgrows its limits is forgotten until the next keyframe, because
 * deltas without their keyframe are worth nothing.
 */
export class GopCache {
  readonly #limits: GopLimits;
  #gop: Gop | null = null;
  #recentAudio: Tag[] = [];
  #largestBytes = 0;
  #overflows = 0;

  constructor(limits: GopLimits) {
    this.#limits = limits;
  }

  get gop(): Gop | null {
    return this.#gop;
  }

  /** The larger of the current and the last GOP, within the limit: what a viewer's queue must hold at least. */
  get gopBytes(): number {
    return Math.max(this.#largestBytes, this.#gop?.bytes ?? 0);
  }

  /** How often a GOP was forgotten for its size. */
  get overflows(): number {
    return this.#overflows;
  }

  /** Audio as it comes, before it is in any batch. */
  noteAudio(tag: Tag): void {
    this.#recentAudio.push(tag);
    if (this.#recentAudio.length > RECENT_AUDIO) this.#recentAudio.shift();
  }

  add(batch: Batch): void {
    if (batch.isKeyframe) {
      if (this.#gop !== null) this.#largestBytes = this.#gop.bytes;
      this.#gop = new Gop(batch, this.#leadOf(batch));
    } else if (this.#gop !== null) {
      this.#gop.batches.push(batch);
      this.#gop.bytes += batch.byteLength;
      this.#gop.packets += batch.tagCount;
    }
    const { maxBytes, maxPackets } = this.#limits;
    if (this.#gop !== null && (this.#gop.bytes > maxBytes || this.#gop.packets > maxPackets)) {
      this.#gop = null;
      this.#largestBytes = maxBytes;
      this.#overflows++;
    }
  }

  /** Nothing of before belongs to what comes now. */
  clear(): void {
    this.#gop = null;
    this.#recentAudio = [];
  }

  /** Forgets the audio: a new AAC configuration cannot decode it. */
  clearAudio(): void {
    this.#recentAudio = [];
  }

  /**
   * The last audio at or before the keyframe and all that came after it. A player takes its time base from what
   * it gets first, so this must not begin after the keyframe; and it must have no hole towards what follows.
   */
  #leadOf(keyframe: Batch): readonly Tag[] {
    let from = this.#recentAudio.length - 1;
    while (from >= 0 && this.#recentAudio[from]!.dts > keyframe.dts) from--;
    if (from < 0 || keyframe.dts - this.#recentAudio[from]!.dts > LEAD_MAX_MS) return [];
    return this.#recentAudio.slice(from);
  }
}
