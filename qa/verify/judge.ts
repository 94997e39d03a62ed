import { type CueStamp, isVoiding, type StampKeySet } from '../../cues/wire/index.ts';
import { type StampVerifier, verifierOf } from '../inspect/keys.ts';
import type { AccessUnitItem } from '../sources/source.ts';
import { type ReadStamp, stampsOf } from '../stamps/read-stamps.ts';
import { RevisionCopies } from './cue-copies.ts';
import type { ExpectedCue } from './expectations.ts';
import { type Finding, type FindingCode, type FrameRef, finding, nameOf } from './findings.ts';
import { FrameIndex } from './frame-index.ts';
import { SAME_PICTURE_MS, TimelineMatch } from './timeline-match.ts';

export interface JudgeOptions {
  readonly expected: readonly ExpectedCue[];
  /** Null: signatures are not checked, and that is said. */
  readonly keys: StampKeySet | null;
  /** `app/name` that the stamps must be of; null: any. */
  readonly stream: string | null;
  /** An expected cue whose picture was not read is no failure. */
  readonly ignoreOutside?: boolean;
}

/** One cue as this source has it. */
export interface CueVerdict {
  readonly id: string;
  readonly type: string | null;
  readonly expected: boolean;
  readonly expectedPts: number | null;
  /** On the stream's output timeline, what most copies say; null: no copy. */
  readonly firePts: number | null;
  readonly epoch: string | null;
  readonly rev: number | null;
  readonly copies: number;
  /** The access unit that it fires on, or that was expected; null: it was not read. */
  readonly frame: FrameRef | null;
  readonly findings: readonly Finding[];
}

export interface StreamVerdict {
  readonly frames: number;
  readonly stamps: number;
  readonly epochs: readonly string[];
  readonly signatures: 'checked' | 'unchecked';
  readonly cues: readonly CueVerdict[];
  /** What concerns no single cue. */
  readonly findings: readonly Finding[];
}

/** Findings of one kind about one cue: the first few say it all. */
const PER_KIND = 5;
const MAX_CUES = 10_000;
/** Over all cues. */
const MAX_REVISIONS = 50_000;
/** Anybody can write an epoch's name into a stamp: line 1 is not signed. */
const MAX_EPOCHS = 1_000;
const MAX_MISPLACED = 1_000;
/** Whole milliseconds on both sides. */
const ROUNDING_MS = 2;

/** Why a copy is none that a player takes. */
const REFUSALS: ReadonlySet<FindingCode> = new Set(['SIGNATURE_BAD', 'SIGNATURE_UNKNOWN', 'OTHER_STREAM']);

interface Seen {
  readonly type: string;
  readonly revisions: Map<string, RevisionCopies>;
  /** Revisions that take the cue back: they say nothing of where it fires. */
  readonly voidings: Map<string, RevisionCopies>;
  readonly findings: Finding[];
}

/** Reads every stamp of a stream in decode order, and says in the end what is wrong with them. */
export class StampJudge {
  readonly #options: JudgeOptions;
  readonly #verify: StampVerifier | null;
  readonly #timelines = new Map<string, TimelineMatch>();
  readonly #seen = new Map<string, Seen>();
  readonly #ofSource: Finding[] = [];
  readonly #frames = new FrameIndex();
  #stamps = 0;
  #revisions = 0;
  #noted = 0;
  #lastEpoch: string | null = null;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#verify = options.keys === null ? null : verifierOf(options.keys);
  }

  /** @returns true where something is wrong with this very access unit: its picture is worth keeping. */
  take(unit: AccessUnitItem): boolean {
    const frame: FrameRef = { index: unit.index, pts: unit.pts };
    this.#frames.add(unit.pts);
    const before = this.#noted;
    let isMisplaced = false;
    for (const read of stampsOf(unit)) {
      this.#stamps++;
      if (!this.#checkPlace(read, frame)) continue;
      const { head } = read.stamp!;
      const timeline = this.#timelineOf(head.epoch);
      if (timeline === null) {
        this.#note(finding('TOO_MUCH', `epoch ${head.epoch}, on ${nameOf(frame)}`, { frame }));
        continue;
      }
      if (head.pts !== undefined && !timeline.add(frame, head.pts)) isMisplaced = true;
      this.#lastEpoch = head.epoch;
      if (read.stamp!.kind === 'cue') this.#takeCue(read.stamp!, frame, timeline);
    }
    return isMisplaced || this.#noted > before;
  }

  /** Where an expected cue's picture is, or is not before, in the source's own time, as far as that is known by now. */
  sourcePtsOf({ place, epoch: ofEpoch }: ExpectedCue): number | null {
    if (place === null) return null;
    if (place.kind === 'picture-after-start') {
      const start = this.#frames.firstPts;
      return start === null ? null : start + place.ms;
    }
    const epoch = ofEpoch ?? this.#lastEpoch;
    return epoch === null ? null : this.#inSource(place.pts, epoch);
  }

  finish(): StreamVerdict {
    const { expected, keys } = this.#options;
    if (keys === null && this.#stamps > 0) this.#ofSource.push(finding('SIGNATURES_UNCHECKED', null));
    if (this.#stamps === 0 && expected.length === 0) this.#ofSource.push(finding('NO_STAMPS', null));
    if (this.#frames.length > 0 && this.#frames.firstPts === null) {
      this.#ofSource.push(finding('NO_TIMES', null));
    }
    for (const [epoch, timeline] of this.#timelines) {
      for (const { frame, writtenFor } of timeline.misplaced()) {
        if (this.#ofSource.length >= MAX_MISPLACED) break;
        const detail = `on ${nameOf(frame)}, written for PTS ${writtenFor} (epoch ${epoch})`;
        this.#ofSource.push(finding('WRONG_FRAME', detail, { frame }));
      }
    }
    const ids = new Set(expected.map(({ id }) => id));
    const others = [...this.#seen].filter(([id]) => !ids.has(id));
    return {
      frames: this.#frames.length,
      stamps: this.#stamps,
      epochs: [...this.#timelines.keys()],
      signatures: keys === null ? 'unchecked' : 'checked',
      cues: [
        ...expected.map((cue) => this.#verdictOf(cue)),
        ...others.map(([id, seen]) => this.#verdictOfOther(id, seen)),
      ],
      findings: this.#ofSource,
    };
  }

  /** What is wrong whatever the stamp says; false where nothing can be read of it. */
  #checkPlace({ stamp, problem, afterSlices, isHidden }: ReadStamp, frame: FrameRef): boolean {
    const cueId = stamp?.kind === 'cue' ? stamp.body.id : undefined;
    const note = (code: 'SEI_AFTER_SLICES' | 'STAMP_HIDDEN' | 'STAMP_UNREADABLE', detail: string) =>
      this.#note(finding(code, detail, { ...(cueId === undefined ? {} : { cueId }), frame }));
    if (afterSlices) note('SEI_AFTER_SLICES', `on ${nameOf(frame)}`);
    if (isHidden) note('STAMP_HIDDEN', `on ${nameOf(frame)}`);
    if (stamp === null) note('STAMP_UNREADABLE', `${problem}, on ${nameOf(frame)}`);
    return stamp !== null;
  }

  #takeCue(stamp: CueStamp, frame: FrameRef, timeline: TimelineMatch): void {
    const { id, rev, stream, type } = stamp.body;
    const about = { cueId: id, frame };
    if (this.#options.stream !== null && stream !== this.#options.stream) {
      this.#note(finding('OTHER_STREAM', `${stream}, on ${nameOf(frame)}`, about));
      return;
    }
    const signature = this.#verify?.(stamp) ?? 'unchecked';
    if (signature === 'bad' || signature === 'unknown-key') {
      const code = signature === 'bad' ? 'SIGNATURE_BAD' : 'SIGNATURE_UNKNOWN';
      this.#note(finding(code, `key ${stamp.signature.keyId}, on ${nameOf(frame)}`, about));
      // No player takes it, so it is no copy of the cue either.
      return;
    }
    const seen = this.#seenOf(id, type);
    if (seen === null) {
      this.#note(finding('TOO_MUCH', `cue ${id}, on ${nameOf(frame)}`, { frame }));
      return;
    }
    const streamPts = stamp.head.pts ?? (frame.pts ?? 0) - (timeline.offset ?? 0);
    const key = `${stamp.head.epoch}/${rev}`;
    const copy = { stamp, frame, streamPts };
    const revisions = isVoiding(stamp.body) ? seen.voidings : seen.revisions;
    let revision = revisions.get(key);
    if (revision === undefined) {
      if (this.#revisions >= MAX_REVISIONS) {
        this.#note(finding('TOO_MUCH', `revision ${rev}, on ${nameOf(frame)}`, about));
        return;
      }
      this.#revisions++;
      revision = new RevisionCopies(copy);
      revisions.set(key, revision);
    }
    revision.add(copy);
  }

  #verdictOf(cue: ExpectedCue): CueVerdict {
    const seen = this.#seen.get(cue.id);
    const findings = [...(seen?.findings ?? [])];
    const revision = seen === undefined ? null : latestOf(seen, cue);
    const frame = this.#expectedFrame(cue);
    const about = { cueId: cue.id, frame };
    for (const voiding of seen?.voidings.values() ?? []) findings.push(...voiding.findings(cue.id));
    if (cue.absent) {
      const opened = [...(seen?.revisions.values() ?? [])].find(({ opens }) => opens !== null)?.opens;
      if (opened != null) {
        const detail = `on ${nameOf(opened.frame)}`;
        findings.push(finding('CUE_FORBIDDEN', detail, { ...about, frame: opened.frame }));
      }
    } else if (revision === null) {
      findings.push(this.#missing(cue, frame));
    } else {
      for (const other of seen!.revisions.values()) findings.push(...other.findings(cue.id));
      findings.push(...this.#checkLanding(cue, revision, frame, seen!.voidings.size > 0));
    }
    return {
      id: cue.id,
      type: cue.type ?? seen?.type ?? null,
      expected: true,
      expectedPts: this.#expectedPts(cue, frame),
      ...placeOf(revision),
      frame: frame ?? revision?.opens?.frame ?? revision?.first ?? findings[0]?.frame ?? null,
      findings,
    };
  }

  #verdictOfOther(id: string, seen: Seen): CueVerdict {
    const revision = latestOf(seen, { epoch: null, rev: null });
    const frame = revision?.opens?.frame ?? revision?.first ?? null;
    const wrong = [...seen.revisions.values(), ...seen.voidings.values()].flatMap((of) => of.findings(id));
    const findings = [...seen.findings, ...wrong];
    if (this.#options.expected.length > 0 && revision !== null) {
      findings.push(finding('CUE_UNEXPECTED', null, { cueId: id, frame }));
    }
    return {
      ...{ id, type: seen.type, expected: false, expectedPts: null },
      ...placeOf(revision),
      frame: frame ?? findings[0]?.frame ?? null,
      findings,
    };
  }

  #missing(cue: ExpectedCue, frame: FrameRef | null): Finding {
    const about = { cueId: cue.id, frame };
    const isRefused = this.#seen.get(cue.id)?.findings.some(({ code }) => REFUSALS.has(code)) === true;
    if (isRefused || frame !== null || cue.place === null) {
      const where =
        frame === null ? `${this.#frames.length} frames were read` : `it belongs on ${nameOf(frame)}`;
      const refused = 'players refuse the copies named above; ';
      return finding('CUE_MISSING', `${isRefused ? refused : ''}${where}`, about);
    }
    if (this.#timelines.size === 0) {
      const detail = `the stream has no stamp at all in ${this.#frames.length} frames`;
      return finding('CUE_MISSING', detail, about);
    }
    if (this.#options.ignoreOutside === true) return finding('CUE_OUTSIDE', null, about);
    return finding('CUE_NOT_COVERED', `${this.#frames.length} frames were read`, about);
  }

  #checkLanding(
    cue: ExpectedCue,
    revision: RevisionCopies,
    frame: FrameRef | null,
    isVoided: boolean,
  ): Finding[] {
    const about = { cueId: cue.id, frame };
    const { firePts, copies, opens, opensLateMs, announcedMs } = revision;
    const found: Finding[] = [];
    const expectedPts = this.#expectedPts(cue, frame);
    const off = expectedPts === null ? 0 : firePts - expectedPts;
    const tolerance = cue.place?.kind === 'pts' ? cue.place.toleranceMs : 0;
    const firesOn = this.#firstFrom(this.#inSource(firePts, revision.epoch));
    // A fire PTS that was foretold may lie between two pictures: players fire on the second.
    const isItsPicture = off < 0 && frame !== null && firesOn?.index === frame.index;
    if (Math.abs(off) > SAME_PICTURE_MS + tolerance && !isItsPicture) {
      const at = this.#frameAt(this.#inSource(firePts, revision.epoch));
      const fires = at === null ? `PTS ${firePts}` : `PTS ${firePts} of the stream, ${nameOf(at)}`;
      const detail = `it fires on ${fires}, ${Math.abs(off)} ms ${off > 0 ? 'after' : 'before'} the expected PTS ${expectedPts}`;
      found.push(finding(off > 0 ? 'CUE_LATE' : 'CUE_EARLY', detail, { ...about, frame: at ?? frame }));
    }
    if (cue.frame !== null && opens !== null && opens.frame.index !== cue.frame) {
      const detail = `${nameOf(opens.frame)} instead of frame ${cue.frame}`;
      found.push(finding('OTHER_FRAME', detail, { ...about, frame: opens.frame }));
    }
    if (cue.announcedMs !== null && announcedMs < cue.announcedMs) {
      found.push(finding('ANNOUNCED_LATE', `${announcedMs} ms ahead instead of ${cue.announcedMs}`, about));
    }
    const wasRead = isItsPicture || this.#frameAt(this.#inSource(firePts, revision.epoch)) !== null;
    const lateMs = opensLateMs + (isItsPicture ? off : 0);
    // Voided while it was announced, it opens for nobody.
    if (wasRead && opens === null && !isVoided) {
      const detail = `none of its ${copies} copies on or after its picture has the key`;
      found.push(finding('CUE_MISSING', detail, about));
    } else if (wasRead && opens !== null && lateMs > 0) {
      const detail = `${Math.round(lateMs)} ms after it, on ${nameOf(opens.frame)}`;
      found.push(finding('CUE_OPENS_LATE', detail, { ...about, frame: opens.frame }));
    }
    if (copies < cue.minCopies) {
      found.push(finding('FEW_COPIES', `${copies} instead of at least ${cue.minCopies}`, about));
    }
    if (cue.maxCopies !== null && copies > cue.maxCopies) {
      found.push(finding('MANY_COPIES', `${copies} instead of at most ${cue.maxCopies}`, about));
    }
    return found;
  }

  /** The access unit of the picture that it is expected on. */
  #expectedFrame(cue: ExpectedCue): FrameRef | null {
    const pts = this.sourcePtsOf(cue);
    if (pts === null || cue.place?.kind === 'pts') return this.#frameAt(pts);
    return this.#frames.from(pts - ROUNDING_MS);
  }

  /** The fire PTS that is expected, on the stream's output timeline. */
  #expectedPts(cue: ExpectedCue, frame: FrameRef | null): number | null {
    if (cue.place?.kind === 'pts') return cue.place.pts;
    const epoch = cue.epoch ?? this.#lastEpoch;
    const offset = epoch === null ? null : (this.#timelines.get(epoch)?.offset ?? null);
    return frame === null || frame.pts === null || offset === null ? null : Math.round(frame.pts - offset);
  }

  #inSource(streamPts: number, epoch: string): number | null {
    const offset = this.#timelines.get(epoch)?.offset ?? null;
    return offset === null ? null : streamPts + offset;
  }

  /** The access unit whose picture is shown at that PTS of the source; null where it was not read. */
  #frameAt(pts: number | null): FrameRef | null {
    return pts === null ? null : this.#frames.nearest(pts, SAME_PICTURE_MS);
  }

  /** The access unit that is shown first at or after that PTS; null where that was not read. */
  #firstFrom(pts: number | null): FrameRef | null {
    return pts === null ? null : this.#frames.from(pts - SAME_PICTURE_MS);
  }

  #timelineOf(epoch: string): TimelineMatch | null {
    const known = this.#timelines.get(epoch);
    if (known !== undefined) return known;
    if (this.#timelines.size >= MAX_EPOCHS) return null;
    const timeline = new TimelineMatch();
    this.#timelines.set(epoch, timeline);
    return timeline;
  }

  #seenOf(id: string, type: string): Seen | null {
    const known = this.#seen.get(id);
    if (known !== undefined) return known;
    if (this.#seen.size >= MAX_CUES) return null;
    const seen: Seen = { type, revisions: new Map(), voidings: new Map(), findings: [] };
    this.#seen.set(id, seen);
    return seen;
  }

  #note(found: Finding): void {
    const list =
      found.cueId === null ? this.#ofSource : (this.#seenOf(found.cueId, '')?.findings ?? this.#ofSource);
    if (list.filter(({ code }) => code === found.code).length >= PER_KIND) return;
    list.push(found);
    this.#noted++;
  }
}

/** The highest revision, of the epoch and revision asked for where they are there. */
function latestOf(seen: Seen, { epoch, rev }: Pick<ExpectedCue, 'epoch' | 'rev'>): RevisionCopies | null {
  const all = [...seen.revisions.values()].filter((copies) => rev === null || copies.rev === rev);
  const own = all.filter((copies) => copies.epoch === epoch);
  const from = own.length > 0 ? own : all;
  return from.toSorted((a, b) => b.rev - a.rev)[0] ?? null;
}

const placeOf = (revision: RevisionCopies | null) => ({
  firePts: revision?.firePts ?? null,
  epoch: revision?.epoch ?? null,
  rev: revision?.rev ?? null,
  copies: revision?.copies ?? 0,
});
