import type { PreparedCue, StampEvent } from '../../cues/cue.ts';
import type { StreamHub } from '../../delivery/stream-hub.ts';
import { type InjectorSettings, StreamInjector } from '../../injector/injector.ts';
import type { Clock } from '../../packet/clock.ts';
import type { MediaPacket, StreamName } from '../../packet/packet.ts';
import { type EpochReason, OutputTimeline } from '../../packet/timeline.ts';

export interface LiveStreamOptions {
  readonly stream: StreamName;
  readonly clock: Clock;
  readonly injector: InjectorSettings;
  /** Makes the hub for viewers; called again after the stream had ended for them. */
  readonly newHub: () => StreamHub;
  readonly onStampEvent: (event: StampEvent) => void;
  readonly onEpoch: (epoch: string, reason: EpochReason) => void;
  /** Something threw in the injector where nothing should: the frame has passed, stamping goes on. */
  readonly onFault: (error: unknown) => void;
  readonly randomId: () => string;
  /** For fault tests: the injector's own `process`, or one that breaks. */
  readonly makeInjector?: (epoch: string, emit: (event: StampEvent) => void) => StreamInjector;
}

export interface LiveStreamCounters {
  packets: number;
  framesBeforeKeyframe: number;
  injectorFaults: number;
  epochs: number;
}

/**
 * One stream from publisher to viewers: packets onto the output timeline, through the injector, to the hub, in
 * plain calls. Lives longer than a publish: viewers stay while the publisher is away and comes back.
 */
export class LiveStream {
  readonly stream: StreamName;
  readonly counters: LiveStreamCounters = {
    packets: 0,
    framesBeforeKeyframe: 0,
    injectorFaults: 0,
    epochs: 0,
  };
  readonly #options: LiveStreamOptions;
  readonly #timeline = new OutputTimeline();
  readonly #configs = new Map<MediaPacket['kind'], MediaPacket>();
  #injector: StreamInjector | null = null;
  #hub: StreamHub;
  #publishing = false;
  #needsKeyframe = true;
  #stampingOn = true;

  constructor(options: LiveStreamOptions) {
    this.stream = options.stream;
    this.#options = options;
    this.#hub = options.newHub();
  }

  get hub(): StreamHub {
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
    this.#stampingOn = on;
    if (this.#injector !== null) this.#injector.stampingOn = on;
  }

  beginPublish(): void {
    this.#publishing = true;
    this.#configs.clear();
    this.#timeline.beginPublish();
    if (this.#hub.ended) this.#hub = this.#options.newHub();
  }

  endPublish(): void {
    this.#publishing = false;
    this.#needsKeyframe = true;
  }

  /** The publisher has been away for too long: viewers are closed. */
  endForViewers(reason: 'stream-ended' | 'server-closing'): void {
    this.#hub.end(reason);
  }

  push(packet: MediaPacket): void {
    this.counters.packets++;
    const placed = this.#timeline.push(packet, this.#options.clock.monotonicUs());
    if (placed.newEpoch) this.#startEpoch(placed.reason, placed.packet);
    this.#pass(placed.packet);
  }

  /** False when the injector holds too many. */
  schedule(cue: PreparedCue): boolean {
    return this.#injector?.add(cue) ?? false;
  }

  withdraw(id: string): boolean {
    return this.#injector?.withdraw(id) ?? false;
  }

  #startEpoch(reason: EpochReason, first: MediaPacket): void {
    const { clock, randomId, onStampEvent, injector, makeInjector, onEpoch } = this.#options;
    const epoch = `${clock.unixMs().toString(36)}-${randomId()}`;
    this.counters.epochs++;
    if (this.#injector === null) {
      this.#injector =
        makeInjector?.(epoch, onStampEvent) ?? new StreamInjector(epoch, clock, injector, onStampEvent);
      this.#injector.stampingOn = this.#stampingOn;
    } else {
      this.#injector.startEpoch(epoch);
    }
    this.#needsKeyframe = true;
    this.#hub.startEpoch(epoch);
    // After a jump within a publish the publisher sends no configuration again; after its return it does.
    for (const config of this.#configs.values()) this.#pass({ ...config, dts: first.dts });
    onEpoch(epoch, reason);
  }

  #pass(packet: MediaPacket): void {
    if (packet.kind === 'avc-frame') {
      if (this.#needsKeyframe && !packet.isKeyframe) {
        this.counters.framesBeforeKeyframe++;
        return;
      }
      this.#needsKeyframe = false;
    } else if (packet.kind !== 'aac-frame') {
      this.#configs.set(packet.kind, packet);
    }
    this.#hub.push(this.#stamped(packet));
  }

  /** Video never stops because of metadata: not even for a mistake of ours. */
  #stamped(packet: MediaPacket): MediaPacket {
    try {
      return this.#injector!.process(packet);
    } catch (error) {
      this.counters.injectorFaults++;
      this.#options.onFault(error);
      return packet;
    }
  }
}
