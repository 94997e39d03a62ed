import type { PreparedCue, StampEvent } from '../cues/cue.ts';
import type { ProductionLatency } from '../cues/production-latency.ts';
import { BitstreamError, type NalLengthSize } from '../h264-sei-parser/src/index.ts';
import type { Clock } from '../packet/clock.ts';
import type { ClockReading } from '../packet/held-clock.ts';
import { type AvcFramePacket, type MediaPacket, ptsOf } from '../packet/packet.ts';
import {
  type Microseconds,
  type Milliseconds,
  ms,
  type UnixMicroseconds,
  unixUsToMs,
} from '../packet/time.ts';
import { rewriteAccessUnit } from './access-unit.ts';
import { type AccessUnitView, seiMessagesOf, viewAccessUnit } from './access-unit-view.ts';
import { type InjectorCounters, newCounters } from './counters.ts';
import type { CueEntry, FrameMoment } from './cue-entry.ts';
import { CueQueue, type PassedFrame } from './cue-queue.ts';
import {
  DEFAULT_ENCODER_CLOCK_SETTINGS,
  EncoderClock,
  type EncoderClockSettings,
  type EncoderClockState,
} from './encoder-clock/encoder-clock.ts';
import { type EpochData, EpochState } from './epoch-state.ts';
import { type LintFinding, NORMALISED_CODES } from './lint-codes.ts';
import { LintRecord } from './lint-record.ts';
import { Linter } from './linter.ts';
import { PictureTimes } from './picture-times.ts';
import { stampTextOf } from './sei-unit.ts';
import { NOTHING_TO_STAMP, planStamps, type StampPlan, type StampWish } from './stamp-plan.ts';
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
  /** When the pictures were taken, by all that is known. */
  readonly #times: PictureTimes;
  readonly #settings: InjectorSettings;
  readonly #cues: CueQueue;
  readonly #linter = new Linter();
  readonly #upstream: UpstreamStamps | null;
  #epoch: EpochState;
  #record: Uint8Array | null = null;
  #lengthSize: NalLengthSize = 4;

  /** @param emit called within `process`, after the access unit was written; must not throw and must not block. */
  constructor(epoch: string, clock: Clock, settings: InjectorSettings, emit: (event: StampEvent) => void) {
    this.#clock = clock;
    this.#settings = settings;
    this.#cues = new CueQueue(settings.maxCues, emit);
    this.#epoch = new EpochState(epoch, clock);
    const encoderClock = settings.encoderClock ?? DEFAULT_ENCODER_CLOCK_SETTINGS;
    this.encoderClock = new EncoderClock(clock, encoderClock);
    this.#times = new PictureTimes(this.encoderClock, encoderClock.at);
    this.#times.arrivals = this.#epoch.arrivals;
    this.lint = new LintRecord(settings.normalise === false ? new Set() : NORMALISED_CODES);
    this.#upstream = settings.upstream === undefined ? null : new UpstreamStamps(settings.upstream, clock);
  }

  /** How long pictures are on their way from the lens to arrival; null: not known. */
  get productionLatency(): ProductionLatency | null {
    return this.#times.latency;
  }

  set productionLatency(latency: ProductionLatency | null) {
    this.#times.latency = latency;
  }

  /** By what the wall-clock moment of a cue is turned into a picture now. */
  get timing(): 'capture' | 'latency' | 'stamp' {
    return this.#times.timingAt(this.#clock.unixUs());
  }

  get epoch(): string {
    return this.#epoch.id;
  }

  /** The first picture in presentation order that had not passed when the last access unit came; null before one. */
  get nextPts(): Milliseconds | null {
    return this.#epoch.nextPts;
  }

  /** How long after it was taken the next picture passes, where moments go by that; null: they go by arrival. */
  get passesAfterMs(): Milliseconds | null {
    const { nextPts } = this;
    const passes = nextPts === null ? null : this.wallOf(nextPts);
    if (nextPts === null || passes === null) return null;
    const taken = this.#times.pictureAt(passes);
    return taken === null ? null : ms(Math.max(0, Math.round(taken.pts - nextPts)));
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

  /** The wall clock at which a PTS of this epoch came, or will; null before its first access unit. */
  arrivalOf(pts: Milliseconds): UnixMicroseconds | null {
    const { arrivals } = this.#epoch;
    return arrivals.known ? arrivals.wallOf(pts) : null;
  }

  /** All that decides what comes out, for a replay that begins here. Plain data, byte arrays among it. */
  get state(): InjectorState {
    return {
      lengthSize: this.#lengthSize,
      record: this.#record,
      stampingOn: this.stampingOn,
      cues: Array.from(this.#cues.entries(), (entry) => ({ ...entry })),
      epoch: this.#epoch.state,
      encoderClock: this.encoderClock.state,
    };
  }

  /** Goes on where another injector was; to be called before the first packet. */
  resume({ lengthSize, record, stampingOn, cues, epoch, encoderClock }: InjectorState): void {
    this.#lengthSize = lengthSize;
    this.#record = record ?? null;
    if (record) this.#linter.config({ record });
    this.stampingOn = stampingOn;
    this.#epoch = new EpochState(epoch.id, this.#clock);
    this.#epoch.resume(epoch);
    this.#times.arrivals = this.#epoch.arrivals;
    if (encoderClock !== undefined) this.encoderClock.resume(encoderClock);
    this.#cues.resume(cues);
  }

  /** A new timeline begins. Cues are dropped: their owner gives those that still hold anew, with the next `rev`. */
  startEpoch(id: string): void {
    this.#epoch = new EpochState(id, this.#clock);
    this.#times.arrivals = this.#epoch.arrivals;
    this.encoderClock.startEpoch();
    this.#cues.clear();
  }

  /** Takes a cue; the next access unit sees it. False when too many are held. A higher `rev` replaces a lower one. */
  add(cue: PreparedCue): boolean {
    return this.#cues.add(cue, this.#now());
  }

  /** Takes a cue back. False when it has landed or is not held. */
  withdraw(id: string): boolean {
    return this.#cues.withdraw(id);
  }

  /** @param arrivedUs when it came, where it has waited since */
  process(packet: MediaPacket, arrivedUs?: Microseconds): MediaPacket {
    if (packet.kind !== 'avc-config' && packet.kind !== 'avc-frame') return packet;
    try {
      if (packet.kind === 'avc-frame') return this.#pass(packet, arrivedUs);
      const byte = packet.record[4];
      if (byte !== undefined) this.#lengthSize = ((byte & 3) + 1) as NalLengthSize;
      this.#record = packet.record;
      this.#note(this.#linter.config(packet), null, this.#clock.unixUs());
      return packet;
    } catch (error) {
      return this.#untouched(packet, error instanceof BitstreamError ? error.code : 'ERR_INTERNAL');
    }
  }

  #now(): ClockReading {
    return { monotonicUs: this.#clock.monotonicUs(), unixUs: this.#clock.unixUs() };
  }

  #pass(packet: AvcFramePacket, arrivedUs: Microseconds | undefined): AvcFramePacket {
    const view = viewAccessUnit(packet.data, this.#lengthSize, this.#linter.mayHaveFields);
    const findings = this.#linter.check(packet, view);
    const pts = ptsOf(packet);
    const at = this.#clock.unixUs();
    // A tag without a slice is no picture: it has no place in the order, and nobody will see a cue on it.
    const isPicture = view.slices > 0 || view.broken !== null;
    const moment = isPicture ? this.#arrive(packet, pts, arrivedUs) : null;
    const frame = moment === null ? null : this.#epoch.frame - 1;
    this.#note(findings, { pts, frame }, at);
    if (moment !== null && view.sei.length > 0) this.encoderClock.observe(pts, seiMessagesOf(view));
    if (view.broken !== null) {
      this.#untouched(packet, view.broken.code);
      this.#cues.expire(this.#now(), pts);
      return packet;
    }
    if (!this.stampingOn) {
      this.#cues.expire(this.#now(), pts);
      return packet;
    }
    const foreign = view.sei.some(({ stamps }) => stamps > 0) ? this.#judgeForeign(view) : NO_VERDICTS;
    const plan = this.#planStamps(moment, foreign, at);
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
    if (frame !== null) this.#carryOut(plan, { epoch: this.#epoch.id, frame, at, pts });
    this.#cues.expire(this.#now(), pts);
    if (data === packet.data) return packet;
    if (plan.chosen.length === 0) return { ...packet, data };
    return { ...packet, data, stamps: plan.chosen.map(({ text }) => text) };
  }

  #arrive(packet: AvcFramePacket, pts: Milliseconds, arrivedUs: Microseconds | undefined): FrameMoment {
    const moment = this.#epoch.arrive(packet, pts, arrivedUs);
    this.encoderClock.frameBegins(arrivedUs === undefined ? 0 : this.#clock.monotonicUs() - arrivedUs);
    this.counters.frames++;
    if (packet.isKeyframe) this.counters.keyframes++;
    return moment;
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

  #planStamps(
    moment: FrameMoment | null,
    foreign: readonly UpstreamVerdict[],
    at: UnixMicroseconds,
  ): StampPlan {
    if (moment === null) return NOTHING_TO_STAMP;
    const { stampBudgetBytes: budgetBytes = STAMP_BUDGET_BYTES, clockStampEveryFrame } = this.#settings;
    return planStamps({
      ...{ epoch: this.#epoch, moment, at, lengthSize: this.#lengthSize, budgetBytes, clockStampEveryFrame },
      ...{ cues: this.#cues.entries(), captures: this.#times, foreign },
    });
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

  #carryOut({ chosen, postponed, tooLong, over }: StampPlan, passed: PassedFrame): void {
    for (const { of, bytes } of chosen) {
      this.counters.stampBytes += bytes;
      if (of === 'clock') this.counters.clockStamps++;
      else if (of !== 'upstream') {
        this.counters.cueStamps++;
        of.entry.owed = false;
        this.#cues.advance(of.entry, of.step, passed);
      }
    }
    for (const { of } of postponed) {
      if (typeof of === 'string') continue;
      this.counters.stampsPostponed++;
      of.entry.owed = true;
    }
    for (const { of, nal } of tooLong) {
      this.counters.stampsTooLong++;
      if (typeof of !== 'string') this.#cues.giveUp(of.entry, nal.length, this.#lengthSize);
    }
    for (const { entry, step } of over) this.#cues.advance(entry, step, passed);
  }
}

/** See `StreamInjector.state`. */
export interface InjectorState {
  readonly lengthSize: NalLengthSize;
  /** The configuration that the frames are read by. */
  readonly record?: Uint8Array | null;
  readonly stampingOn: boolean;
  readonly cues: readonly CueEntry[];
  readonly epoch: EpochData;
  readonly encoderClock?: EncoderClockState;
}

const NO_VERDICTS: readonly UpstreamVerdict[] = [];
const FOREIGN_STAMP: readonly LintFinding[] = [{ code: 'FOREIGN_STAMP', offset: 0 }];

interface FindingOf {
  readonly pts: Milliseconds;
  readonly frame: number | null;
}

export const DEFAULT_INJECTOR_SETTINGS: InjectorSettings = { clockStampEveryFrame: false, maxCues: 32 };
