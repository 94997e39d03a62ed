import { isVoiding } from '../../../cues/wire/index.ts';
import { isWorse } from '../carriers/told.ts';
import type { CloseReason, CueOutcome, FiredCue, LateReason, NeverReason } from '../types.ts';
import { BoundedMap } from './bounded-map.ts';
import {
  type CueEntry,
  type CueFacts,
  closingOf,
  type Due,
  type KnownCue,
  staysOpen,
  windowMsOf,
} from './cue-entry.ts';
import { DueFinder, type SchedulerTime } from './due.ts';
import { type CommonMoment, firedCueOf, outcomeOf } from './fired-cue.ts';
import { type PlayerTimeline, TOLERANCE_MS } from './timeline.ts';

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
/** An aligned opening by a timer that was later than this is counted as late. */
const TIMER_LATE_MS = 100;
/** How far off a clock may be that opens an aligned cue: what half a round trip over a bad mobile network takes. */
const ALIGN_ERROR_MS = 100;

/**
 * Which cue fires, on what, and when it closes. Pure: it reads time through `time`, is told of stamps (`learn`),
 * pictures (`pictureShown`) and passing time (`tick`), and says what it decides to `sink`.
 *
 * A cue fires at most once per id, when a picture at or after its fire PTS is on screen, and only while its window
 * is open. Where no picture can come, the clock takes the picture's place.
 */
export class CueScheduler {
  readonly #time: SchedulerTime;
  readonly #sink: SchedulerSink;
  readonly #options: SchedulerOptions;
  readonly #dues: DueFinder;
  readonly #entries = new Map<string, CueEntry>();
  /** Ids that have fired or had their end, with the highest revision seen: they never fire again. */
  readonly #done = new BoundedMap<string, number>(MAX_REMEMBERED);
  /** What closed a cue, by the opening cue's id. */
  readonly #closings = new BoundedMap<string, CloseReason>(MAX_REMEMBERED);
  #stopped = false;

  constructor(time: SchedulerTime, sink: SchedulerSink, options: SchedulerOptions) {
    this.#time = time;
    this.#sink = sink;
    this.#options = options;
    this.#dues = new DueFinder(time);
  }

  addTimeline(timeline: PlayerTimeline): void {
    this.#dues.timelines.push(timeline);
  }

  removeTimeline(timeline: PlayerTimeline): void {
    const { timelines } = this.#dues;
    const at = timelines.indexOf(timeline);
    if (at >= 0) timelines.splice(at, 1);
    for (const entry of this.#entries.values()) entry.placed.delete(timeline);
  }

  /** Nothing is decided after this. */
  stop(): void {
    this.#stopped = true;
    this.#entries.clear();
    this.#dues.timelines.length = 0;
  }

  get pending(): number {
    let pending = 0;
    for (const { state, facts } of this.#entries.values())
      if (state.name !== 'open' && voidedBy(facts) === null) pending++;
    return pending;
  }

  get open(): number {
    let open = 0;
    for (const { state } of this.#entries.values()) if (state.name === 'open') open++;
    return open;
  }

  delayMsOf(timeline: PlayerTimeline): number | null {
    return this.#dues.delayMsOf(timeline);
  }

  /** True where this id and revision bring nothing new: it has had its end. */
  isDone(id: string, rev: number): boolean {
    const done = this.#done.get(id);
    return done !== undefined && done >= rev && !this.#entries.has(id);
  }

  /** The proof for a cue that is open: the text of its first copy with `fireIn <= 0`. */
  stampOf(id: string): string | null {
    return this.#entries.get(id)?.stamp ?? null;
  }

  /** A verified cue: a first or further copy, another revision, or an entry of the events feed. */
  learn(known: KnownCue): void {
    if (this.#stopped) return;
    if (isVoiding(known.facts)) {
      this.#learnVoiding(known);
      return;
    }
    const { id, rev } = known.facts;
    const entry = this.#entries.get(id);
    if (entry !== undefined) {
      if (rev < entry.facts.rev) return;
      if (rev === entry.facts.rev) this.#complete(entry, known);
      else if (entry.state.name === 'open') this.#reviseOpen(entry, known);
      else this.#replace(known);
    } else {
      const done = this.#done.get(id);
      if (done !== undefined) {
        if (rev > done) this.#done.set(id, rev);
        return;
      }
      this.#makeRoom();
      this.#replace(known);
    }
    this.#evaluate();
  }

  /** It waits for its own frame, beside the cue that it takes back: until then that one goes on. */
  #learnVoiding(known: KnownCue): void {
    const { id, rev } = known.facts;
    const facts = { ...known.facts, id: nameOfVoiding(id) };
    const waiting = this.#entries.get(facts.id);
    if (waiting === undefined ? this.isDone(id, rev) : rev < waiting.facts.rev) return;
    if (waiting?.facts.rev === rev) this.#complete(waiting, known);
    else {
      if (waiting === undefined) this.#makeRoom();
      this.#replace({ ...known, facts });
    }
    this.#evaluate();
  }

  /** The frame that takes a cue back is on screen. */
  #voided({ facts }: CueEntry, id: string, due: Due): void {
    this.#entries.delete(facts.id);
    const entry = this.#entries.get(id);
    if (entry?.state.name === 'open') this.#close(entry, 'canceled');
    else if (entry !== undefined) this.#never(entry, 'closed', 'locked', due);
    // Whatever copies of it are still on their way.
    this.#done.set(id, facts.rev);
  }

  /** A new cue, or a newer revision of one that has not fired: nothing of the older one counts any more. */
  #replace(known: KnownCue): void {
    const entry: CueEntry = {
      facts: known.facts,
      data: known.data,
      fireAtUs: known.fireAtUs,
      epoch: known.epoch,
      streamFireMs: known.streamFireMs,
      placed: new Map(),
      source: null,
      told: null,
      fed: null,
      stamp: null,
      knownLate: null,
      state: { name: 'pending' },
    };
    this.#place(entry, known);
    entry.knownLate = this.#dues.knownLate(entry);
    this.#entries.set(known.facts.id, entry);
  }

  /** A further copy of the same revision: it may bring the key, a proof, or a place in another player. */
  #complete(entry: CueEntry, known: KnownCue): void {
    const wasSealed = entry.data === null;
    entry.data ??= known.data;
    entry.streamFireMs ??= known.streamFireMs;
    this.#place(entry, known);
    if (wasSealed && entry.data !== null) entry.knownLate ??= this.#dues.knownLate(entry);
  }

  /** The highest revision wins, but what fired never fires again: the page is told. */
  #reviseOpen(entry: CueEntry, known: KnownCue): void {
    const { state } = entry;
    if (state.name !== 'open') return;
    const durationBefore = entry.facts.durationMs;
    entry.facts = known.facts;
    entry.data = known.data ?? entry.data;
    entry.fireAtUs = known.fireAtUs;
    entry.epoch = known.epoch;
    entry.streamFireMs = known.streamFireMs;
    entry.stamp = null;
    entry.fed = null;
    entry.told = null;
    entry.placed.clear();
    this.#place(entry, known);
    this.#done.set(entry.facts.id, entry.facts.rev);
    const { durationMs } = entry.facts;
    state.closesAtMs =
      durationMs === undefined
        ? null
        : (state.closesAtMs ?? state.cue.presentedAt) + durationMs - (durationBefore ?? 0);
    state.cue = {
      ...state.cue,
      rev: entry.facts.rev,
      data: entry.data!,
      durationMs: durationMs ?? null,
      closesAt: state.closesAtMs,
      alignAt: entry.facts.alignAt ?? null,
      audience: entry.facts.audience ?? null,
      rehearsal: entry.facts.rehearsal === true,
    };
    this.#sink.updated(state.cue);
  }

  #place(entry: CueEntry, { from }: KnownCue): void {
    if (from.kind === 'events') {
      entry.fed ??= { elapsedMs: from.elapsedMs, atMs: this.#time.monotonicMs() };
      return;
    }
    entry.source ??= from.timeline;
    // The first one: it passed the injector with the fire frame, later ones say less.
    entry.stamp ??= from.stamp;
    const { timeline, generation, told } = from;
    if (entry.told === null || !isWorse(told, entry.told)) entry.told = told;
    if (generation !== timeline.generation || !this.#dues.timelines.includes(timeline)) return;
    // SEI is the truth: what travels beside it places a cue only where no SEI did.
    const before = entry.placed.get(timeline);
    if (before !== undefined && before.generation === generation && isWorse(told, before.told)) return;
    entry.placed.set(timeline, { generation, fireMs: from.playerFireMs, told });
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
    if (!this.#stopped) this.#evaluate();
  }

  /** Time has passed: call it a few times a second, and at `nextWakeMs`. */
  tick(): void {
    if (!this.#stopped) this.#evaluate();
  }

  /** Monotonic milliseconds at which an opening or closing is due by the clock; null where none is. */
  nextWakeMs(): number | null {
    let next = Number.POSITIVE_INFINITY;
    for (const { state, facts } of this.#entries.values()) {
      if (state.name === 'aligned')
        next = Math.min(next, this.#commonMoment(facts.alignAt!, state.otherwiseMs).openMs);
      else if (state.name === 'open' && state.closesAtMs !== null) next = Math.min(next, state.closesAtMs);
    }
    return Number.isFinite(next) ? next : null;
  }

  #evaluate(): void {
    this.#openAligned();
    const reached: { readonly entry: CueEntry; readonly due: Due }[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.state.name !== 'pending') continue;
      const due = this.#dues.find(entry);
      if (due !== null) reached.push({ entry, due });
    }
    // Longest past its moment first: on one player that is the order of fire PTS.
    reached.sort((a, b) => b.due.elapsedMs - a.due.elapsedMs);
    // Whatever is locked by now does not open any more, even where its lock comes in the same step.
    for (const { entry } of reached) {
      const why = closingOf(entry.facts);
      const { ref } = entry.facts;
      // One that is sealed still has not landed, or was taken back: it closes nothing until its key has come.
      const counts = entry.data !== null && !this.#isExpired(entry);
      if (why !== null && ref !== undefined && counts) this.#closings.set(ref, why);
    }
    for (const { entry, due } of reached) {
      // A callback of the page may have changed things.
      if (this.#holds(entry) && entry.state.name === 'pending') this.#reached(entry, due);
    }
    this.#closeDue();
  }

  #holds(entry: CueEntry): boolean {
    return this.#entries.get(entry.facts.id) === entry;
  }

  /** A clock that nobody has checked keeps a cue from firing, but does not end it: it may be checked yet. */
  #isExpired(entry: CueEntry): boolean {
    return this.#time.unix().ms >= entry.facts.exp;
  }

  /** Its frame, or what stands for it, has been reached. */
  #reached(entry: CueEntry, due: Due): void {
    const { facts } = entry;
    const isOver = due.elapsedMs >= windowMsOf(facts);
    const closing = closingOf(facts);
    const voids = voidedBy(facts);
    if (voids !== null) {
      this.#voided(entry, voids, due);
      return;
    }
    if (this.#isExpired(entry)) {
      if (this.#time.unix().synced) this.#never(entry, 'missed', 'expired', due);
      return;
    }
    const closes = closing !== null && entry.data !== null;
    if (closes && facts.ref !== undefined) this.#closeRef(facts.ref, closing);
    if (entry.data === null) {
      // Its key may come with the next copy; once the window is over, that no longer helps.
      if (isOver) this.#never(entry, 'missed', 'sealed', due);
    } else if (closing === null && this.#closings.get(facts.id) !== undefined) {
      this.#never(entry, 'closed', 'locked', due);
    } else if (closing === null && this.#isBehind(entry, due)) {
      this.#never(entry, 'closed', 'behind', due);
    } else if (facts.alignAt !== undefined) {
      this.#align(entry, due, facts.alignAt);
    } else if (isOver) {
      this.#never(entry, 'closed', 'over', due);
    } else {
      const onScreenMs = due.elapsedMs / (due.timeline?.rate ?? 1);
      const lateMs = Math.max(onScreenMs, this.#time.monotonicMs() - due.dueAtMs);
      this.#fire(entry, due, lateMs, this.#dues.lateReason(entry, due), null);
    }
  }

  /** The picture on screen is further behind than is allowed, as far as the clocks can tell. */
  #isBehind(entry: CueEntry, due: Due): boolean {
    const { ms, errorMs, synced } = this.#time.unix();
    if (!synced || due.by === 'clock') return false;
    return ms - entry.fireAtUs / 1000 - due.elapsedMs - errorMs > this.#options.maxDelayMs;
  }

  #align(entry: CueEntry, due: Due, alignAt: number): void {
    // Without a clock: `fireAt` is never after the frame on screen, so this is never before `alignAt`.
    const otherwiseMs = due.dueAtMs + Math.max(0, alignAt - entry.fireAtUs / 1000);
    const moment = this.#commonMoment(alignAt, otherwiseMs);
    const nowMs = this.#time.monotonicMs();
    const lateMs = nowMs - moment.openMs;
    if (lateMs < 0) {
      entry.state = { name: 'aligned', due, otherwiseMs };
    } else {
      const reason = lateMs > TOLERANCE_MS ? (this.#dues.lateReason(entry, due) ?? 'behind-align') : null;
      this.#openTogether(entry, due, reason, moment, nowMs);
    }
  }

  /**
   * The common moment on the monotonic clock, by the best that is known of the server's. A clock that may be further
   * off than is allowed opens that much later: nobody opens before `alignAt` less the allowed error.
   */
  #commonMoment(alignAt: number, otherwiseMs: number): CommonMoment {
    const { ms, errorMs, synced } = this.#time.unix();
    if (!synced) return { alignMs: otherwiseMs, openMs: otherwiseMs, errorMs: null, doubt: 'no-clock' };
    const alignMs = this.#time.monotonicMs() + (alignAt - ms);
    const beyondMs = Math.max(0, errorMs - ALIGN_ERROR_MS);
    return { alignMs, openMs: alignMs + beyondMs, errorMs, doubt: beyondMs > 0 ? 'clock-unsure' : null };
  }

  /** What has been shown and has reached its common moment. */
  #openAligned(): void {
    for (const entry of [...this.#entries.values()]) {
      const { state, facts } = entry;
      if (state.name !== 'aligned' || !this.#holds(entry)) continue;
      const moment = this.#commonMoment(facts.alignAt!, state.otherwiseMs);
      const nowMs = this.#time.monotonicMs();
      const lateMs = nowMs - moment.openMs;
      if (lateMs < 0 || this.#isExpired(entry)) continue;
      // Timers of a sleeping or throttled tab can be much later than asked.
      const late = state.due.timeline?.hidden === true ? 'hidden' : 'behind-align';
      this.#openTogether(entry, state.due, lateMs > TIMER_LATE_MS ? late : null, moment, nowMs);
    }
  }

  /**
   * Opens now, or not at all where all others have closed already. `nowMs`: by which the reason was found, so that what is
   * told to be late is told why.
   */
  #openTogether(
    entry: CueEntry,
    due: Due,
    reason: LateReason | null,
    moment: CommonMoment,
    nowMs: number,
  ): void {
    const lateMs = Math.max(0, nowMs - moment.alignMs);
    const why = reason ?? (due.timeline === null ? 'no-frame' : moment.doubt);
    if (lateMs >= windowMsOf(entry.facts)) this.#never(entry, 'closed', 'over', due);
    else this.#fire(entry, due, lateMs, why, moment);
  }

  #fire(
    entry: CueEntry,
    due: Due,
    lateMs: number,
    reason: LateReason | null,
    aligned: CommonMoment | null,
  ): void {
    const cue = firedCueOf(entry, { due, nowMs: this.#time.monotonicMs(), lateMs, reason, aligned });
    if (staysOpen(entry.facts)) entry.state = { name: 'open', cue, closesAtMs: cue.closesAt };
    else this.#entries.delete(cue.id);
    this.#done.set(cue.id, cue.rev);
    this.#sink.outcome(outcomeOf(entry, due, cue.outcome, reason, cue));
    this.#sink.fired(cue);
  }

  #never(entry: CueEntry, outcome: 'missed' | 'closed', reason: NeverReason, due: Due | null): void {
    this.#entries.delete(entry.facts.id);
    // Nobody has heard of what takes a cue back: it has no end of its own.
    if (voidedBy(entry.facts) !== null) return;
    this.#done.set(entry.facts.id, entry.facts.rev);
    this.#sink.outcome(outcomeOf(entry, due, outcome, reason, null));
  }

  #closeRef(ref: string, why: CloseReason): void {
    const entry = this.#entries.get(ref);
    if (entry?.state.name === 'open') this.#close(entry, why);
    else if (entry?.state.name === 'aligned') this.#never(entry, 'closed', 'locked', entry.state.due);
  }

  #close(entry: CueEntry, why: CloseReason): void {
    if (entry.state.name !== 'open') return;
    this.#entries.delete(entry.facts.id);
    this.#sink.closed(entry.state.cue, why);
  }

  /** What has been open for its time, by the clock or by its own picture, and what has expired. */
  #closeDue(): void {
    const nowMs = this.#time.monotonicMs();
    const { synced } = this.#time.unix();
    for (const entry of [...this.#entries.values()]) {
      if (!this.#holds(entry)) continue;
      const { state } = entry;
      const isExpired = this.#isExpired(entry);
      if (state.name !== 'open') {
        if (isExpired && synced) this.#never(entry, 'missed', 'expired', null);
      } else if ((state.closesAtMs !== null && nowMs >= state.closesAtMs) || this.#isPast(entry)) {
        this.#close(entry, 'ended');
      } else if (isExpired) {
        this.#close(entry, 'expired');
      }
    }
  }

  /** The viewer has moved past the window: a seek, or catching up with the live moment. */
  #isPast(entry: CueEntry): boolean {
    const { durationMs, alignAt } = entry.facts;
    if (durationMs === undefined || alignAt !== undefined) return false;
    return this.#dues.timelines.some((timeline) => {
      const due = this.#dues.findByPicture(entry, timeline);
      return due !== null && due.elapsedMs >= durationMs;
    });
  }
}

/** No cue has such an id. */
const nameOfVoiding = (id: string): string => `${id} void`;

/** The cue that it takes back; null for all that is a cue of its own. */
const voidedBy = ({ id, ref }: CueFacts): string | null =>
  ref !== undefined && id === nameOfVoiding(ref) ? ref : null;
