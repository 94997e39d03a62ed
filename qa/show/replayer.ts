import type { PreparedCue, StampEvent } from '../../cues/cue.ts';
import type { ProductionLatency } from '../../cues/production-latency.ts';
import type { Clock } from '../../packet/clock.ts';
import type { ClockReading } from '../../packet/held-clock.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import {
  type Microseconds,
  type UnixMicroseconds,
  type UnixMilliseconds,
  unixUs,
  unixUsToMs,
  us,
} from '../../packet/time.ts';
import type { ShowRecord, StreamInput } from './entry.ts';

/** A stream's path from publisher to viewers, as its inputs see it; `server/media/live-stream.ts` is one. */
export interface ReplayPath {
  stampingOn: boolean;
  beginPublish(): void;
  endPublish(): void;
  /** @param arrivedUs when it came, where it has waited since. */
  push(packet: MediaPacket, arrivedUs?: Microseconds): void;
  schedule(cue: PreparedCue): boolean;
  withdraw(id: string): boolean;
  setProductionLatency(latency: ProductionLatency | null): void;
  setClockLocked(locked: boolean): void;
}

export interface PathOptions {
  /** What the path had learnt where the recording begins; null: nothing yet. */
  readonly from: unknown;
  readonly clock: Clock;
  readonly epochId: () => string;
  /** An epoch begins; its configuration follows. */
  readonly onEpochBegins: (epoch: string) => void;
  /** Where those who give cues are told of it. */
  readonly onEpoch: () => void;
  readonly onStampEvent: (event: StampEvent) => void;
  readonly onOutput: (packet: MediaPacket) => void;
  readonly onFault: (error: unknown) => void;
}

export type MakePath = (options: PathOptions) => ReplayPath;

/** What a replay tells of, in order. */
export interface ReplaySink {
  /** A path begins, with what it had learnt (null: nothing). */
  start?(state: unknown): void;
  epoch?(epoch: string, path: ReplayPath): void;
  event?(event: StampEvent): void;
  output?(packet: MediaPacket, at: ClockReading): void;
  fault?(error: unknown): void;
}

type InputRecord = Extract<ShowRecord, { readonly kind: 'input' }>;

/** A packet, and what was recorded while it was worked on. */
interface Turn {
  readonly record: InputRecord;
  readonly epochs: string[];
  /** What those who were told of something answered, and after how many tellings. */
  readonly nested: { readonly input: StreamInput; readonly after: number }[];
}

/**
 * Feeds a recorded show to a path on the recorded clock. The path's clock stands at each record's reading while that
 * record is worked on, epochs have their recorded names, and what was answered within a packet is answered at the
 * same place: so the same path gives the same bytes.
 */
export class Replayer {
  readonly #makePath: MakePath;
  readonly #sink: ReplaySink;
  readonly #clock = new RecordedClock();
  #path: ReplayPath | null = null;
  #turn: Turn | null = null;
  #told = 0;
  /** Epochs that the recorded run did not have. */
  #newEpochs = 0;

  constructor(makePath: MakePath, sink: ReplaySink) {
    this.#makePath = makePath;
    this.#sink = sink;
  }

  /** The next record, in order. Outcomes of the recorded run change nothing; only an epoch's name is taken. */
  feed(record: ShowRecord): void {
    switch (record.kind) {
      case 'epoch':
        this.#turn?.epochs.push(record.epoch);
        return;
      case 'input':
        if (record.after !== null && this.#turn !== null) {
          this.#turn.nested.push({ input: record.input, after: record.after });
          return;
        }
        this.#play();
        this.#turn = { record, epochs: [], nested: [] };
        return;
      case 'start':
        this.#play();
        this.#clock.set(record);
        this.#path = this.#newPath(record.state);
        this.#sink.start?.(record.state);
        return;
      case 'end':
        this.#play();
        return;
      case 'event':
      case 'output':
      case 'gap':
        return;
      default:
        record satisfies never;
    }
  }

  /** The last packet waits for what was recorded within it: call this at the end. */
  finish(): void {
    this.#play();
  }

  #play(): void {
    const turn = this.#turn;
    if (turn === null) return;
    // A recording whose first records were lost has no start: the path begins with nothing then.
    this.#clock.set(turn.record);
    this.#path ??= this.#newPath(null);
    this.#told = 0;
    this.#apply(this.#path, turn.record.input);
    // Another build may have told less: what was recorded as an answer still holds.
    this.#answer(Number.POSITIVE_INFINITY);
    this.#turn = null;
  }

  #newPath(from: unknown): ReplayPath {
    return this.#makePath({
      from,
      clock: this.#clock,
      epochId: () => this.#turn?.epochs.shift() ?? this.#newEpochName(),
      onEpochBegins: (epoch) => this.#sink.epoch?.(epoch, this.#path!),
      onEpoch: () => {
        this.#told++;
        this.#answer(this.#told);
      },
      onStampEvent: (event) => {
        this.#told++;
        this.#sink.event?.(event);
        this.#answer(this.#told);
      },
      onOutput: (packet) => this.#sink.output?.(packet, this.#clock.reading),
      onFault: (error) => this.#sink.fault?.(error),
    });
  }

  #newEpochName(): string {
    return `${this.#clock.unixMs().toString(36)}-replay${++this.#newEpochs}`;
  }

  #answer(told: number): void {
    const nested = this.#turn?.nested ?? [];
    while (nested.length > 0 && nested[0]!.after <= told) this.#apply(this.#path!, nested.shift()!.input);
  }

  #apply(path: ReplayPath, input: StreamInput): void {
    switch (input.kind) {
      case 'begin-publish':
        path.beginPublish();
        return;
      case 'end-publish':
        path.endPublish();
        return;
      case 'packet':
        path.push(input.packet, input.arrivedUs);
        return;
      case 'schedule':
        path.schedule(input.cue);
        return;
      case 'withdraw':
        path.withdraw(input.id);
        return;
      case 'stamping':
        path.stampingOn = input.on;
        return;
      case 'latency':
        path.setProductionLatency(input.latency);
        return;
      case 'clock-locked':
        path.setClockLocked(input.locked);
        return;
      default:
        input satisfies never;
    }
  }
}

/** Stands where it was set. */
class RecordedClock implements Clock {
  #at: ClockReading = { monotonicUs: us(0), unixUs: unixUs(0) };

  get reading(): ClockReading {
    return this.#at;
  }

  set({ monotonicUs, unixUs }: ClockReading): void {
    this.#at = { monotonicUs, unixUs };
  }

  monotonicUs = (): Microseconds => this.#at.monotonicUs;
  unixUs = (): UnixMicroseconds => this.#at.unixUs;
  unixMs = (): UnixMilliseconds => unixUsToMs(this.#at.unixUs);
}
