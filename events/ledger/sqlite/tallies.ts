import type { DatabaseSync } from 'node:sqlite';

/** How many answers each bucket of an interaction has. `interaction`: its row. */
export interface Tallies {
  /** One more; in the table once it is written. Of an op that throws behind it, only `writtenBefore` takes it back. */
  add(interaction: number, bucket: string): void;
  /** What waits goes into the table, in the transaction under way. */
  write(): void;
  /** As `write`, and then the op, which sees it; where the op throws, what it wrote is taken back, and that with it. */
  writtenBefore<Result>(op: () => Result): Result;
  /** A transaction begins. */
  forget(): void;
}

/** Answers of a batch are counted together: a change of the table for each would cost a quarter of writing it. */
export function prepareTallies(db: DatabaseSync): Tallies {
  const count = db.prepare(`
    INSERT INTO tallies (interaction, bucket, n) VALUES (?1, ?2, ?3)
    ON CONFLICT (interaction, bucket) DO UPDATE SET n = n + ?3`);
  let waiting = new Map<string, { readonly interaction: number; readonly bucket: string; n: number }>();
  const write = (): void => {
    const counted = waiting;
    waiting = new Map();
    for (const { interaction, bucket, n } of counted.values()) count.run(interaction, bucket, n);
  };
  return {
    add(interaction, bucket) {
      const key = `${interaction} ${bucket}`;
      const same = waiting.get(key);
      if (same === undefined) waiting.set(key, { interaction, bucket, n: 1 });
      else same.n++;
    },
    write,
    writtenBefore(op) {
      const before = waiting;
      write();
      try {
        return op();
      } catch (error) {
        waiting = before;
        throw error;
      }
    },
    forget() {
      waiting = new Map();
    },
  };
}
