import { EpochAnchor, type EpochAnchorState } from '../cues/anchor.ts';
import type { PreparedCue, StampEvent } from '../cues/cue.ts';
import { PresentationOrder, type PresentationOrderState } from '../cues/next-frame.ts';
import { formatClockStamp, formatCueStamp } from '../cues/wire/index.ts';
import { BitstreamError, type NalLengthSize } from '../h264-sei-parser/src/index.ts';
import type { Clock } from '../packet/clock.ts';
import { type AvcFramePacket, type MediaPacket, ptsOf } from '../packet/packet.ts';
import { type Milliseconds, type UnixMicroseconds, unixMsToUs, unixUsToMs } from '../packet/time.ts';
import { rewriteAccessUnit } from './access-unit.ts';
import { type AccessUnitView, seiMessagesOf, viewAccessUnit } from './access-unit-view.ts';
import { type InjectorCounters, newCounters } from './counters.ts';
import {
  type CueEntry,
  type CueStep,
  type FrameMoment,
  newEntry,
  rankOf,
  type StampStep,
  stepOf,
} from './cue-entry.ts';
import {
  DEFAULT_ENCODER_CLOCK_SETTINGS,
  EncoderClock,
  type EncoderClockSettings,
  type EncoderClockState,
} from './encoder-clock/encoder-clock.ts';
import { FrameRate, type FrameRateState } from './frame-rate.ts';
import { type LintFinding, NORMALISED_CODES } from './lint-codes.ts';
import { LintRecord } from './lint-record.ts';
import { Linter } from './linter.ts';
import { stampTextOf } from './sei-unit.ts';
import { chooseWithin, type Wish } from './stamp-budget.ts';
import { stampNal } from './stamp-nal.ts';
import { UpstreamStamps, type UpstreamTrust, type UpstreamVerdict } from './upstream.ts';

export type { InjectorCounters } from './counters.ts';

export interface InjectorSettings {
  /** A clock stamp on every access unit instead of on keyframes only. */
  readonly clockStampEveryFrame: boolean;
  /** Cues held at once, waiting or open. */
  readonly maxCues: number;
  /** SEI behind slices moves before them; buffering period and delimiter come first. Default true. */
  readonly normalise?: boolean;
  /** Bytes of stamps that one access unit may carry; what has no room waits for the next. Default 16,384. */
  readonly stampBudgetBytes?: number;
  /** Whose stamps go on where they come with a frame; without it, nobody's. */
  readonly upstream?: UpstreamTrust;
  /** What is made of the clock that a publisher sends. Default: used where it is good, nothing written. */
  readonly encoderClock?: EncoderClockSettings;
}

const STAMP_BUDGET_BYTES = 16_384;

/**
 * Stamps one stream. Pure and synchronous: packets in, packets out, in the same call and order. Whatever goes
 * wrong in here, the frame passes untouched and is counted; a cue that could not be written waits for the next one.
 */
export class StreamInjector {
  readonly counters: InjectorCounters = newCounters();
  /** What was odd about this stream's frames so far. */
  readonly lint: LintRecord;
  /** When the pictures were taken, as far as the publisher says. */
  readonly encoderClock: EncoderClock;
  /** The switch of DESIGN "The stamp": off, every packet passes as it came. */
  stampingOn = true;

  readonly #clock: Clock;
  readonly #settings: InjectorSettings;
  readonly #emit: (event: StampEvent) => void;
  readonly #cues = new Map<string, CueEntry>();
  readonly #linter = new Linter();
  readonly #upstream: UpstreamStamps | null;
  #epoch: EpochState;
  #record: Uint8Array | null = null;
  #lengthSize: NalLengthSize = 4;

  /** @param emit called within `process`, after the access unit was written; must not throw and must not block. */
  constructor(epoch: string, clock: Clock, settings: InjectorSettings, emit: (event: StampEvent) => void) {
    this.#clock = clock;
    this.#settings = settings;
    this.#emit = emit;
    this.#epoch = newEpoch(epoch, clock);
    this.encoderClock = new EncoderClock(clock, settings.encoderClock ?? DEFAULT_ENCODER_CLOCK_SETTINGS);
    this.lint = new LintRecord(settings.normalise === false ? new Set() : NORMALISED_CODES);
    this.#upstream = settings.upstream === undefined ? null : new UpstreamStamps(settings.upstream, clock);
  }

  get epoch(): string {
    return this.#epoch.id;
  }

  /** The first picture in presentation order that had not passed when the last access unit came; null before one. */
  get nextPts(): Milliseconds | null {
    return this.#epoch.nextPts;
  }

  /** Access units of this epoch so far, in decode order. */
  get frame(): number {
    return this.#epoch.frame;
  }

  get heldCues(): number {
    return this.#cues.size;
  }

  /** The wall clock at which a PTS of this epoch passes, or null before its first access unit. */
  wallOf(pts: Milliseconds): UnixMicroseconds | null {
    return this.#epoch.anchor.known ? this.#epoch.anchor.wallOf(pts) : null;
  }

  /** All that decides what comes out, for a replay that begins here. Plain data, byte arrays among it. */
  get state(): InjectorState {
    const { id, order, anchor, rate, frame, nextPts } = this.#epoch;
    return {
      lengthSize: this.#lengthSize,
      record: this.#record,
      stampingOn: this.stampingOn,
      cues: Array.from(this.#cues.values(), (entry) => ({ ...entry })),
      epoch: { id, frame, nextPts, order: order.state, anchor: anchor.state, rate: rate.state },
      encoderClock: this.encoderClock.state,
    };
  }

  /** Goes on where another injector was; to be called before the first packet. */
  resume({ lengthSize, record, stampingOn, cues, epoch, encoderClock }: InjectorState): void {
    this.#lengthSize = lengthSize;
    if (record) this.#linter.config({ record });
    this.stampingOn = stampingOn;
    this.#epoch = newEpoch(epoch.id, this.#clock);
    this.#epoch.frame = epoch.frame;
    this.#epoch.nextPts = epoch.nextPts;
    this.#epoch.order.resume(epoch.order);
    this.#epoch.anchor.resume(epoch.anchor);
    this.#epoch.rate.resume(epoch.rate);
    if (encoderClock !== undefined) this.encoderClock.resume(encoderClock);
    this.#cues.clear();
    for (const entry of cues) this.#cues.set(entry.cue.id, { ...entry });
  }

  /** A new timeline begins. Cues are dropped: their owner gives those that still hold anew, with the next `rev`. */
  startEpoch(id: string): void {
    this.#epoch = newEpoch(id, this.#clock);
    this.encoderClock.startEpoch();
    this.#cues.clear();
  }

  /** Takes a cue; the next access unit sees it. False when too many are held. A higher `rev` replaces a lower one. */
  add(cue: PreparedCue): boolean {
    const held = this.#cues.get(cue.id);
    if (held !== undefined && held.cue.rev >= cue.rev) return true;
    if (held === undefined && this.#cues.size >= this.#settings.maxCues) return false;
    this.#cues.set(cue.id, newEntry(cue));
    return true;
  }

  /** Takes a cue back. False when it has landed or is not held. */
  withdraw(id: string): boolean {
    const entry = this.#cues.get(id);
    if (entry === undefined || entry.state === 'landed') return false;
    return this.#cues.delete(id);
  }

  process(packet: MediaPacket): MediaPacket {
    if (packet.kind !== 'avc-config' && packet.kind !== 'avc-frame') return packet;
    try {
      if (packet.kind === 'avc-frame') return this.#pass(packet);
      const byte = packet.record[4];
      if (byte !== undefined) this.#lengthSize = ((byte & 3) + 1) as NalLengthSize;
      this.#record = packet.record;
      this.#note(this.#linter.config(packet), null, this.#clock.unixUs());
      return packet;
    } catch (error) {
      return this.#untouched(packet, error instanceof BitstreamError ? error.code : 'ERR_INTERNAL');
    }
  }

  #pass(packet: AvcFramePacket): AvcFramePacket {
    const view = viewAccessUnit(packet.data, this.#lengthSize, this.#linter.mayHaveFields);
    const findings = this.#linter.check(packet, view);
    const pts = ptsOf(packet);
    const at = this.#clock.unixUs();
    // A tag without a slice is no picture: it has no place in the order, and nobody will see a cue on it.
    const isPicture = view.slices > 0 || view.broken !== null;
    const moment = isPicture ? this.#arrive(packet, pts) : null;
    const frame = moment === null ? null : this.#epoch.frame - 1;
    this.#note(findings, { pts, frame }, at);
    if (moment !== null && view.sei.length > 0) this.encoderClock.observe(pts, seiMessagesOf(view));
    if (view.broken !== null) {
      this.#untouched(packet, view.broken.code);
      this.#expire(at, pts);
      return packet;
    }
    if (!this.stampingOn) {
      this.#expire(at, pts);
      return packet;
    }
    const foreign = view.sei.some(({ stamps }) => stamps > 0) ? this.#judgeForeign(view) : NO_VERDICTS;
    const plan = this.#planStamps(moment, foreign, pts, at);
    const { normalise = true } = this.#settings;
    const nals = plan.chosen.map(({ nal }) => nal);
    const imageTime = moment === null ? null : this.encoderClock.precisionTimeStamp(pts, moment.isKeyframe);
    if (imageTime !== null) nals.unshift(imageTime);
    const { data, rewrites } = rewriteAccessUnit(view, nals, normalise);
    // Written: from here on nothing throws, and the cues may move on.
    this.counters.seiMoved += rewrites.seiMoved;
    this.counters.seiBehindBufferingPeriod += rewrites.seiBehindBufferingPeriod;
    this.counters.delimiterFirst += rewrites.delimiterFirst;
    if (rewrites.stampsRemoved > 0) {
      const removed = this.#countForeign(rewrites.stampsRemoved, foreign, plan);
      if (removed > 0) this.#note(FOREIGN_STAMP, { pts, frame }, at);
    }
    if (frame !== null) this.#carryOut(plan, { frame, at, pts });
    this.#expire(at, pts);
    if (data === packet.data) return packet;
    if (plan.chosen.length === 0) return { ...packet, data };
    return { ...packet, data, stamps: plan.chosen.map(({ text }) => text) };
  }

  #arrive(packet: AvcFramePacket, pts: Milliseconds): FrameMoment {
    const epoch = this.#epoch;
    const { isKeyframe, dts } = packet;
    epoch.anchor.observe(dts, pts);
    epoch.rate.observe(dts);
    const next = epoch.order.arrive({ dts, pts, isKeyframe });
    epoch.frame++;
    epoch.nextPts = next.pts;
    this.counters.frames++;
    if (isKeyframe) this.counters.keyframes++;
    return { pts, isKeyframe, next, frameMs: epoch.rate.frameMs };
  }

  #untouched<T extends MediaPacket>(packet: T, code: string): T {
    this.counters.passedUntouched++;
    this.counters.errors[code] = (this.counters.errors[code] ?? 0) + 1;
    return packet;
  }

  #note(findings: readonly LintFinding[], of: FindingOf | null, at: UnixMicroseconds): void {
    if (findings.length === 0) return;
    this.lint.note(findings, { at: unixUsToMs(at), pts: of?.pts ?? null, frame: of?.frame ?? null });
  }

  #judgeForeign({ sei }: AccessUnitView): readonly UpstreamVerdict[] {
    if (this.#upstream === null) return NO_VERDICTS;
    const texts = sei.flatMap(({ stamps, messages }) => (stamps > 0 ? messages.map(stampTextOf) : []));
    return texts.filter((text) => text !== null).map((text) => this.#upstream!.judge(text));
  }

  /** What this access unit is to carry, as far as there is room. Nothing is changed yet. */
  #planStamps(
    moment: FrameMoment | null,
    foreign: readonly UpstreamVerdict[],
    pts: Milliseconds,
    at: UnixMicroseconds,
  ): StampPlan {
    if (moment === null) return { chosen: [], postponed: [], tooLong: [], ended: [] };
    const epoch = this.#epoch;
    const wishes: StampWish[] = [];
    const tooLong: StampWish[] = [];
    const ended: CueEntry[] = [];
    const wish = (text: string, rank: number, of: StampWish['of']): void => {
      const nal = stampNal(text);
      const bytes = nal.length + this.#lengthSize;
      (nal.length < 2 ** (8 * this.#lengthSize) ? wishes : tooLong).push({ text, nal, bytes, rank, of });
    };
    if (moment.isKeyframe || this.#settings.clockStampEveryFrame) {
      wish(formatClockStamp({ epoch: epoch.id, at, pts }), CLOCK_RANK, 'clock');
    }
    for (const verdict of foreign) {
      if (verdict.kind !== 'keep') continue;
      const { stamp, signatureLine } = verdict;
      const { fireIn, fireAt, key } = stamp.head;
      // Lines 2 and 3 and all that is relative to this frame are the upstream's; the timeline is ours.
      const head = { epoch: epoch.id, at, pts, fireIn, fireAt };
      const keyed = fireIn <= 0 && key !== undefined ? { ...head, key } : head;
      const rank = fireIn <= 0 ? UPSTREAM_RANK.fired : UPSTREAM_RANK.announced;
      wish(formatCueStamp(keyed, stamp.bodyText, signatureLine), rank, 'upstream');
    }
    for (const entry of this.#cues.values()) {
      const step = stepOf(entry, moment, epoch.anchor, this.encoderClock);
      if (step.kind === 'none') continue;
      if (step.kind === 'end') ended.push(entry);
      else wish(this.#cueText(entry.cue, step, pts, at), rankOf(entry, step), { entry, step });
    }
    const chosen = chooseWithin(wishes, this.#settings.stampBudgetBytes ?? STAMP_BUDGET_BYTES);
    const postponed = chosen.length === wishes.length ? [] : wishes.filter((w) => !chosen.includes(w));
    return { chosen, postponed, tooLong, ended };
  }

  #countForeign(inFrame: number, foreign: readonly UpstreamVerdict[], plan: StampPlan): number {
    const { upstream } = this.counters;
    const isUpstreams = ({ of }: StampWish): boolean => of === 'upstream';
    const kept = plan.chosen.filter(isUpstreams).length;
    const clocks = foreign.filter(({ kind }) => kind === 'clock').length;
    for (const verdict of foreign) if (verdict.kind === 'refuse') upstream.refused[verdict.reason]++;
    upstream.refused['no-room'] += foreign.filter(({ kind }) => kind === 'keep').length - kept;
    upstream.kept += kept;
    upstream.clockReplaced += clocks;
    const removed = inFrame - kept - clocks;
    this.counters.foreignStampsRemoved += removed;
    return removed;
  }

  #carryOut({ chosen, postponed, tooLong, ended }: StampPlan, passed: Passed): void {
    for (const { of, bytes } of chosen) {
      this.counters.stampBytes += bytes;
      if (of === 'clock') this.counters.clockStamps++;
      else if (of !== 'upstream') {
        this.counters.cueStamps++;
        of.entry.owed = false;
        this.#advance(of.entry, of.step, passed);
      }
    }
    for (const { of } of postponed) {
      if (typeof of === 'string') continue;
      this.counters.stampsPostponed++;
      of.entry.owed = true;
    }
    for (const { of, nal } of tooLong) {
      this.counters.stampsTooLong++;
      if (typeof of !== 'string') this.#giveUp(of.entry, nal.length);
    }
    for (const entry of ended) this.#advance(entry, { kind: 'end' }, passed);
  }

  /** A stamp that no access unit of this stream can hold: waiting for another one would be waiting for ever. */
  #giveUp({ cue, state }: CueEntry, bytes: number): void {
    const { id, rev } = cue;
    this.#cues.delete(id);
    if (state === 'landed') this.#emit({ kind: 'ended', id, rev });
    else {
      const text = `Its stamp has ${bytes} bytes, and the stream's NAL unit lengths have ${this.#lengthSize} byte.`;
      this.#emit({ kind: 'missed', id, rev, code: 'STAMP_TOO_LARGE', text });
    }
  }

  #cueText(cue: PreparedCue, { kind, fire }: StampStep, pts: Milliseconds, at: UnixMicroseconds): string {
    const fireIn = fire.pts - pts;
    const head = { epoch: this.#epoch.id, at, pts, fireIn, fireAt: fire.at };
    // Nothing leaks early: the key travels from the landing on. With B-frames a picture that is shown after the moment
    // passes before it; until the cue has landed it can be taken back, and nobody may be able to open it then.
    const keyed = kind !== 'announce' && fireIn <= 0 && cue.key !== null ? { ...head, key: cue.key } : head;
    return formatCueStamp(keyed, cue.bodyText, cue.signatureLine);
  }

  #advance(entry: CueEntry, step: CueStep, { frame, at, pts }: Passed): void {
    const { cue } = entry;
    const { id, rev } = cue;
    switch (step.kind) {
      case 'none':
        return;
      case 'end':
        this.#cues.delete(id);
        this.#emit({ kind: 'ended', id, rev });
        return;
      case 'announce':
        entry.fire = step.fire;
        if (step.first) {
          entry.state = 'announcing';
          entry.repeatsLeft = cue.repeat;
          this.#emit({ kind: 'announced', id, rev, epoch: this.#epoch.id, firePts: step.fire.pts });
        } else if (entry.repeatsLeft > 0) {
          entry.repeatsLeft--;
        }
        return;
      case 'copy':
        if (entry.repeatsLeft > 0) entry.repeatsLeft--;
        entry.opened ||= pts >= step.fire.pts;
        return;
      case 'land':
        entry.fire = step.fire;
        entry.state = 'landed';
        entry.opened = pts >= step.fire.pts;
        entry.repeatsLeft = cue.repeat;
        this.#closeReferred(cue);
        this.#emit({
          kind: 'landed',
          id,
          rev,
          landing: {
            epoch: this.#epoch.id,
            pts: step.picture,
            frame,
            stampedAtUs: at,
            fireAtUs: step.fire.at,
            markToStampMs: (at - unixMsToUs(cue.markedAt)) / 1000,
            errorMs: step.errorMs,
            choice: step.choice,
            ...(step.timing === null ? {} : { timing: step.timing.by }),
            ...(step.timing?.by === 'capture' ? { timingErrorMs: step.timing.errorMs } : {}),
            outputs: {},
          },
        });
        return;
      default:
        step satisfies never;
    }
  }

  /** A lock or cancel ends the opening cue's copies on keyframes; a reveal comes after its lock. */
  #closeReferred(cue: PreparedCue): void {
    if (cue.ref === undefined || cue.type === 'interaction.open') return;
    const opened = this.#cues.get(cue.ref);
    if (opened?.state === 'landed') opened.closed = true;
  }

  /** No client fires a cue after `exp`, so none is stamped after it. */
  #expire(at: UnixMicroseconds, pts: Milliseconds): void {
    for (const [id, { cue, state }] of this.#cues) {
      if (at <= unixMsToUs(cue.exp)) continue;
      this.#cues.delete(id);
      const { rev } = cue;
      if (state === 'landed') this.#emit({ kind: 'ended', id, rev });
      else {
        const text = `Its moment had not come when it expired (PTS ${pts}).`;
        this.#emit({ kind: 'missed', id, rev, code: 'EXPIRED', text });
      }
    }
  }
}

/** See `StreamInjector.state`. */
export interface InjectorState {
  readonly lengthSize: NalLengthSize;
  /** The configuration that the frames are read by. */
  readonly record?: Uint8Array | null;
  readonly stampingOn: boolean;
  readonly cues: readonly CueEntry[];
  readonly epoch: {
    readonly id: string;
    readonly frame: number;
    readonly nextPts: Milliseconds | null;
    readonly order: PresentationOrderState;
    readonly anchor: EpochAnchorState;
    readonly rate: FrameRateState;
  };
  readonly encoderClock?: EncoderClockState;
}

/** A stamp that is due, and what it is of. */
interface StampWish extends Wish {
  readonly text: string;
  readonly nal: Uint8Array;
  readonly of: 'clock' | 'upstream' | { readonly entry: CueEntry; readonly step: StampStep };
}

interface StampPlan {
  readonly chosen: readonly StampWish[];
  readonly postponed: readonly StampWish[];
  readonly tooLong: readonly StampWish[];
  readonly ended: readonly CueEntry[];
}

/** Before all cues; it is small. */
const CLOCK_RANK = -1;
/** Among our own, see `rankOf`. */
const UPSTREAM_RANK = { fired: 2, announced: 4 };
const NO_VERDICTS: readonly UpstreamVerdict[] = [];
const FOREIGN_STAMP: readonly LintFinding[] = [{ code: 'FOREIGN_STAMP', offset: 0 }];

interface FindingOf {
  readonly pts: Milliseconds;
  readonly frame: number | null;
}

/** An access unit that was written. */
interface Passed {
  readonly frame: number;
  readonly at: UnixMicroseconds;
  readonly pts: Milliseconds;
}

interface EpochState {
  readonly id: string;
  readonly order: PresentationOrder;
  readonly anchor: EpochAnchor;
  readonly rate: FrameRate;
  frame: number;
  nextPts: Milliseconds | null;
}

const newEpoch = (id: string, clock: Clock): EpochState => ({
  id,
  order: new PresentationOrder(),
  anchor: new EpochAnchor(clock),
  rate: new FrameRate(),
  frame: 0,
  nextPts: null,
});

export const DEFAULT_INJECTOR_SETTINGS: InjectorSettings = { clockStampEveryFrame: false, maxCues: 32 };
