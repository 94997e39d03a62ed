import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { MANIFEST_FILE } from './manifest.ts';
import { SHOW_NAME } from './show-store.ts';

/**
 * What a caller means by a show: a folder, its `show.json`, or the name of one in `shows`. Null: it is none of them,
 * and may be a recording made elsewhere.
 */
export function findShow(given: string, shows: string): string | null {
  if (basename(given) === MANIFEST_FILE && existsSync(given)) return resolve(given, '..');
  if (existsSync(join(given, MANIFEST_FILE))) return resolve(given);
  if (SHOW_NAME.test(given) && existsSync(join(shows, given, MANIFEST_FILE))) return join(shows, given);
  // A folder is no recording made elsewhere either: let it be read as the show that it should be.
  return existsSync(given) && statSync(given).isDirectory() ? resolve(given) : null;
}
