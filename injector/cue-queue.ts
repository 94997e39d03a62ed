import type { Landing, PreparedCue, StampEvent } from '../cues/cue.ts';
import type { NalLengthSize } from '../h264-sei-parser/src/index.ts';
import type { ClockReading } from '../packet/held-clock.ts';
import { type Milliseconds, type UnixMicroseconds, unixMsToUs, us } from '../packet/time.ts';
import { type CueEntry, type CueStep, isExpired, type MomentTiming, newEntry } from './cue-entry.ts';

/** An access unit that was written. */
export interface PassedFrame {
  readonly epoch: string;
  readonly frame: number;
  readonly at: UnixMicroseconds;
  readonly pts: Milliseconds;
}

/** The cues of one epoch, waiting or open, and what is told of them. */
export class CueQueue {
  readonly #maxCues: number;
  readonly #emit: (event: StampEvent) => void;
  readonly #cues = new Map<string, CueEntry>();

  constructor(maxCues: number, emit: (event: StampEvent) => void) {
    this.#maxCues = maxCues;
    this.#emit = emit;
  }

  get size(): number {
    return this.#cues.size;
  }

  entries(): IterableIterator<CueEntry> {
    return this.#cues.values();
  }

  clear(): void {
    this.#cues.clear();
  }

  /** For replays: entries as another queue held them. */
  resume(entries: readonly CueEntry[]): void {
    this.#cues.clear();
    for (const entry of entries) this.#cues.set(entry.cue.id, { ...entry });
  }

  /** Takes a cue; the next access unit sees it. False when too many are held. A higher `rev` replaces a lower one. */
  add(cue: PreparedCue, now: ClockReading): boolean {
    const held = this.#cues.get(cue.id);
    if (held !== undefined && held.cue.rev >= cue.rev) return true;
    if (held === undefined && this.#cues.size >= this.#maxCues) return false;
    const leftUs = unixMsToUs(cue.exp) - now.unixUs;
    this.#cues.set(cue.id, newEntry(cue, us(now.monotonicUs + leftUs)));
    return true;
  }

  /** Takes a cue back. False when it has landed or is not held. */
  withdraw(id: string): boolean {
    const entry = this.#cues.get(id);
    if (entry === undefined || entry.state === 'landed') return false;
    return this.#cues.delete(id);
  }

  /** The access unit is written: the entry moves on, and what happened is told. */
  advance(entry: CueEntry, step: CueStep, { epoch, frame, at, pts }: PassedFrame): void {
    const { cue } = entry;
    const { id, rev } = cue;
    switch (step.kind) {
      case 'none':
        return;
      case 'end':
        this.#cues.delete(id);
        this.#emit({ kind: 'ended', id, rev });
        return;
      case 'stepped': {
        this.#cues.delete(id);
        const text = `The wall clock was set: its moment was ${Math.round(step.lateMs)} ms past when the next picture came.`;
        this.#emit({ kind: 'missed', id, rev, code: 'CLOCK_STEPPED', text });
        return;
      }
      case 'announce':
        entry.fire = step.fire;
        if (step.first) {
          entry.state = 'announcing';
          entry.repeatsLeft = cue.repeat;
          this.#emit({ kind: 'announced', id, rev, epoch, firePts: step.fire.pts });
        } else if (entry.repeatsLeft > 0) {
          entry.repeatsLeft--;
        }
        return;
      case 'copy':
        if (entry.repeatsLeft > 0) entry.repeatsLeft--;
        entry.opened ||= pts >= step.fire.pts;
        return;
      case 'land':
        entry.fire = step.fire;
        entry.picture = step.picture;
        entry.state = 'landed';
        entry.opened = pts >= step.fire.pts;
        entry.repeatsLeft = cue.repeat;
        this.#closeReferred(cue);
        this.#emit({
          kind: 'landed',
          id,
          rev,
          landing: {
            epoch,
            pts: step.picture,
            frame,
            stampedAtUs: at,
            fireAtUs: step.fire.at,
            markToStampMs: (at - unixMsToUs(cue.markedAt)) / 1000,
            errorMs: step.errorMs,
            choice: step.choice,
            ...(step.timing === null ? {} : receiptOf(step.timing)),
            outputs: {},
          },
        });
        return;
      default:
        step satisfies never;
    }
  }

  /** A stamp that no access unit of this stream can hold: waiting for another one would be waiting for ever. */
  giveUp({ cue, state }: CueEntry, bytes: number, lengthSize: NalLengthSize): void {
    const { id, rev } = cue;
    this.#cues.delete(id);
    if (state === 'landed') this.#emit({ kind: 'ended', id, rev });
    else {
      const text = `Its stamp has ${bytes} bytes, and the stream's NAL unit lengths have ${lengthSize} byte.`;
      this.#emit({ kind: 'missed', id, rev, code: 'STAMP_TOO_LARGE', text });
    }
  }

  /** No client fires a cue after `exp`, so none is stamped after it. */
  expire(now: ClockReading, pts: Milliseconds): void {
    for (const [id, entry] of this.#cues) {
      if (!isExpired(entry, now)) continue;
      const { cue, state } = entry;
      this.#cues.delete(id);
      const { rev } = cue;
      if (state === 'landed') this.#emit({ kind: 'ended', id, rev });
      else {
        const text = `Its moment had not come when it expired (PTS ${pts}).`;
        this.#emit({ kind: 'missed', id, rev, code: 'EXPIRED', text });
      }
    }
  }

  /** A lock or cancel ends the opening cue's copies on keyframes; a reveal comes after its lock. */
  #closeReferred(cue: PreparedCue): void {
    // A cue that is voided is told of under its own id until its end.
    if (cue.ref === undefined || cue.ref === cue.id || cue.type === 'interaction.open') return;
    const opened = this.#cues.get(cue.ref);
    if (opened?.state === 'landed' && opened.cue.ref !== opened.cue.id) opened.closed = true;
  }
}

const receiptOf = (timing: MomentTiming): Pick<Landing, 'timing' | 'timingErrorMs' | 'encoderClock'> => ({
  timing: timing.by,
  ...(timing.by === 'stamp' ? {} : { timingErrorMs: timing.errorMs }),
  // A recorded state of an earlier build does not say it.
  ...(timing.encoderClock ? { encoderClock: timing.encoderClock } : {}),
});
