import type { DatabaseSync } from 'node:sqlite';
import { pagesOf } from '../../../../draws/entrants.ts';
import { FramecueError } from '../../../../packet/errors.ts';
import { type UnixMicroseconds, unixUs } from '../../../../packet/time.ts';
import type { CommandIn, CommandOut } from '../../commands.ts';
import type { BookOutcome, WinnerToBook } from '../../draws.ts';
import type { Transition } from '../../facts.ts';
import { acted } from '../acted.ts';
import type { DomainParts, LedgerDomain } from '../domains.ts';
import { prepareTreasury } from '../treasury/index.ts';
import { drawQuestions } from './reads.ts';
import { type DrawEntries, drawReducers, SHORT } from './reducers.ts';
import type { DrawRow } from './rows.ts';
import { DRAWS_SCHEMA } from './schema.ts';

/** Draws among those who answered: the list is closed, committed to, drawn from, and rights are earned. */
export const draws: LedgerDomain = {
  name: 'draws',
  schema: DRAWS_SCHEMA,
  tables: ['draws', 'draw_winners'],
  reducers: drawReducers,
  prepare: prepareDraws,
  prepareReads: (db) => ({ questions: drawQuestions(db) }),
};

/** The type whose rounds end in a draw. */
const DRAWN_TYPE = 'lottery';
const CANCELED = 'the round was cancelled';

function prepareDraws({ db, journal, reads }: DomainParts) {
  const treasury = prepareTreasury({ db, journal });
  const find = db.prepare('SELECT * FROM draws WHERE interaction = ?');
  const rowOf = (interaction: string) => find.get(interaction) as DrawRow | undefined;
  const heldOf = db.prepare(
    'SELECT 1 FROM held WHERE interaction = (SELECT seq FROM interactions WHERE id = ?) LIMIT 1',
  );
  const typeOf = db.prepare(`SELECT json_extract(record, '$.type') AS type FROM interactions WHERE id = ?`);
  const isDrawn = (interaction: string) =>
    (typeOf.get(interaction) as { type: string } | undefined)?.type === DRAWN_TYPE;
  const keepPage = db.prepare(`
    INSERT INTO draw_entrants (interaction, page, first_seq, leaves, high, root) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING`);
  const pages = db.prepare(`
    SELECT count(*) AS n, coalesce(sum(length(leaves)), 0) AS bytes FROM draw_entrants WHERE interaction = ?`);
  const entered = db.prepare(`
    SELECT coalesce(sum(t.n), 0) AS n FROM tallies t JOIN interactions i ON i.seq = t.interaction WHERE i.id = ?`);
  const shortOf = db.prepare(`
    SELECT place, entrant, prize, submission, right_id AS "right" FROM draw_winners INDEXED BY draw_winners_short
    WHERE interaction = ? AND outcome IN ('empty', 'closed', 'no-pool') ORDER BY place`);
  const unsettled = db.prepare(`
    SELECT d.interaction FROM draws d CROSS JOIN interactions i ON i.id = d.interaction
    CROSS JOIN submissions s ON s.interaction = i.seq AND s.viewer = ?
    WHERE d.state IN ('frozen', 'committed', 'booking') LIMIT 1`);
  const earn = prepareEarn(db, treasury, reads);

  const append = <Kind extends keyof DrawEntries>(
    kind: Kind,
    body: DrawEntries[Kind],
    atUs: UnixMicroseconds,
  ): void => void journal.append({ kind, atUs, viewer: null, body });

  const book = (
    interaction: string,
    from: number,
    batch: readonly WinnerToBook[],
    atUs: UnixMicroseconds,
  ): void => {
    const ask = earn(interaction, atUs);
    const winners = batch.map((winner) => ({ ...winner, outcome: ask(winner) }));
    append('draw.booked', { interaction, from, winners }, atUs);
  };

  return {
    commands: {
      'draw.freeze'({ interaction, atUs }: CommandIn<'draw.freeze'>): CommandOut<'draw.freeze'> {
        if (rowOf(interaction) !== undefined) return 'already';
        const seq = reads.seqOf(interaction);
        if (seq === null || !isDrawn(interaction) || reads.finalState(seq) === 'CANCELED') return 'unfit';
        if (heldOf.get(interaction) !== undefined) return 'held';
        append('draw.frozen', { interaction }, atUs);
        return 'done';
      },

      'draw.page'({
        interaction,
        page,
        firstSeq,
        leaves,
        high,
        root,
      }: CommandIn<'draw.page'>): CommandOut<'draw.page'> {
        if (rowOf(interaction)?.state !== 'frozen') return 'unfit';
        return keepPage.run(interaction, page, firstSeq, leaves, high, root).changes === 1
          ? 'done'
          : 'already';
      },

      'draw.commit'({ interaction, commitment, atUs }: CommandIn<'draw.commit'>): CommandOut<'draw.commit'> {
        const row = rowOf(interaction);
        if (row === undefined || row.state === 'void') return 'unfit';
        if (row.state !== 'frozen') return 'already';
        const { count } = commitment;
        const kept = pages.get(interaction) as { n: number; bytes: number };
        const { n } = entered.get(interaction) as { n: number };
        if (n !== count || kept.n !== pagesOf(count) || kept.bytes !== count * 32) return 'changed';
        append('draw.committed', { interaction, ...commitment }, atUs);
        return 'done';
      },

      'draw.move'({ interaction, from, to, atUs }: CommandIn<'draw.move'>): CommandOut<'draw.move'> {
        const row = rowOf(interaction);
        if (row?.state !== 'committed' || row.published_us !== null) return 'unfit';
        const round = roundOf(row);
        if (round === to) return 'already';
        if (round !== from || to <= from) return 'unfit';
        append('draw.moved', { interaction, from, to }, atUs);
        return 'done';
      },

      'draw.publish'({ interaction, round, atUs }: CommandIn<'draw.publish'>): CommandOut<'draw.publish'> {
        const row = rowOf(interaction);
        if (row?.state !== 'committed' || roundOf(row) !== round) return 'unfit';
        if (row.published_us !== null) return 'already';
        append('draw.published', { interaction }, atUs);
        return 'done';
      },

      'draw.draw'(given: CommandIn<'draw.draw'>): CommandOut<'draw.draw'> {
        const { interaction, signature, by, winners, batch, atUs } = given;
        const row = rowOf(interaction);
        if (row === undefined || row.state === 'void' || row.state === 'frozen') return 'unfit';
        if (row.state !== 'committed') return 'already';
        // What was not known to stand ahead of its round is not drawn from.
        if (row.published_us === null || (roundOf(row) === null) !== (signature === null)) return 'unfit';
        append('draw.drawn', { interaction, signature, winners }, atUs);
        if (batch.length > 0) book(interaction, 0, batch, atUs);
        const details = { signature };
        if (by !== null) acted(journal, { by, what: 'draw.randomness', target: interaction, details, atUs });
        return 'done';
      },

      'draw.book'({ interaction, from, batch, atUs }: CommandIn<'draw.book'>): CommandOut<'draw.book'> {
        const row = rowOf(interaction);
        if (row === undefined || row.state === 'void') return 'unfit';
        if (row.booked >= from + batch.length) return 'already';
        if (row.state !== 'booking' || row.booked !== from || from + batch.length > row.winners)
          return 'unfit';
        book(interaction, from, batch, atUs);
        return 'done';
      },

      'draw.rebook'({ interaction, by, limit, atUs }: CommandIn<'draw.rebook'>): CommandOut<'draw.rebook'> {
        const row = rowOf(interaction);
        if (row === undefined) return { kind: 'refused', code: 'ERR_DRAW_NOT_YET' };
        if (row.state !== 'drawn') return { kind: 'refused', code: 'ERR_DRAW_STATE' };
        const ask = earn(interaction, atUs);
        let earned = 0;
        let settled = 0;
        let asked = 0;
        // One pool, one amount: what the first of a prize cannot have, the others of it cannot have either.
        const without = new Set<number>();
        for (const winner of shortOf.all(interaction) as unknown as (WinnerToBook & { place: number })[]) {
          if (without.has(winner.prize)) continue;
          if (asked++ === limit) break;
          const outcome = ask(winner);
          if (SHORT.includes(outcome)) {
            without.add(winner.prize);
            continue;
          }
          append('draw.rebooked', { interaction, place: winner.place, outcome }, atUs);
          settled++;
          if (outcome === 'earned') earned++;
        }
        const details = { earned };
        if (earned > 0) acted(journal, { by, what: 'draw.rebook', target: interaction, details, atUs });
        return { kind: 'done', earned, short: row.short - settled };
      },
    },

    onTransition(step: Transition): void {
      const { interaction } = step;
      if (step.kind !== 'revealed' && step.kind !== 'canceled') return;
      if (!isDrawn(interaction)) return;
      const row = rowOf(interaction);
      // Shown before it was drawn: it is drawn all the same, among those who are in by now.
      if (step.kind === 'revealed' && row === undefined) {
        append('draw.frozen', { interaction }, step.moment.fireAtUs);
      }
      if (step.kind === 'canceled' && row !== undefined && row.state !== 'void') {
        append('draw.voided', { interaction, why: CANCELED }, step.atUs);
      }
    },

    unsettled(viewer: string): string | null {
      const open = unsettled.get(viewer) as { interaction: string } | undefined;
      return open === undefined ? null : `an entry in the draw of ${open.interaction}, which is not over`;
    },
  };
}

const roundOf = (row: DrawRow): number | null =>
  row.commitment === null
    ? null
    : ((JSON.parse(row.commitment) as { beacon: { round: number } | null }).beacon?.round ?? null);

interface PrizeOfConfig {
  readonly prize: string;
  readonly pool: string;
  readonly amountMinor: number;
}

/** Asks the treasury for a winner's right; whatever the pool is like, the draw goes on. */
function prepareEarn(
  db: DatabaseSync,
  treasury: ReturnType<typeof prepareTreasury>,
  reads: DomainParts['reads'],
): (interaction: string, atUs: UnixMicroseconds) => (winner: WinnerToBook) => BookOutcome {
  const viewerOf = db.prepare('SELECT viewer FROM submissions WHERE seq = ?');
  const currencyOf = db.prepare(
    `SELECT json_extract(terms, '$.currency') AS currency FROM pools WHERE id = ?`,
  );
  return (interaction, atUs) => {
    const { record } = reads.facts(interaction)!;
    const { prizes } = record.config as unknown as { readonly prizes: readonly PrizeOfConfig[] };
    return ({ prize: index, submission, right: id }) => {
      // Whatever its pools are like: nobody lacks what nobody can get.
      if (record.shadow === true) return 'not-eligible';
      const { prize, pool, amountMinor } = prizes[index]!;
      const { viewer } = viewerOf.get(submission) as { viewer: string };
      const terms = currencyOf.get(pool) as { currency: string } | undefined;
      if (terms === undefined) return 'no-pool';
      try {
        return treasury.earn(
          {
            ...{ id, interaction, viewer, pool, prize, amountMinor, currency: terms.currency },
            ...{ cause: 'draw', expiresAtUs: null, tierJudged: true },
          },
          unixUs(atUs),
        );
      } catch (error) {
        // The pool cannot be what the lottery takes it for: an operator puts it right and asks again.
        if (error instanceof FramecueError) return 'no-pool';
        throw error;
      }
    };
  };
}
