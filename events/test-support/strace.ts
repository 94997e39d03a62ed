import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/**
 * What strace is to write down: everything that reaches the disk or a socket. -D: the process stays our child and strace
 * watches from aside, so that killing it kills it.
 */
export const TRACED: readonly string[] = [
  ...['-D', '-f', '-yy', '-tt', '-s', '9000'],
  ...['-e', 'trace=fdatasync,fsync,write,writev,pwrite64,pwritev,sendto,sendmsg'],
];

/** Where fdatasync of the write-ahead log has returned 0: on its own line, or where the call is resumed. */
export function isSyncOfLedger(line: string, lines: readonly string[], at: number): boolean {
  if (/f(data)?sync\(\d+<[^>]*events\.db-wal[^>]*>\) += 0/.test(line)) return true;
  if (!/<\.\.\. f(data)?sync resumed>.* = 0/.test(line)) return false;
  const thread = line.split(' ')[0]!;
  const begun = lines
    .slice(0, at)
    .findLast((before) => before.startsWith(`${thread} `) && /f(data)?sync\(/.test(before));
  return begun?.includes('events.db-wal') === true;
}

/** @returns its path */
export async function straceOnPath(): Promise<string> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'strace');
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new Error(
    "strace is not installed: apt-get install strace (or your system's way), then run this again",
  );
}
