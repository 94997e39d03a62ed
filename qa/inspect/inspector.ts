import { STAMP_UUID_TEXT } from '../../cues/wire/index.ts';
import type { ContainerName, SourceItem, VideoCodec } from '../sources/items.ts';
import { CarrierReader, type CarrierSummary, type OtherData } from './carriers.ts';
import { type ClockSummary, EncoderClocks } from './encoder-clocks.ts';
import type { StampVerifier } from './keys.ts';
import { type Finding, type FindingCode, finding } from './lint-codes.ts';
import type { SeenCue } from './stamps.ts';
import { type InspectedUnit, UnitReader } from './unit-reader.ts';

/** All findings of one code. */
export interface FindingCount {
  readonly code: FindingCode;
  readonly severity: Finding['severity'];
  readonly clause: string;
  /** Of the first one. */
  readonly text: string;
  count: number;
  readonly firstIndex: number | null;
  readonly firstPts: number | null;
  /** Byte offset in the source, where it is known. */
  readonly firstOffset: number | null;
  /** Access units of the first {@link PLACES_KEPT}. */
  readonly at: (number | null)[];
}

export interface SeiCount {
  readonly name: string;
  readonly payloadType: number;
  readonly uuid: string | null;
  count: number;
  bytes: number;
  readonly firstIndex: number;
}

export interface Span {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

export interface Summary {
  readonly container: ContainerName;
  readonly codec: VideoCodec | null;
  /** RFC 6381, from the SPS; null for HEVC. */
  readonly codecString: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly interlaced: boolean;
  readonly frames: number;
  readonly keyframes: number;
  /** Pictures per second, from the DTS. */
  readonly fps: number | null;
  /** From the VUI. */
  readonly declaredFps: number | null;
  readonly durationMs: number | null;
  readonly bitsPerSecond: number | null;
  readonly videoBytes: number;
  /** Access units from one keyframe to the next. */
  readonly gopFrames: Span | null;
  /** Some picture is shown after one that is decoded later. */
  readonly hasBFrames: boolean;
  readonly configs: number;
  readonly segments: number;
  readonly sei: readonly SeiCount[];
  readonly stamps: { readonly clock: number; readonly cue: number };
  readonly epochs: readonly {
    readonly epoch: string;
    readonly firstIndex: number;
    readonly stamps: number;
  }[];
  readonly cues: readonly SeenCue[];
  /** Stamps beside the SEI, by what carries them; and others' data there. */
  readonly carriers: readonly CarrierSummary[];
  readonly others: readonly OtherData[];
  readonly encoderClock: ClockSummary | null;
  readonly findings: readonly FindingCount[];
  readonly errors: number;
  readonly warnings: number;
}

const PLACES_KEPT = 1000;
const SEVERITY_ORDER = { error: 0, warning: 1, info: 2 } as const;

/** Reads a source's items and says what is in them. */
export class Inspector {
  readonly #container: ContainerName;
  readonly #reader: UnitReader;
  readonly #carriers: CarrierReader;
  readonly #clocks = new EncoderClocks();
  readonly #findings = new Map<FindingCode, FindingCount>();
  readonly #sei = new Map<string, SeiCount>();
  readonly #gops = { count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: 0 };
  #codec: VideoCodec | null = null;
  #frames = 0;
  #keyframes = 0;
  #sinceKeyframe = 0;
  #bytes = 0;
  #configs = 0;
  #segments = 0;
  #highestPts: number | null = null;
  #hasBFrames = false;
  #timed = { frames: 0, ms: 0 };
  #lastDts: number | null = null;

  constructor(container: ContainerName, verifier: StampVerifier | null = null) {
    this.#container = container;
    this.#reader = new UnitReader(container, verifier);
    this.#carriers = new CarrierReader(verifier);
  }

  /** The access unit taken apart; null for all other items. */
  add(item: SourceItem): InspectedUnit | null {
    switch (item.kind) {
      case 'access-unit':
        if (item.startsTimeline === true) {
          this.#reader.beginTimeline();
          this.#lastDts = null;
        }
        return this.#addUnit(this.#reader.read(item), item.codec);
      case 'config':
        this.#configs++;
        for (const found of this.#reader.config(item)) this.#count(found, null, null, item.offset);
        return null;
      case 'problem':
        this.#count(
          { ...finding(item.code as FindingCode), text: item.text },
          this.#frames,
          this.#lastDts,
          item.offset,
        );
        return null;
      case 'segment':
        this.#segments++;
        if (item.discontinuity) {
          this.#reader.beginTimeline();
          this.#lastDts = null;
        }
        return null;
      case 'script':
      case 'emsg':
      case 'daterange':
        for (const found of this.#carriers.add(item, this.#frames))
          this.#count(found, this.#frames, this.#lastDts, item.offset);
        return null;
      default:
        return null;
    }
  }

  /** Findings that have no access unit: a problem of the container itself. */
  get hasErrors(): boolean {
    return [...this.#findings.values()].some(({ severity }) => severity === 'error');
  }

  summary(): Summary {
    const { sps, stamps } = this.#reader;
    const { frames, ms } = this.#timed;
    const findings = [...this.#findings.values()].sort(
      (a, b) => SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity] || b.count - a.count,
    );
    const sum = (severity: Finding['severity']): number =>
      findings.filter((found) => found.severity === severity).reduce((total, { count }) => total + count, 0);
    const stepMs = frames > 0 ? ms / frames : null;
    const durationMs = stepMs === null ? null : ms + stepMs;
    const hex = (value: number): string => value.toString(16).padStart(2, '0');
    return {
      container: this.#container,
      codec: this.#codec,
      codecString:
        sps === null ? null : `avc1.${hex(sps.profileIdc)}${hex(sps.constraintFlags)}${hex(sps.levelIdc)}`,
      width: sps?.width ?? null,
      height: sps?.height ?? null,
      interlaced: sps?.frameMbsOnly === false,
      frames: this.#frames,
      keyframes: this.#keyframes,
      fps: stepMs === null || stepMs === 0 ? null : 1000 / stepMs,
      declaredFps: sps?.frameRate ?? null,
      durationMs,
      bitsPerSecond: durationMs === null ? null : (this.#bytes * 8000) / durationMs,
      videoBytes: this.#bytes,
      gopFrames:
        this.#gops.count === 0
          ? null
          : { min: this.#gops.min, mean: this.#gops.sum / this.#gops.count, max: this.#gops.max },
      hasBFrames: this.#hasBFrames,
      configs: this.#configs,
      segments: this.#segments,
      sei: [...this.#sei.values()].sort((a, b) => b.count - a.count),
      stamps: { clock: stamps.clockStamps, cue: stamps.cueStamps },
      epochs: Array.from(stamps.epochs, ([epoch, { firstIndex, stamps: count }]) => ({
        epoch,
        firstIndex,
        stamps: count,
      })),
      cues: [...stamps.cues.values()],
      carriers: this.#carriers.carriers(),
      others: this.#carriers.others(),
      encoderClock: this.#clocks.summary(),
      findings,
      errors: sum('error'),
      warnings: sum('warning'),
    };
  }

  #addUnit(unit: InspectedUnit, codec: VideoCodec): InspectedUnit {
    this.#codec = codec;
    this.#frames++;
    this.#bytes += unit.bytes;
    this.#noteTimes(unit);
    if (unit.isKeyframe) this.#noteKeyframe();
    this.#sinceKeyframe++;
    for (const { payloadType, uuid, decoded, payloadSize } of unit.sei) {
      const key = `${payloadType} ${uuid ?? ''}`;
      const known = this.#sei.get(key);
      if (known !== undefined) {
        known.count++;
        known.bytes += payloadSize;
      } else if (this.#sei.size < PLACES_KEPT) {
        const name = uuid === STAMP_UUID_TEXT ? 'framecue stamp' : nameOf(decoded);
        this.#sei.set(key, { name, payloadType, uuid, count: 1, bytes: payloadSize, firstIndex: unit.index });
      }
    }
    this.#clocks.note(unit);
    for (const found of unit.lint) {
      const offset = unit.offset === null ? null : unit.offset;
      this.#count(found, unit.index, unit.pts, offset);
    }
    return unit;
  }

  #noteTimes({ pts, dts }: InspectedUnit): void {
    if (pts !== null) {
      if (this.#highestPts !== null && pts < this.#highestPts) this.#hasBFrames = true;
      this.#highestPts = Math.max(this.#highestPts ?? pts, pts);
    }
    const last = this.#lastDts;
    this.#lastDts = dts;
    if (dts === null || last === null || dts <= last) return;
    this.#timed = { frames: this.#timed.frames + 1, ms: this.#timed.ms + dts - last };
  }

  #noteKeyframe(): void {
    if (this.#keyframes > 0) {
      const gops = this.#gops;
      gops.count++;
      gops.sum += this.#sinceKeyframe;
      gops.min = Math.min(gops.min, this.#sinceKeyframe);
      gops.max = Math.max(gops.max, this.#sinceKeyframe);
    }
    this.#keyframes++;
    this.#sinceKeyframe = 0;
  }

  #count(found: Finding, index: number | null, pts: number | null, offset: number | null): void {
    const { code, severity, clause, text } = found;
    const known = this.#findings.get(code);
    if (known === undefined) {
      const first = { firstIndex: index, firstPts: pts, firstOffset: offset };
      this.#findings.set(code, { code, severity, clause, text, count: 1, ...first, at: [index] });
      return;
    }
    known.count++;
    if (known.at.length < PLACES_KEPT) known.at.push(index);
  }
}

function nameOf(decoded: InspectedUnit['sei'][number]['decoded']): string {
  if (decoded.kind === 'broadcastPerformanceMetrics') return `OBS BPM ${decoded.metrics}`;
  if (decoded.kind === 'precisionTimeStamp') return 'MISB precision time stamp';
  return decoded.name;
}
