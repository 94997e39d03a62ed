import type { Cue } from '../cues/cue.ts';
import { isFinal, isPending } from '../cues/states.ts';
import type { Milliseconds, UnixMicroseconds, UnixMilliseconds } from '../packet/time.ts';
import { isReferring } from './cue-request.ts';

/** A cue in memory. */
export interface HeldCue {
  cue: Cue;
  /** Its first entry is on the disk. Until then nobody is told of it. */
  committed: boolean;
  /** When its picture is expected at the injector; null: not known since a restart. */
  dueAt: UnixMilliseconds | null;
  /** It waited when this process started, and no injector of this process has had it. */
  fromBefore: boolean;
  /** It is put on keyframes while it is open. */
  standsOnKeyframes: boolean;
  /** When an injector was given it to fire; null: never by this process. */
  scheduledAtUs: UnixMicroseconds | null;
  /** The key that it was asked for with. */
  readonly key: { readonly token: string; readonly key: string } | null;
  /**
   * Its first entry is on its way to the disk, and what follows from that. False at the end: the log did not take it in
   * time, and may have it all the same.
   */
  entering: Promise<boolean> | null;
  /** A take or an edit of it is on its way to the disk: until then no injector holds it. */
  changing: Promise<void> | null;
  /** It was taken back while it, or a change of it, was on its way to the disk. */
  calledOff: boolean;
  /** The fire PTS that was announced in the present epoch. */
  announcedPts: Milliseconds | null;
}

/** One that nobody has done anything with. */
export const newHeldCue = (
  cue: Cue,
  given: Partial<Omit<HeldCue, 'cue'>> & Pick<HeldCue, 'dueAt'>,
): HeldCue => ({
  cue,
  committed: false,
  fromBefore: false,
  standsOnKeyframes: true,
  scheduledAtUs: null,
  key: null,
  entering: null,
  changing: null,
  calledOff: false,
  announcedPts: null,
  ...given,
});

/** Unix milliseconds. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

export interface CueCounts {
  readonly pending: number;
  readonly open: number;
  readonly allPending: number;
}

/** Cues by id: all that can still change, and the newest of the others. */
export class HeldCues {
  readonly #byId = new Map<string, HeldCue>();
  /** Those that can still change by themselves: few, beside all that are over. */
  readonly #live = new Map<string, HeldCue>();
  /** Ids of cues that do not change by themselves any more, oldest first. */
  readonly #over = new Set<string>();
  /** By the opening cue's id: lock, reveal and cancel cues of it. */
  readonly #referring = new Map<string, Set<string>>();
  readonly #keepOver: number;

  constructor(keepOver: number) {
    this.#keepOver = keepOver;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): HeldCue | undefined {
    return this.#byId.get(id);
  }

  add(held: HeldCue): void {
    const { id, ref, type } = held.cue;
    this.#byId.set(id, held);
    if (ref !== undefined && isReferring(type)) {
      const referring = this.#referring.get(ref) ?? new Set();
      this.#referring.set(ref, referring.add(id));
    }
    this.noteChange(held);
  }

  remove(id: string): void {
    const held = this.#byId.get(id);
    if (held === undefined) return;
    this.#byId.delete(id);
    this.#live.delete(id);
    this.#over.delete(id);
    const { ref } = held.cue;
    if (ref === undefined) return;
    const referring = this.#referring.get(ref);
    referring?.delete(id);
    if (referring?.size === 0) this.#referring.delete(ref);
  }

  /** To be called after each change of state: lets go of the oldest that are over. */
  noteChange(held: HeldCue): void {
    const { id, state } = held.cue;
    if (!isFinal(state) && state !== 'uncertain') {
      // One that was uncertain has turned out to have landed.
      this.#over.delete(id);
      this.#live.set(id, held);
      return;
    }
    this.#live.delete(id);
    this.#over.add(id);
    if (this.#over.size <= this.#keepOver) return;
    const [oldest] = this.#over;
    this.remove(oldest!);
  }

  /** Cues of which nobody knows whether they were stamped, oldest first. */
  *uncertain(): Generator<HeldCue, void> {
    for (const id of this.#over) {
      const held = this.#byId.get(id);
      if (held?.cue.state === 'uncertain') yield held;
    }
  }

  /** Cues that can still change by themselves, oldest first. */
  *live(stream?: string): Generator<HeldCue, void> {
    for (const held of this.#live.values()) {
      if (stream === undefined || held.cue.stream === stream) yield held;
    }
  }

  /** `open`: those that stand on keyframes at some time of `span`, as far as is known now. */
  counts(
    stream: string,
    span: TimeSpan,
    windowMsOf: (cue: Cue) => number,
    without: HeldCue | null = null,
  ): CueCounts {
    let [pending, open, allPending] = [0, 0, 0];
    for (const held of this.live()) {
      if (held === without) continue;
      const { cue, dueAt, standsOnKeyframes } = held;
      const waits = isPending(cue.state) || cue.state === 'armed';
      if (waits) allPending++;
      if (cue.stream !== stream) continue;
      if (waits) pending++;
      // When it is to open is not known before it is taken, and its room is asked for then.
      if (cue.state === 'armed') continue;
      const from = dueAt ?? cue.acceptedAt;
      if (standsOnKeyframes && from <= span.to && from + windowMsOf(cue) >= span.from) open++;
    }
    return { pending, open, allPending };
  }

  everyone(): Iterable<HeldCue> {
    return this.#byId.values();
  }

  /** All of a stream, oldest first. */
  *all(stream: string): Generator<HeldCue, void> {
    for (const held of this.#byId.values()) if (held.cue.stream === stream) yield held;
  }

  /** Lock, reveal and cancel cues of an opening cue that stand or may still come. */
  *referringTo(id: string): Generator<Cue, void> {
    for (const referring of this.#referring.get(id) ?? []) {
      const cue = this.#byId.get(referring)?.cue;
      if (cue !== undefined && cue.state !== 'cancelled' && cue.state !== 'missed') yield cue;
    }
  }

  /** A lock, reveal or cancel of it has landed. */
  isClosed(id: string): boolean {
    for (const cue of this.referringTo(id)) if (cue.landing !== null) return true;
    return false;
  }
}
