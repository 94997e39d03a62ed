import type { DatabaseSync } from 'node:sqlite';
import { FramecueError } from '../../../../packet/errors.ts';
import type { CommandIn, CommandOut } from '../../commands.ts';
import { acted } from '../acted.ts';
import type { DomainParts } from '../domains.ts';
import { tablesOfViewers } from './tables.ts';

/**
 * Nothing more is taken for a round this long after its window closed, whatever becomes of its reveal: a round that is
 * never revealed would keep its viewers' data for ever.
 */
const CLOSED_FOR_US = 24 * 3_600 * 1_000_000;

export function prepareErase({
  db,
  journal,
  others,
}: Pick<DomainParts, 'db' | 'journal' | 'others'>): (
  given: CommandIn<'viewer.erase'>,
) => CommandOut<'viewer.erase'> {
  const answers = db.prepare(`
    SELECT s.seq FROM interactions i
    CROSS JOIN submissions s ON s.interaction = i.seq AND s.viewer = ? ORDER BY s.seq`);
  const entries = db.prepare('SELECT seq FROM journal WHERE viewer = ? ORDER BY seq');
  const openOf = prepareOpen(db);
  const eraseAnswer = db.prepare(
    `UPDATE submissions SET viewer = ?, answer = '{}', claims = '{}', salt = NULL WHERE seq = ?`,
  );
  const eraseEntries = db.prepare('UPDATE journal SET viewer = ?, salt = NULL WHERE viewer = ?');
  const renames = tablesOfViewers(db).map((table) =>
    db.prepare(`UPDATE ${table} SET viewer = ? WHERE viewer = ?`),
  );
  const seqsOf = (rows: readonly unknown[]) => (rows as { seq: number }[]).map(({ seq }) => seq);

  return ({ viewer, pseudonym, by, atUs }) => {
    const submissions = seqsOf(answers.all(viewer));
    const journaled = seqsOf(entries.all(viewer));
    if (submissions.length === 0 && journaled.length === 0) {
      return { pseudonym: null, submissions: 0, journal: 0 };
    }
    const open = [
      ...openOf(viewer, atUs),
      ...[...others()].flatMap((book) => book.unsettled?.(viewer) ?? []),
    ];
    if (open.length > 0) throw new FramecueError('ERR_VIEWER_BUSY', undefined, { details: { open } });
    // What stood there is overwritten with zeros, not just left to be used again.
    db.exec('PRAGMA secure_delete = ON');
    try {
      for (const seq of submissions) eraseAnswer.run(pseudonym, seq);
      eraseEntries.run(pseudonym, viewer);
      for (const rename of renames) rename.run(pseudonym, viewer);
    } finally {
      db.exec('PRAGMA secure_delete = OFF');
    }
    const body = { pseudonym, by, submissions, journal: journaled };
    journal.append({ kind: 'viewer.erased', atUs, viewer: null, body });
    const counts = { submissions: submissions.length, journal: journaled.length };
    acted(journal, { by, what: 'viewer.erase', target: pseudonym, details: counts, atUs });
    return { pseudonym, ...counts };
  };
}

/** What of a viewer's answers is under way. */
function prepareOpen(db: DatabaseSync): (viewer: string, atUs: number) => readonly string[] {
  // Without their row a viewer could answer a second time: no round may be open in which they have answered.
  const rounds = db.prepare(`
    SELECT i.id, h.submission IS NOT NULL AS held, (o.seq IS NULL AND j.verdict = 'refused') IS TRUE AS idle,
      (SELECT min(coalesce(json_extract(c.step, '$.moment.fireAtUs'), json_extract(c.step, '$.atUs')))
       FROM transitions c WHERE c.interaction = i.seq AND c.kind IN ('locked', 'expired')) AS closed_us
    FROM interactions i CROSS JOIN submissions s ON s.interaction = i.seq AND s.viewer = ?
    LEFT JOIN held h ON h.submission = s.seq
    LEFT JOIN judgements j ON j.submission = s.seq
    LEFT JOIN transitions o ON o.interaction = i.seq AND o.kind = 'opened'
    WHERE NOT EXISTS (
      SELECT 1 FROM transitions f WHERE f.interaction = i.seq AND f.kind IN ('revealed', 'canceled'))`);
  return (viewer, atUs) => {
    const open: string[] = [];
    for (const { id, held, idle, closed_us } of rounds.all(viewer) as unknown as Round[]) {
      const isOver = idle === 1 || (closed_us !== null && closed_us <= atUs - CLOSED_FOR_US);
      if (held === 1) open.push(`an answer to ${id} that is not judged yet`);
      else if (!isOver) open.push(`an answer to ${id}, which is not over`);
    }
    return open;
  };
}

interface Round {
  readonly id: string;
  readonly held: number;
  /** It came to nothing, and the round never opened. */
  readonly idle: number;
  readonly closed_us: number | null;
}
