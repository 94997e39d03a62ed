import { runBatchWorker } from '../../../service/sqlite/batch-worker.ts';
import type { LedgerAnswer, LedgerOp, LedgerQuery, LedgerResult } from './messages.ts';
import { prepareReads } from './reads.ts';
import { MIGRATIONS } from './schema.ts';
import { prepareWrites } from './writes.ts';

runBatchWorker<LedgerOp, LedgerResult, LedgerQuery, LedgerAnswer>({
  migrations: MIGRATIONS,
  open: ({ write, read }) => ({ apply: prepareWrites(write), answer: prepareReads(read).answer }),
});
