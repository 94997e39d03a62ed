import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { AuditorSetup, FromAuditor, ToAuditor } from '../../qa/audit/messages.ts';
import { createLog } from '../../service/log.ts';
import { AuditThread } from './audit-thread.ts';

const folder = mkdtempSync(join(tmpdir(), 'framecue-audit-thread-'));
const log = createLog('test', { logLevel: 'silent' });
let thread: AuditThread | null = null;
afterEach(async () => {
  await thread?.close();
});
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const SETUP: AuditorSetup = {
  ...{ ownBase: 'http://127.0.0.1:1', ownHeader: { name: 'x', value: 'y' }, keys: { keys: [] } },
  ...{ timeoutMs: 5_000, named: [], wanted: [] },
};

/** A thread whose program is this text. */
function startThread(program: string, given: { silentMs?: number } = {}) {
  const file = join(folder, `program-${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(file, program);
  const heard: FromAuditor[] = [];
  const catchUp: ToAuditor[] = [{ kind: 'streams', streams: [] }];
  thread = new AuditThread({
    ...{ setup: () => SETUP, catchUp: () => catchUp, log, worker: pathToFileURL(file), firstRestartMs: 10 },
    onMessage: (message) => heard.push(message),
    ...given,
  });
  return { thread, heard };
}

const HELLO = `
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', (message) => parentPort.postMessage({ kind: 'health', outputs: [], dropped: 0, got: message.kind }));
`;

describe('the thread that reads outputs', () => {
  test('is started again after an error, and told again what it has to know', async () => {
    const { heard } = startThread(
      `${HELLO} setTimeout(() => { throw new Error('a fault that was put in'); }, 50);`,
    );
    await vi.waitFor(() => expect(thread!.restarts).toBeGreaterThanOrEqual(2), 10_000);
    expect(heard.length).toBeGreaterThanOrEqual(2);
    expect(heard.every((message) => (message as unknown as { got: string }).got === 'streams')).toBe(true);
  });

  test('that eats all the memory that it has ends alone', async () => {
    startThread(
      `${HELLO} const kept = []; setTimeout(() => { for (;;) kept.push(new Array(1e5).fill({})); }, 20);`,
    );
    await vi.waitFor(() => expect(thread!.restarts).toBeGreaterThanOrEqual(1), 30_000);
  }, 40_000);

  test('that says nothing any more is ended', async () => {
    startThread(`${HELLO} setTimeout(() => { for (;;); }, 20);`, { silentMs: 500 });
    await vi.waitFor(() => expect(thread!.restarts).toBeGreaterThanOrEqual(1), 10_000);
  });

  test('is not started again once it was closed', async () => {
    const { heard } = startThread(HELLO);
    await vi.waitFor(() => expect(heard).toHaveLength(1), 10_000);
    await thread!.close();
    expect(thread!.restarts).toBe(0);
  });

  test('is the only place where outputs are parsed: media itself knows messages and names alone', () => {
    const sources = [
      'audit.ts',
      'audit-thread.ts',
      'audit-metrics.ts',
      'audit-routes.ts',
      'audit-setup.ts',
      'media.ts',
    ];
    const imported = sources.flatMap((file) =>
      [
        ...readFileSync(new URL(file, import.meta.url), 'utf8').matchAll(
          /from '[./]*\/qa\/audit\/([\w-]+\.ts)'/g,
        ),
      ].map((match) => match[1]),
    );
    expect([...new Set(imported)].sort()).toEqual(['messages.ts', 'named-outputs.ts']);
  });
});
