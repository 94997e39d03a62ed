import type { EpochAnchor } from '../cues/anchor.ts';
import type { FrameChoice, PreparedCue } from '../cues/cue.ts';
import type { NextFrame } from '../cues/next-frame.ts';
import type { ClockReading } from '../packet/held-clock.ts';
import {
  type Microseconds,
  type Milliseconds,
  ms,
  type UnixMicroseconds,
  unixMsToUs,
} from '../packet/time.ts';
import type { ClockCheck } from './encoder-clock/clock-check.ts';

/** One access unit as the injector sees it. */
export interface FrameMoment {
  readonly pts: Milliseconds;
  readonly isKeyframe: boolean;
  readonly next: NextFrame;
  /** The latest picture in presentation order that has passed, this one included. */
  readonly latestPts: Milliseconds;
  /** Mean distance between pictures in this epoch, or null while unknown. */
  readonly frameMs: number | null;
  /** The same from however few pictures there are; null: from none. */
  readonly roughFrameMs: number | null;
  /** The epoch is so young that the rate cannot be known yet. */
  readonly isYoung: boolean;
}

/** Where a cue is to fire; the same in every copy. */
export interface FirePoint {
  readonly pts: Milliseconds;
  readonly at: UnixMicroseconds;
}

/** The picture of a moment, by when it was taken. */
export interface TakenPicture {
  /** Whether the publisher's clock says so, or arrival and the production latency. */
  readonly by: 'capture' | 'latency';
  readonly pts: Milliseconds;
  readonly errorMs: number;
}

/** When pictures were taken, as far as that is known. */
export interface CaptureTimes {
  /** The picture that was, or will be, taken then, and how far off that can be; null: go by when pictures pass. */
  pictureAt(wall: UnixMicroseconds): TakenPicture | null;
  captureOf(pts: Milliseconds, by: TakenPicture['by']): UnixMicroseconds | null;
  /** What is known of the publisher's clock beside itself; null where it says nothing. */
  readonly check: ClockCheck | null;
}

/** By which clock a wall-clock moment was turned into a picture, and what was known of the publisher's. */
export type MomentTiming = (
  | { readonly by: 'stamp' }
  | { readonly by: TakenPicture['by']; readonly errorMs: number }
) & { readonly encoderClock: ClockCheck | null };

/** A cue in the injector. States: waiting -> (announcing ->) landed; closed ones leave the queue. */
export interface CueEntry {
  readonly cue: PreparedCue;
  /** `exp` on the monotonic clock, as it was when the cue came: setting the wall clock ends nothing that is on its way. */
  readonly expiresAtUs?: Microseconds;
  state: 'waiting' | 'announcing' | 'landed';
  /** The PTS asked for, once it is known; null: the next picture. */
  target: Milliseconds | null;
  fire: FirePoint | null;
  /** Earliest picture at or after `fire` that has passed before it landed: others were still to come before it. */
  ahead?: Milliseconds;
  /** PTS of the picture that it landed on. */
  picture?: Milliseconds;
  /** Of a wall-clock moment, as it was when `fire` was fixed; null for other requests. */
  timing: MomentTiming | null;
  /** Copies still due on the access units that follow, whatever they are. */
  repeatsLeft: number;
  /** True once an access unit has passed before the moment asked for. */
  waited: boolean;
  /** It has landed, and a copy that anybody can open has passed. */
  opened: boolean;
  /** A lock, reveal or cancel has landed: no more copies on keyframes. */
  closed: boolean;
  /** A copy was due and there was no room for it: the next access unit carries it. */
  owed: boolean;
}

export const newEntry = (cue: PreparedCue, expiresAtUs: Microseconds): CueEntry => ({
  cue,
  expiresAtUs,
  state: 'waiting',
  target: null,
  fire: null,
  timing: null,
  repeatsLeft: 0,
  waited: false,
  opened: false,
  closed: false,
  owed: false,
});

/** What this access unit does for one cue. Nothing is changed until the access unit is written. */
export type CueStep =
  | { readonly kind: 'none' }
  | { readonly kind: 'end' }
  /** The wall clock was set past its moment, by more than it may be late. */
  | { readonly kind: 'stepped'; readonly lateMs: number }
  | { readonly kind: 'announce'; readonly fire: FirePoint; readonly first: boolean }
  | {
      readonly kind: 'land';
      readonly fire: FirePoint;
      /** PTS of the picture that it fires on: the first at or after `fire.pts`, which was foretold. */
      readonly picture: Milliseconds;
      readonly choice: FrameChoice;
      readonly errorMs: number;
      readonly timing: MomentTiming | null;
    }
  | { readonly kind: 'copy'; readonly fire: FirePoint };

/** A step that writes a stamp. */
export type StampStep = Extract<CueStep, { readonly fire: FirePoint }>;

/** A step that ends it without a stamp. */
export type OverStep = Extract<CueStep, { readonly kind: 'end' | 'stepped' }>;

/** Which stamp is let in first where an access unit has no room for all: those that fire, then those that announce. */
export function rankOf(entry: CueEntry, step: StampStep): number {
  switch (step.kind) {
    case 'land':
      return 0;
    case 'copy':
      if (!entry.opened) return 1;
      return entry.repeatsLeft > 0 ? 2 : 5;
    case 'announce':
      return step.first ? 3 : 4;
  }
}

/** RTMP's whole milliseconds: a slot and its picture's PTS differ by up to this. */
const ROUNDING_MS = 2;
/** A foretold PTS and its picture's differ by up to this. */
const SAME_PICTURE_MS = 3;
/** With less time left, a cue of a young epoch is announced although the rate is not known yet. */
const LEAST_NOTICE_MS = 500;

/** Decides; the entry only learns what stays true whether or not this access unit can be written. */
export function stepOf(
  entry: CueEntry,
  frame: FrameMoment,
  anchor: EpochAnchor,
  captures: CaptureTimes,
): CueStep {
  if (entry.state === 'waiting' && entry.cue.landedAtUs !== undefined) {
    const at = entry.cue.landedAtUs;
    entry.fire = { pts: ms(Math.round(anchor.ptsAt(at))), at };
    entry.state = 'landed';
  }
  if (entry.state === 'landed') return afterLanding(entry, frame);
  const target = targetOf(entry, frame, anchor, captures);
  const found = pictureToFireOn(entry, target, frame);
  if (typeof found === 'number') {
    const picture = found;
    const lateMs = errorOf(entry, picture, anchor, captures);
    if (hasStepped(entry, lateMs)) return { kind: 'stepped', lateMs };
    return {
      kind: 'land',
      fire: entry.fire ?? { pts: picture, at: anchor.wallOf(picture) },
      picture,
      choice: entry.waited ? 'scheduled' : frame.next.choice,
      errorMs: lateMs,
      timing: entry.timing,
    };
  }
  entry.waited = true;
  if (found !== 'before' && entry.fire !== null) {
    entry.ahead = ms(Math.min(entry.ahead ?? frame.pts, frame.pts));
    if (found === 'unsure') return { kind: 'announce', fire: entry.fire, first: false };
  }
  const { announceMs } = entry.cue;
  if (target === null || announceMs <= 0 || target - frame.next.pts > announceMs) return { kind: 'none' };
  if (entry.fire !== null) {
    return entry.repeatsLeft > 0 || frame.isKeyframe || entry.owed
      ? { kind: 'announce', fire: entry.fire, first: false }
      : { kind: 'none' };
  }
  // A fire PTS that is no picture's is worth less than a later announcement.
  if (frame.isYoung && target - frame.next.pts > LEAST_NOTICE_MS) return { kind: 'none' };
  const pts = foretell(target, frame);
  // Its picture may have passed already, without a stamp: then it lands on the next one, unannounced.
  if (frame.latestPts >= pts - ROUNDING_MS) return { kind: 'none' };
  return { kind: 'announce', fire: { pts, at: anchor.wallOf(pts) }, first: true };
}

/** Acceptance takes no moment that is longer past than `lateMs`: the clock was set. Announced, nothing moves it. */
const hasStepped = ({ cue, fire }: CueEntry, lateMs: number): boolean =>
  fire === null && cue.fire.kind === 'at' && cue.lateMs !== undefined && lateMs > cue.lateMs;

/** A wall-clock moment that has not been announced goes by the wall clock, and so does its end. */
export function isExpired({ cue, expiresAtUs, fire }: CueEntry, now: ClockReading): boolean {
  const byWall = expiresAtUs === undefined || (fire === null && cue.fire.kind === 'at');
  return byWall ? now.unixUs > unixMsToUs(cue.exp) : now.monotonicUs > expiresAtUs;
}

/** Of an access unit that is not the one to land on: see `pictureToFireOn`. */
type NotYet = 'before' | 'ahead' | 'unsure';

/**
 * The picture of this moment's firing, if it is known with this access unit. With B-frames the picture asked for may
 * be this access unit although others before it are still to come: it passes now, so it is stamped now.
 * `before`: this access unit is shown before the moment. `ahead`: after it, and another picture at or after the moment
 * is still to come. `unsure`: it may be the one.
 */
function pictureToFireOn(
  entry: CueEntry,
  target: Milliseconds | null,
  { next, pts, frameMs, roughFrameMs }: FrameMoment,
): Milliseconds | NotYet {
  if (target === null) return next.pts;
  const least = target - ROUNDING_MS;
  // It is the next one itself, and its slot was rounded up: players count it as before the moment.
  const isBefore = pts < least && Math.abs(next.pts - pts) <= ROUNDING_MS;
  // All before `next` has passed: the first at or after the moment is one that has passed, or `next`.
  if (next.pts >= least && !isBefore) return ms(Math.min(next.pts, entry.ahead ?? next.pts));
  if (pts < least) return 'before';
  const afterMs = pts - target;
  if (entry.fire === null) return frameMs !== null && afterMs < frameMs - ROUNDING_MS ? pts : 'before';
  if (afterMs <= SAME_PICTURE_MS) return pts;
  const stepMs = frameMs ?? roughFrameMs;
  if (stepMs === null) return 'unsure';
  // How far the picture before this one is after the earliest that players would fire on.
  const spareMs = afterMs - stepMs + ROUNDING_MS;
  if (Math.abs(spareMs) < (frameMs === null ? 2 : 1.5)) return 'unsure';
  return spareMs < 0 ? pts : 'ahead';
}

function afterLanding(entry: CueEntry, frame: FrameMoment): CueStep {
  const fire = entry.fire!;
  const isItsPicture = [fire.pts, entry.picture ?? fire.pts].some(
    (pts) => Math.abs(frame.pts - pts) <= SAME_PICTURE_MS,
  );
  const { openForMs } = entry.cue;
  const open = !entry.closed && (openForMs === null || frame.pts - fire.pts <= openForMs);
  // A fire PTS that was foretold can be a little above its picture's, whose copy is without the key then.
  const opens = !entry.opened && frame.pts >= fire.pts;
  if (entry.repeatsLeft > 0 || isItsPicture || opens || (open && (frame.isKeyframe || entry.owed)))
    return { kind: 'copy', fire };
  return open || !entry.opened ? { kind: 'none' } : { kind: 'end' };
}

/** Null: no moment ahead was asked for. A `delay` is counted from the first access unit that sees the cue. */
function targetOf(
  entry: CueEntry,
  frame: FrameMoment,
  anchor: EpochAnchor,
  captures: CaptureTimes,
): Milliseconds | null {
  const { fire } = entry.cue;
  if (entry.fire !== null) return entry.fire.pts;
  switch (fire.kind) {
    case 'next':
      return null;
    case 'mediaTime':
      return fire.pts;
    case 'delay':
      entry.target ??= ms(frame.next.pts + fire.delayMs);
      return entry.target;
    case 'at':
      // Asked anew each time: both clocks are learnt until the fire PTS is fixed.
      return momentOf(entry, unixMsToUs(fire.at), frame, anchor, captures);
    default:
      return fire satisfies never;
  }
}

function momentOf(
  entry: CueEntry,
  wall: UnixMicroseconds,
  frame: FrameMoment,
  anchor: EpochAnchor,
  captures: CaptureTimes,
): Milliseconds {
  const { fire } = entry.cue;
  const taken = fire.kind === 'at' && fire.by === 'arrival' ? null : captures.pictureAt(wall);
  const { check: encoderClock } = captures;
  if (taken === null) {
    entry.timing = { by: 'stamp', encoderClock };
    return ms(Math.round(anchor.ptsAt(wall)));
  }
  entry.timing = { by: taken.by, errorMs: taken.errorMs, encoderClock };
  // The first picture that can have been taken at or after the moment; with no more doubt than half a picture.
  const doubt = Math.min(taken.errorMs, (frame.frameMs ?? 0) / 2);
  return ms(Math.round(taken.pts - doubt));
}

/** How far the picture is behind the moment asked for. */
function errorOf(
  entry: CueEntry,
  picture: Milliseconds,
  anchor: EpochAnchor,
  captures: CaptureTimes,
): number {
  const { fire } = entry.cue;
  switch (fire.kind) {
    case 'next':
      return 0;
    case 'delay':
      return entry.target === null ? 0 : picture - entry.target;
    case 'mediaTime':
      return picture - fire.pts;
    case 'at': {
      const by = entry.timing?.by;
      const taken = by === 'capture' || by === 'latency' ? captures.captureOf(picture, by) : null;
      return ((taken ?? anchor.wallOf(picture)) - unixMsToUs(fire.at)) / 1000;
    }
    default:
      return fire satisfies never;
  }
}

/**
 * The PTS of the first picture at or after `target`, foretold from the rate. At rates such as 29.97 the publisher's
 * rounding cannot be known ahead: then rounded down, since a client fires on the first picture at or after the fire PTS.
 */
function foretell(target: Milliseconds, frame: FrameMoment): Milliseconds {
  const { frameMs, next } = frame;
  if (frameMs === null || frameMs <= 0) return target;
  const pictures = Math.ceil((target - next.pts) / frameMs - 0.01);
  const exact = next.pts + pictures * frameMs;
  return ms(Math.floor(exact + 0.1));
}
