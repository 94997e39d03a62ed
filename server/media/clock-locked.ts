import type { StreamName } from '../../packet/packet.ts';
import type { ClockGrade, ClockHealth } from '../../service/clock-health/clock-health.ts';
import type { StreamRegistry } from './stream-registry.ts';

/** Precision time stamps are called locked where the clock that they were checked against is. */
const isLocked = (grade: ClockGrade): boolean => grade === 'good' || grade === 'fair';

/** Each stream knows whether this machine's clock is right; as an input of it, so that recordings replay. */
export class ClockLocked {
  readonly #health: ClockHealth;
  readonly #streams: () => StreamRegistry;

  constructor(health: ClockHealth, streams: () => StreamRegistry) {
    this.#health = health;
    this.#streams = streams;
  }

  /** Streams that are there hear of it from now on when it changes. */
  start(): void {
    this.#health.onGrade((grade) => {
      for (const { stream } of this.#streams().all()) this.#tell(stream, grade);
    });
  }

  /** A stream that is perhaps just made. */
  publishBegins(stream: StreamName): void {
    this.#tell(stream, this.#health.grade);
  }

  #tell(stream: StreamName, grade: ClockGrade): void {
    const streams = this.#streams();
    const lives = new Set([streams.find(stream), streams.ahead(stream)]);
    for (const live of lives) live?.setClockLocked(isLocked(grade));
  }
}
