import type { PreparedCue } from '../cues/cue.ts';
import { formatClockStamp, formatCueStamp } from '../cues/wire/index.ts';
import type { NalLengthSize } from '../h264-sei-parser/src/index.ts';
import type { Milliseconds, UnixMicroseconds } from '../packet/time.ts';
import {
  type CaptureTimes,
  type CueEntry,
  type FrameMoment,
  type OverStep,
  rankOf,
  type StampStep,
  stepOf,
} from './cue-entry.ts';
import type { EpochState } from './epoch-state.ts';
import { chooseWithin, type Wish } from './stamp-budget.ts';
import { stampNal } from './stamp-nal.ts';
import type { UpstreamVerdict } from './upstream.ts';

/** A stamp that is due, and what it is of. */
export interface StampWish extends Wish {
  readonly text: string;
  readonly nal: Uint8Array;
  readonly of: 'clock' | 'upstream' | { readonly entry: CueEntry; readonly step: StampStep };
}

/** What one access unit is to carry. Nothing has changed yet: it may still turn out that it cannot be written. */
export interface StampPlan {
  readonly chosen: readonly StampWish[];
  /** For want of room; they are due again. */
  readonly postponed: readonly StampWish[];
  /** The stream's NAL unit lengths cannot tell them. */
  readonly tooLong: readonly StampWish[];
  /** Cues whose window is over, or whose moment the wall clock has passed over. */
  readonly over: readonly { readonly entry: CueEntry; readonly step: OverStep }[];
}

export interface PlanInput {
  readonly epoch: EpochState;
  readonly moment: FrameMoment;
  readonly at: UnixMicroseconds;
  readonly lengthSize: NalLengthSize;
  readonly budgetBytes: number;
  readonly clockStampEveryFrame: boolean;
  readonly cues: Iterable<CueEntry>;
  readonly captures: CaptureTimes;
  /** What came with the frame, judged. */
  readonly foreign: readonly UpstreamVerdict[];
}

export const NOTHING_TO_STAMP: StampPlan = { chosen: [], postponed: [], tooLong: [], over: [] };

/** Before all cues; it is small. */
const CLOCK_RANK = -1;
/** Among our own, see `rankOf`. */
const UPSTREAM_RANK = { fired: 2, announced: 4 };

/** Decides which stamps an access unit carries, as far as there is room. */
export function planStamps(input: PlanInput): StampPlan {
  const { epoch, moment, at, lengthSize } = input;
  const { pts } = moment;
  const wishes: StampWish[] = [];
  const tooLong: StampWish[] = [];
  const over: { readonly entry: CueEntry; readonly step: OverStep }[] = [];
  const wish = (text: string, rank: number, of: StampWish['of']): void => {
    const nal = stampNal(text);
    const bytes = nal.length + lengthSize;
    (nal.length < 2 ** (8 * lengthSize) ? wishes : tooLong).push({ text, nal, bytes, rank, of });
  };
  if (moment.isKeyframe || input.clockStampEveryFrame) {
    wish(formatClockStamp({ epoch: epoch.id, at, pts }), CLOCK_RANK, 'clock');
  }
  for (const verdict of input.foreign) {
    if (verdict.kind !== 'keep') continue;
    const { stamp, signatureLine } = verdict;
    const { fireIn, fireAt, key } = stamp.head;
    // Lines 2 and 3 and all that is relative to this frame are the upstream's; the timeline is ours.
    const head = { epoch: epoch.id, at, pts, fireIn, fireAt };
    const keyed = fireIn <= 0 && key !== undefined ? { ...head, key } : head;
    const rank = fireIn <= 0 ? UPSTREAM_RANK.fired : UPSTREAM_RANK.announced;
    wish(formatCueStamp(keyed, stamp.bodyText, signatureLine), rank, 'upstream');
  }
  for (const entry of input.cues) {
    const step = stepOf(entry, moment, epoch.anchor, input.captures);
    if (step.kind === 'none') continue;
    if (step.kind === 'end' || step.kind === 'stepped') over.push({ entry, step });
    else wish(cueText(entry.cue, step, { epoch: epoch.id, at, pts }), rankOf(entry, step), { entry, step });
  }
  const chosen = chooseWithin(wishes, input.budgetBytes);
  const postponed = chosen.length === wishes.length ? [] : wishes.filter((w) => !chosen.includes(w));
  return { chosen, postponed, tooLong, over };
}

function cueText(
  cue: PreparedCue,
  { kind, fire }: StampStep,
  { epoch, at, pts }: { readonly epoch: string; readonly at: UnixMicroseconds; readonly pts: Milliseconds },
): string {
  const fireIn = fire.pts - pts;
  const head = { epoch, at, pts, fireIn, fireAt: fire.at };
  // Nothing leaks early: the key travels from the landing on. With B-frames a picture that is shown after the moment
  // passes before it; until the cue has landed it can be taken back, and nobody may be able to open it then.
  const keyed = kind !== 'announce' && fireIn <= 0 && cue.key !== null ? { ...head, key: cue.key } : head;
  return formatCueStamp(keyed, cue.bodyText, cue.signatureLine);
}
