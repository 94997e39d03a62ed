import type { DatabaseSync } from 'node:sqlite';
import { concat } from '../../../../draws/index.ts';
import type { QuestionIn, QuestionOut } from '../../commands.ts';
import type { BookOutcome, EntrantPageRow, OwnEntry } from '../../draws.ts';
import type { RightState } from '../../treasury.ts';
import { SELECT_RIGHT } from '../treasury/rows.ts';
import { prepareOverview } from './overview.ts';
import { type DrawRow, drawOf } from './rows.ts';

interface OwnRow {
  readonly seq: number;
  readonly receipt: string;
  readonly status: 'accepted' | 'held' | 'refused';
  readonly page: number | null;
  readonly place: number | null;
  readonly entrant: number;
  readonly prize: number;
  readonly right_id: string;
  readonly outcome: BookOutcome;
  readonly grant_id: string | null;
  readonly reversed_us: number | null;
  /** Of the grant's item in the outbox. */
  readonly told: 'queued' | 'delivered' | 'dead' | null;
}

export function drawQuestions(db: DatabaseSync) {
  const find = db.prepare('SELECT * FROM draws WHERE interaction = ?');
  const open = db.prepare(`
    SELECT * FROM draws WHERE state IN ('frozen', 'committed', 'booking') ORDER BY frozen_us LIMIT ?`);
  const page = db.prepare(`
    SELECT first_seq AS firstSeq, leaves, high, root FROM draw_entrants WHERE interaction = ? AND page = ?`);
  const roots = db.prepare('SELECT root FROM draw_entrants WHERE interaction = ? ORDER BY page');
  const winners = db.prepare(`
    SELECT place, entrant, prize, right_id AS "right", outcome FROM draw_winners
    WHERE interaction = ? ORDER BY place`);
  const mine = db.prepare(`
    SELECT s.seq, s.id AS receipt, coalesce(j.verdict, s.status) AS status,
      (SELECT e.page FROM draw_entrants e WHERE e.interaction = ?1 AND e.first_seq <= s.seq
       ORDER BY e.page DESC LIMIT 1) AS page,
      w.place, w.entrant, w.prize, w.right_id, w.outcome, g.id AS grant_id, g.reversed_us, o.state AS told
    FROM interactions i CROSS JOIN submissions s ON s.interaction = i.seq AND s.viewer = ?2
    LEFT JOIN judgements j ON j.submission = s.seq
    LEFT JOIN draw_winners w ON w.interaction = ?1 AND w.submission = s.seq
    LEFT JOIN grants g ON g.right_id = w.right_id
    LEFT JOIN outbox o ON o.id = g.id
    WHERE i.id = ?1`);
  const right = db.prepare(`SELECT state FROM (${SELECT_RIGHT} WHERE r.id = ?)`);

  const own = ({ interaction, viewer }: QuestionIn<'draw.mine'>): OwnEntry | null => {
    const row = mine.get(interaction, viewer) as OwnRow | undefined;
    if (row === undefined) return null;
    const state = row.place === null ? null : (right.get(row.right_id) as { state: RightState } | undefined);
    return {
      ...{ receipt: row.receipt, status: row.status, page: row.status === 'accepted' ? row.page : null },
      won:
        row.place === null
          ? null
          : {
              ...{ place: row.place, entrant: row.entrant, prize: row.prize, outcome: row.outcome },
              right: state?.state ?? null,
              grant:
                row.grant_id === null
                  ? null
                  : {
                      ...{ id: row.grant_id, reversed: row.reversed_us !== null },
                      delivered: row.told === 'delivered',
                    },
            },
    };
  };
  return {
    'draw.get'({ interaction }: QuestionIn<'draw.get'>): QuestionOut<'draw.get'> {
      const row = find.get(interaction) as DrawRow | undefined;
      return row === undefined ? null : drawOf(row);
    },
    'draw.open': ({ limit }: QuestionIn<'draw.open'>): QuestionOut<'draw.open'> =>
      (open.all(limit) as unknown as DrawRow[]).map(drawOf),
    'draw.page'({ interaction, page: number }: QuestionIn<'draw.page'>): QuestionOut<'draw.page'> {
      const row = page.get(interaction, number) as EntrantPageRow | undefined;
      return row === undefined ? null : { ...row };
    },
    'draw.roots': ({ interaction }: QuestionIn<'draw.roots'>): QuestionOut<'draw.roots'> =>
      concat(...(roots.all(interaction) as { root: Uint8Array }[]).map(({ root }) => root)),
    'draw.winners': ({ interaction }: QuestionIn<'draw.winners'>): QuestionOut<'draw.winners'> =>
      (winners.all(interaction) as unknown as QuestionOut<'draw.winners'>).map((row) => ({ ...row })),
    'draw.mine': own,
    'draw.overview': prepareOverview(db),
  };
}
