import { type CueStamp, parseStamp, type Stamp, StampError } from '../../../cues/wire/index.ts';
import { BY_SEI } from '../carriers/told.ts';
import type { KnownCue } from '../scheduler/cue-entry.ts';
import type { PlayerTimeline } from '../scheduler/timeline.ts';
import type { SeiSample } from '../sei/sample.ts';
import type { StampVerifier } from './verifier.ts';

export interface IntakeOptions {
  /** `app/name`: cues of others are refused. */
  readonly stream: string;
  readonly verifier: StampVerifier;
  readonly nowMs: () => number;
  /** This id and revision have had their end: nothing needs to be verified. */
  readonly isDone: (id: string, rev: number) => boolean;
  readonly onCue: (cue: KnownCue) => void;
  readonly onProblem: (code: string) => void;
}

/** A copy as it came: what it says of its place is only good for the player time it was read in. */
interface Copy {
  readonly stamp: CueStamp;
  readonly sample: SeiSample;
  readonly timeline: PlayerTimeline;
  readonly generation: number;
}

/** Copies that wait for the key they are signed with. */
const MAX_WAITING = 32;

/** From SEI messages to cues that are known to be good. Nothing that is wrong gets further, or throws. */
export class StampIntake {
  readonly #options: IntakeOptions;
  #waiting: Copy[] = [];

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  take(sample: SeiSample, timeline: PlayerTimeline): void {
    const stamp = this.#parse(sample.data);
    if (stamp === null) return;
    if (stamp.kind === 'cue' && stamp.body.stream !== this.#options.stream) {
      this.#options.onProblem('ERR_CLIENT_STREAM');
      return;
    }
    timeline.stamped(picturePtsOf(sample, stamp), stamp.head, this.#options.nowMs(), sample.told ?? BY_SEI);
    if (stamp.kind === 'clock' || this.#options.isDone(stamp.body.id, stamp.body.rev)) return;
    void this.#judge({ stamp, sample, timeline, generation: timeline.generation });
  }

  /** Other keys are known: those that waited are judged again. */
  retry(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const copy of waiting) void this.#judge(copy);
  }

  clear(): void {
    this.#waiting = [];
  }

  #parse(data: Uint8Array): Stamp | null {
    try {
      return parseStamp(data);
    } catch (error) {
      this.#options.onProblem(error instanceof StampError ? error.code : 'ERR_STAMP_FORMAT');
      return null;
    }
  }

  async #judge(copy: Copy): Promise<void> {
    const verdict = await this.#options.verifier.judge(copy.stamp);
    switch (verdict.kind) {
      case 'good':
        this.#options.onCue(knownCueOf(copy, verdict.cue.data));
        return;
      case 'unknown-key':
        this.#options.onProblem('ERR_CLIENT_KEY_UNKNOWN');
        if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift();
        this.#waiting.push(copy);
        return;
      case 'refused':
        this.#options.onProblem(verdict.code);
        return;
    }
  }
}

/** PTS, in player time, of the access unit that the text is about. */
const picturePtsOf = ({ ptsMs, isFire }: SeiSample, stamp: Stamp): number =>
  isFire === true && stamp.kind === 'cue' ? ptsMs - stamp.head.fireIn : ptsMs;

function knownCueOf({ stamp, sample, timeline, generation }: Copy, data: KnownCue['data']): KnownCue {
  const { head, body } = stamp;
  return {
    facts: body,
    data,
    fireAtUs: head.fireAt,
    epoch: head.epoch,
    streamFireMs: head.pts === undefined ? null : head.pts + head.fireIn,
    from: {
      kind: 'stamp',
      timeline,
      generation,
      playerFireMs: picturePtsOf(sample, stamp) + head.fireIn,
      told: sample.told ?? BY_SEI,
      stamp: head.fireIn <= 0 ? new TextDecoder().decode(sample.data) : null,
    },
  };
}
