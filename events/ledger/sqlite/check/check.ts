import type { DatabaseSync } from 'node:sqlite';
import type { LedgerHead } from '../../head.ts';
import { GENESIS } from '../blocks.ts';
import { headOf, prepareHead } from '../head.ts';
import { type ChainSeen, checkChain } from './chain.ts';
import { checkEntrants } from './entrants.ts';
import { Erased } from './erased.ts';
import type { Finding } from './finding.ts';
import { checkSchema, DERIVED, rebuild } from './rebuild.ts';
import { openSnapshot } from './snapshot.ts';
import { tooLarge } from './too-large.ts';

export interface CheckOptions {
  /** A head that was noted down elsewhere. */
  readonly known?: Pick<LedgerHead, 'block' | 'hash'> | null;
  /** Also makes the derived tables anew. Default true. */
  readonly rebuild?: boolean;
  /** Stops here. Default 20. */
  readonly maxFindings?: number;
}

export interface LedgerCheck {
  readonly good: boolean;
  /** In the order of the chain, then lists of draws, then the derived tables: the first is the first row that is wrong. */
  readonly findings: readonly Finding[];
  /** There may be more. */
  readonly stopped: boolean;
  readonly head: LedgerHead;
  /** Rows of answers and of the journal whose viewer was taken away, each covered by a `viewer.erased`. */
  readonly erased: { readonly rows: number; readonly viewers: number };
  /** Tables that were made anew and compared. */
  readonly rebuilt: readonly string[];
}

/**
 * Whether a ledger holds together. Reads a snapshot of the file, also while events writes it.
 * @throws {FramecueError} ERR_STORE_UNAVAILABLE where it is no ledger of this version.
 */
export function checkLedger(path: string, options: CheckOptions = {}): LedgerCheck {
  const { known = null, maxFindings = 20 } = options;
  const doesRebuild = options.rebuild ?? true;
  const snapshot = openSnapshot(path);
  const seen: ChainSeen = { head: GENESIS, erased: new Erased() };
  const findings: Finding[] = [];
  let stopped = false;
  try {
    for (const finding of allOf(snapshot, seen, known, doesRebuild)) {
      findings.push(finding);
      stopped = findings.length >= maxFindings;
      if (stopped) break;
    }
  } catch (error) {
    if (!isSqliteError(error)) throw error;
    findings.push(unreadable(snapshot, error));
  } finally {
    snapshot.close();
  }
  return {
    good: findings.length === 0,
    findings,
    stopped,
    head: headOf(seen.head),
    erased: { rows: seen.erased.count, viewers: seen.erased.viewers },
    rebuilt: doesRebuild ? DERIVED : [],
  };
}

/** @throws {FramecueError} as `checkLedger` */
export function readHead(path: string): LedgerHead {
  const snapshot = openSnapshot(path);
  try {
    return prepareHead(snapshot)();
  } finally {
    snapshot.close();
  }
}

function* allOf(
  snapshot: DatabaseSync,
  seen: ChainSeen,
  known: (CheckOptions['known'] & object) | null,
  doesRebuild: boolean,
): Iterable<Finding> {
  yield* checkFile(snapshot);
  yield* checkSchema(snapshot);
  yield* checkChain(snapshot, seen, known);
  yield* seen.erased.check(snapshot);
  yield* checkEntrants(snapshot);
  if (doesRebuild) yield* rebuild(snapshot);
}

/** Pages and indexes, by SQLite itself (https://www.sqlite.org/pragma.html#pragma_quick_check). */
function* checkFile(snapshot: DatabaseSync): Iterable<Finding> {
  for (const row of snapshot.prepare('PRAGMA live.quick_check(5)').all() as { quick_check: string }[]) {
    if (row.quick_check !== 'ok') {
      yield { table: null, row: null, block: null, problem: `the file is damaged: ${row.quick_check}` };
    }
  }
}

function unreadable(snapshot: DatabaseSync, error: Error): Finding {
  const problem = `the file cannot be read: ${error.message}`;
  const whole: Finding = { table: null, row: null, block: null, problem };
  try {
    return tooLarge(snapshot) ?? whole;
  } catch (again) {
    // The file itself is damaged, which is what is said then.
    if (!isSqliteError(again)) throw again;
    return whole;
  }
}

/** Also of a number that is larger than any that the program writes. */
const isSqliteError = (error: unknown): error is Error =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ERR_SQLITE_ERROR' || error.code === 'ERR_OUT_OF_RANGE');
