import type { Framing } from '../framing.ts';
import type { SinkEvents, ViewerSink } from '../viewer-sink.ts';

const HIGH_WATER_BYTES = 65_536;

/** A socket whose other end reads only when the test says so. */
export class FakeSink implements ViewerSink {
  readonly framing: Framing;
  readonly #events: SinkEvents;
  readonly #taken: Buffer[] = [];
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #needsDrain = false;
  #ending = false;
  /** Sizes of the writes, those between cork and uncork as one. */
  readonly writes: number[] = [];
  #corked: number | null = null;
  peakBytes = 0;
  closed = false;
  /** Takes all at once, as a fast viewer's socket does. */
  reads: boolean;

  constructor(events: SinkEvents, framing: Framing = 'flv', reads = true) {
    this.#events = events;
    this.framing = framing;
    this.reads = reads;
  }

  /** What the viewer has got. */
  get received(): Buffer {
    return Buffer.concat(this.#taken);
  }

  write(bytes: Buffer): boolean {
    if (this.closed) throw new Error('written to after it closed');
    if (this.#corked === null) this.writes.push(bytes.length);
    else this.#corked += bytes.length;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.peakBytes = Math.max(this.peakBytes, this.#waitingBytes);
    if (this.reads) {
      this.#take();
      return true;
    }
    this.#needsDrain ||= this.#waitingBytes >= HIGH_WATER_BYTES;
    return this.#waitingBytes < HIGH_WATER_BYTES;
  }

  cork(): void {
    this.#corked = 0;
  }

  uncork(): void {
    if (this.#corked) this.writes.push(this.#corked);
    this.#corked = null;
  }

  queuedBytes(): number {
    return this.#waitingBytes;
  }

  /** The viewer reads what is in the socket; more may come by that, which stays for the next time. */
  readOnce(): void {
    this.#take();
    if (this.#ending) {
      this.destroy();
      return;
    }
    if (!this.#needsDrain) return;
    this.#needsDrain = false;
    this.#events.onDrain();
  }

  /** The viewer reads until nothing is left. */
  readAll(): void {
    while (this.#waitingBytes > 0 && !this.closed) this.readOnce();
  }

  end(): void {
    this.#ending = true;
    if (this.#waitingBytes === 0) this.destroy();
  }

  destroy(): void {
    if (this.closed) return;
    this.closed = true;
    this.#events.onClose();
  }

  #take(): void {
    this.#taken.push(...this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
