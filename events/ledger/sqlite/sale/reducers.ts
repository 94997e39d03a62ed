import type { DatabaseSync } from 'node:sqlite';
import type { JournalEntry } from '../../journal.ts';
import type { Reducer } from '../journal.ts';

/** What the journal says of sales, each of the entry's viewer. */
export interface SaleEntries {
  /** A place in the line, or the next one of who has missed their turn. */
  readonly 'sale.queued': {
    readonly interaction: string;
    readonly number: number;
    readonly turnUs: number;
    readonly endUs: number;
  };
  readonly 'sale.ordered': {
    readonly interaction: string;
    readonly right: string;
    readonly grant: string;
    readonly key: string;
  };
}

type Entry<Kind extends keyof SaleEntries> = JournalEntry<Kind, SaleEntries[Kind]>;

export function saleReducers(db: DatabaseSync): Readonly<Record<string, Reducer>> {
  const line = db.prepare(`
    INSERT INTO sale_lines (interaction, end_us, places) VALUES (?, ?, ?)
    ON CONFLICT (interaction) DO UPDATE SET end_us = excluded.end_us, places = excluded.places`);
  const place = db.prepare(`
    INSERT INTO sale_places (interaction, viewer, number, turn_us) VALUES (?, ?, ?, ?)
    ON CONFLICT (interaction, viewer) DO UPDATE SET number = excluded.number, turn_us = excluded.turn_us`);
  const order = db.prepare(
    'INSERT INTO sale_orders (right_id, viewer, key_hash, ordered_us) VALUES (?, ?, ?, ?)',
  );
  return {
    'sale.queued': ({ viewer, body }: Entry<'sale.queued'>) => {
      const { interaction, number, turnUs, endUs } = body;
      line.run(interaction, endUs, number);
      place.run(interaction, viewer, number, turnUs);
    },
    'sale.ordered': ({ viewer, atUs, body }: Entry<'sale.ordered'>) =>
      void order.run(body.right, viewer, body.key, atUs),
  };
}
