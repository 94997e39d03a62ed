import { randomBytes } from 'node:crypto';
import type { StampEvent } from '../../cues/cue.ts';
import type { DeliveryObserver } from '../../delivery/counters.ts';
import type { DeliverySettings } from '../../delivery/settings.ts';
import { StreamHub } from '../../delivery/stream-hub.ts';
import type { InjectorSettings, StreamInjector } from '../../injector/injector.ts';
import type { Clock } from '../../packet/clock.ts';
import { type MediaPacket, type StreamName, streamKeyOf } from '../../packet/packet.ts';
import type { EpochReason } from '../../packet/timeline.ts';
import { LiveStream } from './live-stream.ts';
import type { UpstreamKeys } from './upstream-keys.ts';

export interface StreamRegistryOptions {
  readonly clock: Clock;
  readonly injector: InjectorSettings;
  /** Framecue servers upstream whose stamps are kept; absent: nobody's. */
  readonly upstream?: Pick<UpstreamKeys, 'verify'> | null;
  readonly delivery: Partial<DeliverySettings>;
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

  all(): LiveStream[] {
    return Array.from(this.#held.values(), ({ live }) => live);
  }

  beginPublish(stream: StreamName): void {
    const held = this.#held.get(streamKeyOf(stream)) ?? this.#hold(stream);
    clearTimeout(held.awayTimer);
    held.publishing = true;
    this.#options.onPublish?.(held.live);
    held.live.beginPublish();
  }

  push(stream: StreamName, packet: MediaPacket): void {
    this.#held.get(streamKeyOf(stream))?.live.push(packet);
  }

  endPublish(stream: StreamName): void {
    const held = this.#held.get(streamKeyOf(stream));
    if (held === undefined) return;
    held.publishing = false;
    held.live.endPublish();
    held.awayTimer = setTimeout(() => {
      held.live.endForViewers('stream-ended');
      this.#options.onAway?.(stream);
    }, this.#options.awayMs);
    held.awayTimer.unref();
  }

  close(): void {
    for (const held of this.#held.values()) {
      clearTimeout(held.awayTimer);
      held.live.endForViewers('server-closing');
    }
  }

  #hold(stream: StreamName): Held {
    this.#forgetOldest();
    const { clock, injector, upstream, delivery, observer, onStampEvent, onEpoch, onFault, makeInjector } =
      this.#options;
    const live = new LiveStream({
      stream,
      clock,
      injector: upstream
        ? { ...injector, upstream: { stream: streamKeyOf(stream), verify: upstream.verify } }
        : injector,
      newHub: () => new StreamHub({ stream, clock, settings: delivery, observer }),
      onStampEvent: (event) => onStampEvent(stream, event),
      onEpoch: (epoch, reason) => onEpoch(stream, epoch, reason),
      onFault: (error) => onFault(stream, error),
      randomId: () => randomBytes(3).toString('hex'),
      ...(makeInjector && { makeInjector: (epoch, emit) => makeInjector(stream, epoch, emit) }),
    });
    const held: Held = { live, awayTimer: undefined, publishing: false };
    this.#held.set(streamKeyOf(stream), held);
    return held;
  }

  /** Any name may be allowed (`live/*`): those that are off the air longest make room. */
  #forgetOldest(): void {
    if (this.#held.size < this.#options.maxStreams) return;
    for (const [key, held] of this.#held) {
      if (held.publishing) continue;
      clearTimeout(held.awayTimer);
      held.live.endForViewers('stream-ended');
      this.#held.delete(key);
      return;
    }
  }
}
