import { systemClock } from '../../../packet/clock.ts';
import { runBatchWorker } from '../../../service/sqlite/batch-worker.ts';
import { openBooks } from './books.ts';
import type { LedgerAnswer, LedgerOp, LedgerQuery, LedgerResult } from './messages.ts';
import { MIGRATIONS } from './schema.ts';

runBatchWorker<LedgerOp, LedgerResult, LedgerQuery, LedgerAnswer>({
  migrations: MIGRATIONS,
  open: ({ write, read }) => openBooks({ write, read, nowUs: () => systemClock.unixUs() }),
});
