import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import type { FramecueError } from '../packet/errors.ts';
import { unixMs } from '../packet/time.ts';
import { createLog } from '../service/log.ts';
import { type CueLog, type CueLogOptions, openCueLog } from './cue-log.ts';
import type { KeyRow } from './cue-log-messages.ts';
import { sampleCue } from './testing/cues.ts';

const NOW = unixMs(1_700_000_000_000);
const DAY_MS = 86_400_000;

let folder: string;
let path: string;
const opened: CueLog[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-cue-log-'));
  path = join(folder, 'cues.db');
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((cueLog) => cueLog.close(false)));
  rmSync(folder, { recursive: true, force: true });
});

async function open(options: Partial<CueLogOptions> = {}) {
  const log = createLog('test', { logLevel: 'silent' });
  const result = await openCueLog({
    ...{ path, log, maxQueued: 1_000, timeoutMs: 10_000, keepDays: 30, keepEntries: 100_000 },
    ...options,
  });
  opened.push(result.cueLog);
  return result;
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'taken',
    (error: FramecueError) => error,
  );
const seqs = async (cueLog: CueLog, after: number) => {
  const page = await cueLog.after(after);
  return page.kind === 'rows' ? page.rows.map((row) => `${row.seq}:${row.id}`) : page.kind;
};
const entry = (cue: Cue) => ({ cue, at: NOW, forgetKey: false });
const keyOf = (cueId: string, key = 'k'): KeyRow => ({ token: 'director', key, hash: 'h', cueId, at: NOW });

test('entries are told in order as they are committed, and read back the same', async () => {
  const { cueLog } = await open();
  const told: string[] = [];
  cueLog.onCommitted((row) => told.push(`${row.seq}:${row.id}`));
  await Promise.all(['a', 'b', 'c'].map((id) => cueLog.accept(sampleCue(id), NOW, null)));
  await cueLog.update([entry(sampleCue('b', { state: 'landed' }))]);
  expect(told).toEqual(['1:a', '2:b', '3:c', '4:b']);
  expect(cueLog.lastSeq).toBe(4);
  expect(await seqs(cueLog, 1)).toEqual(['2:b', '3:c', '4:b']);
  expect(await seqs(cueLog, 4)).toEqual([]);
  expect(await cueLog.find('b')).toEqual(sampleCue('b', { state: 'landed' }));
  expect(await cueLog.find('nobody')).toBeNull();
});

test('tells the whole story of one cue', async () => {
  const { cueLog } = await open();
  await Promise.all(['a', 'b'].map((id) => cueLog.accept(sampleCue(id), NOW, null)));
  await cueLog.update([
    entry(sampleCue('a', { state: 'landed' })),
    entry(sampleCue('b', { state: 'landed' })),
  ]);
  await cueLog.update([entry(sampleCue('a', { state: 'ended' }))]);
  const story = await cueLog.history('a');
  expect(story.map(({ seq, cue }) => `${seq}:${cue.state}`)).toEqual(['1:accepted', '3:landed', '5:ended']);
  expect(await cueLog.history('nobody')).toEqual([]);
});

test('opened again it is the same log, and knows cues, keys, switches, and how it was closed', async () => {
  const first = await open();
  await first.cueLog.accept(sampleCue('a'), NOW, keyOf('a'));
  await first.cueLog.accept(sampleCue('b'), NOW, null);
  await first.cueLog.update([entry(sampleCue('b', { state: 'ended' }))]);
  await first.cueLog.setStamping('live/main', false);
  await first.cueLog.setStamping('live/other', false);
  await first.cueLog.setStamping('live/other', true);
  await first.cueLog.close(true);

  const second = await open();
  expect(second.cueLog.epoch).toBe(first.cueLog.epoch);
  expect(second.cueLog.lastSeq).toBe(3);
  expect(second.start).toEqual({
    cues: [sampleCue('a'), sampleCue('b', { state: 'ended' })],
    keys: [keyOf('a')],
    stampingOff: ['live/main'],
    cleanStop: true,
    lastAt: expect.any(Number),
  });
  await second.cueLog.close(false);
  expect((await open()).start.cleanStop).toBe(false);
});

test('another file is another log', async () => {
  const first = await open();
  path = join(folder, 'other.db');
  const second = await open();
  expect(second.cueLog.epoch).toMatch(/^[0-9a-f]{16}$/);
  expect(second.cueLog.epoch).not.toBe(first.cueLog.epoch);
});

test('an id is taken once, and a key by one token once a day; the others are not lost', async () => {
  const { cueLog } = await open();
  const outcomes = await Promise.all([
    refusal(cueLog.accept(sampleCue('a'), NOW, keyOf('a'))),
    refusal(cueLog.accept(sampleCue('a'), NOW, null)),
    refusal(cueLog.accept(sampleCue('b'), NOW, keyOf('b'))),
    refusal(cueLog.accept(sampleCue('c'), NOW, { ...keyOf('c'), token: 'anna' })),
    refusal(cueLog.accept(sampleCue('d'), NOW, { ...keyOf('d'), at: unixMs(NOW + DAY_MS + 1) })),
  ]);
  expect(
    outcomes.map((outcome) => (outcome === 'taken' ? outcome : (outcome as FramecueError).code)),
  ).toEqual(['taken', 'ERR_CUE_EXISTS', 'ERR_IDEMPOTENCY_CONFLICT', 'taken', 'taken']);
  expect(await seqs(cueLog, 0)).toEqual(['1:a', '2:c', '3:d']);
});

test('cues are listed by acceptance, newest first, page by page', async () => {
  const { cueLog } = await open();
  for (const id of ['a', 'b', 'c', 'd']) await cueLog.accept(sampleCue(id), NOW, null);
  await cueLog.accept(sampleCue('else', { stream: 'live/other' }), NOW, null);
  await cueLog.update([entry(sampleCue('a', { state: 'landed' }))]);
  const ids = async (before: string | null) =>
    (await cueLog.list('live/main', 2, before))?.map((cue) => cue.id) ?? null;
  expect(await ids(null)).toEqual(['d', 'c']);
  expect(await ids('c')).toEqual(['b', 'a']);
  expect(await ids('a')).toEqual([]);
  expect(await ids('else')).toBeNull();
});

describe('what is old', () => {
  test('goes, except the newest entry of every cue that is not over; the gap is told', async () => {
    const { cueLog } = await open({ keepEntries: 3 });
    await cueLog.accept(sampleCue('open'), NOW, null);
    await cueLog.update([entry(sampleCue('open', { state: 'landed' }))]);
    for (let at = 0; at < 5; at++) {
      await cueLog.accept(sampleCue(`c${at}`), NOW, null);
      await cueLog.update([entry(sampleCue(`c${at}`, { state: 'missed' }))]);
    }
    expect(await cueLog.compact(NOW)).toBeGreaterThan(0);
    expect(await seqs(cueLog, 0)).toBe('too-old');
    expect(await seqs(cueLog, 8)).toBe('too-old');
    expect(await seqs(cueLog, 9)).toEqual(['10:c3', '11:c4', '12:c4']);
    expect(await cueLog.find('open')).toMatchObject({ state: 'landed' });
    expect(await cueLog.find('c2')).toBeNull();
    expect(await cueLog.find('c4')).toMatchObject({ state: 'missed' });

    const { seq, rows } = await cueLog.snapshot(null);
    expect(seq).toBe(12);
    expect(rows.map((row) => row.id)).toEqual(['open', 'c3', 'c4']);
    expect((await cueLog.snapshot('live/other')).rows).toEqual([]);

    await cueLog.update([entry(sampleCue('open', { state: 'ended' }))]);
    expect(await cueLog.compact(NOW)).toBe(1);
    expect(await seqs(cueLog, 10)).toEqual(['11:c4', '12:c4', '13:open']);
  });

  test('goes by age too, and keys go after a day', async () => {
    const first = await open({ keepDays: 2 });
    await first.cueLog.accept(sampleCue('old'), NOW, keyOf('old'));
    await first.cueLog.update([entry(sampleCue('old', { state: 'ended' }))]);
    const later = unixMs(NOW + 2 * DAY_MS + 1);
    await first.cueLog.accept(sampleCue('new'), later, { ...keyOf('new', 'k2'), at: later });
    expect(await first.cueLog.compact(later)).toBe(2);
    await first.cueLog.close(true);
    const { start } = await open();
    expect(start.cues.map((cue) => cue.id)).toEqual(['new']);
    expect(start.keys.map((row) => row.key)).toEqual(['k2']);
  });

  test('goes in small steps, so that cues are accepted in between', async () => {
    const { cueLog } = await open({ keepEntries: 100 });
    await Promise.all(
      Array.from({ length: 900 }, (_, at) =>
        cueLog.accept(sampleCue(`c${at}`, { state: 'missed' }), NOW, null),
      ),
    );
    const compacted = cueLog.compact(NOW);
    await cueLog.accept(sampleCue('between'), NOW, null);
    expect(await compacted).toBeGreaterThanOrEqual(800);
    expect(await cueLog.find('between')).not.toBeNull();
  });
});

test('a full disk refuses with a code, half-accepts nothing, and goes on when there is room', async () => {
  const { cueLog } = await open({ maxPages: 40 });
  const told: string[] = [];
  cueLog.onCommitted((row) => told.push(row.id));
  const large = (id: string) => sampleCue(id, { data: { text: 'x'.repeat(60_000) } });
  let refused: FramecueError | 'taken' = 'taken';
  for (let at = 0; at < 10 && refused === 'taken'; at++) {
    refused = (await refusal(cueLog.accept(large(`large${at}`), NOW, keyOf('x', `k${at}`)))) as FramecueError;
  }
  expect(refused).toMatchObject({
    code: 'ERR_STORE_UNAVAILABLE',
    status: 503,
    details: { problem: 'disk full' },
  });
  const page = await cueLog.after(0);
  expect(page.kind === 'rows' && page.rows.map((row) => row.id)).toEqual(told);
  expect(await cueLog.find(`large${told.length}`)).toBeNull();
  await cueLog.accept(sampleCue('small'), NOW, null);
  expect(told.at(-1)).toBe('small');
});

test('entries that were refused as perhaps committed, and are, are told all the same, in order', async () => {
  const { cueLog } = await open({ timeoutMs: 300 });
  const told: string[] = [];
  cueLog.onCommitted((row) => told.push(`${row.seq}:${row.id}`));
  await cueLog.accept(sampleCue('before'), NOW, null);
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  const outcomes = await Promise.all(
    ['late1', 'late2'].map((id) => refusal(cueLog.accept(sampleCue(id), NOW, null))),
  );
  other.exec('ROLLBACK');
  other.close();
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', details: { mayBeCommitted: true } });
  }
  await vi.waitFor(() => expect(told).toEqual(['1:before', '2:late1', '3:late2']), 15_000);
  await cueLog.accept(sampleCue('after'), NOW, null);
  expect(told.at(-1)).toBe('4:after');
});

test('kill -9 loses nothing that was acknowledged', async () => {
  const program = fileURLToPath(new URL('./testing/append-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      printed += chunk;
      if (printed.split('\n').length > 30) child.kill('SIGKILL');
    });
    child.once('close', () => resolve());
  });
  const acknowledged = printed.split('\n').slice(0, -1);
  expect(acknowledged.length).toBeGreaterThanOrEqual(30);
  const { cueLog, start } = await open();
  expect(start.cleanStop).toBe(false);
  for (const id of acknowledged) expect(await cueLog.find(id)).toMatchObject({ id, state: 'landed' });
  const keyed = new Set(start.keys.map((row) => row.cueId));
  for (const id of acknowledged) expect(keyed).toContain(id);
}, 30_000);
