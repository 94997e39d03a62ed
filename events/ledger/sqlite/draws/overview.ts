import type { DatabaseSync } from 'node:sqlite';
import { unixUs } from '../../../../packet/time.ts';
import type { QuestionIn, QuestionOut } from '../../commands.ts';
import type { BookOutcome, DrawCommitment, DrawSummary } from '../../draws.ts';
import { type DrawRow, drawOf } from './rows.ts';

/** Of one kind that are looked through for a show: more lotteries than a ledger is likely to hold. */
const LOOKED_THROUGH = 1_000;

/**
 * Draws at a glance: three bounded walks, each along an index, and one look-up for each draw that is found. Asked every
 * two seconds by each open page, so nothing here counts winners or reads the list.
 */
export const OVERVIEW = `
WITH found (interaction, kind, frozen_us) AS (
  SELECT * FROM (SELECT interaction, 1, frozen_us FROM draws ORDER BY frozen_us DESC LIMIT ?2)
  UNION ALL
  SELECT * FROM (
    SELECT interaction, 2, frozen_us FROM draws WHERE state IN ('frozen', 'committed', 'booking')
    ORDER BY frozen_us DESC LIMIT ?2)
  UNION ALL
  SELECT * FROM (
    SELECT interaction, 3, frozen_us FROM draws WHERE state = 'drawn' AND short > 0 ORDER BY frozen_us DESC LIMIT ?2)
), known AS (
  SELECT f.interaction, f.frozen_us,
    row_number() OVER (PARTITION BY f.kind ORDER BY f.frozen_us DESC, f.interaction) AS place
  FROM found f CROSS JOIN interactions i ON i.id = f.interaction
  WHERE ?1 IS NULL OR json_extract(i.record, '$.show') = ?1 OR EXISTS (
    SELECT 1 FROM json_each(i.record, '$.config.prizes') p CROSS JOIN pools l
    ON l.id = json_extract(p.value, '$.pool') WHERE l.show = ?1)
)
SELECT d.*, json_extract(i.record, '$.show') AS show, json_extract(i.record, '$.config.title') AS title,
  json_extract(i.record, '$.shadow') AS shadow,
  (SELECT json_extract(t.step, '$.moment.fireAtUs') FROM transitions t
   WHERE t.interaction = i.seq AND t.kind = 'revealed') AS revealed_us
FROM (SELECT DISTINCT interaction FROM known WHERE place <= ?3) k
CROSS JOIN draws d ON d.interaction = k.interaction
CROSS JOIN interactions i ON i.id = d.interaction
ORDER BY d.frozen_us DESC, d.interaction`;

/** The first in the order of the draw: along the index of those who lack something. */
export const LACKS = `
SELECT w.outcome, json_extract(i.record, '$.config.prizes[' || w.prize || '].pool') AS pool
FROM draw_winners w INDEXED BY draw_winners_short CROSS JOIN interactions i ON i.id = w.interaction
WHERE w.interaction = ? AND w.outcome IN ('empty', 'closed', 'no-pool') ORDER BY w.place LIMIT 1`;

interface OverviewRow extends DrawRow {
  readonly show: string | null;
  readonly title: string;
  readonly shadow: number | null;
  readonly revealed_us: number | null;
}

export function prepareOverview(
  db: DatabaseSync,
): (given: QuestionIn<'draw.overview'>) => QuestionOut<'draw.overview'> {
  const overview = db.prepare(OVERVIEW);
  const lacking = db.prepare(LACKS);

  const summaryOf = (row: OverviewRow): DrawSummary => {
    const { commitment, signature: _s, moved: _m, ...draw } = drawOf(row);
    const lacks = row.short === 0 ? undefined : lacking.get(row.interaction);
    return {
      ...{ ...draw, show: row.show, title: row.title, isShadow: row.shadow === 1 },
      ...numbersOf(commitment),
      revealedAtUs: row.revealed_us === null ? null : unixUs(row.revealed_us),
      lacks: lacks === undefined ? null : ({ ...lacks } as { pool: string; outcome: BookOutcome }),
    };
  };
  return ({ show, limit }) => {
    const each = show === null ? limit : LOOKED_THROUGH;
    return (overview.all(show, each, limit) as unknown as OverviewRow[]).map(summaryOf);
  };
}

const numbersOf = (commitment: DrawCommitment | null): Pick<DrawSummary, 'entrants' | 'round'> => ({
  entrants: commitment?.count ?? null,
  round: commitment?.beacon?.round ?? null,
});
