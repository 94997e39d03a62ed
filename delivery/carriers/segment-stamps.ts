import { type CarriedStamp, carriedStampOf, StampError } from '../../cues/wire/index.ts';
import { eventKeyOf } from './event-message.ts';

/** However many cues are open at once: a segment carries no more. */
const MAX_STAMPS = 256;

/** The stamps of one segment, each once: copies on the frames after it tell a player of files nothing more. */
export class SegmentStamps {
  readonly #byKey = new Map<string, CarriedStamp>();
  #hasClock = false;

  /** @param texts of one access unit, in decode order */
  add(texts: readonly string[]): void {
    for (const text of texts) {
      const carried = carriedOf(text);
      if (carried === null || this.#byKey.size >= MAX_STAMPS) continue;
      // One is enough to tell the time by; there may be one on every frame.
      if (carried.stamp.kind === 'clock' && this.#hasClock) continue;
      if (carried.stamp.kind === 'clock') this.#hasClock = true;
      const key = eventKeyOf(carried);
      if (!this.#byKey.has(key)) this.#byKey.set(key, carried);
    }
  }

  all(): readonly CarriedStamp[] {
    return [...this.#byKey.values()];
  }
}

function carriedOf(text: string): CarriedStamp | null {
  try {
    return carriedStampOf(text);
  } catch (error) {
    // Not one of this version: it stays what it is, SEI.
    if (error instanceof StampError) return null;
    throw error;
  }
}
