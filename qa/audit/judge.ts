import type { OutputProblem, OutputReceipt } from '../../cues/output-receipt.ts';
import type { Carrier } from '../../cues/wire/index.ts';
import { type Milliseconds, ms } from '../../packet/time.ts';
import { Coverage } from './coverage.ts';
import type { ExpectedCue } from './messages.ts';

/** A cue stamp that was read in an output, its signature verified; PTS in milliseconds. */
export interface CueSighting {
  readonly id: string;
  readonly rev: number;
  readonly epoch: string;
  /** Line 1: Unix microseconds when the access unit was stamped. */
  readonly atUs: number;
  readonly fireIn: number;
  /** Line 1: PTS on the stream's output timeline; null where the stamp does not say. */
  readonly streamPts: number | null;
}

export interface JudgeOptions {
  /** The server's own output: its timeline is ours. */
  readonly isOwn: boolean;
  /** After so many milliseconds without an answer the answer is `unread`. */
  readonly timeoutMs: number;
}

/** How the reader stands when cues are settled. */
export interface ReaderState {
  /** Unix microseconds since when pictures come without a break; null: they do not. */
  readonly readingSinceUs: number | null;
  /** Why nothing can be read, as an `ERR_*` code. */
  readonly problem: string | null;
}

export interface Settled {
  readonly cue: ExpectedCue;
  readonly receipt: OutputReceipt;
}

/** Containers round: RTMP to milliseconds, and a foretold fire PTS may be a little below its picture's. */
const SAME_PICTURE_MS = 3;
/** An output has passed a cue when it is this far beyond: copies follow the fire picture. */
const PASSED_MS = 1_500;
/** A cue that was seen whole is not waited for longer than this: the publisher may have gone. */
const QUIET_MS = 3_000;
/** The distance of two pictures is less; a landing farther off than this is another one. */
const MAX_GAP_MS = 1_000;
/** Pictures remembered, to tell which is the first at or after a fire PTS: some 8 s at 60 a second. */
const MAX_PICTURES = 512;
const MAX_SIGHTINGS = 1_000;
const MAX_EXPECTED = 1_000;
const MAX_FORGED = 200;
const MAX_COPIES_TIMED = 64;

interface Sightings {
  copies: number;
  /** Fire PTS on the output's timeline, of the copies. */
  leastFirePts: number;
  mostFirePts: number;
  /** The same on our timeline; null where the stamps do not say. */
  streamFirePts: number | null;
  /** The earliest picture at or after the fire PTS that carries it, by how far it is after that. */
  carriedAfterMs: number;
  lastAtUs: number;
  readonly timed: { readonly atUs: number; readonly arrivedUs: number }[];
  readonly carriers: Set<Carrier>;
}

/**
 * Judges one output: told of what is read there, and of the cues that have landed, it says of each whether the
 * output carries it. Pure: arrival times are arguments. Everything it keeps has a bound.
 */
export class OutputJudge {
  readonly #options: JudgeOptions;
  readonly #coverage = new Coverage();
  readonly #sightings = new Map<string, Sightings>();
  readonly #expected = new Map<string, ExpectedCue>();
  readonly #forged = new Set<string>();
  /** The output's timeline less ours. */
  #offset: number | null;
  #hasStamps = false;
  /** Stream PTS of a carrier that belongs to the next picture. */
  #carriedPts: number | null = null;
  /** The newest PTS of the output, in decode order. */
  readonly #pictures: number[] = [];
  #dropped = 0;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#offset = options.isOwn ? 0 : null;
  }

  /** Landings that were not looked for because too many waited. */
  get dropped(): number {
    return this.#dropped;
  }

  get offsetMs(): number | null {
    return this.#offset;
  }

  /** Reading begins, or begins anew after a break. */
  began(): void {
    this.#coverage.break();
    this.#carriedPts = null;
  }

  picture(pts: number): void {
    this.#pictures.push(pts);
    if (this.#pictures.length > MAX_PICTURES) this.#pictures.shift();
    if (!this.#coverage.picture(pts) && !this.#options.isOwn) this.#offset = null;
    if (this.#carriedPts !== null) this.#learn(pts, this.#carriedPts);
    this.#carriedPts = null;
  }

  /** Any stamp of ours (a clock stamp too) in the picture at `framePts`. */
  stamp(framePts: number, streamPts: number | null): void {
    this.#hasStamps = true;
    if (streamPts !== null) this.#learn(framePts, streamPts);
  }

  cueStamp(cue: CueSighting, framePts: number, arrivedUs: number): void {
    this.stamp(framePts, cue.streamPts);
    const seen = this.#seen(cue);
    // After a reconnect some pictures come again.
    if (seen.copies > 0 && seen.timed.some(({ atUs }) => atUs === cue.atUs)) return;
    const firePts = framePts + cue.fireIn;
    seen.leastFirePts = Math.min(seen.leastFirePts, firePts);
    seen.mostFirePts = Math.max(seen.mostFirePts, firePts);
    if (cue.streamPts !== null) seen.streamFirePts = cue.streamPts + cue.fireIn;
    if (-cue.fireIn >= -SAME_PICTURE_MS) seen.carriedAfterMs = Math.min(seen.carriedAfterMs, -cue.fireIn);
    seen.copies++;
    seen.lastAtUs = arrivedUs;
    if (seen.timed.length < MAX_COPIES_TIMED) seen.timed.push({ atUs: cue.atUs, arrivedUs });
  }

  /** The cue beside the video. @param belongsToNext its line 1 is about the picture that follows. */
  carrier(kind: Carrier, cue: CueSighting, belongsToNext: boolean, arrivedUs: number): void {
    const seen = this.#seen(cue);
    seen.carriers.add(kind);
    if (seen.copies === 0 && seen.timed.length < MAX_COPIES_TIMED)
      seen.timed.push({ atUs: cue.atUs, arrivedUs });
    if (belongsToNext) this.carriedClock(cue.streamPts);
  }

  /** A carrier's word on which picture of ours the next one is. */
  carriedClock(streamPts: number | null): void {
    if (streamPts !== null) this.#carriedPts = streamPts;
  }

  /** A stamp with this cue's id whose signature does not verify. */
  forged(id: string): void {
    if (this.#forged.size < MAX_FORGED) this.#forged.add(id);
  }

  expect(cue: ExpectedCue): void {
    if (this.#expected.size >= MAX_EXPECTED) this.#dropped++;
    else this.#expected.set(nameOf(cue), cue);
  }

  awaits(cue: ExpectedCue): boolean {
    return this.#expected.has(nameOf(cue));
  }

  /** Hands over what is looked for: another judge takes its place (a master playlist was resolved). */
  takeExpected(): readonly ExpectedCue[] {
    const cues = [...this.#expected.values()];
    this.#expected.clear();
    return cues;
  }

  /** Cues of which it is known now, each once. To be called a few times a second. */
  settle(nowUs: number, reader: ReaderState): Settled[] {
    const settled: Settled[] = [];
    for (const [name, cue] of this.#expected) {
      const receipt = this.#judge(cue, nowUs, reader);
      if (receipt === null) continue;
      this.#expected.delete(name);
      settled.push({ cue, receipt });
    }
    return settled;
  }

  #judge(cue: ExpectedCue, nowUs: number, reader: ReaderState): OutputReceipt | null {
    const seen = this.#sightings.get(nameOf(cue));
    const isLate = nowUs >= Math.max(cue.fireAtUs, cue.stampedAtUs) + this.#options.timeoutMs * 1000;
    const firePts = this.#firePtsOf(cue, seen);
    const { lastPts } = this.#coverage;
    const hasPassed = firePts !== null && lastPts !== null && lastPts >= firePts + PASSED_MS;
    if (seen !== undefined && seen.copies > 0) {
      const isQuiet = this.#isOnItsPicture(cue, seen) && nowUs - seen.lastAtUs >= QUIET_MS * 1000;
      return hasPassed || isQuiet || isLate ? this.#seenReceipt(cue, seen) : null;
    }
    if (!hasPassed && !isLate) return null;
    if (seen !== undefined) return this.#carrierReceipt(cue, seen, firePts);
    if (hasPassed) {
      if (!this.#coverage.covers(firePts, SAME_PICTURE_MS)) return unseen('unread', 'NOT_COVERED');
      return unseen('missing', this.#missingProblem(cue));
    }
    // Nothing ties this output's timeline to ours: pictures that came all the while are the only evidence.
    if (firePts === null && reader.readingSinceUs !== null && reader.readingSinceUs <= cue.stampedAtUs) {
      return unseen('missing', this.#missingProblem(cue));
    }
    const wasAway = reader.readingSinceUs === null;
    return unseen('unread', reader.problem ?? (wasAway ? 'NOT_CONNECTED' : 'NOT_COVERED'));
  }

  #missingProblem(cue: ExpectedCue): OutputProblem {
    if (this.#forged.has(cue.id)) return 'SIGNATURE_BAD';
    return this.#hasStamps ? 'CUE_LOST' : 'NO_STAMPS';
  }

  #seenReceipt(cue: ExpectedCue, seen: Sightings): OutputReceipt {
    const pts = ms(round(seen.leastFirePts + this.#gapOf(cue, seen)));
    const offsetMs = round(pts - cue.pts);
    const problem = this.#seenProblem(cue, seen, offsetMs);
    return {
      seen: 'sei',
      pts,
      offsetMs,
      delayMs: delayOf(cue, seen),
      copies: seen.copies,
      carriers: [...seen.carriers],
      ...(problem === null ? {} : { problem }),
    };
  }

  #seenProblem(cue: ExpectedCue, seen: Sightings, offsetMs: number): OutputProblem | null {
    if (seen.mostFirePts - seen.leastFirePts > SAME_PICTURE_MS) return 'FIRE_PTS_DIFFERS';
    if (!this.#isOnItsPicture(cue, seen)) {
      const wasRead = this.#coverage.covers(seen.leastFirePts, SAME_PICTURE_MS);
      return wasRead ? 'FIRE_COPY_LOST' : 'NOT_COVERED';
    }
    if (this.#options.isOwn && Math.abs(offsetMs) > SAME_PICTURE_MS) return 'PTS_MOVED';
    return this.#forged.has(cue.id) ? 'SIGNATURE_BAD' : null;
  }

  #isOnItsPicture(cue: ExpectedCue, seen: Sightings): boolean {
    return seen.carriedAfterMs <= this.#gapOf(cue, seen) + SAME_PICTURE_MS;
  }

  /**
   * How far the picture of the landing is after the fire PTS. A fire PTS that was foretold before the rate was known
   * lies between two pictures: players fire on the second. Where there is one in between, the landing is wrong: 0.
   */
  #gapOf(cue: ExpectedCue, { streamFirePts, mostFirePts }: Sightings): number {
    if (streamFirePts === null) return 0;
    const gap = cue.pts - streamFirePts;
    if (gap <= SAME_PICTURE_MS || gap > MAX_GAP_MS) return 0;
    const isBetween = (pts: number): boolean =>
      pts >= mostFirePts - SAME_PICTURE_MS && pts < mostFirePts + gap - SAME_PICTURE_MS;
    return this.#pictures.some(isBetween) ? 0 : gap;
  }

  #carrierReceipt(cue: ExpectedCue, seen: Sightings, firePts: number | null): OutputReceipt {
    return {
      seen: 'carrier',
      pts: firePts === null ? null : ms(round(firePts)),
      offsetMs: firePts === null ? null : round(firePts - cue.pts),
      delayMs: delayOf(cue, seen),
      copies: 0,
      carriers: [...seen.carriers],
      problem: 'SEI_LOST' satisfies OutputProblem,
    };
  }

  /** On this output's timeline, as far as anything ties it to ours. */
  #firePtsOf(cue: ExpectedCue, seen: Sightings | undefined): number | null {
    if (seen !== undefined && seen.copies > 0) return seen.mostFirePts;
    return this.#offset === null ? null : cue.pts + this.#offset;
  }

  #learn(framePts: number, streamPts: number): void {
    if (!this.#options.isOwn) this.#offset = framePts - streamPts;
  }

  #seen(cue: CueSighting): Sightings {
    const name = nameOf(cue);
    const known = this.#sightings.get(name);
    if (known !== undefined) return known;
    const made: Sightings = {
      copies: 0,
      leastFirePts: Number.POSITIVE_INFINITY,
      mostFirePts: Number.NEGATIVE_INFINITY,
      streamFirePts: null,
      carriedAfterMs: Number.POSITIVE_INFINITY,
      lastAtUs: 0,
      timed: [],
      carriers: new Set(),
    };
    this.#sightings.set(name, made);
    if (this.#sightings.size > MAX_SIGHTINGS) {
      const [oldest] = this.#sightings.keys();
      this.#sightings.delete(oldest!);
    }
    return made;
  }
}

/** Of the copy that made it fire, where that was timed; announcing copies came before. */
function delayOf(cue: ExpectedCue, { timed }: Sightings): Milliseconds | null {
  const copy = timed.find(({ atUs }) => atUs >= cue.stampedAtUs) ?? timed[0];
  return copy === undefined ? null : ms(round((copy.arrivedUs - copy.atUs) / 1000));
}

const unseen = (seen: 'missing' | 'unread', problem: string): OutputReceipt => ({
  ...{ seen, pts: null, offsetMs: null, delayMs: null, copies: 0, carriers: [], problem },
});

/** A microsecond is enough; binary fractions are not for people. */
const round = (value: number): number => Math.round(value * 1000) / 1000;

const nameOf = ({ id, rev, epoch }: Pick<ExpectedCue, 'id' | 'rev' | 'epoch'>): string =>
  `${id} ${rev} ${epoch}`;
