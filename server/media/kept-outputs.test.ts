import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Director } from '../../director/director.ts';
import { systemClock } from '../../packet/clock.ts';
import { createLog } from '../../service/log.ts';
import { loadSettings } from '../../service/settings.ts';
import type { Audit } from './audit.ts';
import { openAudit } from './audit-setup.ts';
import { KEPT_OUTPUTS_FILE } from './kept-outputs.ts';
import type { StreamRegistry } from './stream-registry.ts';

const STREAM = 'live/main';
/** Nobody listens there. */
const ADDRESS = 'http://127.0.0.1:9/x.flv?token=hidden';

let folder: string;
let path: string;
let logged: string;
let running: { readonly audit: Audit; readonly registry: Registry } | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-kept-outputs-'));
  path = join(folder, KEPT_OUTPUTS_FILE);
  logged = '';
  running = null;
});
afterEach(async () => {
  await running?.audit.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The audit as media opens it, reading thread and all; no stream is on air, and no cue is uncertain. */
async function start(env: Record<string, string> = {}): Promise<Audit> {
  await running?.audit.close();
  const registry = new Registry();
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logged += String(chunk);
      done();
    },
  });
  const audit = openAudit({
    settings: loadSettings({ FRAMECUE_DATA_DIR: folder, ...env }).settings,
    director: { book: { uncertain: () => [] } } as unknown as Director,
    streams: { all: () => [] } as unknown as StreamRegistry,
    ...{ clock: systemClock, log: createLog('test', { logLevel: 'info' }, sink), registry },
    ...{ secret: 'x', keys: { keys: [] }, ownBase: 'http://127.0.0.1:9' },
  })!;
  running = { audit, registry };
  return audit;
}

const names = (audit: Audit): readonly string[] =>
  audit
    .status(STREAM)
    .outputs.map(({ output }) => output)
    .sort();

describe('outputs that are named at run time', () => {
  test('are read again after a restart, with their metrics, and the settings stay out of the file', async () => {
    const env = { FRAMECUE_AUDIT_URLS: '@setting=http://127.0.0.1:9/of-the-setting' };
    const first = await start(env);
    await first.add(STREAM, { url: ADDRESS, label: 'cdn' });
    await first.add(STREAM, { url: 'http://127.0.0.1:9/plain.flv' });
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(ADDRESS);
    expect(text).not.toContain('of-the-setting');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual([KEPT_OUTPUTS_FILE]);

    const second = await start(env);
    expect(names(second)).toEqual(['127.0.0.1:9/plain.flv', 'cdn', 'setting']);
    await vi.waitFor(
      async () => {
        const metric = await running!.registry.getSingleMetricAsString('framecue_audit_missing');
        expect(metric).toContain(`framecue_audit_missing{stream="${STREAM}",output="cdn"} 0`);
      },
      { timeout: 20_000 },
    );
    await expect(second.add(STREAM, { url: ADDRESS, label: 'cdn' })).rejects.toMatchObject({
      code: 'ERR_AUDIT_EXISTS',
    });
    expect(logged).not.toContain('hidden');
  });

  test('are gone for good when they are removed', async () => {
    const first = await start();
    await first.add(STREAM, { url: ADDRESS, label: 'cdn' });
    await first.add(STREAM, { url: ADDRESS, label: 'edge' });
    expect(await first.remove(STREAM, 'cdn')).toBe(true);
    expect(await first.remove(STREAM, 'cdn')).toBe(false);
    expect(names(await start())).toEqual(['edge']);
  });

  test('named at once are all kept', async () => {
    const first = await start();
    const labels = ['a', 'b', 'c', 'd'];
    await Promise.all(labels.map((label) => first.add(STREAM, { url: ADDRESS, label })));
    expect(names(await start())).toEqual(labels);
  });

  test('are neither read nor lost where the file cannot be written', async () => {
    const audit = await start();
    await audit.add(STREAM, { url: ADDRESS, label: 'cdn' });
    mkdirSync(`${path}.draft`);
    await expect(audit.add(STREAM, { url: ADDRESS, label: 'more' })).rejects.toMatchObject({
      code: 'ERR_AUDIT_FILE',
    });
    await expect(audit.remove(STREAM, 'cdn')).rejects.toMatchObject({ code: 'ERR_AUDIT_FILE' });
    expect(names(audit)).toEqual(['cdn']);
    rmSync(`${path}.draft`, { recursive: true });
    await audit.add(STREAM, { url: ADDRESS, label: 'more' });
    expect(names(await start())).toEqual(['cdn', 'more']);
  });
});

describe('a file that cannot be used', () => {
  test.each([
    ['no JSON', '{"version":1,"outputs":[{"url":"http://hidden/'],
    ['another version', '{"version":2,"outputs":[]}'],
    ['empty', ''],
    ['too large', `{"version":1,"outputs":[],"hidden":"${'x'.repeat(600_000)}"}`],
  ])('(%s) is logged with a code, set aside and passed over', async (_what, text) => {
    writeFileSync(path, text);
    const audit = await start({ FRAMECUE_AUDIT_URLS: '@setting=http://127.0.0.1:9/x' });
    expect(names(audit)).toEqual(['setting']);
    expect(logged).toContain('"code":"ERR_AUDIT_FILE"');
    expect(logged).not.toContain('hidden');
    expect(readFileSync(`${path}.unusable`, 'utf8')).toBe(text);
    expect(existsSync(path)).toBe(false);
    await audit.add(STREAM, { url: ADDRESS, label: 'cdn' });
    expect(names(await start())).toEqual(['cdn']);
  });

  test('for a folder in its place, media starts too', async () => {
    mkdirSync(path);
    expect(names(await start())).toEqual([]);
    expect(logged).toContain('EISDIR');
  });

  const good = { stream: STREAM, label: 'good', url: 'http://127.0.0.1:9/good' };
  test.each([
    ['a file as address', { ...good, label: 'bad', url: 'file:///hidden' }],
    ["an own output's name", { ...good, label: 'hls' }],
    ['no stream', { ...good, label: 'bad', stream: '../hidden' }],
    ['nothing', null],
    ['a twin', { ...good, url: 'http://127.0.0.1:9/hidden' }],
    ['the name of a setting', { ...good, label: 'setting' }],
    ['a stream that is not allowed', { ...good, stream: 'other/main' }],
  ])('in one entry (%s) loses that alone', async (_what, entry) => {
    writeFileSync(path, JSON.stringify({ version: 1, outputs: [good, entry] }));
    const env = {
      FRAMECUE_AUDIT_URLS: '@setting=http://127.0.0.1:9/x',
      FRAMECUE_STREAMS: 'live/main,live/two',
    };
    expect(names(await start(env))).toEqual(['good', 'setting']);
    expect(logged).toContain('"code":"ERR_AUDIT_FILE"');
    expect(logged).not.toContain('hidden');
  });

  test('by more entries than may be keeps the first ones', async () => {
    const outputs = ['a', 'b', 'c'].map((label) => ({ ...good, label }));
    writeFileSync(path, JSON.stringify({ version: 1, outputs }));
    expect(names(await start({ FRAMECUE_AUDIT_OUTPUTS: '2' }))).toEqual(['a', 'b']);
    expect(logged).toContain('"output":"c"');
  });
});
