import { type InsistParts, insist } from '../net/insist.ts';
import { DESTROYED, prizeError } from '../prizes/errors.ts';
import type { Asking } from './reservations.ts';
import type { OrderOutcome, ReservationOutcome } from './types.ts';

export interface SalesOptions extends InsistParts {
  /** `.../api/v1/interactions` */
  readonly url: string;
}

const MOST_UNDER_WAY = 16;

/** This viewer's pieces in flash sales. What reads and orders them is loaded by those who need it. */
export class Sales {
  readonly #options: SalesOptions;
  readonly #stop = new AbortController();
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(options: SalesOptions) {
    this.#options = options;
  }

  /** Never rejects; nor do the others. */
  reservation(interaction: string): Promise<ReservationOutcome> {
    return this.#once<ReservationOutcome>('look', interaction);
  }

  order(interaction: string): Promise<OrderOutcome> {
    return this.#once<OrderOutcome>('order', interaction);
  }

  giveBack(interaction: string): Promise<OrderOutcome> {
    return this.#once<OrderOutcome>('giveBack', interaction);
  }

  destroy(): void {
    this.#stop.abort();
  }

  /** Whoever asks for what is under way shares it. */
  async #once<Of>(what: 'look' | 'order' | 'giveBack', interaction: string): Promise<Of> {
    const name = `${what} ${interaction}`;
    let working = this.#underWay.get(name);
    if (working === undefined) {
      if (this.#underWay.size >= MOST_UNDER_WAY) {
        return prizeError('ERR_CLIENT_BUSY', 'Too many questions are under way.', true) as Of;
      }
      working = this.#do(what, interaction).finally(() => this.#underWay.delete(name));
      this.#underWay.set(name, working);
    }
    return working as Promise<Of>;
  }

  async #do(what: 'look' | 'order' | 'giveBack', interaction: string): Promise<unknown> {
    const { signal } = this.#stop;
    const url = `${this.#options.url}/${encodeURIComponent(interaction)}`;
    const sale: Asking = {
      interaction,
      ask: (path, asking) => insist(this.#options, `${url}/${path}`, asking, signal),
      nowMs: this.#options.net.nowMs,
    };
    let reservations: typeof import('./reservations.ts');
    try {
      reservations = await import('./reservations.ts');
    } catch {
      return prizeError('ERR_CLIENT_NETWORK', 'The code that orders could not be loaded.', true);
    }
    const outcome = await reservations[what](sale);
    return signal.aborted ? DESTROYED : outcome;
  }
}
