import { type CueStamp, isVoiding } from '../../cues/wire/index.ts';
import { ms } from '../../packet/time.ts';
import type { FoundStamp, WantedCue } from './messages.ts';

/** Stamps of one epoch that lie farther apart than this leave out more than a keyframe interval. */
const GAP_US = 12_000_000;
/** A cue lands within this of the moment that it was meant for. */
const GRACE_US = 2_000_000;
/** Copies follow the first within this, so that the receipt can count them. */
const GATHER_US = 1_000_000;

/** A cue stamp, verified, in the picture at `framePts` of an output. */
export interface FoundCopy {
  readonly stamp: CueStamp;
  readonly framePts: number;
}

interface Found {
  readonly first: FoundCopy & { readonly streamPts: number };
  /** PTS on the output's timeline. */
  readonly firePts: number;
  readonly sinceUs: number;
  copies: number;
}

/**
 * Looks in one output for cues of which nobody knows whether they were stamped. What is found proves the landing;
 * what is not found proves something only where the output was read, with our stamps in it, past the moment.
 */
export class UncertainSearch {
  readonly #output: string;
  readonly #wanted: Map<string, WantedCue>;
  readonly #found = new Map<string, Found>();
  readonly #absent: string[] = [];
  /** Unix microseconds of stamps that follow each other in one epoch without a gap. */
  #run: { readonly epoch: string; readonly from: number; to: number } | null = null;

  /** @param wanted shared between outputs: what one settles no other looks for any more. */
  constructor(output: string, wanted: Map<string, WantedCue>) {
    this.#output = output;
    this.#wanted = wanted;
  }

  get isOver(): boolean {
    return this.#wanted.size === 0;
  }

  /** Any stamp of ours, in the order in which the output has them. */
  stamp(epoch: string, atUs: number): void {
    if (this.isOver) return;
    const run = this.#run;
    if (run?.epoch !== epoch || atUs - run.to > GAP_US || atUs < run.from) {
      this.#run = { epoch, from: atUs, to: atUs };
      return;
    }
    run.to = Math.max(run.to, atUs);
    for (const { id, acceptedAtUs, dueAtUs } of this.#wanted.values()) {
      if (dueAtUs === null || this.#found.has(id) || this.#absent.includes(id)) continue;
      if (run.from <= acceptedAtUs && run.to >= dueAtUs + GRACE_US) this.#absent.push(id);
    }
  }

  copy({ stamp, framePts }: FoundCopy, nowUs: number): void {
    const { id, rev } = stamp.body;
    const { pts: streamPts } = stamp.head;
    if (!this.#wanted.has(id) || streamPts === undefined || !provesLanding(stamp)) return;
    const found = this.#found.get(id);
    if (found === undefined) {
      const firePts = framePts + stamp.head.fireIn;
      const first = { stamp, framePts, streamPts };
      this.#found.set(id, { first, firePts, sinceUs: nowUs, copies: 1 });
    } else if (found.first.stamp.body.rev === rev && found.first.stamp.head.epoch === stamp.head.epoch) {
      found.copies++;
    }
  }

  /** What is settled now. */
  take(nowUs: number): { readonly found: { id: string; stamp: FoundStamp }[]; readonly absent: string[] } {
    const ready: { id: string; stamp: FoundStamp }[] = [];
    for (const [id, found] of this.#found) {
      if (nowUs - found.sinceUs < GATHER_US) continue;
      this.#found.delete(id);
      if (this.#wanted.delete(id)) ready.push({ id, stamp: this.#stampOf(found) });
    }
    const absent = this.#absent.splice(0).filter((id) => this.#wanted.delete(id));
    return { found: ready, absent };
  }

  #stampOf({ first, firePts, copies }: Found): FoundStamp {
    const { head, body } = first.stamp;
    const streamFirePts = first.streamPts + head.fireIn;
    return {
      rev: body.rev,
      epoch: head.epoch,
      firePts: streamFirePts,
      stampedAtUs: head.at,
      fireAtUs: head.fireAt,
      output: this.#output,
      receipt: {
        seen: 'sei',
        pts: ms(round(firePts)),
        offsetMs: round(firePts - streamFirePts),
        // A recording: when it arrived says nothing.
        delayMs: null,
        copies,
        carriers: [],
      },
    };
  }
}

/**
 * Copies that announce are sealed and without a key, and a cue that was announced can still be taken back. A key, or
 * data in the open, travels from the landing on alone. What voids a cue says nothing of whether it had landed.
 */
const provesLanding = ({ head, body }: CueStamp): boolean =>
  !isVoiding(body) && (head.key !== undefined || body.sealed === undefined);

const round = (value: number): number => Math.round(value * 1000) / 1000;
