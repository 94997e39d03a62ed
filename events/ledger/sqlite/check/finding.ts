/** One thing that is wrong with a ledger. */
export interface Finding {
  /** Null: the file as a whole. */
  readonly table: string | null;
  /** `seq` of the row, or the row itself where its table has none; null: no single row. */
  readonly row: number | string | null;
  /** The block that covers it, where it is of the chain. */
  readonly block: number | null;
  readonly problem: string;
}

/** As one line for people. */
export function describeFinding({ table, row, block, problem }: Finding): string {
  const where = [
    ...(table === null ? [] : [table]),
    ...(row === null ? [] : [typeof row === 'number' ? `row ${row}` : row]),
    ...(block === null || table === 'blocks' ? [] : [`(block ${block})`]),
  ].join(' ');
  return where === '' ? problem : `${where}: ${problem}`;
}
