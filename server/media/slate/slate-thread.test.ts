import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../service/log.ts';
import { testPackets } from '../testing/show-rig.ts';
import { SlateThread } from './slate-thread.ts';

const log = createLog('test', { logLevel: 'silent' });
const folder = mkdtempSync(join(tmpdir(), 'framecue-thread-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FRAME = { record: new Uint8Array(3), data: new Uint8Array(3), arrivedAt: 1_795_000_000_000 };

function worker(name: string, onMessage: string): URL {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(
    path,
    `import { parentPort } from 'node:worker_threads';\nparentPort.on('message', ({ id }) => { ${onMessage} });\n`,
  );
  return pathToFileURL(path);
}

describe('the thread that reads slates', () => {
  it('reads a real picture without a slate as such, and damaged ones as damaged', async () => {
    const packets = await testPackets('plain-25', 50);
    const config = packets.find((packet) => packet.kind === 'avc-config');
    const frame = packets.find((packet) => packet.kind === 'avc-frame');
    if (config?.kind !== 'avc-config' || frame?.kind !== 'avc-frame') throw new Error('no picture');
    const thread = new SlateThread(log);
    const { record } = config;
    const read = thread.read({ ...FRAME, record, data: frame.data });
    const damaged = thread.read(FRAME);
    expect(await read).toEqual({ ok: false, reason: 'no-slate' });
    expect(await damaged).toEqual({ ok: false, reason: 'decode-failed' });
    expect(await thread.read({ ...FRAME, record })).toEqual({ ok: false, reason: 'decode-failed' });
    await thread.rest();
  });

  it('that hangs is ended, and the next picture starts it anew', async () => {
    const file = worker('hangs', `for (;;);`);
    const thread = new SlateThread(log, { worker: file, timeoutMs: 300 });
    expect(await thread.read(FRAME)).toEqual({ ok: false, reason: 'decode-timeout' });
    expect(await thread.read(FRAME)).toEqual({ ok: false, reason: 'decode-timeout' });
    await thread.rest();
  });

  it('that breaks costs its picture alone', async () => {
    const answer = `{ id, outcome: { ok: false, reason: 'no-slate' } }`;
    const file = worker(
      'breaks',
      `if (id === 1) throw new Error('broken'); parentPort.postMessage(${answer});`,
    );
    const thread = new SlateThread(log, { worker: file });
    expect(await thread.read(FRAME)).toEqual({ ok: false, reason: 'decode-failed' });
    expect(await thread.read(FRAME)).toEqual({ ok: false, reason: 'no-slate' });
    await thread.rest();
  });

  it('takes no more pictures than may wait', async () => {
    const thread = new SlateThread(log, { worker: worker('mute', '') });
    const taken = Array.from({ length: 9 }, () => thread.read(FRAME));
    expect(taken).not.toContain(null);
    expect(thread.read(FRAME)).toBeNull();
    await thread.rest();
    for (const one of taken) expect(await one).toEqual({ ok: false, reason: 'decode-failed' });
  });

  it('at rest gives up what it was reading', async () => {
    const thread = new SlateThread(log, { worker: worker('silent', '') });
    const read = thread.read(FRAME);
    await thread.rest();
    expect(await read).toEqual({ ok: false, reason: 'decode-failed' });
  });
});
