import type { DatabaseSync } from 'node:sqlite';
import { unixUs } from '../../../packet/time.ts';
import type { LedgerHead } from '../head.ts';
import { type Block, GENESIS } from './blocks.ts';

export function prepareHead(db: DatabaseSync): () => LedgerHead {
  const last = db.prepare('SELECT * FROM blocks ORDER BY n DESC LIMIT 1');
  return () => headOf((last.get() as Block | undefined) ?? GENESIS);
}

export const headOf = ({
  n,
  hash,
  at_us,
  interactions,
  transitions,
  submissions,
  journal,
}: Block): LedgerHead => ({
  block: n,
  hash: Buffer.from(hash).toString('hex'),
  atUs: unixUs(at_us),
  rows: { interactions, transitions, submissions, journal },
});
