import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { bitmapBytes, HASH_BYTES, ListDigester, PAGE_LEAVES } from '../../../../draws/index.ts';
import { nodeSha256 } from '../../../../packet/node-sha256.ts';
import { ENTRANTS } from '../draws/rows.ts';
import type { Finding } from './finding.ts';
import { saidBy } from './said.ts';

interface PageRow {
  readonly page: number;
  readonly first_seq: number;
  readonly leaves: Uint8Array;
  readonly high: Uint8Array;
  readonly root: Uint8Array;
}

/**
 * The lists of draws against what the journal says was committed to: every leaf and tier by the root and digest, and
 * where each page begins by the answers that count. Pages of a list that is not committed to yet bind nobody.
 */
export function* checkEntrants(db: DatabaseSync): Iterable<Finding> {
  const committed = db.prepare(`SELECT body FROM live.journal WHERE kind = 'draw.committed' ORDER BY seq`);
  for (const { body } of committed.iterate() as Iterable<{ body: string }>) {
    const said = saidBy(body, Said);
    if (said !== null) yield* checkList(db, said);
  }
}

const Said = z.looseObject({
  interaction: z.string(),
  count: z.int().min(0),
  root: z.string(),
  high: z.object({ count: z.int(), digest: z.string() }),
});

function* checkList(
  db: DatabaseSync,
  { interaction, count, root, high }: z.infer<typeof Said>,
): Iterable<Finding> {
  const wrong = (page: number | null, problem: string): Finding => ({
    ...{ table: 'draw_entrants', row: page === null ? interaction : `${interaction} page ${page}` },
    ...{ block: null, problem },
  });
  const firstSeqs = firstOfPages(db, interaction);
  const digester = new ListDigester(nodeSha256);
  const rows = db.prepare(
    'SELECT page, first_seq, leaves, high, root FROM live.draw_entrants WHERE interaction = ? ORDER BY page',
  );
  let due = 0;
  for (const row of rows.iterate(interaction) as Iterable<unknown>) {
    const { page, first_seq, leaves, high: tiers, root: pageRoot } = row as PageRow;
    if (page !== due) return yield wrong(due, 'is gone');
    const size = Math.min(PAGE_LEAVES, count - page * PAGE_LEAVES);
    if (size <= 0) return yield wrong(page, 'is beyond the end of the list');
    if (leaves.length !== size * HASH_BYTES || tiers.length !== bitmapBytes(size)) {
      return yield wrong(page, `has not ${size} entrants`);
    }
    if (!Buffer.from(digester.add({ leaves, high: tiers })).equals(pageRoot)) {
      yield wrong(page, 'is not what its own root is over');
    }
    if (first_seq !== firstSeqs[page]) {
      yield wrong(page, `begins with answer ${firstSeqs[page] ?? 'none'}, not ${first_seq}`);
    }
    due++;
  }
  const { count: found, ...digest } = digester.digest();
  if (found !== count) yield wrong(null, `has ${found} entrants, committed to are ${count}`);
  else if (digest.root !== root || digest.high.digest !== high.digest || digest.high.count !== high.count) {
    yield wrong(null, 'is not the list that was committed to');
  }
}

/** `seq` of the answer behind the first leaf of each page. */
function firstOfPages(db: DatabaseSync, interaction: string): readonly number[] {
  const found = db.prepare('SELECT seq FROM interactions WHERE id = ?').get(interaction) as
    | { readonly seq: number }
    | undefined;
  if (found === undefined) return [];
  const firsts: number[] = [];
  let at = 0;
  const all = db.prepare(`SELECT s.seq ${ENTRANTS}`).iterate(found.seq, 0);
  for (const { seq } of all as Iterable<{ seq: number }>) if (at++ % PAGE_LEAVES === 0) firsts.push(seq);
  return firsts;
}
