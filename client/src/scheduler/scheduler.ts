import type { CloseReason, CueOutcome, FiredCue, LateReason, NeverReason } from '../types.ts';
import { BoundedMap } from './bounded-map.ts';
import { type CueEntry, closingOf, type Due, type KnownCue, staysOpen, windowMsOf } from './cue-entry.ts';
import { type PlayerTimeline, TOLERANCE_MS } from './timeline.ts';

/** Both clocks, injected. */
export interface SchedulerTime {
  /** Never goes back. */
  monotonicMs(): number;
  /** The server's clock where it is known (`synced`, with its error), else this device's. */
  unix(): { readonly ms: number; readonly errorMs: number; readonly synced: boolean };
}

/** What the scheduler decides. Called synchronously; may call back into it. */
export interface SchedulerSink {
  fired(cue: FiredCue): void;
  closed(cue: FiredCue, why: CloseReason): void;
  updated(cue: FiredCue): void;
  outcome(outcome: CueOutcome): void;
}

export interface SchedulerOptions {
  readonly maxDelayMs: number;
  /** Cues that wait or are open. */
  readonly maxCues?: number;
}

const MAX_CUES = 256;
const MAX_REMEMBERED = 4096;
/** Beyond this (and three frames) after the fire PTS, frames were passed over. */
const SKIPPED_MS = 100;
/** Where only the usual delay is known, and not the own frame: this much more, so that it is not before it. */
const UNPLACED_MARGIN_MS = 500;

/**
 * Which cue fires, on what, and when it closes. Pure: it reads time through `time`, is told of stamps
 * (`learn`), pictures (`pictureShown`) and passing time (`tick`), and says what it decides to `sink`.
 *
 * A cue fires at most once per id, when a picture at or after its fire PTS is on screen, and only while its window
 * is open. Where no picture can come, the clock takes the picture's place.
 */
export class CueScheduler {
  readonly #time: SchedulerTime;
  readonly #sink: SchedulerSink;
  readonly #options: SchedulerOptions;
  readonly #createdAtMs: number;
  readonly #timelines: PlayerTimeline[] = [];
  readonly #entries = new Map<string, CueEntry>();
  /** Ids that have had their end: they never fire again. */
  readonly #done = new BoundedMap<string, number>(MAX_REMEMBERED);
  /** What closed a cue, by the opening cue's id. */
  readonly #closings = new BoundedMap<string, CloseReason>(MAX_REMEMBERED);
  #stopped = false;

  constructor(time: SchedulerTime, sink: SchedulerSink, options: SchedulerOptions) {
    this.#time = time;
    this.#sink = sink;
    this.#options = options;
    this.#createdAtMs = time.monotonicMs();
  }

  addTimeline(timeline: PlayerTimeline): void {
    this.#timelines.push(timeline);
  }

  removeTimeline(timeline: PlayerTimeline): void {
    const at = this.#timelines.indexOf(timeline);
    if (at >= 0) this.#timelines.splice(at, 1);
    for (const entry of this.#entries.values()) entry.placed.delete(timeline);
  }

  /** Nothing is decided after this. */
  stop(): void {
    this.#stopped = true;
    this.#entries.clear();
    this.#timelines.length = 0;
  }

  get pending(): number {
    return this.#count((e) => e.state.name !== 'open');
  }

  get open(): number {
    return this.#count((e) => e.state.name === 'open');
  }

  #count(fits: (entry: CueEntry) => boolean): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (fits(entry)) count++;
    return count;
  }

  /** True where this id and revision bring nothing new: it has had its end. */
  isDone(id: string, rev: number): boolean {
    const done = this.#done.get(id);
    return done !== undefined && done >= rev && !this.#entries.has(id);
  }

  /** The newest proof for an open cue: a stamp copy with `fireIn <= 0`. */
  stampOf(id: string): string | null {
    return this.#entries.get(id)?.stamp ?? null;
  }

  isOpen(id: string): boolean {
    return this.#entries.get(id)?.state.name === 'open';
  }

  /** A verified cue: a first or further copy, another revision, or an entry of the events feed. */
  learn(known: KnownCue): void {
    if (this.#stopped) return;
    const { id, rev } = known.facts;
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      const done = this.#done.get(id);
      if (done !== undefined) {
        if (rev > done) this.#done.set(id, rev);
        return;
      }
      this.#makeRoom();
      this.#entries.set(id, this.#newEntry(known));
      this.#evaluate('learned');
      return;
    }
    if (rev < entry.facts.rev) return;
    if (rev > entry.facts.rev) this.#revise(entry, known);
    else this.#complete(entry, known);
    this.#evaluate('learned');
  }

  #newEntry(known: KnownCue): CueEntry {
    const entry: CueEntry = {
      facts: known.facts,
      data: known.data,
      fireAtUs: known.fireAtUs,
      epoch: known.epoch,
      streamFireMs: known.streamFireMs,
      placed: new Map(),
      source: null,
      fed: null,
      stamp: null,
      knownLate: null,
      state: { name: 'pending' },
    };
    this.#place(entry, known);
    entry.knownLate = this.#knownLate(entry);
    return entry;
  }

  /** A further copy of the same revision: it may bring the key, a proof, or a place in another player. */
  #complete(entry: CueEntry, known: KnownCue): void {
    const waited = entry.data === null;
    entry.data ??= known.data;
    entry.streamFireMs ??= known.streamFireMs;
    this.#place(entry, known);
    if (waited && entry.data !== null) entry.knownLate ??= this.#knownLate(entry);
  }

  /** The highest revision wins. What fired already never fires again; the page is told. */
  #revise(entry: CueEntry, known: KnownCue): void {
    const before = entry.facts;
    entry.facts = known.facts;
    entry.fireAtUs = known.fireAtUs;
    entry.epoch = known.epoch;
    entry.streamFireMs = known.streamFireMs;
    entry.stamp = null;
    entry.fed = null;
    if (entry.state.name !== 'open') {
      entry.placed.clear();
      entry.data = known.data;
      entry.state = { name: 'pending' };
      this.#place(entry, known);
      entry.knownLate = this.#knownLate(entry);
      return;
    }
    entry.data = known.data ?? entry.data;
    this.#place(entry, known);
    this.#done.set(entry.facts.id, entry.facts.rev);
    const { state } = entry;
    if (state.closesAtMs !== null && before.durationMs !== undefined) {
      state.closesAtMs += (entry.facts.durationMs ?? before.durationMs) - before.durationMs;
    }
    state.cue = {
      ...state.cue,
      rev: entry.facts.rev,
      data: entry.data ?? state.cue.data,
      durationMs: entry.facts.durationMs ?? null,
      closesAt: state.closesAtMs,
      alignAt: entry.facts.alignAt ?? null,
      audience: entry.facts.audience ?? null,
    };
    this.#sink.updated(state.cue);
  }

  #place(entry: CueEntry, known: KnownCue): void {
    const { from } = known;
    if (from.kind === 'events') {
      entry.fed ??= { elapsedMs: from.elapsedMs, atMs: this.#time.monotonicMs() };
      return;
    }
    entry.source ??= from.timeline;
    entry.stamp = from.stamp ?? entry.stamp;
    if (from.generation === from.timeline.generation && this.#timelines.includes(from.timeline)) {
      entry.placed.set(from.timeline, { generation: from.generation, fireMs: from.playerFireMs });
    }
  }

  /** Why a cue that becomes known now is late from the start; null where its frame is still to come. */
  #knownLate(entry: CueEntry): LateReason | null {
    for (const timeline of this.#timelines) {
      const fireMs = this.#playerFireMs(entry, timeline);
      if (fireMs === null || timeline.shown === null) continue;
      if (timeline.shown.ptsMs < fireMs - TOLERANCE_MS) continue;
      return fireMs < timeline.firstShownMs! - TOLERANCE_MS ? 'joined' : 'stamp-late';
    }
    return null;
  }

  #makeRoom(): void {
    if (this.#entries.size < (this.#options.maxCues ?? MAX_CUES)) return;
    let first: CueEntry | null = null;
    for (const entry of this.#entries.values()) {
      if (entry.state.name === 'open') continue;
      if (first === null || entry.facts.exp < first.facts.exp) first = entry;
    }
    // All of them open: the one that has been open longest gives way.
    first ??= this.#entries.values().next().value!;
    if (first.state.name === 'open') this.#close(first, 'expired');
    else this.#never(first, 'missed', 'evicted', null);
  }

  /** A player shows another picture, or stands at another position. */
  pictureShown(): void {
    if (!this.#stopped) this.#evaluate('shown');
  }

  /** Time has passed: call it a few times a second, and at `nextWakeMs`. */
  tick(): void {
    if (!this.#stopped) this.#evaluate('tick');
  }

  /** Monotonic milliseconds at which an opening or closing is due by the clock; null where none is. */
  nextWakeMs(): number | null {
    let next = Number.POSITIVE_INFINITY;
    for (const { state, facts } of this.#entries.values()) {
      if (state.name === 'aligned') next = Math.min(next, this.#openAtMs(facts.alignAt!, state.openAtMs));
      else if (state.name === 'open' && state.closesAtMs !== null) next = Math.min(next, state.closesAtMs);
    }
    return Number.isFinite(next) ? next : null;
  }

  #evaluate(cause: 'learned' | 'shown' | 'tick'): void {
    this.#openAligned();
    const due: { entry: CueEntry; due: Due }[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.state.name !== 'pending') continue;
      const found = this.#dueOf(entry);
      if (found !== null) due.push({ entry, due: found });
    }
    // Longest past its moment first: on one player that is the order of fire PTS.
    due.sort((a, b) => b.due.elapsedMs - a.due.elapsedMs);
    // Whatever is locked by now does not open any more, even where its lock comes in the same step.
    for (const { entry } of due) {
      const why = closingOf(entry.facts);
      if (why !== null && entry.facts.ref !== undefined && !this.#expired(entry)) {
        this.#closings.set(entry.facts.ref, why);
      }
    }
    for (const { entry, due: found } of due) {
      if (this.#stopped) return;
      // A callback of the page may have changed things.
      if (this.#holds(entry) && entry.state.name === 'pending') {
        this.#reached(entry, found, cause);
      }
    }
    this.#closeDue();
  }

  #holds(entry: CueEntry): boolean {
    return this.#entries.get(entry.facts.id) === entry;
  }

  #dueOf(entry: CueEntry): Due | null {
    for (const timeline of this.#timelines) {
      const due = this.#pictureDue(entry, timeline);
      if (due !== null) return due;
    }
    return this.#clockDue(entry);
  }

  #playerFireMs(entry: CueEntry, timeline: PlayerTimeline): number | null {
    const placed = entry.placed.get(timeline);
    if (placed !== undefined && placed.generation === timeline.generation) return placed.fireMs;
    return entry.streamFireMs === null ? null : timeline.toPlayer(entry.streamFireMs, entry.epoch);
  }

  #pictureDue(entry: CueEntry, timeline: PlayerTimeline): Due | null {
    const { shown } = timeline;
    if (shown === null || timeline.paused) return null;
    const fireMs = this.#playerFireMs(entry, timeline);
    if (fireMs === null || shown.ptsMs < fireMs - TOLERANCE_MS) return null;
    const elapsedMs = Math.max(0, shown.ptsMs - fireMs);
    return {
      by: shown.by,
      timeline,
      playerFireMs: fireMs,
      playerShownMs: shown.ptsMs,
      elapsedMs,
      dueAtMs: shown.atMs - elapsedMs / timeline.rate,
    };
  }

  /** Due by the clock, for viewers whose own frame will not come, or cannot be told. */
  #clockDue(entry: CueEntry): Due | null {
    const waitMs = this.#clockWaitMs(entry);
    if (waitMs === null) return null;
    const nowMs = this.#time.monotonicMs();
    const { ms, errorMs, synced } = this.#time.unix();
    let elapsedMs: number;
    if (synced) {
      elapsedMs = ms - entry.fireAtUs / 1000 - waitMs;
      // What the feed lists is due, whatever our clock's error.
      if (elapsedMs < (entry.fed === null ? errorMs : 0)) return null;
    } else if (entry.fed !== null) {
      elapsedMs = entry.fed.elapsedMs + (nowMs - entry.fed.atMs) - waitMs;
      if (elapsedMs < 0) return null;
    } else {
      return null;
    }
    return {
      by: 'clock',
      timeline: null,
      playerFireMs: null,
      playerShownMs: null,
      elapsedMs,
      dueAtMs: nowMs - elapsedMs,
    };
  }

  /** How long after `fireAt` the clock may fire it; null while its own frame is to be waited for. */
  #clockWaitMs(entry: CueEntry): number | null {
    const nowMs = this.#time.monotonicMs();
    const states = this.#timelines.map((timeline) => timeline.state(nowMs));
    const running = this.#timelines.filter((_, i) => states[i] === 'running');
    if (running.length === 0) {
      if (states.includes('starting') || states.includes('paused')) return null;
      return this.#timelines.length > 0 || nowMs - this.#createdAtMs >= this.startingMs ? 0 : null;
    }
    let waitMs: number | null = null;
    for (const timeline of running) {
      if (this.#playerFireMs(entry, timeline) !== null) return null;
      if (!timeline.stampsRunning(nowMs)) {
        waitMs = 0;
        continue;
      }
      // Stamps come, but none of this cue's epoch: by the delay that this viewer usually has.
      const delayMs = this.delayMsOf(timeline);
      if (delayMs === null) return null;
      waitMs = Math.max(waitMs ?? 0, delayMs + UNPLACED_MARGIN_MS);
    }
    return waitMs;
  }

  /** How long a page without any player is taken to be still setting one up. */
  readonly startingMs: number = 4000;

  /** How far a player's picture is behind the injector, by the synchronised clock; null while it is not known. */
  delayMsOf(timeline: PlayerTimeline): number | null {
    const unix = this.#time.unix();
    if (!unix.synced) return null;
    const nowMs = this.#time.monotonicMs();
    return timeline.delayMs((atMs) => unix.ms - (nowMs - atMs));
  }

  #expired(entry: CueEntry): boolean {
    return this.#time.unix().ms >= entry.facts.exp;
  }

  /** Its frame, or what stands for it, has been reached. */
  #reached(entry: CueEntry, due: Due, cause: 'learned' | 'shown' | 'tick'): void {
    const over = due.elapsedMs >= windowMsOf(entry.facts);
    if (entry.data === null) {
      // Its key may come with the next copy; when the window is over, it no longer helps.
      if (this.#expired(entry)) this.#never(entry, 'missed', 'expired', due);
      else if (over) this.#never(entry, 'missed', 'sealed', due);
      return;
    }
    if (this.#expired(entry)) {
      this.#never(entry, 'missed', 'expired', due);
      return;
    }
    const closing = closingOf(entry.facts);
    if (closing === null) {
      if (this.#closings.get(entry.facts.id) !== undefined) {
        this.#never(entry, 'closed', 'locked', due);
        return;
      }
      if (this.#behind(entry, due)) {
        this.#never(entry, 'closed', 'behind', due);
        return;
      }
    } else if (entry.facts.ref !== undefined) {
      this.#closeRef(entry.facts.ref, closing);
    }
    if (entry.facts.alignAt !== undefined) {
      this.#align(entry, due, cause);
      return;
    }
    if (over) {
      this.#never(entry, 'closed', 'over', due);
      return;
    }
    const lateMs = Math.max(0, this.#time.monotonicMs() - due.dueAtMs);
    this.#fire(entry, due, lateMs, this.#lateReason(entry, due, cause), null);
  }

  #lateReason(entry: CueEntry, due: Due, cause: 'learned' | 'shown' | 'tick'): LateReason | null {
    if (due.by === 'clock') return 'no-frame';
    if (entry.knownLate !== null) return entry.knownLate;
    if (due.elapsedMs > 0 && due.playerFireMs! < due.timeline!.firstShownMs! - TOLERANCE_MS) return 'joined';
    if (due.by === 'position') return 'hidden';
    if (cause === 'learned' && due.elapsedMs > 0) return 'stamp-late';
    const skippedMs = Math.max(SKIPPED_MS, 3 * (due.timeline!.frameMs ?? 0));
    return due.elapsedMs > skippedMs ? 'skipped' : null;
  }

  /** The picture on screen is further behind than is allowed, as far as the clocks can tell. */
  #behind(entry: CueEntry, due: Due): boolean {
    const { ms, errorMs, synced } = this.#time.unix();
    if (!synced || due.by === 'clock') return false;
    return ms - entry.fireAtUs / 1000 - due.elapsedMs - errorMs > this.#options.maxDelayMs;
  }

  #align(entry: CueEntry, due: Due, cause: 'learned' | 'shown' | 'tick'): void {
    const { alignAt, durationMs } = entry.facts;
    const nowMs = this.#time.monotonicMs();
    // Without a clock: `fireAt` is never after the frame on screen, so this is never before `alignAt`.
    const openAtMs = this.#openAtMs(alignAt!, due.dueAtMs + Math.max(0, alignAt! - entry.fireAtUs / 1000));
    if (nowMs < openAtMs) {
      entry.state = { name: 'aligned', due, openAtMs };
      return;
    }
    const lateMs = nowMs - openAtMs;
    if (durationMs !== undefined && lateMs >= durationMs) {
      this.#never(entry, 'closed', 'over', due);
      return;
    }
    const reason = this.#lateReason(entry, due, cause) ?? 'behind-align';
    this.#fire(entry, due, lateMs, lateMs > TOLERANCE_MS ? reason : null, openAtMs);
  }

  /** The monotonic moment of `alignAt` by the synchronised clock; `otherwise` without one. */
  #openAtMs(alignAt: number, otherwise: number): number {
    const unix = this.#time.unix();
    return unix.synced ? this.#time.monotonicMs() + (alignAt - unix.ms) : otherwise;
  }

  /** Opens what has been shown and has reached its common moment. */
  #openAligned(): void {
    for (const entry of [...this.#entries.values()]) {
      const { state, facts } = entry;
      if (state.name !== 'aligned' || this.#stopped || !this.#holds(entry)) continue;
      if (this.#expired(entry)) {
        this.#never(entry, 'missed', 'expired', state.due);
      } else if (this.#closings.get(facts.id) !== undefined) {
        this.#never(entry, 'closed', 'locked', state.due);
      } else {
        const openAtMs = this.#openAtMs(facts.alignAt!, state.openAtMs);
        const lateMs = this.#time.monotonicMs() - openAtMs;
        if (lateMs < 0) continue;
        // Timers of a sleeping or throttled tab can be much later than asked.
        if (facts.durationMs !== undefined && lateMs >= facts.durationMs) {
          this.#never(entry, 'closed', 'over', state.due);
        } else {
          this.#fire(entry, state.due, lateMs, lateMs > SKIPPED_MS ? 'behind-align' : null, openAtMs);
        }
      }
    }
  }

  /** @param openAtMs of an aligned cue: the common moment. */
  #fire(entry: CueEntry, due: Due, lateMs: number, reason: LateReason | null, openAtMs: number | null): void {
    const { facts } = entry;
    const nowMs = this.#time.monotonicMs();
    const presentedAt =
      openAtMs === null && due.by === 'frame' && reason === null
        ? Math.max(nowMs, due.dueAtMs + due.elapsedMs / due.timeline!.rate)
        : nowMs;
    const elapsedMs = openAtMs === null ? due.elapsedMs : lateMs;
    const remainingMs = facts.durationMs === undefined ? null : facts.durationMs - elapsedMs;
    const closesAtMs = remainingMs === null ? null : presentedAt + remainingMs;
    const timeline = due.timeline;
    const shownPts = due.playerShownMs === null ? null : timeline!.toStream(due.playerShownMs);
    const frameMs = timeline?.frameMs ?? null;
    const cue: FiredCue = {
      id: facts.id,
      rev: facts.rev,
      type: facts.type,
      ref: facts.ref ?? null,
      show: facts.show ?? null,
      audience: facts.audience ?? null,
      data: entry.data!,
      durationMs: facts.durationMs ?? null,
      remainingMs,
      presentedAt,
      closesAt: closesAtMs,
      alignAt: facts.alignAt ?? null,
      firePts: entry.streamFireMs,
      shownPts: shownPts?.ptsMs ?? null,
      playerFirePts: due.playerFireMs,
      playerShownPts: due.playerShownMs,
      frames:
        due.by === 'frame' && (frameMs !== null || due.elapsedMs === 0)
          ? Math.round(due.elapsedMs / (frameMs ?? 1))
          : null,
      lateMs,
      outcome: reason === null ? 'fired' : 'late',
      reason,
      path: this.#pathOf(entry, due),
      trigger: openAtMs === null ? due.by : 'clock',
      epoch: entry.epoch,
      fireAtUs: entry.fireAtUs,
      stamp: entry.stamp,
    };
    if (staysOpen(facts)) {
      entry.state = { name: 'open', cue, due, closesAtMs };
    } else {
      this.#entries.delete(facts.id);
    }
    this.#done.set(facts.id, facts.rev);
    this.#sink.outcome(this.#outcomeOf(entry, due, cue.outcome, reason, cue));
    this.#sink.fired(cue);
  }

  #pathOf(entry: CueEntry, due: Due | null): CueOutcome['path'] {
    if (due?.by === 'clock' || entry.source === null) return 'events';
    return entry.source.path();
  }

  #never(entry: CueEntry, outcome: 'missed' | 'closed', reason: NeverReason, due: Due | null): void {
    this.#entries.delete(entry.facts.id);
    this.#done.set(entry.facts.id, entry.facts.rev);
    this.#sink.outcome(this.#outcomeOf(entry, due, outcome, reason, null));
  }

  #outcomeOf(
    entry: CueEntry,
    due: Due | null,
    outcome: CueOutcome['outcome'],
    reason: CueOutcome['reason'],
    cue: FiredCue | null,
  ): CueOutcome {
    return {
      cue: entry.facts.id,
      rev: entry.facts.rev,
      type: entry.facts.type,
      path: this.#pathOf(entry, due),
      outcome,
      reason,
      lateMs: cue?.lateMs ?? null,
      frames: cue?.frames ?? null,
      shownPts: cue?.shownPts ?? null,
    };
  }

  #closeRef(ref: string, why: CloseReason): void {
    this.#closings.set(ref, why);
    const entry = this.#entries.get(ref);
    if (entry?.state.name === 'open') this.#close(entry, why);
    else if (entry?.state.name === 'aligned') this.#never(entry, 'closed', 'locked', entry.state.due);
  }

  #close(entry: CueEntry, why: CloseReason): void {
    if (entry.state.name !== 'open') return;
    const { cue } = entry.state;
    this.#entries.delete(entry.facts.id);
    this.#sink.closed(cue, why);
  }

  /** What has been open for its time, by the clock or by its own picture, and what expired. */
  #closeDue(): void {
    const nowMs = this.#time.monotonicMs();
    for (const entry of [...this.#entries.values()]) {
      if (this.#stopped) return;
      if (!this.#holds(entry)) continue;
      const { state } = entry;
      if (state.name === 'pending') {
        if (this.#expired(entry)) this.#never(entry, 'missed', 'expired', null);
      } else if (state.name === 'open') {
        if (state.closesAtMs !== null && nowMs >= state.closesAtMs) this.#close(entry, 'ended');
        else if (this.#pictureIsPast(entry)) this.#close(entry, 'ended');
        else if (this.#expired(entry)) this.#close(entry, 'expired');
      }
    }
  }

  /** The viewer has moved past the window: a seek, or catching up with the live moment. */
  #pictureIsPast(entry: CueEntry): boolean {
    const { durationMs, alignAt } = entry.facts;
    if (durationMs === undefined || alignAt !== undefined) return false;
    return this.#timelines.some((timeline) => {
      const due = this.#pictureDue(entry, timeline);
      return due !== null && due.elapsedMs >= durationMs;
    });
  }
}
