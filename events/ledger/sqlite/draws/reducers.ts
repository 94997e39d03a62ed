import type { DatabaseSync } from 'node:sqlite';
import type { BookOutcome, DrawCommitment, WinnerToBook } from '../../draws.ts';
import type { JournalEntry } from '../../journal.ts';
import type { Reducer } from '../journal.ts';

/** What the journal says of draws; `interaction` is in each. */
export interface DrawEntries {
  readonly 'draw.frozen': { readonly interaction: string };
  readonly 'draw.committed': DrawCommitment & { readonly interaction: string };
  readonly 'draw.moved': { readonly interaction: string; readonly from: number; readonly to: number };
  readonly 'draw.published': { readonly interaction: string };
  readonly 'draw.drawn': {
    readonly interaction: string;
    readonly signature: string | null;
    readonly winners: number;
  };
  readonly 'draw.booked': {
    readonly interaction: string;
    readonly from: number;
    readonly winners: readonly (WinnerToBook & { readonly outcome: BookOutcome })[];
  };
  /** A right that could not be had at first; or it is clear by now that this winner never gets one. */
  readonly 'draw.rebooked': {
    readonly interaction: string;
    readonly place: number;
    readonly outcome: BookOutcome;
  };
  readonly 'draw.voided': { readonly interaction: string; readonly why: string };
}

type Entry<Kind extends keyof DrawEntries> = JournalEntry<Kind, DrawEntries[Kind]>;

/** Outcomes that asking again can change; `not-eligible` stands: the pool is not for this winner. */
export const SHORT: readonly BookOutcome[] = ['empty', 'closed', 'no-pool'];
const isShort = (outcome: BookOutcome): number => (SHORT.includes(outcome) ? 1 : 0);
const isExcluded = (outcome: BookOutcome): number => (outcome === 'not-eligible' ? 1 : 0);

export function drawReducers(db: DatabaseSync): Readonly<Record<string, Reducer>> {
  const freeze = db.prepare(
    `INSERT INTO draws (interaction, state, frozen_us) VALUES (?, 'frozen', ?) ON CONFLICT DO NOTHING`,
  );
  const commit = db.prepare(
    `UPDATE draws SET state = 'committed', commitment = ?, committed_us = ? WHERE interaction = ?`,
  );
  const commitmentOf = db.prepare('SELECT commitment, moved FROM draws WHERE interaction = ?');
  const move = db.prepare(
    'UPDATE draws SET commitment = ?, moved = ?, committed_us = ? WHERE interaction = ?',
  );
  const publish = db.prepare('UPDATE draws SET published_us = ? WHERE interaction = ?');
  const draw = db.prepare(`
    UPDATE draws SET signature = ?2, winners = ?3, drawn_us = ?4,
      state = CASE WHEN ?3 = 0 THEN 'drawn' ELSE 'booking' END WHERE interaction = ?1`);
  const book = db.prepare(`
    INSERT INTO draw_winners (interaction, place, entrant, prize, submission, right_id, outcome)
    VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const count = db.prepare(`
    UPDATE draws SET booked = booked + ?2, short = short + ?3, excluded = excluded + ?4,
      state = CASE WHEN booked + ?2 = winners THEN 'drawn' ELSE 'booking' END WHERE interaction = ?1`);
  const rebook = db.prepare('UPDATE draw_winners SET outcome = ? WHERE interaction = ? AND place = ?');
  const lessShort = db.prepare(
    'UPDATE draws SET short = short - 1, excluded = excluded + ?2 WHERE interaction = ?1',
  );
  const annul = db.prepare(
    `UPDATE draws SET state = 'void', void_why = ?, void_us = ? WHERE interaction = ?`,
  );
  return {
    'draw.frozen': ({ atUs, body }: Entry<'draw.frozen'>) => void freeze.run(body.interaction, atUs),
    'draw.committed': ({ atUs, body }: Entry<'draw.committed'>) => {
      const { interaction, ...commitment } = body;
      commit.run(JSON.stringify(commitment), atUs, interaction);
    },
    'draw.moved': ({ atUs, body }: Entry<'draw.moved'>) => {
      const row = commitmentOf.get(body.interaction) as { commitment: string; moved: string };
      const commitment = JSON.parse(row.commitment) as DrawCommitment;
      const beacon = commitment.beacon === null ? null : { ...commitment.beacon, round: body.to };
      const moved = [...(JSON.parse(row.moved) as unknown[]), { round: body.from, atUs }];
      move.run(JSON.stringify({ ...commitment, beacon }), JSON.stringify(moved), atUs, body.interaction);
    },
    'draw.published': ({ atUs, body }: Entry<'draw.published'>) => void publish.run(atUs, body.interaction),
    'draw.drawn': ({ atUs, body }: Entry<'draw.drawn'>) =>
      void draw.run(body.interaction, body.signature, body.winners, atUs),
    'draw.booked': ({ body }: Entry<'draw.booked'>) => {
      const { interaction, from, winners } = body;
      for (const [i, { entrant, prize, submission, right, outcome }] of winners.entries()) {
        book.run(interaction, from + i, entrant, prize, submission, right, outcome);
      }
      const short = winners.reduce((sum, { outcome }) => sum + isShort(outcome), 0);
      const excluded = winners.reduce((sum, { outcome }) => sum + isExcluded(outcome), 0);
      count.run(interaction, winners.length, short, excluded);
    },
    'draw.rebooked': ({ body }: Entry<'draw.rebooked'>) => {
      rebook.run(body.outcome, body.interaction, body.place);
      lessShort.run(body.interaction, isExcluded(body.outcome));
    },
    'draw.voided': ({ atUs, body }: Entry<'draw.voided'>) => void annul.run(body.why, atUs, body.interaction),
  };
}
