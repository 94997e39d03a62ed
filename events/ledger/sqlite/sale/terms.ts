import type { DatabaseSync } from 'node:sqlite';

/** What the ledger needs to know of a sale: fields of its config, which was checked when it was created. */
export interface SaleTerms {
  readonly title: string;
  readonly pool: string;
  readonly priceMinor: number;
  readonly currency: string;
  readonly reservationMs: number;
  readonly admitPerSecond?: number;
}

/** Sales whose terms are kept read. */
const KEPT = 1_000;
/** As `interactions/sale/` names it. */
const SALE_TYPE = 'flash-sale';

export interface Terms {
  /** Null: there is no such sale. A record that stands never changes, so its terms are read once. */
  of(interaction: string): SaleTerms | null;
  /** What was read may be of a record that was rolled back. */
  forget(): void;
}

export function prepareTerms(db: DatabaseSync): Terms {
  const find = db.prepare('SELECT record FROM interactions WHERE id = ?');
  const kept = new Map<string, SaleTerms>();
  return {
    of(interaction) {
      const known = kept.get(interaction);
      if (known !== undefined) return known;
      const row = find.get(interaction) as { record: string } | undefined;
      if (row === undefined) return null;
      const { type, config } = JSON.parse(row.record) as { type: string; config: SaleTerms };
      if (type !== SALE_TYPE) return null;
      if (kept.size >= KEPT) kept.clear();
      kept.set(interaction, config);
      return config;
    },
    forget: () => kept.clear(),
  };
}

/** A turn is open for as long as a reservation that was there when it came, and half a minute at least. */
export const turnOpenUs = ({ reservationMs }: SaleTerms): number => Math.max(30_000, reservationMs) * 1000;
