import type { AacConfig } from '../packet/aac-config.ts';
import type { AvcRecord } from '../packet/avc-record.ts';
import type { Clock } from '../packet/clock.ts';
import type { AacFramePacket, AvcFramePacket } from '../packet/packet.ts';
import { ptsOf } from '../packet/packet.ts';
import { findProblems, type HealthProblem } from './health-problems.ts';
import { WindowedRange, WindowedSums } from './sliding-window.ts';

/** What rates and counts "in the window" are measured over. */
export const HEALTH_WINDOW_MS = 10_000;
const SLOTS = 40;
/** Rates over less than this say nothing yet. */
const LEAST_SPAN_MS = 1000;
/** A step of DTS beyond this, or any step back, is a jump rather than a gap. */
const JUMP_MS = 10_000;
const LEAST_GAP_MS = 100;
/** Pictures that a picture is compared with for reordering: H.264 allows 16 (clause A.3.1, MaxDpbFrames). */
const REORDER_WINDOW = 16;

const Column = {
  videoBytes: 0,
  audioBytes: 1,
  videoFrames: 2,
  audioFrames: 3,
  steps: 4,
  stepMs: 5,
  stepArrivalUs: 6,
  reordered: 7,
  gaps: 8,
  jumps: 9,
  corrupt: 10,
} as const;
const COLUMNS = Object.keys(Column).length;

export interface VideoHealth {
  /** `avc1.640028` and what that means; null before the configuration. */
  readonly codec: string | null;
  readonly profile: string | null;
  readonly level: string | null;
  readonly width: number | null;
  readonly height: number | null;
  /** Pictures per second that the encoder declared (metadata, else SPS). */
  readonly declaredFrameRate: number | null;
  /** Pictures per second of media time, and of real time; in the window. */
  readonly frameRate: number | null;
  readonly arrivalFrameRate: number | null;
  /** Media time that arrives per real time, in the window: 1 is live. */
  readonly speed: number | null;
  readonly bitsPerSecond: number | null;
  readonly frames: number;
  readonly keyframes: number;
  readonly gopFrames: { readonly last: number | null; readonly max: number | null };
  readonly keyframeIntervalMs: { readonly last: number | null; readonly max: number | null };
  /** Media time since the newest keyframe. */
  readonly sinceKeyframeMs: number | null;
  readonly hasBFrames: boolean;
  /** The most pictures that come earlier in decode order and later on screen. */
  readonly reorderDepth: number;
  readonly lastPacketAgeMs: number | null;
}

export interface AudioHealth {
  readonly codec: string | null;
  readonly sampleRate: number | null;
  readonly channels: number | null;
  readonly bitsPerSecond: number | null;
  readonly frames: number;
  readonly lastPacketAgeMs: number | null;
}

export interface TimingHealth {
  /** Steps of video DTS of more than three frames; since the publish began, and in the window. */
  readonly gaps: number;
  readonly gapsInWindow: number;
  readonly largestGapMs: number;
  /** Steps back, or of more than 10 s. */
  readonly jumps: number;
  readonly jumpsInWindow: number;
  readonly largestJumpMs: number;
  /** How unevenly video arrives: the greatest less the least delay against its DTS, in the window. */
  readonly jitterMs: number;
  /** How much later video arrives than audio of the same time; smoothed. Null without both. */
  readonly avSkewMs: number | null;
}

export interface PublisherHealth {
  /** Since the publish was accepted. */
  readonly ageMs: number;
  readonly video: VideoHealth;
  readonly audio: AudioHealth;
  readonly timing: TimingHealth;
  readonly corrupt: number;
  readonly corruptInWindow: number;
  /** The worst first; empty means healthy. */
  readonly problems: readonly HealthProblem[];
}

/** Measures one publish, packet by packet, at a fixed cost and without allocation. */
export class HealthMeter {
  readonly #clock: Clock;
  readonly #window = new WindowedSums(COLUMNS, HEALTH_WINDOW_MS * 1000, SLOTS);
  readonly #startUs: number;
  #record: AvcRecord | null = null;
  #aac: AacConfig | null = null;
  #metadataFrameRate: number | null = null;

  #videoFrames = 0;
  #audioFrames = 0;
  #keyframes = 0;
  #lastVideoDts = 0;
  #lastVideoUs = 0;
  #lastAudioUs = 0;
  #audioTransitMs = 0;
  /** Smoothed distance of two pictures. */
  #stepMs = 0;
  readonly #videoTransitMs = new WindowedRange(HEALTH_WINDOW_MS * 1000, SLOTS);
  #avSkewMs: number | null = null;

  #lastKeyframeDts = 0;
  #framesSinceKeyframe = 0;
  #lastGop: number | null = null;
  #maxGop: number | null = null;
  #lastIntervalMs: number | null = null;
  #maxIntervalMs: number | null = null;

  readonly #recentPts = new Float64Array(REORDER_WINDOW).fill(Number.NEGATIVE_INFINITY);
  #reorderDepth = 0;

  #gaps = 0;
  #largestGapMs = 0;
  #jumps = 0;
  #largestJumpMs = 0;
  #corrupt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startUs = clock.monotonicUs();
  }

  videoConfig(record: AvcRecord): void {
    this.#record = record;
  }

  audioConfig(config: AacConfig): void {
    this.#aac = config;
  }

  declaredFrameRate(framesPerSecond: number): void {
    this.#metadataFrameRate = framesPerSecond;
  }

  corruptTag(): void {
    this.#corrupt++;
    this.#window.add(this.#clock.monotonicUs(), Column.corrupt, 1);
  }

  audioFrame(frame: AacFramePacket): void {
    const now = this.#clock.monotonicUs();
    this.#window.add(now, Column.audioBytes, frame.data.length);
    this.#window.add(now, Column.audioFrames, 1);
    this.#audioTransitMs = now / 1000 - frame.dts;
    this.#lastAudioUs = now;
    this.#audioFrames++;
  }

  videoFrame(frame: AvcFramePacket): void {
    const now = this.#clock.monotonicUs();
    this.#window.add(now, Column.videoBytes, frame.data.length);
    this.#window.add(now, Column.videoFrames, 1);
    if (this.#videoFrames > 0) this.#measureStep(frame.dts - this.#lastVideoDts, now);
    this.#videoTransitMs.add(now, now / 1000 - frame.dts);
    this.#measureOrder(ptsOf(frame), now);
    this.#measureGop(frame);
    if (this.#audioFrames > 0) {
      const skew = now / 1000 - frame.dts - this.#audioTransitMs;
      this.#avSkewMs = this.#avSkewMs === null ? skew : this.#avSkewMs + (skew - this.#avSkewMs) / 16;
    }
    this.#lastVideoDts = frame.dts;
    this.#lastVideoUs = now;
    this.#videoFrames++;
  }

  #measureStep(step: number, now: number): void {
    if (step < 0 || step > JUMP_MS) {
      this.#jumps++;
      this.#largestJumpMs = Math.max(this.#largestJumpMs, Math.abs(step));
      this.#window.add(now, Column.jumps, 1);
      // Across a jump neither transit times nor pictures can be compared.
      this.#avSkewMs = null;
      this.#videoTransitMs.clear();
      this.#recentPts.fill(Number.NEGATIVE_INFINITY);
      return;
    }
    const arrivalUs = now - this.#lastVideoUs;
    this.#window.add(now, Column.steps, 1);
    this.#window.add(now, Column.stepMs, step);
    this.#window.add(now, Column.stepArrivalUs, arrivalUs);
    const isGap = this.#stepMs > 0 && step > Math.max(LEAST_GAP_MS, 3 * this.#stepMs);
    if (isGap) {
      this.#gaps++;
      this.#largestGapMs = Math.max(this.#largestGapMs, step);
      this.#window.add(now, Column.gaps, 1);
    }
    // A gap counts with a small weight, so that a rate that really changed stops being a row of gaps.
    this.#stepMs += this.#stepMs === 0 ? step : (step - this.#stepMs) / (isGap ? 64 : 16);
  }

  #measureOrder(pts: number, now: number): void {
    let depth = 0;
    for (let i = 0; i < REORDER_WINDOW; i++) if (this.#recentPts[i]! > pts) depth++;
    this.#recentPts[this.#videoFrames % REORDER_WINDOW] = pts;
    if (depth === 0) return;
    this.#reorderDepth = Math.max(this.#reorderDepth, depth);
    this.#window.add(now, Column.reordered, 1);
  }

  #measureGop(frame: AvcFramePacket): void {
    if (!frame.isKeyframe) {
      this.#framesSinceKeyframe++;
      return;
    }
    const intervalMs = frame.dts - this.#lastKeyframeDts;
    if (this.#keyframes > 0 && intervalMs > 0) {
      this.#lastGop = this.#framesSinceKeyframe;
      this.#maxGop = Math.max(this.#maxGop ?? 0, this.#framesSinceKeyframe);
      this.#lastIntervalMs = intervalMs;
      this.#maxIntervalMs = Math.max(this.#maxIntervalMs ?? 0, intervalMs);
    }
    this.#keyframes++;
    this.#framesSinceKeyframe = 1;
    this.#lastKeyframeDts = frame.dts;
  }

  snapshot(): PublisherHealth {
    const now = this.#clock.monotonicUs();
    const ageMs = (now - this.#startUs) / 1000;
    const measured = {
      ageMs,
      video: this.#video(now, ageMs),
      audio: this.#audio(now, ageMs),
      timing: {
        gaps: this.#gaps,
        gapsInWindow: this.#window.sum(now, Column.gaps),
        largestGapMs: this.#largestGapMs,
        jumps: this.#jumps,
        jumpsInWindow: this.#window.sum(now, Column.jumps),
        largestJumpMs: this.#largestJumpMs,
        jitterMs: this.#videoTransitMs.range(now),
        avSkewMs: this.#avSkewMs,
      },
      corrupt: this.#corrupt,
      corruptInWindow: this.#window.sum(now, Column.corrupt),
    };
    return { ...measured, problems: findProblems(measured) };
  }

  #video(now: number, ageMs: number): VideoHealth {
    const steps = this.#window.sum(now, Column.steps);
    const stepMs = this.#window.sum(now, Column.stepMs);
    const stepArrivalUs = this.#window.sum(now, Column.stepArrivalUs);
    const record = this.#record;
    return {
      codec: record?.codec ?? null,
      profile: record === null ? null : (PROFILES[record.profileIdc] ?? `profile ${record.profileIdc}`),
      level: record === null ? null : (record.levelIdc / 10).toFixed(1),
      width: record?.spsInfo.width ?? null,
      height: record?.spsInfo.height ?? null,
      declaredFrameRate: this.#metadataFrameRate ?? plausible(record?.spsInfo.frameRate ?? null),
      frameRate: stepMs > 0 ? (steps * 1000) / stepMs : null,
      arrivalFrameRate: this.#perSecond(now, ageMs, Column.videoFrames),
      speed: stepArrivalUs >= LEAST_SPAN_MS * 1000 ? (stepMs * 1000) / stepArrivalUs : null,
      bitsPerSecond: bits(this.#perSecond(now, ageMs, Column.videoBytes)),
      frames: this.#videoFrames,
      keyframes: this.#keyframes,
      gopFrames: { last: this.#lastGop, max: this.#maxGop },
      keyframeIntervalMs: { last: this.#lastIntervalMs, max: this.#maxIntervalMs },
      sinceKeyframeMs: this.#keyframes > 0 ? this.#lastVideoDts - this.#lastKeyframeDts : null,
      hasBFrames: this.#window.sum(now, Column.reordered) > 0,
      reorderDepth: this.#reorderDepth,
      lastPacketAgeMs: this.#videoFrames > 0 ? (now - this.#lastVideoUs) / 1000 : null,
    };
  }

  #audio(now: number, ageMs: number): AudioHealth {
    return {
      codec: this.#aac?.codec ?? null,
      sampleRate: this.#aac?.outputSampleRate ?? null,
      channels: this.#aac?.channels ?? null,
      bitsPerSecond: bits(this.#perSecond(now, ageMs, Column.audioBytes)),
      frames: this.#audioFrames,
      lastPacketAgeMs: this.#audioFrames > 0 ? (now - this.#lastAudioUs) / 1000 : null,
    };
  }

  #perSecond(now: number, ageMs: number, column: number): number | null {
    if (ageMs < LEAST_SPAN_MS) return null;
    return (this.#window.sum(now, column) * 1000) / Math.min(ageMs, HEALTH_WINDOW_MS);
  }
}

/** profile_idc, H.264 annex A.2. */
const PROFILES: Readonly<Record<number, string>> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
  110: 'High 10',
  122: 'High 4:2:2',
  244: 'High 4:4:4 Predictive',
  44: 'CAVLC 4:4:4 Intra',
};

const bits = (bytesPerSecond: number | null): number | null =>
  bytesPerSecond === null ? null : bytesPerSecond * 8;

/** Encoders with variable rate write their clock's resolution as a frame rate. */
const plausible = (frameRate: number | null): number | null =>
  frameRate !== null && frameRate >= 1 && frameRate <= 240 ? frameRate : null;
