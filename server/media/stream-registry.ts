import { randomBytes } from 'node:crypto';
import type { StampEvent } from '../../cues/cue.ts';
import type { ProductionLatency } from '../../cues/production-latency.ts';
import type { DeliveryObserver } from '../../delivery/counters.ts';
import { systemScheduler } from '../../delivery/scheduler.ts';
import type { DeliverySettings } from '../../delivery/settings.ts';
import { StreamHub } from '../../delivery/stream-hub.ts';
import type { InjectorSettings, StreamInjector } from '../../injector/injector.ts';
import type { Clock } from '../../packet/clock.ts';
import { type MediaPacket, type StreamName, streamKeyOf } from '../../packet/packet.ts';
import type { EpochReason } from '../../packet/timeline.ts';
import { DelayedStream, type ProgrammeDelayStatus, type PublisherSide } from './delayed-stream.ts';
import { LiveStream } from './live-stream.ts';
import type { UpstreamKeys } from './upstream-keys.ts';

export interface StreamRegistryOptions {
  readonly clock: Clock;
  readonly injector: InjectorSettings;
  /** Framecue servers upstream whose stamps are kept; absent: nobody's. */
  readonly upstream?: Pick<UpstreamKeys, 'verify'> | null;
  readonly delivery: Partial<DeliverySettings>;
  /** How long pictures wait before the injector; absent or 0: not at all. */
  readonly programmeDelay?: { readonly delayMs: number; readonly maxBytes: number };
  /** How long pictures are on their way here, where nothing is measured or pinned. */
  readonly productionLatency?: ProductionLatency | null;
  readonly observer: DeliveryObserver;
  /** How long viewers stay connected while the publisher is away. */
  readonly awayMs: number;
  /** Streams that are remembered (timeline, viewers), on air or not. */
  readonly maxStreams: number;
  readonly onStampEvent: (stream: StreamName, event: StampEvent) => void;
  readonly onEpoch: (stream: StreamName, epoch: string, reason: EpochReason) => void;
  readonly onFault: (stream: StreamName, error: unknown) => void;
  /** A publish begins; the stream has not heard of it yet. */
  readonly onPublish?: (live: LiveStream) => void;
  /** The publisher has been away for too long. */
  readonly onAway?: (stream: StreamName) => void;
  readonly makeInjector?: (
    stream: StreamName,
    epoch: string,
    emit: (event: StampEvent) => void,
  ) => StreamInjector;
}

interface Held {
  readonly live: LiveStream;
  /** Where the publisher's packets go: the same, or what delays them before it. */
  readonly publisher: PublisherSide;
  readonly delayed: DelayedStream | null;
  awayTimer: NodeJS.Timeout | undefined;
  publishing: boolean;
}

/** The streams of this process, by name: on air, or remembered for viewers who wait for the publisher's return. */
export class StreamRegistry {
  readonly #options: StreamRegistryOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: StreamRegistryOptions) {
    this.#options = options;
  }

  find(stream: StreamName): LiveStream | undefined {
    return this.#held.get(streamKeyOf(stream))?.live;
  }

  /** The hub that viewers join; an ended one too, so that HLS players see the playlist's end. */
  findHub(stream: StreamName): StreamHub | undefined {
    return this.find(stream)?.hub;
  }

  /** The stream as it comes, before any programme delay, without cues; the stream itself where there is no delay. */
  ahead(stream: StreamName): LiveStream | undefined {
    const held = this.#held.get(streamKeyOf(stream));
    return held?.delayed?.preview ?? held?.live;
  }

  /** Null where there is no programme delay. */
  delayOf(stream: StreamName): ProgrammeDelayStatus | null {
    return this.#held.get(streamKeyOf(stream))?.delayed?.status ?? null;
  }

  all(): LiveStream[] {
    return Array.from(this.#held.values(), ({ live }) => live);
  }

  beginPublish(stream: StreamName): void {
    const held = this.#held.get(streamKeyOf(stream)) ?? this.#hold(stream);
    clearTimeout(held.awayTimer);
    held.publishing = true;
    this.#options.onPublish?.(held.live);
    held.publisher.beginPublish();
  }

  push(stream: StreamName, packet: MediaPacket): void {
    this.#held.get(streamKeyOf(stream))?.publisher.push(packet);
  }

  endPublish(stream: StreamName): void {
    const held = this.#held.get(streamKeyOf(stream));
    if (held === undefined) return;
    held.publishing = false;
    held.publisher.endPublish();
    if (held.delayed === null) this.#ended(held);
  }

  /** The publish has ended for viewers; with a delay somebody may publish again already. */
  #ended(held: Held): void {
    if (held.publishing) return;
    clearTimeout(held.awayTimer);
    held.awayTimer = setTimeout(() => {
      endForViewers(held, 'stream-ended');
      this.#options.onAway?.(held.live.stream);
    }, this.#options.awayMs);
    held.awayTimer.unref();
  }

  close(): void {
    for (const held of this.#held.values()) {
      // What a delay still holds goes first; that may be the end of a publish, which sets the timer.
      endForViewers(held, 'server-closing');
      clearTimeout(held.awayTimer);
    }
  }

  #hold(stream: StreamName): Held {
    this.#forgetOldest();
    const { programmeDelay } = this.#options;
    const newEpochId = (): string =>
      `${this.#options.clock.unixMs().toString(36)}-${randomBytes(3).toString('hex')}`;
    if (programmeDelay === undefined || programmeDelay.delayMs === 0) {
      const live = this.#newLive(stream, newEpochId);
      return this.#keep({ live, publisher: live, delayed: null, awayTimer: undefined, publishing: false });
    }
    const delayed: DelayedStream = new DelayedStream({
      ...programmeDelay,
      clock: this.#options.clock,
      scheduler: systemScheduler,
      makePreview: (epochId) => this.#newPreview(stream, epochId),
      makeProgramme: (epochId) => this.#newLive(stream, epochId),
      newEpochId,
      onFault: (error) => this.#options.onFault(stream, error),
      onEnded: () => this.#ended(held),
    });
    const { programme: live } = delayed;
    const held: Held = { live, publisher: delayed, delayed, awayTimer: undefined, publishing: false };
    return this.#keep(held);
  }

  #keep(held: Held): Held {
    this.#held.set(streamKeyOf(held.live.stream), held);
    return held;
  }

  #newLive(stream: StreamName, epochId: () => string): LiveStream {
    const { clock, injector, upstream, delivery, observer, productionLatency } = this.#options;
    const { onStampEvent, onEpoch, onFault, makeInjector } = this.#options;
    return new LiveStream({
      stream,
      clock,
      injector: upstream
        ? { ...injector, upstream: { stream: streamKeyOf(stream), verify: upstream.verify } }
        : injector,
      declaredLatency: productionLatency ?? null,
      epochId,
      newHub: () => new StreamHub({ stream, clock, settings: delivery, observer }),
      onStampEvent: (event) => onStampEvent(stream, event),
      onEpoch: (epoch, reason) => onEpoch(stream, epoch, reason),
      onFault: (error) => onFault(stream, error),
      ...(makeInjector && { makeInjector: (epoch, emit) => makeInjector(stream, epoch, emit) }),
    });
  }

  /** Clock stamps and nothing else; for a few who direct, so by HTTP-FLV alone. */
  #newPreview(stream: StreamName, epochId: () => string): LiveStream {
    const { clock, injector, delivery, onFault } = this.#options;
    return new LiveStream({
      stream,
      clock,
      injector,
      newHub: () => new StreamHub({ stream, clock, settings: { ...delivery, hls: null, holdMs: 0 } }),
      onStampEvent: () => undefined,
      onEpoch: () => undefined,
      onFault: (error) => onFault(stream, error),
      epochId,
    });
  }

  /** Any name may be allowed (`live/*`): those that are off the air longest make room. */
  #forgetOldest(): void {
    if (this.#held.size < this.#options.maxStreams) return;
    for (const [key, held] of this.#held) {
      if (held.publishing || held.delayed?.draining === true) continue;
      endForViewers(held, 'stream-ended');
      clearTimeout(held.awayTimer);
      this.#held.delete(key);
      return;
    }
  }
}

const endForViewers = ({ live, delayed }: Held, reason: 'stream-ended' | 'server-closing'): void =>
  (delayed ?? live).endForViewers(reason);
