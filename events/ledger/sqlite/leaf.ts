import { hash, randomFillSync } from 'node:crypto';

/** 16 bytes, as hex. */
export type NewSalt = () => string;

const SALT_BYTES = 16;
const SALTS_AT_ONCE = 256;

/** Random salts, drawn in bulk: one system call for each would cost more than the hash. */
export function createSalts(fill: (into: Buffer) => unknown = randomFillSync): NewSalt {
  const pool = Buffer.alloc(SALT_BYTES * SALTS_AT_ONCE);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      fill(pool);
      at = 0;
    }
    at += SALT_BYTES;
    return pool.toString('hex', at - SALT_BYTES, at);
  };
}

/**
 * The commitment to one row: SHA-256 over its salt and its fields as JSON. The chain is made of leaves, so a row whose
 * fields and salt are erased leaves the chain as it was, and nobody can guess from the leaf what the fields had been.
 * @returns 32 bytes
 */
export const leafOf = (salt: string, fields: readonly (string | number | null)[]): Buffer =>
  hash('sha256', `${salt} ${JSON.stringify(fields)}`, 'buffer');
