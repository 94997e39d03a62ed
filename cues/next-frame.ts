import type { Milliseconds } from '../packet/time.ts';
import type { FrameChoice } from './cue.ts';

/** RTMP carries whole milliseconds: DTS and PTS are each rounded, so that their sums differ by up to this. */
const ROUNDING_MS = 2;
/** More pictures than any decoded picture buffer reorders (H.264 clause A.3.1: 16 frames). */
const REORDER_LIMIT = 32;

export interface NextFrame {
  readonly pts: Milliseconds;
  readonly choice: Extract<FrameChoice, 'next-in-presentation' | 'own-pts'>;
}

export interface PresentationOrderState {
  readonly offset: number | null;
  readonly open: readonly number[];
  readonly ahead: readonly number[];
  readonly passed: readonly number[];
  readonly forgotten: number;
  readonly trusted: boolean;
  readonly misfitInGop: boolean;
}

/**
 * Tells, for each access unit in decode order, the first picture in *presentation* order that has not passed.
 *
 * At a constant rate the DTS are the sorted PTS less D, the composition offset of the epoch's first keyframe. So
 * every access unit opens a *slot* at `dts + D`, every PTS fills the slot at its own time, and the smallest slot
 * that no passed picture has filled is the next picture to be shown. Where slots and PTS do not match (variable
 * rate, dropped frames) the answer is the access unit's own PTS until a whole GOP has matched again: never a
 * picture that has passed, later by the reorder depth at most.
 */
export class PresentationOrder {
  #offset: number | null = null;
  /** Ascending; slots that no passed picture has filled. */
  #open: number[] = [];
  /** PTS of passed pictures whose slot has not been opened: they are ahead in presentation order. */
  #ahead: number[] = [];
  /** PTS of passed pictures that a slot to come could still be mistaken for: see `#hasPassed`. */
  #passed: number[] = [];
  /** The latest PTS that `#passed` had no more room for. */
  #forgotten = Number.NEGATIVE_INFINITY;
  #trusted = true;
  #misfitInGop = false;

  /** What it has learnt; `resume` on another one goes on from there. */
  get state(): PresentationOrderState {
    return {
      offset: this.#offset,
      open: [...this.#open],
      ahead: [...this.#ahead],
      passed: [...this.#passed],
      forgotten: this.#forgotten,
      trusted: this.#trusted,
      misfitInGop: this.#misfitInGop,
    };
  }

  resume(state: PresentationOrderState): void {
    this.#offset = state.offset;
    this.#open = [...state.open];
    this.#ahead = [...state.ahead];
    this.#passed = [...state.passed];
    this.#forgotten = state.forgotten;
    this.#trusted = state.trusted;
    this.#misfitInGop = state.misfitInGop;
  }

  /** The latest PTS that has passed, where a picture before it may still come; null: none such. */
  get latestPassed(): Milliseconds | null {
    return this.#passed.length === 0 ? null : (Math.max(...this.#passed) as Milliseconds);
  }

  /** Call once for every access unit, in decode order, before it passes. */
  arrive(frame: {
    readonly dts: Milliseconds;
    readonly pts: Milliseconds;
    readonly isKeyframe: boolean;
  }): NextFrame {
    this.#offset ??= frame.pts - frame.dts;
    if (frame.isKeyframe && !this.#trusted) this.#retry();
    const slot = frame.dts + this.#offset;
    this.#openSlot(slot);
    const next = this.#open[0];
    // A picture is never decoded after its presentation: a slot before this DTS will stay empty for ever.
    const possible = next !== undefined && next >= frame.dts - ROUNDING_MS && !this.#hasPassed(next);
    const fits = possible && this.#fillSlot(frame.pts);
    if (!fits) this.#distrust();
    this.#pass(frame.pts, Math.min(slot, this.#open[0] ?? slot));
    return this.#trusted && fits
      ? { pts: next as Milliseconds, choice: 'next-in-presentation' }
      : { pts: frame.pts, choice: 'own-pts' };
  }

  #openSlot(slot: number): void {
    const passed = nearest(this.#ahead, slot);
    if (passed !== -1) {
      this.#ahead.splice(passed, 1);
      return;
    }
    let at = this.#open.length;
    while (at > 0 && this.#open[at - 1]! > slot) at--;
    this.#open.splice(at, 0, slot);
  }

  /** False when this PTS can belong to no slot, or more are out of order than a decoder could hold. */
  #fillSlot(pts: number): boolean {
    const slot = nearest(this.#open, pts);
    if (slot !== -1) {
      this.#open.splice(slot, 1);
      return true;
    }
    this.#ahead.push(pts);
    const newest = this.#open.at(-1);
    const behind = newest !== undefined && pts < newest - ROUNDING_MS;
    return !behind && this.#ahead.length <= REORDER_LIMIT && this.#open.length <= REORDER_LIMIT;
  }

  /**
   * Pictures closer together than the rounding can fill each other's slots: the slot that then stays open is that
   * of a picture which has passed.
   */
  #hasPassed(slot: number): boolean {
    return slot - ROUNDING_MS <= this.#forgotten || nearest(this.#passed, slot) !== -1;
  }

  /** No slot to come is before `firstSlot`. */
  #pass(pts: number, firstSlot: number): void {
    this.#passed = this.#passed.filter((passed) => passed >= firstSlot - ROUNDING_MS);
    this.#passed.push(pts);
    if (this.#passed.length <= 2 * REORDER_LIMIT) return;
    this.#forgotten = Math.max(this.#forgotten, this.#passed.shift()!);
  }

  #distrust(): void {
    this.#trusted = false;
    this.#misfitInGop = true;
    this.#open = [];
    this.#ahead = [];
  }

  /** At a keyframe every earlier access unit is also earlier in presentation: slots can start anew. */
  #retry(): void {
    if (!this.#misfitInGop) {
      this.#trusted = true;
      return;
    }
    this.#misfitInGop = false;
    this.#open = [];
    this.#ahead = [];
  }
}

function nearest(times: readonly number[], time: number): number {
  let best = -1;
  for (let i = 0; i < times.length; i++) {
    const distance = Math.abs(times[i]! - time);
    if (distance <= ROUNDING_MS && (best === -1 || distance < Math.abs(times[best]! - time))) best = i;
  }
  return best;
}
