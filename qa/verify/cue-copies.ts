import type { CueStamp } from '../../cues/wire/index.ts';
import { type Finding, type FrameRef, finding, nameOf } from './findings.ts';
import { SAME_PICTURE_MS } from './timeline-match.ts';

/** One copy of a cue on one access unit. */
export interface CueCopy {
  readonly stamp: CueStamp;
  readonly frame: FrameRef;
  /** PTS of its access unit on the stream's output timeline. */
  readonly streamPts: number;
}

interface Fire {
  readonly first: FrameRef;
  count: number;
}

/** Differing fire PTS that are told apart; more say nothing new. */
const MAX_FIRES = 50;

/** All copies of one cue's revision in one epoch. */
export class RevisionCopies {
  readonly epoch: string;
  readonly rev: number;
  readonly #bodyText: string;
  /** By fire PTS on the stream's output timeline. */
  readonly #fires = new Map<number, Fire>();
  copies = 0;
  readonly first: FrameRef;
  /** The copy on the earliest picture of those that can be opened. */
  opens: { readonly frame: FrameRef; readonly streamPts: number } | null = null;
  /** How long before its picture the first copy came, milliseconds; 0 where none came before. */
  announcedMs = 0;
  #leak: FrameRef | null = null;
  #otherBody: FrameRef | null = null;

  constructor({ stamp, frame }: CueCopy) {
    this.epoch = stamp.head.epoch;
    this.rev = stamp.body.rev;
    this.first = frame;
    this.#bodyText = stamp.bodyText;
  }

  add({ stamp, frame, streamPts }: CueCopy): void {
    this.copies++;
    const { fireIn, key } = stamp.head;
    const firePts = Math.round(streamPts + fireIn);
    const fire = this.#fires.get(firePts);
    if (fire !== undefined) fire.count++;
    else if (this.#fires.size < MAX_FIRES) this.#fires.set(firePts, { first: frame, count: 1 });
    if (stamp.bodyText !== this.#bodyText) this.#otherBody ??= frame;
    const { sealed, data } = stamp.body;
    const isOpen = sealed === undefined || key !== undefined;
    const tells = key !== undefined || Object.keys(data ?? {}).length > 0;
    this.announcedMs = Math.max(this.announcedMs, fireIn);
    if (fireIn > 0) {
      if (isOpen && tells) this.#leak ??= frame;
    } else if (isOpen && (this.opens === null || streamPts < this.opens.streamPts)) {
      this.opens = { frame, streamPts };
    }
  }

  /** What most copies say. */
  get firePts(): number {
    return [...this.#fires].sort(([, a], [, b]) => b.count - a.count)[0]![0];
  }

  findings(cueId: string): Finding[] {
    const usual = this.firePts;
    const found: Finding[] = [];
    for (const [firePts, { first, count }] of this.#fires) {
      // Rounding of the container's times, not of the stamp's: those are of one writer.
      if (Math.abs(firePts - usual) <= 1) continue;
      const detail = `${count} of ${this.copies} copies say ${firePts}, first on ${nameOf(first)}; the others say ${usual} (epoch ${this.epoch}, rev ${this.rev})`;
      found.push(finding('COPIES_DISAGREE', detail, { cueId, frame: first }));
    }
    if (this.#otherBody !== null) {
      const detail = `first on ${nameOf(this.#otherBody)} (rev ${this.rev})`;
      found.push(finding('BODIES_DISAGREE', detail, { cueId, frame: this.#otherBody }));
    }
    if (this.#leak !== null) {
      found.push(finding('CUE_LEAKS', `on ${nameOf(this.#leak)}`, { cueId, frame: this.#leak }));
    }
    return found;
  }

  /** How many milliseconds after its picture the cue can first be opened; 0 where it can be in time. */
  get opensLateMs(): number {
    if (this.opens === null) return 0;
    const late = this.opens.streamPts - this.firePts;
    return late > SAME_PICTURE_MS ? late : 0;
  }
}
