import {
  type AlignerMark,
  type AlignerReport,
  alignerReport,
  isMarkPlausible,
  MAX_MARKS,
} from '../../../cues/aligner.ts';
import type { ProductionLatency } from '../../../cues/production-latency.ts';
import type { Clock } from '../../../packet/clock.ts';
import { FramecueError } from '../../../packet/errors.ts';
import type { LiveStream } from '../live-stream.ts';
import {
  type AppliedLatency,
  type KeptLatencies,
  type KeptLatency,
  MAX_PEOPLE,
  MAX_STREAMS,
} from './kept-latency.ts';
import { SlateMeasure, type SlateStatus, USUAL_SCREEN } from './slate-measure.ts';
import type { SlateReader } from './slate-thread.ts';

/** The resource `GET S/latency`. Milliseconds; moments are Unix milliseconds. */
export interface LatencyStatus {
  readonly slate: SlateStatus;
  readonly declared: { readonly ms: number; readonly errorMs: number } | null;
  readonly applied: AppliedLatency | null;
  readonly aligner: readonly AlignerReport[];
}

export interface LatencyBookOptions {
  readonly clock: Clock;
  readonly reader: SlateReader;
  readonly kept: Pick<KeptLatencies, 'read' | 'write'>;
  readonly declared: ProductionLatency | null;
  /** Streams under this name now: the one that cues are stamped into, and the one that is undelayed. */
  readonly find: (stream: string) => { readonly live: Live; readonly ahead: Live } | null;
  readonly randomSession: () => number;
  /** The resource has changed. */
  readonly onChange?: (stream: string, status: LatencyStatus) => void;
  /** Writing in the background failed; what somebody asked for is refused instead. */
  readonly onFault: (error: unknown) => void;
}

type Live = Pick<LiveStream, 'onKeyframe' | 'setProductionLatency'>;

export interface SlateRequest {
  readonly on: boolean;
  readonly session?: number | undefined;
  readonly screenLatencyMs?: number | undefined;
  readonly screenErrorMs?: number | undefined;
}

export interface ApplyRequest {
  readonly source: AppliedLatency['source'];
  readonly ms?: number | undefined;
  readonly errorMs?: number | undefined;
  readonly pin: boolean;
}

interface Entry {
  readonly measure: SlateMeasure;
  applied: AppliedLatency | null;
  readonly aligner: Map<string, AlignerMark[]>;
}

/** Below this nothing is applied: a handful of readings, or readings far apart. */
export const LEAST_CONFIDENCE = 0.3;
/** An applied measurement that is not pinned is moved when it is off by more than half a picture. */
const FOLLOW_MS = 20;
const MANUAL_ERROR_MS = 100;

/** What is known of each stream's way from the lens to here, and what has been made of it. */
export class LatencyBook {
  readonly #options: LatencyBookOptions;
  readonly #entries = new Map<string, Entry>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LatencyBookOptions) {
    this.#options = options;
    for (const [stream, kept] of options.kept.read()) this.#entries.set(stream, this.#entryOf(stream, kept));
  }

  /** A publish begins: the stream may be a new object. */
  publishBegins(stream: string): void {
    const found = this.#options.find(stream);
    if (found === null) return;
    const entry = this.#entries.get(stream);
    if (entry === undefined) return;
    found.ahead.onKeyframe = entry.measure.onKeyframe;
    if (entry.applied !== null) found.live.setProductionLatency(productionOf(entry.applied));
  }

  status(stream: string): LatencyStatus {
    const entry = this.#entries.get(stream);
    const { declared } = this.#options;
    return {
      slate: (entry?.measure ?? this.#newMeasure(stream)).status(),
      declared: declared === null ? null : { ms: declared.ms, errorMs: declared.errorMs },
      applied: entry?.applied ?? null,
      aligner: [...(entry?.aligner ?? [])].map(([person, marks]) => alignerReport(person, marks)),
    };
  }

  async setSlate(stream: string, request: SlateRequest): Promise<LatencyStatus> {
    const entry = this.#need(stream);
    const { measure } = entry;
    const { screenLatencyMs = measure.screen.screenLatencyMs, screenErrorMs = measure.screen.screenErrorMs } =
      request;
    measure.screen = { screenLatencyMs, screenErrorMs };
    if (request.on) measure.start(request.session);
    else measure.stop();
    const found = this.#options.find(stream);
    if (found !== null) found.ahead.onKeyframe = measure.onKeyframe;
    if (![...this.#entries.values()].some((other) => other.measure.isOn)) await this.#options.reader.rest();
    await this.#keep();
    return this.#changed(stream);
  }

  /** @throws {FramecueError} ERR_LATENCY_UNKNOWN where there is nothing to apply. */
  async apply(stream: string, request: ApplyRequest, by: string): Promise<LatencyStatus> {
    const { ms, errorMs } = this.#wanted(stream, request);
    const { source, pin: pinned } = request;
    const entry = this.#need(stream);
    const before = entry.applied;
    entry.applied = { ms, errorMs, source, pinned, at: this.#options.clock.unixMs(), by };
    try {
      await this.#keep();
    } catch (error) {
      entry.applied = before;
      throw error;
    }
    this.#options.find(stream)?.live.setProductionLatency(productionOf(entry.applied));
    return this.#changed(stream);
  }

  /** Back to what is declared. */
  async clear(stream: string): Promise<LatencyStatus> {
    const entry = this.#entries.get(stream);
    if (entry !== undefined && entry.applied !== null) {
      const before = entry.applied;
      entry.applied = null;
      try {
        await this.#keep();
      } catch (error) {
        entry.applied = before;
        throw error;
      }
      this.#options.find(stream)?.live.setProductionLatency(null);
    }
    return this.#changed(stream);
  }

  /** @throws {FramecueError} ERR_REQUEST_INVALID, ERR_OVERLOADED for more people than can be kept. */
  async mark(stream: string, person: string, mark: AlignerMark): Promise<AlignerReport> {
    if (!isMarkPlausible(mark)) {
      throw new FramecueError(
        'ERR_REQUEST_INVALID',
        'Press and picture are too far apart to be of one moment.',
      );
    }
    const { aligner } = this.#need(stream);
    if (!aligner.has(person) && aligner.size >= MAX_PEOPLE) {
      throw new FramecueError(
        'ERR_REQUEST_INVALID',
        `Marks of ${MAX_PEOPLE} people are kept; remove somebody.`,
      );
    }
    const marks = [...(aligner.get(person) ?? []), mark].slice(-MAX_MARKS);
    aligner.set(person, marks);
    await this.#keep();
    this.#changed(stream);
    return alignerReport(person, marks);
  }

  async forget(stream: string, person: string): Promise<boolean> {
    const removed = this.#entries.get(stream)?.aligner.delete(person) ?? false;
    if (removed) {
      await this.#keep();
      this.#changed(stream);
    }
    return removed;
  }

  async close(): Promise<void> {
    for (const { measure } of this.#entries.values()) measure.stop();
    await this.#options.reader.rest();
    await this.#writing;
  }

  #wanted(stream: string, request: ApplyRequest): { ms: number; errorMs: number } {
    const { source, ms, errorMs } = request;
    if (source === 'manual') {
      if (ms === undefined) throw new FramecueError('ERR_REQUEST_INVALID', '"manual" needs "ms".');
      return { ms, errorMs: errorMs ?? MANUAL_ERROR_MS };
    }
    if (source === 'declared') {
      const { declared } = this.#options;
      if (declared === null) {
        throw new FramecueError('ERR_LATENCY_UNKNOWN', 'FRAMECUE_PRODUCTION_LATENCY_MS is not set.');
      }
      return { ms: declared.ms, errorMs: declared.errorMs };
    }
    const estimate = this.#entries.get(stream)?.measure.estimate() ?? null;
    if (estimate === null || estimate.confidence < LEAST_CONFIDENCE) {
      throw new FramecueError('ERR_LATENCY_UNKNOWN', undefined, {
        details: { confidence: Math.round((estimate?.confidence ?? 0) * 100) / 100, least: LEAST_CONFIDENCE },
      });
    }
    return { ms: tenth(estimate.latencyMs), errorMs: tenth(estimate.errorMs) };
  }

  /** A measurement that is applied and not pinned follows what is read. */
  #follow(stream: string, entry: Entry): void {
    const { applied, measure } = entry;
    if (applied === null || applied.pinned || applied.source !== 'measured') return;
    const estimate = measure.estimate();
    if (estimate === null || estimate.confidence < LEAST_CONFIDENCE) return;
    if (Math.abs(estimate.latencyMs - applied.ms) <= FOLLOW_MS) return;
    const { latencyMs, errorMs } = estimate;
    const at = this.#options.clock.unixMs();
    entry.applied = { ...applied, ms: tenth(latencyMs), errorMs: tenth(errorMs), at };
    this.#options.find(stream)?.live.setProductionLatency(productionOf(entry.applied));
    this.#keep().catch((error: unknown) => this.#options.onFault(error));
  }

  #need(stream: string): Entry {
    const known = this.#entries.get(stream);
    if (known !== undefined) return known;
    if (this.#entries.size >= MAX_STREAMS) this.#forgetOne();
    const entry = this.#entryOf(stream, null);
    this.#entries.set(stream, entry);
    return entry;
  }

  /** Any name may be allowed: one that holds nothing makes room. */
  #forgetOne(): void {
    for (const [stream, { measure, applied, aligner }] of this.#entries) {
      if (measure.isOn || applied !== null || aligner.size > 0) continue;
      this.#entries.delete(stream);
      return;
    }
    throw new FramecueError('ERR_OVERLOADED', `Latencies of ${MAX_STREAMS} streams are kept; clear one.`);
  }

  #entryOf(stream: string, kept: KeptLatency | null): Entry {
    const aligner = new Map(Object.entries(kept?.aligner ?? {}));
    return {
      measure: this.#newMeasure(stream, kept ?? USUAL_SCREEN),
      applied: kept?.applied ?? null,
      aligner,
    };
  }

  #newMeasure(stream: string, screen = USUAL_SCREEN): SlateMeasure {
    const { clock, reader, randomSession } = this.#options;
    const { screenLatencyMs, screenErrorMs } = screen;
    const onChange = (): void => {
      const entry = this.#entries.get(stream);
      if (entry !== undefined) this.#follow(stream, entry);
      this.#changed(stream);
    };
    return new SlateMeasure({ clock, reader, randomSession, onChange }, { screenLatencyMs, screenErrorMs });
  }

  #changed(stream: string): LatencyStatus {
    const status = this.status(stream);
    this.#options.onChange?.(stream, status);
    return status;
  }

  /** One after the other; each writes what is known when its turn comes. */
  #keep(): Promise<void> {
    const turn = this.#writing.then(() => this.#options.kept.write(this.#toKeep()));
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  #toKeep(): ReadonlyMap<string, KeptLatency> {
    const entries = [...this.#entries].map(([stream, { measure, applied, aligner }]) => {
      const kept: KeptLatency = { ...measure.screen, applied, aligner: Object.fromEntries(aligner) };
      return [stream, kept] as const;
    });
    return new Map(entries);
  }
}

const productionOf = ({ ms, errorMs, source, pinned }: AppliedLatency): ProductionLatency => ({
  ...{ ms, errorMs },
  source: pinned ? 'pinned' : source === 'measured' ? 'measured' : 'declared',
});

const tenth = (value: number): number => Math.round(value * 10) / 10;
