import { BY_SEI, type Told } from '../src/carriers/told.ts';
import type { KnownCue } from '../src/scheduler/cue-entry.ts';
import { CueScheduler } from '../src/scheduler/scheduler.ts';
import { PlayerTimeline } from '../src/scheduler/timeline.ts';
import type { CloseReason, CueOutcome, FiredCue } from '../src/types.ts';

/** Unix milliseconds at monotonic 0. */
export const UNIX_ZERO_MS = 1_800_000_000_000;
export const FRAME_MS = 40;

export interface CueSpec {
  readonly id?: string;
  readonly rev?: number;
  readonly type?: KnownCue['facts']['type'];
  readonly ref?: string;
  readonly durationMs?: number;
  readonly alignAt?: number;
  readonly exp?: number;
  /** Fire PTS in player time; stream time is 100,000 ms ahead of it. */
  readonly fire: number;
  readonly epoch?: string;
  readonly data?: KnownCue['data'];
  /** Null: no stamp told the stream PTS. */
  readonly streamFire?: number | null;
}

export const STREAM_OFFSET_MS = 100_000;

/** A scheduler on clocks that a test moves, with all that it said. */
export class Rig {
  nowMs = 0;
  synced = true;
  errorMs = 1;
  /** The device's own wall clock is off by this. */
  localErrorMs = 0;
  readonly fired: FiredCue[] = [];
  readonly closed: { readonly id: string; readonly why: CloseReason; readonly atMs: number }[] = [];
  readonly updated: FiredCue[] = [];
  readonly outcomes: CueOutcome[] = [];
  onFired: ((cue: FiredCue) => void) | null = null;
  onClosed: (() => void) | null = null;
  readonly scheduler: CueScheduler;
  #presented = 0;

  constructor(options: { readonly maxDelayMs?: number; readonly maxCues?: number } = {}) {
    this.scheduler = new CueScheduler(
      {
        monotonicMs: () => this.nowMs,
        unix: () => ({
          ms: UNIX_ZERO_MS + this.nowMs + (this.synced ? 0 : this.localErrorMs),
          errorMs: this.synced ? this.errorMs : 0,
          synced: this.synced,
        }),
      },
      {
        fired: (cue) => {
          this.fired.push(cue);
          this.onFired?.(cue);
        },
        closed: (cue, why) => {
          this.closed.push({ id: cue.id, why, atMs: this.nowMs });
          this.onClosed?.();
        },
        updated: (cue) => this.updated.push(cue),
        outcome: (outcome) => this.outcomes.push(outcome),
      },
      { maxDelayMs: 30_000, ...options },
    );
  }

  player(path: 'flv' | 'ws' | 'hls' = 'flv'): PlayerTimeline {
    const timeline = new PlayerTimeline(this.nowMs, () => path);
    this.scheduler.addTimeline(timeline);
    return timeline;
  }

  /** A clock stamp: the player learns its offset. */
  clockStamp(
    timeline: PlayerTimeline,
    playerPts: number,
    epoch = 'e1',
    offset = STREAM_OFFSET_MS,
    told: Told = BY_SEI,
  ): void {
    const at = (UNIX_ZERO_MS + this.nowMs) * 1000;
    timeline.stamped(playerPts, { epoch, at, pts: playerPts + offset }, this.nowMs, told);
  }

  stamp(timeline: PlayerTimeline, spec: CueSpec, copyPts = spec.fire, told: Told = BY_SEI): void {
    this.clockStamp(timeline, copyPts, spec.epoch, STREAM_OFFSET_MS, told);
    this.scheduler.learn(
      this.known(spec, {
        kind: 'stamp',
        timeline,
        generation: timeline.generation,
        playerFireMs: spec.fire,
        told,
        stamp: copyPts >= spec.fire ? `stamp of ${spec.id ?? 'c'} at ${copyPts}` : null,
      }),
    );
  }

  feed(spec: CueSpec, elapsedMs = 0): void {
    this.scheduler.learn(this.known(spec, { kind: 'events', elapsedMs }));
  }

  known(spec: CueSpec, from: KnownCue['from']): KnownCue {
    return {
      facts: {
        id: spec.id ?? 'c',
        rev: spec.rev ?? 0,
        type: spec.type ?? 'interaction.open',
        ref: spec.ref,
        durationMs: spec.durationMs,
        alignAt: spec.alignAt,
        exp: spec.exp ?? UNIX_ZERO_MS + 3_600_000,
      },
      data: spec.data === undefined ? { interaction: 'q' } : spec.data,
      // Player time runs with the clock in these tests: what is shown at 5,000 passed the injector then.
      fireAtUs: (UNIX_ZERO_MS + spec.fire) * 1000,
      epoch: spec.epoch ?? 'e1',
      streamFireMs: spec.streamFire === undefined ? spec.fire + STREAM_OFFSET_MS : spec.streamFire,
      from,
    };
  }

  frame(timeline: PlayerTimeline, pts: number): void {
    timeline.presented(pts, this.nowMs, ++this.#presented);
    this.scheduler.pictureShown();
  }

  /** Frames one after another, in real time, up to and including `to`; `from` is the first one. */
  play(timeline: PlayerTimeline, from: number, to: number): void {
    for (let pts = from; pts <= to; pts += FRAME_MS) {
      this.frame(timeline, pts);
      if (pts + FRAME_MS <= to) this.nowMs += FRAME_MS;
    }
  }

  /** Time passes in steps of a tick. */
  wait(ms: number): void {
    for (let left = ms; left > 0; left -= 250) {
      this.nowMs += Math.min(250, left);
      this.scheduler.tick();
    }
  }

  get firedIds(): string[] {
    return this.fired.map((cue) => cue.id);
  }

  /** `id outcome reason`, in order. */
  get story(): string[] {
    return this.outcomes.map((o) => [o.cue, o.outcome, o.reason].filter((part) => part !== null).join(' '));
  }
}
