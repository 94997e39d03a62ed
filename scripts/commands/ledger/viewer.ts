import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { LEDGER_FILE, LEDGER_LOCK } from '../../../events/ledger/place.ts';
import { openSnapshot } from '../../../events/ledger/sqlite/check/snapshot.ts';
import { openSqliteLedger } from '../../../events/ledger/sqlite/ledger.ts';
import { prepareViewerData } from '../../../events/ledger/sqlite/viewers/data.ts';
import { type Erasure, newPseudonym } from '../../../events/ledger/viewers.ts';
import { systemClock } from '../../../packet/clock.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { type FolderLock, lockFolder } from '../../../service/folder-lock.ts';
import { createLog } from '../../../service/log.ts';
import { ask, baseUrl, httpUrl, readRun, type Server, tokenFor } from '../server.ts';
import { dataDirOf, fileOf, type PlaceOptions, print, telling, withData, withFile } from './place.ts';

export const viewerCommand = (): Command =>
  withFile(new Command('viewer'))
    .description('all that is known of a viewer, as JSON: for them')
    .argument('<id>', 'as their token names them')
    .action((viewer: string, options: PlaceOptions) =>
      telling(false, async () => {
        const snapshot = openSnapshot(fileOf(options));
        try {
          print(JSON.stringify(prepareViewerData(snapshot, 'live')({ viewer }), null, 2));
        } finally {
          snapshot.close();
        }
      }),
    );

interface EraseOptions extends PlaceOptions {
  readonly events?: string;
  readonly token?: string;
}

const HELP = `
Their id and what they said go out of every row; counts, balances and the chain stay as they are, and the journal says
that it was done. It cannot be taken back. Backups that were made before still hold it: keep a list of who was erased,
and erase again after a restore.

Asks the events process that runs here, or the one at --events; where none runs it is done in the file itself.`;

export const eraseCommand = (): Command =>
  withData(new Command('erase'))
    .description("takes a viewer's data away")
    .argument('<id>', 'as their token names them')
    .addOption(
      new Option(
        '--events <url>',
        'base URL of events (default: the server that runs here, by run.json)',
      ).argParser(httpUrl),
    )
    .option('--token <token>', 'of one with the right treasurer (default: run.json)')
    .option('--json', 'print the outcome as JSON')
    .addHelpText('after', HELP)
    .action((viewer: string, options: EraseOptions) =>
      telling(options.json, async () => {
        try {
          const lock = options.events === undefined ? lockNow(dataDirOf(options)) : null;
          const erasure = await (lock === null
            ? eraseThere(viewer, options)
            : eraseHere(viewer, options, lock));
          print(options.json === true ? JSON.stringify(erasure) : describe(viewer, erasure));
        } catch (error) {
          const open = error instanceof FramecueError ? error.details?.open : undefined;
          if (options.json !== true && Array.isArray(open)) print(`under way: ${open.join('; ')}`);
          throw error;
        }
      }),
    );

/** Null while events runs. */
function lockNow(dataDir: string): FolderLock | null {
  try {
    return lockFolder(dataDir, LEDGER_LOCK, 0);
  } catch (error) {
    if (error instanceof FramecueError && error.details?.held === true) return null;
    throw error;
  }
}

async function eraseThere(viewer: string, options: EraseOptions): Promise<Erasure> {
  const run = readRun(dataDirOf(options));
  const url = options.events ?? run?.events;
  if (url === undefined) {
    throw new FramecueError('ERR_NOT_READY', 'Another process has the ledger: give --events and --token.');
  }
  const media = baseUrl(url);
  const token = tokenFor(media, options.token, run?.events, run?.tokens.treasurer, []);
  const server: Server = { media, what: 'events', token, stream: '' };
  return ask<Erasure>(server, 'POST', `/api/v1/viewers/${encodeURIComponent(viewer)}/erase`, {});
}

async function eraseHere(viewer: string, options: EraseOptions, lock: FolderLock): Promise<Erasure> {
  const path = join(dataDirOf(options), LEDGER_FILE);
  try {
    openSnapshot(path).close();
    const log = createLog('ledger', { logLevel: 'silent' });
    const ledger = await openSqliteLedger({ path, log, maxQueued: 10, timeoutMs: 60_000 });
    try {
      const by = `${userInfo().username} (framecue ledger erase)`;
      return await ledger.perform('viewer.erase', {
        ...{ viewer, pseudonym: newPseudonym(), by, atUs: systemClock.unixUs() },
      });
    } finally {
      await ledger.close();
    }
  } finally {
    lock.release();
  }
}

const describe = (viewer: string, { pseudonym, submissions, journal }: Erasure): string =>
  pseudonym === null
    ? `nothing is known of ${viewer}`
    : `erased: ${submissions} answers and ${journal} entries of the journal; ${pseudonym} stands there now`;
