import { type ErrorCode, FramecueError } from '../../packet/errors.ts';
import type { SteadyWall } from '../../packet/steady-wall.ts';
import type { UnixMicroseconds } from '../../packet/time.ts';
import type { Admission, Wish } from '../interactions/admission.ts';
import { type SpreadCap, settleMomentOf } from '../interactions/life-cycle.ts';
import type { SubmitOutcome } from '../interactions/submissions.ts';
import type { Books } from '../ledger/commands.ts';
import type { Place, SaleStock } from '../ledger/sale.ts';
import type { SaleBoard } from './board.ts';
import type { DoorOutcome, SaleObserver } from './observer.ts';
import type { SaleTickets } from './tickets.ts';

/**
 * Whoever waits hears of the end of the stock within this, and twice this where many wait: their returns are spread by
 * their numbers.
 */
const LOOK_MS = 5_000;
const LOOK_SOON_MS = 500;
const FULL_RETRY_MS = 10_000;

const refusal = (code: ErrorCode, details?: Readonly<Record<string, unknown>>): SubmitOutcome => ({
  ...{ kind: 'refused', code },
  ...(details === undefined ? {} : { details }),
});

/**
 * The door of a sale. Places and turns are the ledger's (`sale.arrive`, and the answer's own transaction asks again): a
 * restart forgets none, and nobody gets past by what they send. What is done here is to keep those who need not be there
 * away from the ledger: who comes before their turn, and everybody once all is sold.
 */
export class WaitingRoom implements Admission {
  readonly #books: Books;
  readonly #tickets: SaleTickets;
  readonly #board: SaleBoard;
  readonly #cap: SpreadCap;
  readonly #wall: SteadyWall;
  readonly #observer: SaleObserver;
  /** Where it is known that there is a line: nobody need be tried before this moment. */
  readonly #lineUntil = new Map<string, UnixMicroseconds>();

  constructor(parts: {
    readonly books: Books;
    readonly tickets: SaleTickets;
    readonly board: SaleBoard;
    readonly cap: SpreadCap;
    readonly wall: SteadyWall;
    readonly observer: SaleObserver;
  }) {
    this.#books = parts.books;
    this.#tickets = parts.tickets;
    this.#board = parts.board;
    this.#cap = parts.cap;
    this.#wall = parts.wall;
    this.#observer = parts.observer;
  }

  /** A clock that is wrong for a moment gives nobody an early turn, and ends no reservation for whoever comes then. */
  nowUs(): UnixMicroseconds {
    return this.#wall.unixUs();
  }

  async admit(wish: Wish, record: () => Promise<SubmitOutcome>): Promise<SubmitOutcome> {
    const { entry, viewer, arrivedAtUs } = wish;
    const stock = await this.#board.of(entry.id);
    // Told to everybody at once, wherever they stand: what is sold does not come back by waiting.
    const over = stock === null ? null : overOf(stock);
    if (over !== null) return this.#refuse(over.outcome, over.code);
    const rate = entry.facts.record.config.admitPerSecond;
    if (typeof rate !== 'number') return this.#letIn(stock, arrivedAtUs, record);

    let place: Place | null = null;
    if (wish.ticket !== undefined) {
      place = typeof wish.ticket === 'string' ? this.#tickets.read(wish.ticket, entry.id, viewer) : null;
      if (place === null) return this.#refuse('ticket-invalid', 'ERR_TICKET_INVALID');
      // A missed turn is no place any more.
      if (arrivedAtUs >= place.openUntilUs) place = null;
    } else if (wish.from === 'viewer' && arrivedAtUs >= (this.#lineUntil.get(entry.id) ?? 0)) {
      // Nobody waits, as far as is known: the ledger gives the turn with the answer, or says that there is a line.
      const outcome = await this.#tried(stock, arrivedAtUs, record);
      if (outcome !== 'line') return outcome;
    }
    const isNew = place === null;
    if (place === null) {
      const untilUs = settleMomentOf(entry.facts, this.#cap);
      const arrived = await this.#books.perform('sale.arrive', {
        ...{ interaction: entry.id, viewer, untilUs, atUs: arrivedAtUs },
      });
      switch (arrived.kind) {
        case 'place':
          place = arrived.place;
          this.#noteLine(entry.id, place.turnUs, arrivedAtUs);
          break;
        case 'full':
          return this.#refuse('full', 'ERR_OVERLOADED', { reason: 'line-full', retryAfterMs: FULL_RETRY_MS });
        case 'too-late':
          return this.#refuse('too-late', 'ERR_SALE_LINE_CLOSED');
        // The first answer's receipt comes of it.
        case 'answered':
        case 'no-line':
          return record();
      }
    }
    if (place.turnUs <= arrivedAtUs) return this.#letIn(stock, arrivedAtUs, record);
    const waitMs = Math.ceil((place.turnUs - arrivedAtUs) / 1000);
    this.#observer.door(isNew ? 'placed' : 'waits');
    if (isNew) this.#observer.wait(waitMs);
    return {
      kind: 'waiting',
      waiting: {
        ticket: this.#tickets.issue(entry.id, viewer, place),
        position: Math.ceil((waitMs * rate) / 1000),
        ...{ turnUs: place.turnUs, openUntilUs: place.openUntilUs, waitMs },
        retryAfterMs: Math.min(waitMs, LOOK_MS + (place.number % LOOK_MS)),
      },
    };
  }

  /** Whose turn it is, while everything is reserved, need not ask the ledger again and again. */
  async #letIn(
    stock: SaleStock | null,
    nowUs: UnixMicroseconds,
    record: () => Promise<SubmitOutcome>,
  ): Promise<SubmitOutcome> {
    if (stock?.free === 0) {
      const backMs = stock.nextBackUs === null ? LOOK_SOON_MS : Math.ceil((stock.nextBackUs - nowUs) / 1000);
      const retryAfterMs = Math.min(LOOK_MS, Math.max(LOOK_SOON_MS, backMs));
      return this.#refuse('all-reserved', 'ERR_STOCK_RESERVED', { retryAfterMs });
    }
    this.#observer.door('let-in');
    return record();
  }

  async #tried(
    stock: SaleStock | null,
    nowUs: UnixMicroseconds,
    record: () => Promise<SubmitOutcome>,
  ): Promise<SubmitOutcome | 'line'> {
    try {
      return await this.#letIn(stock, nowUs, record);
    } catch (error) {
      if (error instanceof FramecueError && error.code === 'ERR_SALE_TURN') return 'line';
      throw error;
    }
  }

  #noteLine(interaction: string, turnUs: UnixMicroseconds, nowUs: UnixMicroseconds): void {
    if (turnUs <= nowUs) return;
    const known = this.#lineUntil.get(interaction) ?? 0;
    if (turnUs <= known) return;
    this.#lineUntil.delete(interaction);
    this.#lineUntil.set(interaction, turnUs);
    if (this.#lineUntil.size > LINES_KEPT) this.#lineUntil.delete(this.#lineUntil.keys().next().value!);
  }

  #refuse(outcome: DoorOutcome, code: ErrorCode, details?: Readonly<Record<string, unknown>>): SubmitOutcome {
    this.#observer.door(outcome);
    return refusal(code, details);
  }
}

const LINES_KEPT = 1_000;

function overOf({ isOpen, free, reserved }: SaleStock): { outcome: DoorOutcome; code: ErrorCode } | null {
  if (!isOpen) return { outcome: 'closed', code: 'ERR_SALE_CLOSED' };
  return free === 0 && reserved === 0 ? { outcome: 'sold-out', code: 'ERR_SOLD_OUT' } : null;
}
