import { Handover } from './handover.ts';

interface Flight<Waiting> {
  readonly batch: number;
  readonly ops: readonly Waiting[];
  readonly since: number;
}

/** Batches on their way: handed to the worker and not answered yet, oldest first. */
export class Flights<Waiting> {
  readonly #flights: Flight<Waiting>[] = [];
  #handover = new Handover();
  #ops = 0;
  #landedAt = 0;

  /** Ops in all of them. */
  get ops(): number {
    return this.#ops;
  }

  /** The newest batch of them; 0 where there is none. */
  get newest(): number {
    return this.#flights.at(-1)?.batch ?? 0;
  }

  get oldestOp(): Waiting | undefined {
    return this.#flights[0]?.ops[0];
  }

  /** Whether batches up to this one are among them. */
  hasUpTo(batch: number): boolean {
    return (this.#flights[0]?.batch ?? Number.POSITIVE_INFINITY) <= batch;
  }

  /** Some may be left alone yet, although they seemed begun when the rest was taken back: nothing is to overtake them. */
  get isUnsure(): boolean {
    return this.hasUpTo(this.#handover.takenBack);
  }

  /** Ops of all of them. */
  ofAll(): readonly Waiting[] {
    return this.#flights.flatMap(({ ops }) => ops);
  }

  /** For a worker that starts. */
  renew(): SharedArrayBuffer {
    this.#handover = new Handover();
    return this.#handover.memory;
  }

  launch(batch: number, ops: readonly Waiting[]): void {
    this.#flights.push({ batch, ops, since: performance.now() });
    this.#ops += ops.length;
  }

  /**
   * The worker has answered all up to this one, as one transaction.
   * @returns null where none is left of them; `tookMs`: since the writer could turn to them
   */
  land(upTo: number): { readonly ops: readonly Waiting[]; readonly tookMs: number } | null {
    const [oldest] = this.#flights;
    if (oldest === undefined || oldest.batch > upTo) return null;
    const ops = this.#cut(
      0,
      this.#place((batch) => batch > upTo),
    );
    const now = performance.now();
    const tookMs = now - Math.max(oldest.since, this.#landedAt);
    this.#landedAt = now;
    return { ops, tookMs };
  }

  /** @returns the ops that the worker has not begun, and never will unless they are launched again; in order */
  takeBack(): readonly Waiting[] {
    const newest = this.#flights.at(-1);
    if (newest === undefined) return [];
    const begun = this.#handover.takeBack(newest.batch);
    return this.#cut(this.#place((batch) => batch > begun));
  }

  /** The worker has found it taken back. @returns its ops and all behind it, if they are not back already */
  leftAlone(batch: number): readonly Waiting[] {
    // None was launched since it was taken back: those behind it were too, and are found so.
    return this.#cut(this.#place((each) => each === batch));
  }

  /** The worker is lost. @returns what it may have written */
  lose(): readonly Waiting[] {
    return this.#cut(0);
  }

  /** Of the first such batch; behind the last where there is none. */
  #place(fits: (batch: number) => boolean): number {
    const at = this.#flights.findIndex(({ batch }) => fits(batch));
    return at === -1 ? this.#flights.length : at;
  }

  #cut(from: number, to = this.#flights.length): readonly Waiting[] {
    const ops = this.#flights.splice(from, to - from).flatMap((flight) => flight.ops);
    this.#ops -= ops.length;
    return ops;
  }
}
