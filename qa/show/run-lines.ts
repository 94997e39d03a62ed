import { hash } from 'node:crypto';
import { z } from 'zod';
import type { StampEvent } from '../../cues/cue.ts';
import { BitstreamError, type NalLengthSize } from '../../h264-sei-parser/src/index.ts';
import { type MediaPacket, ptsOf } from '../../packet/packet.ts';
import { stampsOf } from '../stamps/read-stamps.ts';
import type { OutputRecord, ShowRecord } from './entry.ts';
import { Software } from './manifest.ts';
import { payloadOf } from './record-format.ts';

/** Of the listing's lines; older ones stay readable. */
export const RUN_VERSION = 1;

/** What one run gave out, line by line: small, and the same for every build. */
export type RunLine = RunHead | EpochLine | UnitLine | PacketLine | EventLine | GapLine;

export interface RunHead {
  readonly kind: 'run';
  readonly version: number;
  /** `recorded`: as the live run was. */
  readonly of: 'recorded' | 'replay';
  readonly show: string;
  readonly stream: string;
  readonly software: Software;
}

export interface EpochLine {
  readonly kind: 'epoch';
  /** From 0, in the order of the run. */
  readonly n: number;
  readonly epoch: string;
}

/** One access unit. */
export interface UnitLine {
  readonly kind: 'unit';
  /** `n` of its epoch. */
  readonly epoch: number;
  /** In decode order since the epoch began. */
  readonly frame: number;
  readonly pts: number;
  readonly dts: number;
  readonly key: boolean;
  readonly size: number;
  readonly sha256: string;
  /** Absent where only the fingerprint was kept, as of the recorded run. */
  readonly stamps?: readonly StampLine[];
}

/** A stamp as it was read back from the access unit. */
export interface StampLine {
  readonly cue?: string;
  readonly rev?: number;
  readonly firePts?: number;
  readonly fireAt?: number;
  /** Its data can be opened with it. */
  readonly opens?: boolean;
  /** Unix microseconds. */
  readonly at?: number;
  /** It cannot be read: why. */
  readonly problem?: string;
}

/** Sound, configuration and script data. */
export interface PacketLine {
  readonly kind: 'packet';
  readonly epoch: number;
  readonly of: Exclude<MediaPacket['kind'], 'avc-frame'>;
  /** Of this kind since the epoch began. */
  readonly n: number;
  readonly dts: number;
  readonly size: number;
  readonly sha256: string;
}

export interface EventLine {
  readonly kind: 'event';
  readonly event: StampEvent;
}

export interface GapLine {
  readonly kind: 'gap';
  readonly records: number;
}

const count = z.number().int().min(0);
const payload = { dts: z.number(), size: count, sha256: z.string() };
const cue = { id: z.string(), rev: count };
const Event = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('announced'), ...cue, firePts: z.number() }),
  z.looseObject({
    kind: z.literal('landed'),
    ...cue,
    landing: z.looseObject({ pts: z.number(), frame: z.number() }),
  }),
  z.looseObject({ kind: z.literal('ended'), ...cue }),
  z.looseObject({ kind: z.literal('missed'), ...cue, code: z.string() }),
]);
const Line = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('run'),
    version: z.number(),
    show: z.string(),
    stream: z.string(),
    software: Software,
  }),
  z.looseObject({ kind: z.literal('epoch'), n: count, epoch: z.string() }),
  z.looseObject({
    kind: z.literal('unit'),
    ...{ epoch: z.number().int(), frame: count, pts: z.number(), key: z.boolean() },
    ...payload,
    stamps: z.array(z.looseObject({})).optional(),
  }),
  z.looseObject({
    kind: z.literal('packet'),
    ...{ epoch: z.number().int(), of: z.string(), n: count },
    ...payload,
  }),
  z.looseObject({ kind: z.literal('event'), event: Event }),
  z.looseObject({ kind: z.literal('gap'), records: count }),
]);

/** What a comparison and its report rely on is there, and of its type; fields that a later version added stay. */
export const isRunLine = (value: unknown): value is RunLine => Line.safeParse(value).success;

/** The part of a path's state that a listing goes on from. */
const State = z.object({ injector: z.object({ epoch: z.object({ id: z.string(), frame: z.number() }) }) });

/** Makes lines of what comes out of a run, recorded or replayed. */
export class RunLister {
  readonly #give: (line: RunLine) => void;
  #epoch = -1;
  #frame = 0;
  #counts = new Map<string, number>();
  #lengthSize: NalLengthSize = 4;

  constructor(give: (line: RunLine) => void) {
    this.#give = give;
  }

  start(state: unknown): void {
    const known = State.safeParse(state);
    if (!known.success) return;
    this.epoch(known.data.injector.epoch.id);
    this.#frame = known.data.injector.epoch.frame;
  }

  epoch(epoch: string): void {
    this.#epoch++;
    this.#frame = 0;
    this.#counts.clear();
    this.#give({ kind: 'epoch', n: this.#epoch, epoch });
  }

  event(event: StampEvent): void {
    this.#give({ kind: 'event', event });
  }

  gap(records: number): void {
    this.#give({ kind: 'gap', records });
  }

  packet(packet: MediaPacket): void {
    const payload = payloadOf(packet);
    if (packet.kind === 'avc-config') this.#lengthSize = (((payload[4] ?? 3) & 3) + 1) as NalLengthSize;
    const isUnit = packet.kind === 'avc-frame';
    const record: Omit<OutputRecord, 'kind'> = {
      of: packet.kind,
      dts: packet.dts,
      pts: isUnit ? ptsOf(packet) : packet.dts,
      isKeyframe: isUnit && packet.isKeyframe,
      size: payload.length,
      sha256: hash('sha256', payload),
    };
    this.#list(record, isUnit ? this.#stampsIn(payload) : undefined);
  }

  recorded(record: OutputRecord): void {
    this.#list(record, undefined);
  }

  #list(record: Omit<OutputRecord, 'kind'>, stamps: readonly StampLine[] | undefined): void {
    const { of, dts, pts, isKeyframe, size, sha256 } = record;
    const epoch = this.#epoch;
    if (of === 'avc-frame') {
      const frame = this.#frame++;
      const line: UnitLine = { kind: 'unit', epoch, frame, pts, dts, key: isKeyframe, size, sha256 };
      this.#give(stamps === undefined ? line : { ...line, stamps });
      return;
    }
    const n = this.#counts.get(of) ?? 0;
    this.#counts.set(of, n + 1);
    this.#give({ kind: 'packet', epoch, of, n, dts, size, sha256 });
  }

  #stampsIn(data: Uint8Array): StampLine[] {
    const framing = { kind: 'avcc', lengthSize: this.#lengthSize } as const;
    const unit = { kind: 'access-unit', index: 0, pts: null, dts: null, isKeyframe: false } as const;
    try {
      return stampsOf({ ...unit, codec: 'h264', framing, data, offset: null }).map(({ stamp, problem }) => {
        if (stamp === null) return { problem: problem ?? 'unreadable' };
        const { at } = stamp.head;
        if (stamp.kind === 'clock') return { at };
        const { fireIn, fireAt, pts, key } = stamp.head;
        const { id, rev } = stamp.body;
        const firePts = pts === undefined ? {} : { firePts: pts + fireIn };
        return { cue: id, rev, ...firePts, fireAt, opens: key !== undefined, at };
      });
    } catch (error) {
      if (error instanceof BitstreamError) return [{ problem: error.code }];
      throw error;
    }
  }
}

/** The listing of the recorded run itself. */
export function* recordedRun(head: RunHead, records: Iterable<ShowRecord>): Generator<RunLine> {
  const lines: RunLine[] = [head];
  const lister = new RunLister((line) => lines.push(line));
  for (const record of records) {
    if (record.kind === 'start') lister.start(record.state);
    else if (record.kind === 'epoch') lister.epoch(record.epoch);
    else if (record.kind === 'event') lister.event(record.event);
    else if (record.kind === 'gap') lister.gap(record.records);
    else if (record.kind === 'output') lister.recorded(record);
    yield* lines;
    lines.length = 0;
  }
  yield* lines;
}
