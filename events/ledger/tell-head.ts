import type { Log } from '../../service/log.ts';
import type { Books } from './commands.ts';
import { headText } from './head.ts';

/**
 * A line of the log with the ledger's head: logs are kept elsewhere, and what they hold cannot be written anew together
 * with the ledger. Never throws: a start or an end does not fail for it.
 */
export async function tellHead(ledger: Books, log: Log, when: 'start' | 'end'): Promise<void> {
  try {
    const head = await ledger.ask('ledger.head', {});
    log.info({ head: headText(head), rows: head.rows, when }, 'the head of the ledger');
  } catch (error) {
    log.warn({ err: error, when }, 'the head of the ledger cannot be told');
  }
}
