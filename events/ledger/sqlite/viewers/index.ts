import type { LedgerDomain } from '../domains.ts';
import { prepareHead } from '../head.ts';
import { prepareViewerData } from './data.ts';
import { prepareErase } from './erase.ts';

/** What the ledger knows of one viewer: given to them, and taken away. Has no tables of its own. */
export const viewers: LedgerDomain = {
  name: 'viewers',
  schema: '',
  tables: [],
  reducers: () => ({
    // What it did is in the rows that it names: a rebuild meets the pseudonym from the start.
    'viewer.erased': () => undefined,
  }),
  prepare: ({ db, journal, others }) => ({
    commands: { 'viewer.erase': prepareErase({ db, journal, others }) },
  }),
  prepareReads: (db) => ({
    questions: { 'viewer.data': prepareViewerData(db), 'ledger.head': prepareHead(db) },
  }),
};
