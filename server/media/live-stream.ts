import type { PreparedCue, StampEvent } from '../../cues/cue.ts';
import type { ProductionLatency } from '../../cues/production-latency.ts';
import type { StreamHub } from '../../delivery/stream-hub.ts';
import { type InjectorSettings, type InjectorState, StreamInjector } from '../../injector/injector.ts';
import type { Clock } from '../../packet/clock.ts';
import { type ClockReading, HeldClock } from '../../packet/held-clock.ts';
import { type AvcFramePacket, type MediaPacket, ptsOf, type StreamName } from '../../packet/packet.ts';
import {
  type Microseconds,
  type Milliseconds,
  type UnixMicroseconds,
  type UnixMilliseconds,
  unixMs,
} from '../../packet/time.ts';
import { type EpochReason, OutputTimeline, type OutputTimelineState } from '../../packet/timeline.ts';
import type { StreamInput, StreamOutcome, StreamTap } from '../../qa/show/entry.ts';

/** Where stamped packets go: the hub of the viewers, or the file of a replay. */
export type PacketSink = Pick<StreamHub, 'ended' | 'end' | 'push' | 'startEpoch'>;

export interface LiveStreamOptions<Sink extends PacketSink = StreamHub> {
  readonly stream: StreamName;
  readonly clock: Clock;
  readonly injector: InjectorSettings;
  /** Makes the hub for viewers; called again after the stream had ended for them. */
  readonly newHub: () => Sink;
  readonly onStampEvent: (event: StampEvent) => void;
  readonly onEpoch: (epoch: string, reason: EpochReason) => void;
  /** Something threw in the injector or a listener where nothing should: the frame has passed, stamping goes on. */
  readonly onFault: (error: unknown) => void;
  /** What holds where nothing is measured or pinned. */
  readonly declaredLatency?: ProductionLatency | null;
  /** For fault tests: the injector's own `process`, or one that breaks. */
  readonly makeInjector?: (epoch: string, emit: (event: StampEvent) => void) => StreamInjector;
  /** For replays: what the recorded stream had learnt where its recording begins. */
  readonly from?: LiveStreamState;
  /** Names the epoch that begins: anew, as it was recorded, or as the preview calls it. */
  readonly epochId: () => string;
}

/** See `LiveStream.state`. */
export interface LiveStreamState {
  readonly publishing: boolean;
  readonly needsKeyframe: boolean;
  readonly stampingOn: boolean;
  readonly configs: readonly MediaPacket[];
  readonly timeline: OutputTimelineState;
  readonly injector: InjectorState | null;
  readonly latency?: ProductionLatency | null;
  /** Absent in recordings from before it was looked at: then nobody doubted the clock. */
  readonly clockLocked?: boolean;
}

/** A picture that can be decoded by itself, as it came: not stamped. */
export interface ReceivedKeyframe {
  /** On the output timeline. */
  readonly pts: Milliseconds;
  readonly arrivedAt: UnixMilliseconds;
  readonly arrivedUs: Microseconds;
  /** AVCDecoderConfigurationRecord. */
  readonly record: Uint8Array;
  /** AVCC. */
  readonly data: Uint8Array;
}

export interface LiveStreamCounters {
  packets: number;
  framesBeforeKeyframe: number;
  injectorFaults: number;
  /** Whoever was told of a stamp, an epoch or a packet, or taps the stream, threw: the stream goes on all the same. */
  listenerFaults: number;
  epochs: number;
}

/**
 * One stream from publisher to viewers: packets onto the output timeline, through the injector, to the hub, in
 * plain calls. Lives longer than a publish: viewers stay while the publisher is away and comes back.
 *
 * The clock is read once for each call, at its start: what comes out depends on the calls and those readings alone,
 * so that a recorded show replays to the same bytes.
 */
export class LiveStream<Sink extends PacketSink = StreamHub> {
  readonly stream: StreamName;
  readonly counters: LiveStreamCounters = {
    packets: 0,
    framesBeforeKeyframe: 0,
    injectorFaults: 0,
    listenerFaults: 0,
    epochs: 0,
  };
  /** Sees everything that comes in and goes out; for recordings. */
  tap: StreamTap | null = null;
  /** Told of keyframes as they come; for the reader of clock slates, which takes a few of them. */
  onKeyframe: ((frame: ReceivedKeyframe) => void) | null = null;
  /** Told of access units that carry stamps of ours, as they go out. */
  onStamped: ((frame: AvcFramePacket) => void) | null = null;
  readonly #options: LiveStreamOptions<Sink>;
  readonly #clock: HeldClock;
  readonly #timeline = new OutputTimeline();
  readonly #configs = new Map<MediaPacket['kind'], MediaPacket>();
  #injector: StreamInjector | null = null;
  #hub: Sink;
  #publishing = false;
  #needsKeyframe = true;
  #stampingOn = true;
  #latency: ProductionLatency | null;
  #clockLocked = false;
  /** Within a packet: how often somebody outside was told of something. Null between packets. */
  #told: number | null = null;

  constructor(options: LiveStreamOptions<Sink>) {
    this.stream = options.stream;
    this.#options = options;
    this.#clock = new HeldClock(options.clock);
    this.#hub = options.newHub();
    this.#latency = options.declaredLatency ?? null;
    if (options.from !== undefined) this.#resume(options.from);
  }

  /** All that decides what comes out from here on, as plain data; null where nothing is known yet. */
  get state(): LiveStreamState | null {
    if (this.#injector === null && !this.#publishing && this.#latency === null && !this.#clockLocked)
      return null;
    return {
      publishing: this.#publishing,
      needsKeyframe: this.#needsKeyframe,
      stampingOn: this.#stampingOn,
      configs: [...this.#configs.values()],
      timeline: this.#timeline.state,
      injector: this.#injector?.state ?? null,
      latency: this.#latency,
      clockLocked: this.#clockLocked,
    };
  }

  get hub(): Sink {
    return this.#hub;
  }

  /** Null before the first packet of all. */
  get injector(): StreamInjector | null {
    return this.#injector;
  }

  /** A publisher is there and its first picture has passed. */
  get isLive(): boolean {
    return this.#publishing && !this.#needsKeyframe;
  }

  get stampingOn(): boolean {
    return this.#stampingOn;
  }

  set stampingOn(on: boolean) {
    this.#take({ kind: 'stamping', on }, () => {
      this.#stampingOn = on;
      if (this.#injector !== null) this.#injector.stampingOn = on;
    });
  }

  /** How long pictures are on their way from the lens to here; null: as declared, or not known. */
  get productionLatency(): ProductionLatency | null {
    return this.#latency;
  }

  /** An input like others: it decides which picture a wall-clock moment is. Null: back to what is declared. */
  setProductionLatency(latency: ProductionLatency | null): void {
    const applied = latency ?? this.#options.declaredLatency ?? null;
    this.#take({ kind: 'latency', latency: applied }, () => {
      this.#latency = applied;
      if (this.#injector !== null) this.#injector.productionLatency = applied;
    });
  }

  /** Whether this machine's clock is known to be right: an input, since precision time stamps (MISB) say so. */
  setClockLocked(locked: boolean): void {
    if (locked === this.#clockLocked) return;
    this.#take({ kind: 'clock-locked', locked }, () => {
      this.#clockLocked = locked;
      if (this.#injector !== null) this.#injector.encoderClock.vouched = locked;
    });
  }

  /** The wall clock at which the picture with this PTS came, or will; null where nobody has published. */
  arrivalOf(pts: Milliseconds): UnixMicroseconds | null {
    return this.#injector?.arrivalOf(pts) ?? null;
  }

  beginPublish(): void {
    this.#take({ kind: 'begin-publish' }, () => {
      this.#publishing = true;
      this.#configs.clear();
      this.#timeline.beginPublish();
      if (this.#hub.ended) this.#hub = this.#options.newHub();
    });
  }

  endPublish(): void {
    this.#take({ kind: 'end-publish' }, () => {
      this.#publishing = false;
      this.#needsKeyframe = true;
    });
  }

  /** The publisher has been away for too long: viewers are closed. */
  endForViewers(reason: 'stream-ended' | 'server-closing'): void {
    this.#hub.end(reason);
  }

  /** @param arrivedUs when it came, where it has waited since; the timeline goes by arrival. */
  push(packet: MediaPacket, arrivedUs?: Microseconds): void {
    const input: StreamInput =
      arrivedUs === undefined ? { kind: 'packet', packet } : { kind: 'packet', packet, arrivedUs };
    this.#take(input, (at) => {
      this.counters.packets++;
      this.#told = 0;
      try {
        const placed = this.#timeline.push(packet, arrivedUs ?? at.monotonicUs);
        if (placed.newEpoch) this.#startEpoch(placed.reason, placed.packet);
        this.#pass(placed.packet, arrivedUs);
      } finally {
        this.#told = null;
      }
    });
  }

  /** False when the injector holds too many. */
  schedule(cue: PreparedCue): boolean {
    return this.#take({ kind: 'schedule', cue }, () => this.#injector?.add(cue) ?? false);
  }

  withdraw(id: string): boolean {
    return this.#take({ kind: 'withdraw', id }, () => this.#injector?.withdraw(id) ?? false);
  }

  /** Everything that changes what comes out goes through here. */
  #take<T>(input: StreamInput, work: (at: ClockReading) => T): T {
    return this.#clock.hold((at) => {
      this.#tapped((tap) => tap.input(input, at, this.#told));
      return work(at);
    });
  }

  #gave(outcome: StreamOutcome): void {
    if (this.tap !== null) this.#clock.hold((at) => this.#tapped((tap) => tap.outcome(outcome, at)));
  }

  /** A tap that breaks is let go: what it records from then on would not be what happened. */
  #tapped(tell: (tap: StreamTap) => void): void {
    const { tap } = this;
    if (tap === null) return;
    this.#guarded(
      () => tell(tap),
      (error) => {
        if (this.tap === tap) this.tap = null;
        this.#guarded(() => tap.broke(error));
      },
    );
  }

  /** Neither a frame nor its stamp is lost because somebody who is told of it breaks. */
  #guarded(tell: () => void, onThrown?: (error: unknown) => void): void {
    try {
      tell();
    } catch (error) {
      this.counters.listenerFaults++;
      this.#options.onFault(error);
      onThrown?.(error);
    }
  }

  readonly #onStampEvent = (event: StampEvent): void => {
    this.#gave({ kind: 'event', event });
    if (this.#told !== null) this.#told++;
    this.#guarded(() => this.#options.onStampEvent(event));
  };

  #startEpoch(reason: EpochReason, first: MediaPacket): void {
    const { epochId, onEpoch } = this.#options;
    const epoch = epochId();
    this.#gave({ kind: 'epoch', epoch, reason });
    this.counters.epochs++;
    if (this.#injector === null) {
      this.#injector = this.#newInjector(epoch);
      this.#injector.stampingOn = this.#stampingOn;
    } else {
      this.#injector.startEpoch(epoch);
    }
    this.#needsKeyframe = true;
    this.#hub.startEpoch(epoch);
    // After a jump within a publish the publisher sends no configuration again; after its return it does.
    for (const config of this.#configs.values()) this.#pass({ ...config, dts: first.dts });
    if (this.#told !== null) this.#told++;
    this.#guarded(() => onEpoch(epoch, reason));
  }

  #newInjector(epoch: string): StreamInjector {
    const { injector, makeInjector } = this.#options;
    const made =
      makeInjector?.(epoch, this.#onStampEvent) ??
      new StreamInjector(epoch, this.#clock, injector, this.#onStampEvent);
    made.productionLatency = this.#latency;
    made.encoderClock.vouched = this.#clockLocked;
    return made;
  }

  #resume(state: LiveStreamState): void {
    this.#publishing = state.publishing;
    this.#needsKeyframe = state.needsKeyframe;
    this.#stampingOn = state.stampingOn;
    this.#latency = state.latency ?? null;
    this.#clockLocked = state.clockLocked ?? true;
    for (const config of state.configs) this.#configs.set(config.kind, config);
    this.#timeline.resume(state.timeline);
    if (state.injector === null) return;
    this.#injector = this.#newInjector(state.injector.epoch.id);
    this.#injector.resume(state.injector);
  }

  #pass(packet: MediaPacket, arrivedUs?: Microseconds): void {
    if (packet.kind === 'avc-frame') {
      if (this.#needsKeyframe && !packet.isKeyframe) {
        this.counters.framesBeforeKeyframe++;
        return;
      }
      this.#needsKeyframe = false;
    } else if (packet.kind !== 'aac-frame') {
      this.#configs.set(packet.kind, packet);
    }
    if (this.onKeyframe !== null && packet.kind === 'avc-frame' && packet.isKeyframe) {
      this.#tellOfKeyframe(packet, arrivedUs);
    }
    const stamped = this.#stamped(packet, arrivedUs);
    if (this.tap !== null) this.#gave({ kind: 'output', packet: stamped });
    // A fault in there costs somebody this packet, and nobody the stream.
    this.#guarded(() => this.#hub.push(stamped));
    if (this.onStamped !== null && stamped.kind === 'avc-frame' && stamped.stamps !== undefined) {
      this.#guarded(() => this.onStamped?.(stamped));
    }
  }

  #tellOfKeyframe(packet: AvcFramePacket, arrived: Microseconds | undefined): void {
    const config = this.#configs.get('avc-config');
    if (config?.kind !== 'avc-config') return;
    const nowUs = this.#clock.monotonicUs();
    const arrivedUs = arrived ?? nowUs;
    const arrivedAt = unixMs(this.#clock.unixUs() / 1000 - (nowUs - arrivedUs) / 1000);
    const frame = { pts: ptsOf(packet), arrivedAt, arrivedUs, record: config.record, data: packet.data };
    this.#guarded(() => this.onKeyframe?.(frame));
  }

  /** Video never stops because of metadata: not even for a mistake of ours. */
  #stamped(packet: MediaPacket, arrivedUs: Microseconds | undefined): MediaPacket {
    try {
      return this.#injector!.process(packet, arrivedUs);
    } catch (error) {
      this.counters.injectorFaults++;
      this.#options.onFault(error);
      return packet;
    }
  }
}
