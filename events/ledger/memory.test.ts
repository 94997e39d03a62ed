import { describeLedger } from './conformance.ts';
import { MemoryLedger } from './memory.ts';

describeLedger('memory', async () => {
  const ledger = new MemoryLedger();
  return { ledger, reopen: null, destroy: () => ledger.close() };
});
