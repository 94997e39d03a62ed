import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../../../service/log.ts';
import { anInteraction, aSubmission } from '../fixtures.ts';
import type { LedgerHead } from '../head.ts';
import { QuickLedger, tamper } from '../quick-ledger.ts';
import { backupLedger, restoreLedger } from './backup.ts';
import { checkLedger } from './check/check.ts';
import { openSqliteLedger } from './ledger.ts';

const NOW_MS = 1_700_000_000_000;

let folder: string;
let path: string;
let saved: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-backup-'));
  path = join(folder, 'events.db');
  saved = join(folder, 'saved.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Adds so many rounds. @returns the head behind them */
function grow(rounds: readonly string[], at = path): LedgerHead {
  const ledger = new QuickLedger(at);
  for (const id of rounds) {
    ledger.create(anInteraction({ id }));
    ledger.submit(aSubmission({ id: `${id}-1`, interaction: id, viewer: 'ann' }));
  }
  const head = ledger.ask('ledger.head', {});
  ledger.close();
  return head;
}

describe('a backup', () => {
  test('is taken while events writes, whole, checked, and in one file', async () => {
    const log = createLog('events', { logLevel: 'silent' });
    const ledger = await openSqliteLedger({ path, log, maxQueued: 10_000, timeoutMs: 20_000 });
    await ledger.createInteraction(anInteraction());
    let isDone = false;
    let acknowledged = 0;
    const writing = (async () => {
      while (!isDone) {
        const viewers = Array.from({ length: 50 }, () => `v${acknowledged++}`);
        await Promise.all(viewers.map((viewer) => ledger.recordSubmission(aSubmission({ viewer }))));
      }
    })();
    await ledger.recordSubmission(aSubmission({ viewer: 'before' }));
    const report = await backupLedger(path, saved);
    const after = await ledger.recordSubmission(aSubmission({ viewer: 'after' }));
    isDone = true;
    await writing;
    await ledger.close();
    expect(after.kind).toBe('recorded');
    expect(report.bytes).toBe(statSync(saved).size);
    expect(statSync(saved).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter((name) => name.startsWith('saved'))).toEqual(['saved.db']);
    // Alone, elsewhere, it is the ledger up to its head, and the ledger goes on from there.
    expect(checkLedger(saved, { known: report.head })).toMatchObject({ good: true, head: report.head });
    expect(checkLedger(path, { known: report.head }).good).toBe(true);
  }, 30_000);

  test('is never written over another file', async () => {
    grow(['q1']);
    writeFileSync(saved, 'something else');
    await expect(backupLedger(path, saved)).rejects.toMatchObject({ code: 'ERR_OUTPUT_WRITE' });
    expect(statSync(saved).size).toBe(14);
  });

  test('of a ledger that does not hold together, or of nothing, is refused and leaves nothing behind', async () => {
    grow(['q1']);
    tamper(path, (db) => db.exec(`UPDATE submissions SET bucket = '3'`));
    await expect(backupLedger(path, saved)).rejects.toMatchObject({
      code: 'ERR_LEDGER_WRONG',
      message: expect.stringContaining('submissions row 1'),
    });
    await expect(backupLedger(join(folder, 'no.db'), saved)).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    });
    await expect(backupLedger(path, join(folder, 'no', 'x.db'))).rejects.toMatchObject({
      code: 'ERR_OUTPUT_WRITE',
    });
    expect(readdirSync(folder).filter((name) => name.startsWith('saved'))).toEqual([]);
  });
});

describe('a restore', () => {
  const restore = (options: { known?: LedgerHead; discardNewer?: boolean } = {}) =>
    restoreLedger(saved, path, { nowMs: NOW_MS, ...options });

  test('where nothing is', async () => {
    grow(['q1', 'q2']);
    const { head } = await backupLedger(path, saved);
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
    const report = await restore({ known: head });
    expect(report).toMatchObject({ head, kept: null, before: null });
    expect(readdirSync(folder).sort()).toEqual(['events.db', 'saved.db']);
    expect(report.copiedMs + report.checkedMs).toBeGreaterThanOrEqual(0);
    expect(grow(['q3']).rows.submissions).toBe(3);
    expect(checkLedger(path, { known: head }).good).toBe(true);
  });

  test('in place of a damaged ledger, which is kept', async () => {
    grow(['q1']);
    const { head } = await backupLedger(path, saved);
    writeFileSync(path, 'x'.repeat(10_000));
    const { kept } = await restore();
    expect(checkLedger(path, { known: head }).good).toBe(true);
    expect(statSync(kept!).size).toBe(10_000);
  });

  test('of a backup that the ledger has outgrown is refused, unless what is newer may go; it is kept then', async () => {
    grow(['q1']);
    const { head } = await backupLedger(path, saved);
    const newer = grow(['q2']);
    await expect(restore()).rejects.toMatchObject({
      code: 'ERR_LEDGER_NEWER',
      details: { there: newer, backup: head },
    });
    expect(checkLedger(path).head).toEqual(newer);
    const report = await restore({ discardNewer: true });
    expect(report.before).toEqual(newer);
    expect(checkLedger(path).head).toEqual(head);
    expect(checkLedger(report.kept!, { known: newer })).toMatchObject({ good: true, head: newer });
    expect(report.kept).toMatch(/events\.db\.before-2023-11-14T22-13-20-000Z$/);
  });

  test('takes no write-ahead log of the ledger that was there for its own', async () => {
    grow(['q1']);
    await backupLedger(path, saved);
    // As after a kill -9: commits that are in the log alone.
    const running = new QuickLedger(path);
    running.create(anInteraction({ id: 'only-in-the-log' }));
    for (const end of ['', '-wal']) copyFileSync(path + end, join(folder, `crashed.db${end}`));
    running.close();
    const crashed = join(folder, 'crashed.db');
    const report = await restoreLedger(saved, crashed, { nowMs: NOW_MS, discardNewer: true });
    expect(existsSync(`${crashed}-wal`)).toBe(false);
    expect(checkLedger(crashed)).toMatchObject({ good: true, head: { rows: { interactions: 1 } } });
    expect(checkLedger(report.kept!)).toMatchObject({ good: true, head: { rows: { interactions: 2 } } });
  });

  test('of a file that was tampered with, or is not the one that was meant, changes nothing', async () => {
    const head = grow(['q1']);
    await backupLedger(path, saved);
    const other = { ...head, hash: '0'.repeat(64) };
    await expect(restore({ known: other })).rejects.toMatchObject({ code: 'ERR_LEDGER_WRONG' });
    tamper(saved, (db) => db.exec(`UPDATE tallies SET n = 7`));
    await expect(restore()).rejects.toMatchObject({
      code: 'ERR_LEDGER_WRONG',
      message: expect.stringContaining('tallies'),
    });
    writeFileSync(saved, 'no ledger at all');
    await expect(restore()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    expect(checkLedger(path).head).toEqual(head);
    expect(readdirSync(folder).filter((name) => /restoring|before/.test(name))).toEqual([]);
  });
});
