import { Handover } from './handover.ts';

interface Flight<Waiting> {
  readonly batch: number;
  readonly ops: readonly Waiting[];
  readonly since: number;
}

/** Batches on their way: handed to the worker and not answered yet, oldest first. */
export class Flights<Waiting> {
  #flights: Flight<Waiting>[] = [];
  #handover = new Handover();
  #ops = 0;
  #landedAt = 0;
  /** Batches up to this one were taken back; of those that are left some may be left alone yet. */
  #takenBack = 0;

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
    return this.hasUpTo(this.#takenBack);
  }

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
    const ops = this.#remove(({ batch }) => batch <= upTo);
    const now = performance.now();
    const tookMs = now - Math.max(oldest.since, this.#landedAt);
    this.#landedAt = now;
    return { ops, tookMs };
  }

  /** Ops of which nobody knows whether they are written: begun, or nearly, and not answered. */
  begun(): readonly Waiting[] {
    const { begun } = this.#handover;
    return this.#flights.flatMap(({ batch, ops }) => (batch <= begun ? ops : []));
  }

  /** @returns the ops that the worker has not begun, and never will unless they are launched again; in order */
  takeBack(): readonly Waiting[] {
    const newest = this.#flights.at(-1);
    if (newest === undefined) return [];
    this.#takenBack = newest.batch;
    const begun = this.#handover.takeBack(newest.batch);
    return this.#remove(({ batch }) => batch > begun);
  }

  /** The worker has found it taken back. @returns its ops, if they are not back already */
  leftAlone(batch: number): readonly Waiting[] {
    if (!this.#flights.some((flight) => flight.batch === batch)) return [];
    // None was launched since it was taken back: those behind it were too, and are found so.
    return this.#remove((flight) => flight.batch >= batch);
  }

  /** The worker is lost. @returns what it may have written */
  lose(): readonly Waiting[] {
    return this.#remove(() => true);
  }

  #remove(goes: (flight: Flight<Waiting>) => boolean): readonly Waiting[] {
    const gone = this.#flights.filter(goes);
    if (gone.length > 0) this.#flights = this.#flights.filter((flight) => !goes(flight));
    const ops = gone.length === 1 ? gone[0]!.ops : gone.flatMap((flight) => flight.ops);
    this.#ops -= ops.length;
    return ops;
  }
}
