import type { DatabaseSync } from 'node:sqlite';
import { selectionKey } from '../../../../draws/commitment.ts';
import {
  bitmapBytes,
  entrantLeaf,
  type ListDigest,
  ListDigester,
  PAGE_LEAVES,
  setHigh,
  sha256,
} from '../../../../draws/index.ts';
import { selectWinners } from '../../../../draws/selection.ts';
import { nodeSha256 } from '../../../../packet/node-sha256.ts';
import type { DrawCommitment, EntrantPageRow } from '../../draws.ts';
import { prepareEligibility } from '../treasury/eligibility.ts';
import { ENTRANTS } from './rows.ts';

/** What takes too long for a thread on which others wait: over a connection of its own, that only reads. */

interface EntrantRow {
  readonly seq: number;
  readonly id: string;
  readonly viewer: string;
}

/** Page by page, all of one moment: in the order of the ledger, those whose answer counts. */
export function* readEntrants(db: DatabaseSync, interaction: string): Generator<EntrantPageRow, ListDigest> {
  db.exec('BEGIN');
  try {
    const { seq, show } = db
      .prepare(`SELECT seq, json_extract(record, '$.show') AS show FROM interactions WHERE id = ?`)
      .get(interaction) as { seq: number; show: string | null };
    const { tierOf } = prepareEligibility(db);
    const digester = new ListDigester(nodeSha256);
    const pageOf = (rows: readonly EntrantRow[]): EntrantPageRow => {
      const leaves = new Uint8Array(rows.length * 32);
      const high = new Uint8Array(bitmapBytes(rows.length));
      for (const [i, { id: receipt, viewer }] of rows.entries()) {
        // Without a show there are no boxes, and no threshold.
        const tier = show === null ? 'high' : tierOf(show, viewer);
        if (tier === 'high') setHigh(high, i);
        leaves.set(entrantLeaf({ receipt, viewer, tier }, nodeSha256), i * 32);
      }
      const root = digester.add({ leaves, high });
      return { leaves, high, root, firstSeq: rows[0]!.seq };
    };
    let rows: EntrantRow[] = [];
    const all = db.prepare(`SELECT s.seq, s.id, s.viewer ${ENTRANTS}`);
    for (const row of all.iterate(seq, 0)) {
      rows.push(row as unknown as EntrantRow);
      if (rows.length < PAGE_LEAVES) continue;
      yield pageOf(rows);
      rows = [];
    }
    if (rows.length > 0) yield pageOf(rows);
    return digester.digest();
  } finally {
    db.exec('ROLLBACK');
  }
}

export interface DrawnWinner {
  readonly entrant: number;
  readonly prize: number;
  /** `seq` of their answer. */
  readonly submission: number;
}

/** @param seed 32 bytes; @param signature of the named round; null: there is none */
export function drawWinners(
  db: DatabaseSync,
  interaction: string,
  commitment: DrawCommitment,
  seed: Uint8Array,
  signature: string | null,
): readonly DrawnWinner[] {
  const { seedHash, count, root, high, prizes, beacon } = commitment;
  const key = selectionKey(
    {
      ...{ interaction, seedHash, prizes, list: { count, root, high } },
      beacon: beacon === null ? { kind: 'none' } : { kind: 'drand', ...beacon },
    },
    seed,
    signature === null ? null : sha256(Uint8Array.from(Buffer.from(signature, 'hex'))),
    nodeSha256,
  );
  const pages = db
    .prepare('SELECT first_seq, high FROM draw_entrants WHERE interaction = ? ORDER BY page')
    .all(interaction) as { first_seq: number; high: Uint8Array }[];
  const bitmap = new Uint8Array(bitmapBytes(count));
  for (const [page, row] of pages.entries()) bitmap.set(row.high, (page * PAGE_LEAVES) / 8);
  const winners = selectWinners(key, { count, high: bitmap }, prizes, nodeSha256);
  const submissionOf = prepareSubmissionOf(db, interaction, pages);
  const byEntrant = new Map(
    [...winners].sort((a, b) => a.index - b.index).map(({ index }) => [index, submissionOf(index)] as const),
  );
  return winners.map(({ index, prize }) => ({ entrant: index, prize, submission: byEntrant.get(index)! }));
}

/** Asked in ascending order: holds the answers of one page at a time. */
function prepareSubmissionOf(
  db: DatabaseSync,
  interaction: string,
  pages: readonly { readonly first_seq: number }[],
): (index: number) => number {
  const { seq } = db.prepare('SELECT seq FROM interactions WHERE id = ?').get(interaction) as { seq: number };
  const from = db.prepare(`SELECT s.seq ${ENTRANTS} LIMIT ${PAGE_LEAVES}`);
  let page = -1;
  let seqs: readonly { readonly seq: number }[] = [];
  return (index) => {
    const wanted = Math.floor(index / PAGE_LEAVES);
    if (wanted !== page) {
      page = wanted;
      seqs = from.all(seq, pages[page]!.first_seq) as { seq: number }[];
    }
    return seqs[index % PAGE_LEAVES]!.seq;
  };
}
