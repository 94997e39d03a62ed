import type { PreparedCue, StampEvent } from '../../../cues/cue.ts';
import { StreamHub } from '../../../delivery/stream-hub.ts';
import { ManualScheduler } from '../../../delivery/testing/manual-scheduler.ts';
import { DEFAULT_INJECTOR_SETTINGS, type InjectorSettings } from '../../../injector/injector.ts';
import { ManualClock } from '../../../packet/clock.ts';
import type { ClockReading } from '../../../packet/held-clock.ts';
import type { MediaPacket } from '../../../packet/packet.ts';
import type { EpochReason } from '../../../packet/timeline.ts';
import type { ShowRecord, StreamTap } from '../../../qa/show/entry.ts';
import { decodeBody, encodeInput, encodeOther, RECORD_HEADER_BYTES } from '../../../qa/show/record-format.ts';
import { DelayedStream } from '../delayed-stream.ts';
import { LiveStream, type LiveStreamOptions } from '../live-stream.ts';
import { LIVE, makeCue } from './show-rig.ts';

export interface DelayRigOptions {
  readonly delayMs: number;
  readonly maxBytes?: number;
  readonly injector?: Partial<InjectorSettings>;
  readonly makePreviewInjector?: LiveStreamOptions['makeInjector'];
  readonly onFault?: (error: unknown) => void;
}

export interface Out {
  readonly packet: MediaPacket;
  readonly at: ClockReading;
}

/** A stream behind a programme delay, with a director that gives cues that still hold again in each epoch. */
export class DelayRig {
  readonly clock = new ManualClock(1_763_700_000_000_123, 5_000_000);
  readonly scheduler = new ManualScheduler(this.clock);
  readonly delayed: DelayedStream;
  /** What came out, of either. */
  readonly preview: Out[] = [];
  readonly programme: Out[] = [];
  readonly events: StampEvent[] = [];
  readonly epochs: { readonly epoch: string; readonly reason: EpochReason; readonly atMs: number }[] = [];
  /** When the end of a publish had been reached for viewers, milliseconds. */
  readonly ends: number[] = [];
  readonly #cues = new Map<string, PreparedCue>();
  #epochs = 0;
  #publisherDts = 0;

  constructor({
    delayMs,
    maxBytes = 1e8,
    injector,
    makePreviewInjector,
    onFault = throwOn,
  }: DelayRigOptions) {
    const { clock, scheduler } = this;
    const settings = { ...DEFAULT_INJECTOR_SETTINGS, ...injector };
    const make = (more: Partial<LiveStreamOptions>) =>
      new LiveStream({
        ...{ stream: LIVE, clock, injector: settings, onFault, epochId: () => 'x' },
        newHub: () => new StreamHub({ stream: LIVE, clock, scheduler, settings: { hls: null } }),
        onStampEvent: () => undefined,
        onEpoch: () => undefined,
        ...more,
      });
    this.delayed = new DelayedStream({
      ...{ delayMs, maxBytes, clock, scheduler, onFault },
      makePreview: (epochId) =>
        make({ epochId, ...(makePreviewInjector && { makeInjector: makePreviewInjector }) }),
      makeProgramme: (epochId) =>
        make({
          epochId,
          onStampEvent: (event) => {
            this.events.push(event);
            if (event.kind !== 'announced') this.#cues.delete(event.id);
          },
          onEpoch: (epoch, reason) => {
            this.epochs.push({ epoch, reason, atMs: this.nowMs });
            for (const cue of this.#cues.values()) this.schedule(cue.id, { ...cue, rev: cue.rev + 1 });
          },
        }),
      newEpochId: () => `e${++this.#epochs}`,
      onEnded: () => this.ends.push(this.nowMs),
    });
    this.delayed.preview.tap = outputsTo(this.preview);
    this.delayed.programme.tap = outputsTo(this.programme);
  }

  get nowMs(): number {
    return this.clock.monotonicUs() / 1000;
  }

  /** Records the programme from now on, through the bytes of a show's log. */
  record(): ShowRecord[] {
    const records: ShowRecord[] = [];
    const { programme } = this.delayed;
    const at = { monotonicUs: this.clock.monotonicUs(), unixUs: this.clock.unixUs() };
    records.push(readBack(encodeOther({ kind: 'start', state: programme.state, ...at })));
    const outputs = programme.tap!;
    programme.tap = {
      input: (input, reading, after) => records.push(readBack(encodeInput(input, reading, after))),
      outcome: (outcome, reading) => {
        outputs.outcome(outcome, reading);
        if (outcome.kind !== 'output') records.push({ ...outcome, ...reading });
      },
      broke: throwOn,
    };
    return records;
  }

  /** Each at the pace of its time stamps. */
  push(packets: readonly MediaPacket[]): void {
    for (const packet of packets) {
      const step = packet.dts - this.#publisherDts;
      this.#publisherDts = packet.dts;
      this.scheduler.advance(Math.max(0, step > 1000 ? 0 : step));
      this.delayed.push(packet);
    }
  }

  schedule(id: string, more: Partial<PreparedCue> = {}): boolean {
    const cue = makeCue(id, this.clock.unixMs(), more);
    this.#cues.set(id, cue);
    return this.delayed.programme.schedule(cue);
  }
}

const throwOn = (error: unknown): never => {
  throw error;
};

const outputsTo = (outputs: Out[]): StreamTap => ({
  input: () => undefined,
  outcome: (outcome, at) => {
    if (outcome.kind === 'output') outputs.push({ packet: outcome.packet, at });
  },
  broke: throwOn,
});

/** As it would be read from the disk. */
function readBack({ parts }: ReturnType<typeof encodeInput>): ShowRecord {
  const record = decodeBody(Buffer.concat(parts).subarray(RECORD_HEADER_BYTES));
  if (record === null) throw new Error('a record that cannot be read back');
  return record;
}
