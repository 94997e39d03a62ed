/** The ledger's file in the data folder. */
export const LEDGER_FILE = 'events.db';

/** The name of the lock (`service/folder-lock.ts`) that whoever writes the ledger holds: events, or a command in its place. */
export const LEDGER_LOCK = 'events';
