import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../../../cues/wire/index.ts';
import { FramecueError } from '../../../../packet/errors.ts';
import { ms, type UnixMicroseconds, unixUs } from '../../../../packet/time.ts';
import { anInteraction, aSubmission, openedBy } from '../../fixtures.ts';
import { QuickLedger } from '../../quick-ledger.ts';
import type { Balances, PoolTerms } from '../../treasury.ts';
import { checkLedger } from '../check/check.ts';
import { someTerms, T0 } from '../treasury/fixtures.ts';

/** The books of a sale in a file, for tests. */

export { T0 };
export const PRICE = 1_900;
export const RESERVED_MS = 60_000;
export const at = (seconds: number): UnixMicroseconds => unixUs(T0 + Math.round(seconds * 1e6));

export const saleConfig = (over: object = {}): JsonObject => ({
  ...{ title: 'The jacket', pool: 'stock', priceMinor: PRICE, currency: 'EUR' },
  ...{ reservationMs: RESERVED_MS, durationMs: 600_000 },
  ...over,
});

export class SaleBooks {
  readonly #folder = mkdtempSync(join(tmpdir(), 'framecue-sale-'));
  readonly path = join(this.#folder, 'events.db');
  readonly ledger = new QuickLedger(this.path);

  pool(pieces: number, over: Partial<PoolTerms> = {}): this {
    const outcome = this.ledger.perform('pool.open', {
      terms: someTerms({ id: 'stock', purpose: 'stock', ...over }),
      budget: { pieces, amountMinor: pieces * PRICE },
      ...{ by: null, atUs: T0 },
    });
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    return this;
  }

  sale(id = 's1', over: object = {}): this {
    this.ledger.create(anInteraction({ id, type: 'flash-sale', show: 'show', config: saleConfig(over) }));
    this.ledger.step(openedBy(id, {}, ms(600_000)));
    return this;
  }

  /** `reserved`, `repeated`, or the code of the refusal. */
  want(viewer: string, seconds: number, sale = 's1'): string {
    try {
      const [result] = this.ledger.submit(
        aSubmission({
          ...{ id: `${sale}-${viewer}`, interaction: sale, viewer, answer: {}, bucket: 'reserved' },
          ...{ arrivedAtUs: at(seconds), bookedBy: 'sale' },
        }),
      );
      return result === 'recorded' ? 'reserved' : 'repeated';
    } catch (error) {
      if (error instanceof FramecueError) return error.code;
      throw error;
    }
  }

  /** The state, or the code of the refusal. */
  order(viewer: string, seconds: number, key = `key-${viewer}`, sale = 's1'): string {
    const outcome = this.ledger.perform('sale.order', { interaction: sale, viewer, key, atUs: at(seconds) });
    return outcome.kind === 'refused' ? outcome.code : `${outcome.kind} ${outcome.reservation.state}`;
  }

  giveBack(viewer: string, seconds: number, sale = 's1'): string {
    const outcome = this.ledger.perform('sale.give-back', { interaction: sale, viewer, atUs: at(seconds) });
    return outcome.kind === 'refused' ? outcome.code : `${outcome.kind} ${outcome.reservation.state}`;
  }

  arrive(viewer: string, seconds: number, untilS: number | null = null, sale = 's1') {
    const untilUs = untilS === null ? null : at(untilS);
    return this.ledger.perform('sale.arrive', { interaction: sale, viewer, untilUs, atUs: at(seconds) });
  }

  stateOf(viewer: string, seconds: number, sale = 's1'): string | null {
    const mine = this.ledger.ask('sale.mine', { interaction: sale, viewer, nowUs: at(seconds) });
    return mine.reservation?.state ?? null;
  }

  settle(viewer: string, outcome: 'done' | 'declined', seconds: number, sale = 's1'): void {
    const id = `g_${sale}-${viewer}`;
    this.ledger.perform('outbox.delivered', { id, outcome, reason: null, atUs: at(seconds) });
  }

  expire(seconds: number, limit = 100): number {
    return this.ledger.perform('rights.expire', { limit, atUs: at(seconds) }).expired;
  }

  pieces(): Readonly<Record<'free' | 'reserved' | 'granted', number>> {
    const found: Balances = this.ledger.ask('pool.get', { pool: 'stock' })!.balances;
    const { free, reserved, granted } = found;
    return { free: free.pieces, reserved: reserved.pieces, granted: granted.pieces };
  }

  /** Chain, leaves, and all tables made anew from the journal. */
  holds(): boolean {
    const { good, findings } = checkLedger(this.path);
    if (!good) throw new Error(JSON.stringify(findings));
    return good;
  }

  close(): void {
    this.ledger.close();
    rmSync(this.#folder, { recursive: true });
  }
}
