import type { DatabaseSync } from 'node:sqlite';
import type { CommandIn, CommandOut } from '../../commands.ts';
import { dropsBox } from '../../drops-box.ts';
import { acted } from '../acted.ts';
import type { Journal } from '../journal.ts';
import type { TreasuryParts } from './core.ts';
import { refused } from './refused.ts';

interface AnswerRow {
  readonly seq: number;
  readonly id: string;
  readonly viewer: string;
  readonly interaction: string;
  readonly verdict: 'accepted' | 'refused' | 'held';
  readonly show: string | null;
  readonly shadow: number | null;
  readonly ppm: number | null;
  readonly from_answer: number | null;
}

const MAX_BOXES = 1_000_000_000;

/** Boxes that somebody gives, and boxes that answers drop. */
export function boxCommands(db: DatabaseSync, journal: Journal, { append }: TreasuryParts) {
  const dropOf = db.prepare('SELECT viewer, n FROM box_drops WHERE show = ? AND cause = ?');
  const boxesOf = db.prepare('SELECT n FROM boxes WHERE show = ? AND viewer = ?');
  const anyRate = db.prepare('SELECT 1 FROM prize_shows WHERE drop_ppm > 0');
  const cursor = db.prepare('SELECT answer FROM box_cursor');
  const columns = `
    s.seq, s.id, s.viewer, i.id AS interaction, coalesce(j.verdict, s.status) AS verdict,
    json_extract(i.record, '$.show') AS show, json_extract(i.record, '$.shadow') AS shadow,
    p.drop_ppm AS ppm, p.from_answer`;
  const joins = `
    JOIN interactions i ON i.seq = s.interaction
    LEFT JOIN judgements j ON j.submission = s.seq
    LEFT JOIN prize_shows p ON p.show = json_extract(i.record, '$.show')`;
  const next = db.prepare(
    `SELECT ${columns} FROM submissions s ${joins} WHERE s.seq > ? ORDER BY s.seq LIMIT ?`,
  );
  const judged = db.prepare(`
    SELECT ${columns} FROM box_waiting w CROSS JOIN submissions s ON s.seq = w.answer ${joins}
    WHERE j.verdict IS NOT NULL ORDER BY w.answer LIMIT ?`);

  const has = (show: string, viewer: string): number =>
    (boxesOf.get(show, viewer) as { n: number } | undefined)?.n ?? 0;

  const deal = (key: string, row: AnswerRow, atUs: CommandIn<'boxes.deal'>['atUs']): boolean => {
    const { show, interaction, viewer, verdict, ppm, from_answer } = row;
    if (verdict !== 'accepted' || show === null || ppm === null || ppm === 0 || row.shadow === 1)
      return false;
    if (row.seq <= from_answer! || viewer.startsWith('erased:')) return false;
    if (!dropsBox(key, { show, interaction, viewer }, ppm)) return false;
    const cause = `answer:${row.id}`;
    if (dropOf.get(show, cause) !== undefined || has(show, viewer) >= MAX_BOXES) return false;
    append('box.dropped', { show, count: 1, cause }, atUs, viewer);
    return true;
  };

  return {
    'boxes.drop'({
      show,
      viewer,
      count,
      cause,
      by,
      atUs,
    }: CommandIn<'boxes.drop'>): CommandOut<'boxes.drop'> {
      const before = dropOf.get(show, cause) as { viewer: string; n: number } | undefined;
      if (before !== undefined) {
        return before.viewer === viewer && before.n === count
          ? { kind: 'already', boxes: has(show, viewer) }
          : refused('ERR_IDEMPOTENCY_CONFLICT', { show, cause });
      }
      if (!Number.isSafeInteger(count) || count < 1 || has(show, viewer) + count > MAX_BOXES) {
        return refused('ERR_AMOUNT_INVALID', { show, count });
      }
      append('box.dropped', { show, count, cause }, atUs, viewer);
      if (by !== null)
        acted(journal, { by, what: 'boxes.drop', target: show, details: { count, cause }, atUs });
      return { kind: 'done', boxes: has(show, viewer) };
    },

    'boxes.deal'({ limit, key, atUs }: CommandIn<'boxes.deal'>): CommandOut<'boxes.deal'> {
      if (anyRate.get() === undefined) return { looked: 0, dropped: 0 };
      const at = (cursor.get() as { answer: number } | undefined)?.answer ?? 0;
      const late = judged.all(limit) as unknown as AnswerRow[];
      const fresh = next.all(at, limit) as unknown as AnswerRow[];
      if (late.length + fresh.length === 0) return { looked: 0, dropped: 0 };
      let dropped = 0;
      for (const row of [...late, ...fresh]) if (deal(key, row, atUs)) dropped++;
      const held = fresh.filter(({ verdict }) => verdict === 'held').map(({ seq }) => seq);
      const upTo = fresh.at(-1)?.seq ?? at;
      append('boxes.dealt', { upTo, held, judged: late.map(({ seq }) => seq) }, atUs);
      return { looked: late.length + fresh.length, dropped };
    },
  };
}
