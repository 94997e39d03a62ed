import type { Scheduler } from '../../delivery/scheduler.ts';
import type { Clock } from '../../packet/clock.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import type { Microseconds } from '../../packet/time.ts';
import type { LiveStream } from './live-stream.ts';
import { ProgrammeDelay } from './programme-delay.ts';

/** What a publisher does to its stream: a live stream itself, or one behind a programme delay. */
export interface PublisherSide {
  beginPublish(): void;
  push(packet: MediaPacket): void;
  endPublish(): void;
}

/** As status shows it. */
export interface ProgrammeDelayStatus {
  readonly setMs: number;
  /** How long the newest packet that viewers got had waited. */
  readonly nowMs: number;
  /** Pictures and bytes that wait. */
  readonly frames: number;
  readonly bytes: number;
  /** Packets that left before their time, for want of room. */
  readonly early: number;
}

export interface DelayedStreamOptions {
  readonly delayMs: number;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** With the names of epochs: the preview sees each first, and the programme calls it the same. */
  readonly makePreview: (epochId: () => string) => LiveStream;
  readonly makeProgramme: (epochId: () => string) => LiveStream;
  readonly newEpochId: () => string;
  readonly onFault: (error: unknown) => void;
  /** The last publish has left the delay: its end has been reached for viewers. */
  readonly onEnded: () => void;
}

type Waiting =
  | { readonly kind: 'begin' }
  | { readonly kind: 'end' }
  | { readonly kind: 'packet'; readonly packet: MediaPacket };

/**
 * A stream with a programme delay: what comes goes into the preview at once, and into the programme, with its injector
 * and its viewers, a fixed time later. Both put packets onto the same timeline, by the same arrival, so a PTS names the
 * same picture in both. The preview carries clock stamps and no cue.
 */
export class DelayedStream implements PublisherSide {
  readonly preview: LiveStream;
  readonly programme: LiveStream;
  readonly #options: DelayedStreamOptions;
  readonly #delay: ProgrammeDelay<Waiting>;
  /** Of epochs that the preview has begun and the programme has not. */
  readonly #epochs: string[] = [];
  #frames = 0;

  constructor(options: DelayedStreamOptions) {
    this.#options = options;
    const { delayMs, maxBytes, clock, scheduler, makePreview, makeProgramme, newEpochId } = options;
    this.preview = makePreview(() => {
      const epoch = newEpochId();
      this.#epochs.push(epoch);
      return epoch;
    });
    this.programme = makeProgramme(() => this.#epochs.shift() ?? newEpochId());
    this.#delay = new ProgrammeDelay({
      ...{ delayMs, maxBytes, clock, scheduler },
      release: (item, arrivedUs) => this.#release(item, arrivedUs),
    });
  }

  get status(): ProgrammeDelayStatus {
    const { delayMs: setMs } = this.#options;
    const { lastWaitMs: nowMs, bytes, early } = this.#delay;
    return { setMs, nowMs, frames: this.#frames, bytes, early };
  }

  /** Something waits for its time. */
  get draining(): boolean {
    return this.#delay.size > 0;
  }

  beginPublish(): void {
    this.#ahead(() => this.preview.beginPublish());
    this.#delay.push({ kind: 'begin' }, 0);
  }

  push(packet: MediaPacket): void {
    // Read once: both timelines go by it.
    const arrivedUs = this.#options.clock.monotonicUs();
    this.#ahead(() => this.preview.push(packet, arrivedUs));
    if (packet.kind === 'avc-frame') this.#frames++;
    const { length } = packet.kind === 'avc-config' ? packet.record : packet.data;
    this.#delay.push({ kind: 'packet', packet }, length, arrivedUs);
  }

  endPublish(): void {
    this.#ahead(() => this.preview.endPublish());
    this.#delay.push({ kind: 'end' }, 0);
  }

  /** All that waits goes to viewers now, and both are closed. */
  endForViewers(reason: 'stream-ended' | 'server-closing'): void {
    this.#delay.flush();
    this.preview.endForViewers(reason);
    this.programme.endForViewers(reason);
  }

  #release(item: Waiting, arrivedUs: Microseconds): void {
    try {
      switch (item.kind) {
        case 'begin':
          this.programme.beginPublish();
          return;
        case 'packet':
          if (item.packet.kind === 'avc-frame') this.#frames--;
          this.programme.push(item.packet, arrivedUs);
          return;
        case 'end':
          this.programme.endPublish();
          this.#options.onEnded();
          return;
        default:
          item satisfies never;
      }
    } catch (error) {
      // On a timer nobody would catch it, and the next packet is no worse for it.
      this.#options.onFault(error);
    }
  }

  /** Whatever becomes of the preview, the programme goes on. */
  #ahead(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#options.onFault(error);
    }
  }
}
