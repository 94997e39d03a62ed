import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { anInteraction, aSubmission, openedBy, revealedBy } from '../../events/ledger/fixtures.ts';
import { LEDGER_FILE, LEDGER_LOCK } from '../../events/ledger/place.ts';
import { QuickLedger, tamper } from '../../events/ledger/quick-ledger.ts';
import { DIRECTOR, EventsUnderTest, READER } from '../../events/test-support/harness.ts';
import { FEED_TOKEN } from '../../events/test-support/media-server.ts';
import { lockFolder } from '../../service/folder-lock.ts';
import { createTokenRegistry } from '../../service/tokens.ts';
import { ROOT } from '../lib/tools.ts';

/** Each starts several processes, one after the other. */
vi.setConfig({ testTimeout: 240_000 });

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'framecue-ledger-cli-'));
});
afterEach(() => rmSync(data, { recursive: true }));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const ledger = (...args: readonly string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const command = [join(ROOT, 'scripts/framecue.ts'), 'ledger', ...args, '--data', data];
    const child = execFile(process.execPath, command, { timeout: 60_000 }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });

function fill(): void {
  const books = new QuickLedger(join(data, LEDGER_FILE));
  books.create(anInteraction({ id: 'q1' }));
  books.step(openedBy('q1', {}));
  books.submit(aSubmission({ viewer: 'ann' }), aSubmission({ viewer: 'bob' }));
  books.close();
}

test('head, check, and what they say of a ledger that was changed', async () => {
  expect(await ledger('check')).toMatchObject({ code: 1, stderr: expect.stringContaining('is not there') });
  fill();
  const head = (await ledger('head')).stdout.trim();
  expect(head).toMatch(/^3:[0-9a-f]{64}$/);
  const good = await ledger('check', '--head', head);
  expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('the ledger holds together') });
  expect((await ledger('check', '--head', '3')).code).toBe(2);
  tamper(join(data, LEDGER_FILE), (db) => db.exec(`UPDATE submissions SET bucket = '3' WHERE seq = 2`));
  const bad = await ledger('check', '--json');
  expect(bad.code).toBe(1);
  const { good: isGood, findings } = JSON.parse(bad.stdout);
  expect(isGood).toBe(false);
  expect(findings[0]).toMatchObject({ table: 'submissions', row: 2 });
});

test('backup, restore, and why a restore is refused', async () => {
  fill();
  const saved = join(data, 'saved.db');
  const backup = await ledger('backup', saved, '--json');
  const { head } = JSON.parse(backup.stdout);
  const known = `${head.block}:${head.hash}`;
  // Events has the folder.
  const lock = lockFolder(data, LEDGER_LOCK);
  const running = await ledger('restore', saved);
  expect(running).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/Stop events, restore, and start it again.*ERR_LEDGER_BUSY/),
  });
  expect(running.stderr).not.toContain('events process works in');
  lock.release();
  const books = new QuickLedger(join(data, LEDGER_FILE));
  books.step(revealedBy('q1', {}, {}));
  books.close();
  expect(await ledger('restore', saved)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('ERR_LEDGER_NEWER'),
  });
  const back = await ledger('restore', saved, '--discard-newer', '--head', known, '--json');
  expect(JSON.parse(back.stdout)).toMatchObject({ head, tookMs: expect.any(Number) });
  expect((await ledger('head')).stdout.trim()).toBe(known);
  expect(readdirSync(data).filter((name) => name.includes('.before-'))).toHaveLength(1);
});

test('export to a file and to standard output', async () => {
  fill();
  const out = join(data, 'export.jsonl');
  expect((await ledger('export', out)).code).toBe(0);
  const lines = readFileSync(out, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(7);
  expect((await ledger('export', out)).stderr).toContain('is there already');
  const csv = (await ledger('export', '--format', 'csv', '--no-viewers', '--after', '2')).stdout;
  expect(csv.trim().split('\r\n')).toHaveLength(4);
  expect(csv).not.toContain('ann');
});

test('a viewer is shown and erased in the file, where no events process runs', async () => {
  fill();
  expect(JSON.parse((await ledger('viewer', 'ann')).stdout).answers).toHaveLength(1);
  const busy = await ledger('erase', 'ann');
  expect(busy).toMatchObject({ code: 1, stdout: 'under way: an answer to q1, which is not over\n' });
  const books = new QuickLedger(join(data, LEDGER_FILE));
  books.step(revealedBy('q1', {}, {}));
  books.close();
  expect((await ledger('erase', 'ann')).stdout).toMatch(/^erased: 1 answers and 0 entries/);
  expect((await ledger('erase', 'ann')).stdout).toBe('nothing is known of ann\n');
  expect((await ledger('check')).stdout).toContain('1 rows of 1 viewers erased');
});

test('... and by the events process where one runs', async () => {
  const treasurer = 'treasurer-token-for-tests';
  const events = await new EventsUnderTest({
    tokens: createTokenRegistry([
      { name: 'director', token: DIRECTOR, rights: ['direct'] },
      { name: 'reader', token: READER, rights: ['read'] },
      { name: 'feed', token: FEED_TOKEN, rights: ['feed'] },
      { name: 'tess', token: treasurer, rights: ['treasurer'] },
    ]),
  }).start();
  const lock = lockFolder(data, LEDGER_LOCK);
  try {
    expect(await ledger('erase', 'ann')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--events'),
    });
    const run = { events: events.url, tokens: { treasurer } };
    writeFileSync(join(data, 'run.json'), JSON.stringify(run));
    await events.quiz('q1');
    await events.publish(
      events.land({ id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } }),
    );
    await events.submit('q1', await events.session('ann/1'));
    expect((await ledger('erase', 'ann/1')).stdout).toContain('q1, which is not over');
    const reveal = { id: 'r', type: 'interaction.reveal', ref: 'open-1' } as const;
    await events.publish(events.land(reveal));
    expect(JSON.parse((await ledger('erase', 'ann/1', '--json')).stdout)).toMatchObject({ submissions: 1 });
  } finally {
    lock.release();
    await events.stop();
  }
});
