import type { PreparedCue } from '../cues/cue.ts';
import type { Milliseconds } from '../packet/time.ts';

/** Where a live stream's timeline stands. */
export interface StreamMoment {
  readonly epoch: string;
  /** PTS of the first picture, in presentation order, that has not passed the injector; the output timeline. */
  readonly nextPts: Milliseconds;
  /**
   * How long after it was taken a picture passes the injector now, where a wall-clock moment goes by capture time.
   * Absent: it goes by arrival.
   */
  readonly passesAfterMs?: Milliseconds;
}

/**
 * The way from the director to the injectors of the streams; `server/` gives it. All of it is synchronous: a cue
 * that `schedule` took is seen by the very next access unit.
 */
export interface StreamGate {
  /** Null while the stream has no publisher, or none of its pictures has come yet. */
  now(stream: string): StreamMoment | null;
  /** Whether `now` knows a moment; what that is costs more to say. */
  isLive(stream: string): boolean;
  /** A higher `rev` of an id takes the place of a lower one. False: the stream is gone or its injector is full. */
  schedule(stream: string, cue: PreparedCue): boolean;
  /** False: it has landed, or the injector does not hold it. */
  withdraw(stream: string, id: string): boolean;
  /** Nothing where the stream is not live; `CueBook.streamBegan` says it again when it comes. */
  setStamping(stream: string, on: boolean): void;
}
