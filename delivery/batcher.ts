import type { Scheduler } from './scheduler.ts';
import type { Tag } from './tag.ts';

export interface BatchTiming {
  /** See DeliverySettings. */
  readonly audioHoldMs: number;
  readonly holdMs: number;
}

/**
 * Gathers tags into batches: fewer, larger writes are what lets one core serve many viewers.
 *
 * Without `holdMs`, video goes at once and takes along the audio that waits for it; audio alone goes after
 * `audioHoldMs`. With `holdMs`, everything waits that long after the first. Either way a keyframe goes at once
 * and alone.
 */
export class Batcher {
  readonly #timing: BatchTiming;
  readonly #scheduler: Scheduler;
  readonly #emit: (tags: readonly Tag[]) => void;
  #pending: Tag[] = [];
  #cancelTimer: (() => void) | null = null;

  constructor(timing: BatchTiming, scheduler: Scheduler, emit: (tags: readonly Tag[]) => void) {
    this.#timing = timing;
    this.#scheduler = scheduler;
    this.#emit = emit;
  }

  add(tag: Tag): void {
    if (tag.isKeyframe) {
      this.flush();
      this.#emit([tag]);
      return;
    }
    this.#pending.push(tag);
    const { holdMs, audioHoldMs } = this.#timing;
    const waitMs = holdMs > 0 ? holdMs : tag.kind === 'aac-frame' ? audioHoldMs : 0;
    if (waitMs === 0) {
      this.flush();
    } else {
      this.#cancelTimer ??= this.#scheduler.after(waitMs, () => this.flush());
    }
  }

  /** Emits what waits. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#pending.length === 0) return;
    const tags = this.#pending;
    this.#pending = [];
    this.#emit(tags);
  }
}
