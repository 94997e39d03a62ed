import type { Clock } from '../../packet/clock.ts';
import type { SteadyWall } from '../../packet/steady-wall.ts';
import type { Books } from '../ledger/commands.ts';
import type { SaleStock } from '../ledger/sale.ts';

interface Kept {
  readonly atUs: number;
  readonly stock: Promise<SaleStock | null>;
}

/** Read from the ledger once in this time, however many ask: what is told with it is a quarter of a second old at most. */
const FRESH_US = 250_000;
const KEPT = 1_000;

/** What is left in each sale. For telling and refusing early; whether there is a piece is decided in the ledger. */
export class SaleBoard {
  readonly #books: Books;
  readonly #clock: Clock;
  readonly #wall: SteadyWall;
  readonly #kept = new Map<string, Kept>();

  constructor(books: Books, clock: Clock, wall: SteadyWall) {
    this.#books = books;
    this.#clock = clock;
    this.#wall = wall;
  }

  /** Null: this is no sale. */
  of(interaction: string): Promise<SaleStock | null> {
    const now = this.#clock.monotonicUs();
    const known = this.#kept.get(interaction);
    if (known !== undefined && now - known.atUs < FRESH_US) return known.stock;
    const stock = this.#books.ask('sale.stock', { interaction, nowUs: this.#wall.unixUs() });
    const kept = { atUs: now, stock };
    this.#kept.delete(interaction);
    this.#kept.set(interaction, kept);
    // A failure is nobody's answer but of those who wait for it now.
    stock.catch(() => {
      if (this.#kept.get(interaction) === kept) this.#kept.delete(interaction);
    });
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return stock;
  }

  /** It has just changed. */
  forget(interaction: string): void {
    this.#kept.delete(interaction);
  }
}
