import {
  CAPTURE_STATES,
  CaptureClock,
  type CaptureClockState,
  type CaptureReport,
  type CaptureState,
} from '../../cues/capture-clock.ts';
import type { LatencyTimes } from '../../cues/latency-times.ts';
import { precisionTimeStampMessage, type SeiMessage, writeSeiNal } from '../../h264-sei-parser/src/index.ts';
import type { Clock } from '../../packet/clock.ts';
import {
  type Microseconds,
  type Milliseconds,
  type UnixMicroseconds,
  type UnixMilliseconds,
  unixUs,
  unixUsToMs,
  us,
} from '../../packet/time.ts';
import { type ClockCheck, type ClockVerdict, type Contradiction, checkClock } from './clock-check.ts';
import { type EncoderSei, readEncoderSei } from './encoder-sei.ts';
import { type FrameCounts, FrameTally } from './frame-counts.ts';

export interface EncoderClockSettings {
  /**
   * What a cue's `at` means: the moment in front of the camera (`capture`), the moment at which the picture passes the
   * injector (`arrival`), or the first where it is known better than the time on the way is long (`auto`).
   */
  readonly at: 'auto' | 'capture' | 'arrival';
  /** From the camera to the compositor whose clock the publisher sends: the production knows it. */
  readonly captureDelayMs: number;
  /** MISB ST 0604 where capture time is known and the publisher sends none. */
  readonly writeMisb: 'off' | 'keyframe' | 'frame';
}

export const DEFAULT_ENCODER_CLOCK_SETTINGS: EncoderClockSettings = {
  at: 'auto',
  captureDelayMs: 0,
  writeMisb: 'off',
};

export type CaptureSource = 'misb' | 'bpm';

/** Health of a publisher's clock; `contradicted`: by arrival or by the production latency, so that it is not believed. */
export const ENCODER_CLOCK_STATES = [...CAPTURE_STATES, 'contradicted'] as const;
export type EncoderClockHealth = CaptureState | 'contradicted';

/** What a publisher says of its clock and its frames, as status and metrics show it. Spans in milliseconds. */
export interface EncoderClockStatus
  extends Omit<CaptureReport, 'state' | 'lastStep' | 'drift' | 'readings' | 'discarded' | 'steps'> {
  readonly state: EncoderClockHealth;
  /** What arrival and the production latency say of it; null where it says nothing. */
  readonly check: ClockCheck | null;
  readonly contradiction: Contradiction | null;
  readonly source: CaptureSource | null;
  /** By what the `at` of a cue is turned into a picture now. */
  readonly timing: 'capture' | 'latency' | 'stamp';
  /** False: the publisher itself says that its clock is not locked. Null: it says nothing of it. */
  readonly saysLocked: boolean | null;
  readonly driftPpm: number | null;
  readonly driftErrorPpm: number | null;
  /** From composition to the end of encoding, by the publisher's clock; the most of the last minute. */
  readonly encodeMs: { readonly last: number; readonly most: number } | null;
  readonly captureDelayMs: number;
  /** Since the stream was first known. */
  readonly readings: number;
  readonly discarded: number;
  readonly malformed: number;
  readonly steps: number;
  readonly lastStep: { readonly byMs: number; readonly at: UnixMilliseconds } | null;
  /** Null where the publisher counts nothing. */
  readonly frames: FrameCounts | null;
  readonly frameCountRestarts: number;
  readonly misbWritten: number;
}

/** What decides pictures and bytes; plain data, for a replay that begins in the middle. */
export interface EncoderClockState {
  readonly misb: CaptureClockState;
  readonly bpm: CaptureClockState;
  readonly sendsMisb: boolean;
  readonly stepsWritten: number;
}

const USABLE: readonly CaptureState[] = ['locked', 'drifting'];
/** OBS writes whole milliseconds, cut off. */
const BPM_RESOLUTION_US = 1000;
const MINUTE_US = 60_000_000;

/** The publisher's clock that is gone by, and what is held against it. */
interface BestClock {
  readonly clock: CaptureClock;
  readonly source: CaptureSource;
  readonly verdict: ClockVerdict | null;
}

interface EncodeTime {
  readonly at: number;
  readonly ms: number;
}

/**
 * The publisher's clock of one stream, from what it sends beside its pictures. Capture times belong to one epoch;
 * counts go on over all of them.
 */
export class EncoderClock {
  readonly #clock: Clock;
  readonly #settings: EncoderClockSettings;
  readonly #frames = new FrameTally();
  #capture = newClocks();
  #before = { readings: 0, discarded: 0, steps: 0 };
  #lastStep: EncoderClockStatus['lastStep'] = null;
  #saysLocked: boolean | null = null;
  #sendsMisb = false;
  #encode: EncodeTime[] = [];
  #malformed = 0;
  #misbWritten = 0;
  #stepsWritten = 0;
  #reference: LatencyTimes | null = null;
  /** What `#best` found at a moment: within one frame every cue that waits asks for it. */
  #found: { readonly now: Microseconds; readonly best: BestClock } | null = null;
  /** False: nobody vouches for the clock that the encoder's is held against, so no time is called locked. */
  vouched = true;
  #lagUs = 0;

  constructor(clock: Clock, settings: EncoderClockSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** The epoch's pictures by arrival and production latency; null where no latency is known. */
  set reference(reference: LatencyTimes | null) {
    this.#reference = reference;
    this.#found = null;
  }

  get state(): EncoderClockState {
    const { misb, bpm } = this.#capture;
    return {
      misb: misb.state,
      bpm: bpm.state,
      sendsMisb: this.#sendsMisb,
      stepsWritten: this.#stepsWritten,
    };
  }

  /** Goes on where another was. */
  resume({ misb, bpm, sendsMisb, stepsWritten }: EncoderClockState): void {
    this.#found = null;
    this.#capture = newClocks();
    this.#capture.misb.resume(misb);
    this.#capture.bpm.resume(bpm);
    this.#sendsMisb = sendsMisb;
    this.#stepsWritten = stepsWritten;
  }

  /** Another timeline: capture times of the one before say nothing of it. */
  startEpoch(): void {
    for (const { clock } of this.#all()) {
      const { readings, discarded, steps } = clock.reportAt(this.#now());
      this.#before.readings += readings;
      this.#before.discarded += discarded;
      this.#before.steps += steps;
    }
    this.#found = null;
    this.#capture = newClocks();
    this.#saysLocked = null;
    this.#sendsMisb = false;
    this.#encode = [];
    this.#stepsWritten = 0;
  }

  /** How long ago the picture at hand came, microseconds; 0 where none waits before it passes. */
  get lagUs(): number {
    return this.#lagUs;
  }

  /** Call once for every picture, when its arrival is known. */
  frameBegins(lagUs: number): void {
    this.#lagUs = lagUs;
    this.#found = null;
  }

  /** One access unit, in decode order. @param messages its SEI messages, wherever they stand in it */
  observe(pts: Milliseconds, messages: readonly SeiMessage[]): void {
    if (messages.length === 0) return;
    const sei = readEncoderSei(messages);
    if (sei === null) return;
    this.#malformed += sei.malformed;
    this.#sendsMisb ||= sei.hasMisb;
    const arrivedUs = this.#now();
    const arrivedAt = unixUs(this.#clock.unixUs() - this.#lagUs);
    if (Object.keys(sei.frames).length > 0) this.#frames.add(arrivedUs, sei.frames);
    if (sei.misb !== null) {
      const { captureUs, locked } = sei.misb;
      this.#saysLocked = locked;
      this.#observe('misb', { pts, captureUs, resolutionUs: 1, arrivedUs, arrivedAt, insideUs: 0, locked });
    }
    if (sei.bpm === null) return;
    const { compositedUs } = sei.bpm;
    this.#rememberEncode(arrivedUs, sei.bpm);
    const doneUs = sei.bpm.interleavedUs ?? sei.bpm.encodedUs ?? compositedUs;
    const delayUs = this.#settings.captureDelayMs * 1000;
    this.#observe('bpm', {
      pts,
      captureUs: unixUs(compositedUs - delayUs),
      resolutionUs: BPM_RESOLUTION_US,
      arrivedUs,
      arrivedAt,
      insideUs: Math.max(0, doneUs - compositedUs) + delayUs,
      locked: true,
    });
  }

  /**
   * The picture that was, or will be, taken at that moment; null where the cue goes by the time at which pictures
   * pass: capture time is not known, not known better, or not wanted.
   */
  pictureAt(wall: UnixMicroseconds): { readonly pts: Milliseconds; readonly errorMs: number } | null {
    const { at } = this.#settings;
    if (at === 'arrival') return null;
    const now = this.#now();
    const { clock, verdict } = this.#best();
    if (verdict?.check === 'contradicted') return null;
    const target = clock.pictureAt(wall, now);
    if (target === null || at === 'capture') return target;
    const otherwiseMs = target.arrivalErrorMs + this.#lagUs / 1000;
    return USABLE.includes(clock.stateAt(now)) && target.errorMs < otherwiseMs ? target : null;
  }

  /** What arrival and the production latency say of the clock that is used; null where it says nothing. */
  get check(): ClockCheck | null {
    return this.#best().verdict?.check ?? null;
  }

  /** When a picture was taken; null where nobody knows. */
  captureOf(pts: Milliseconds): UnixMicroseconds | null {
    return this.#best().clock.captureOf(pts);
  }

  /**
   * The precision time stamp for an access unit: an SEI NAL unit, or null where none is to be written. To be called
   * after `observe`, for access units that are stamped.
   */
  precisionTimeStamp(pts: Milliseconds, isKeyframe: boolean): Uint8Array | null {
    const { writeMisb } = this.#settings;
    if (writeMisb === 'off' || (writeMisb === 'keyframe' && !isKeyframe)) return null;
    const { bpm } = this.#capture;
    // The publisher's own is kept, and is the only one.
    if (this.#sendsMisb) return null;
    const time = bpm.captureOf(pts);
    const now = this.#now();
    const report = bpm.reportAt(now);
    if (time === null || time < 0) return null;
    if (report.state === 'absent' || report.state === 'absurd') return null;
    if (checkClock(bpm, now, this.#reference)?.check === 'contradicted') return null;
    const discontinuity = report.steps !== this.#stepsWritten;
    this.#stepsWritten = report.steps;
    this.#misbWritten++;
    const reverse = discontinuity && (report.lastStep?.byMs ?? 0) < 0;
    return writeSeiNal([
      precisionTimeStampMessage({
        ...{ time, discontinuity, reverse },
        locked: report.state === 'locked' && this.vouched,
      }),
    ]);
  }

  get status(): EncoderClockStatus {
    const now = this.#now();
    const { clock, source, verdict } = this.#best();
    const { drift, lastStep: _, ...report } = clock.reportAt(now);
    const counts = { ...this.#before };
    for (const { clock: one } of this.#all()) {
      const { readings, discarded, steps } = one.reportAt(now);
      counts.readings += readings;
      counts.discarded += discarded;
      counts.steps += steps;
    }
    const encode = this.#encode.filter(({ at }) => now - at <= MINUTE_US);
    return {
      ...report,
      ...counts,
      state: verdict?.check === 'contradicted' ? 'contradicted' : report.state,
      check: verdict?.check ?? null,
      contradiction: verdict?.contradiction ?? null,
      source: report.state === 'absent' ? null : source,
      timing: this.pictureAt(this.#clock.unixUs()) === null ? 'stamp' : 'capture',
      saysLocked: this.#saysLocked,
      driftPpm: drift?.ppm ?? null,
      driftErrorPpm: drift?.errorPpm ?? null,
      encodeMs:
        encode.length === 0
          ? null
          : { last: encode.at(-1)!.ms, most: Math.max(...encode.map(({ ms }) => ms)) },
      captureDelayMs: this.#settings.captureDelayMs,
      malformed: this.#malformed,
      lastStep: this.#lastStep,
      frames: this.#frames.countsAt(now),
      frameCountRestarts: this.#frames.restarts,
      misbWritten: this.#misbWritten,
    };
  }

  #observe(source: CaptureSource, reading: Parameters<CaptureClock['observe']>[0]): void {
    this.#found = null;
    const clock = this.#capture[source];
    const before = clock.lastStep;
    clock.observe(reading);
    const { lastStep } = clock;
    if (lastStep !== null && lastStep !== before) {
      this.#lastStep = { byMs: lastStep.byMs, at: unixUsToMs(lastStep.at) };
    }
  }

  #rememberEncode(at: number, { compositedUs, encodedUs }: NonNullable<EncoderSei['bpm']>): void {
    if (encodedUs === null) return;
    this.#encode = this.#encode.filter((one) => at - one.at <= MINUTE_US).slice(-ENCODE_TIMES);
    this.#encode.push({ at, ms: (encodedUs - compositedUs) / 1000 });
  }

  /** Now, or when the picture at hand came. */
  #now(): Microseconds {
    return us(this.#clock.monotonicUs() - this.#lagUs);
  }

  /** MISB says when the picture was taken, BPM when it was composited: the first where it is in order. */
  #best(): BestClock {
    const now = this.#now();
    if (this.#found?.now !== now) this.#found = { now, best: this.#bestAt(now) };
    return this.#found.best;
  }

  #bestAt(now: Microseconds): BestClock {
    const all = this.#all().map((one) => ({ ...one, verdict: checkClock(one.clock, now, this.#reference) }));
    const usable = all.filter(({ clock }) => USABLE.includes(clock.stateAt(now)));
    return (
      usable.find(({ verdict }) => verdict?.check !== 'contradicted') ??
      usable[0] ??
      all.find(({ clock }) => clock.stateAt(now) !== 'absent') ??
      all[0]!
    );
  }

  #all(): readonly { readonly clock: CaptureClock; readonly source: CaptureSource }[] {
    return [
      { clock: this.#capture.misb, source: 'misb' },
      { clock: this.#capture.bpm, source: 'bpm' },
    ];
  }
}

/** Keyframes of a minute, and some more. */
const ENCODE_TIMES = 127;

const newClocks = () => ({ misb: new CaptureClock(), bpm: new CaptureClock() });
