import { ManualClock } from '../../packet/clock.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import type { DeliveryObserver } from '../counters.ts';
import type { Framing } from '../framing.ts';
import type { DeliverySettings } from '../settings.ts';
import { StreamHub } from '../stream-hub.ts';
import type { Viewer } from '../viewer.ts';
import { FakeSink } from './fake-sink.ts';
import { ManualScheduler } from './manual-scheduler.ts';

/** A hub with its clock in the test's hand, and viewers on sinks that read when told to. */
export class HubBench {
  readonly clock = new ManualClock();
  readonly scheduler = new ManualScheduler(this.clock);
  readonly hub: StreamHub;

  constructor(settings: Partial<DeliverySettings> = {}, observer: DeliveryObserver = {}) {
    this.hub = new StreamHub({
      stream: { app: 'live', name: 'main' },
      clock: this.clock,
      scheduler: this.scheduler,
      settings: { hls: null, ...settings },
      observer,
    });
    this.hub.startEpoch('one');
  }

  join(framing: Framing = 'flv', reads = true): { viewer: Viewer; sink: FakeSink } {
    const made: FakeSink[] = [];
    const viewer = this.hub.join(framing, (events) => {
      const sink = new FakeSink(events, framing, reads);
      made.push(sink);
      return sink;
    });
    return { viewer, sink: made[0]! };
  }

  /** Pushes packets at their times. */
  play(packets: readonly MediaPacket[], each?: (packet: MediaPacket, index: number) => void): void {
    packets.forEach((packet, index) => {
      const behind = packet.dts - this.clock.monotonicUs() / 1000;
      if (behind > 0) this.scheduler.advance(behind);
      this.hub.push(packet);
      each?.(packet, index);
    });
  }

  /** Lets everything that waits for a timer go. */
  settle(): void {
    this.scheduler.advance(1000);
  }
}
