import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Dispatcher } from '../../events/outbox/dispatcher.ts';
import { readRewardsList } from '../../events/outbox/rewards-list.ts';
import { SECRET } from '../../events/outbox/testing/downstream.ts';
import { OutboxBooks } from '../../events/outbox/testing/outbox-books.ts';
import { systemTimers } from '../../events/timers.ts';
import { systemClock } from '../../packet/clock.ts';
import { createLog } from '../../service/log.ts';
import { WebhookSigner } from '../../service/webhooks.ts';
import { ROOT } from '../lib/tools.ts';

/** `FRAMECUE_KILLS=20`: the long run. */
const KILLS = Number(process.env.FRAMECUE_KILLS ?? 3);
const LIMIT_MS = 60_000 + KILLS * 20_000;

const signer = new WebhookSigner([SECRET]);

describe('the reward platform as a process', () => {
  let folder: string;
  let child: ChildProcess;
  let url = '';

  const start = async (port = 0): Promise<void> => {
    const args = ['scripts/framecue.ts', 'rewards', '--misbehave', '--json', '--port', String(port)];
    const env = { ...process.env, FRAMECUE_DATA_DIR: folder, FRAMECUE_REWARDS_SECRETS: SECRET };
    child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
    url = JSON.parse(line).url;
  };
  const misbehave = (how: object) =>
    fetch(url.replace('/grants', '/misbehave'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(how),
    });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  const list = () =>
    readRewardsList({
      ...{ url, signer, clock: systemClock, timeoutMs: 10_000, signedAnswers: true },
      newId: () => 'list_1',
    });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'framecue-rewards-'));
    await start();
  }, LIMIT_MS);
  afterEach(async () => {
    await end('SIGKILL');
    await rm(folder, { recursive: true });
  });

  test(
    'killed at random moments while it misbehaves: each item is done once, and none is lost',
    async () => {
      const books = new OutboxBooks(join(folder, 'events.db'));
      const items = 60 + KILLS * 40;
      for (let i = 0; i < items; i++) {
        const payload = { grant: `g_${i}`, amountMinor: i, currency: 'EUR' };
        books.enqueue({ id: `g_${i}`, lane: `pool-${i % 4}`, viewer: `v${i}`, payload });
      }
      const dispatcher = new Dispatcher({
        books,
        call: { url, signer, timeoutMs: 1_000, signedAnswers: true },
        lane: { concurrency: 3, perSecond: 20, breaker: { failures: 5, firstMs: 50, longestMs: 200 } },
        perSecond: 1_000,
        giveUpMs: 1e12,
        clock: systemClock,
        timers: systemTimers,
        // Short waits, as by chance.
        random: () => Math.random() / 8,
        log: createLog('events', { logLevel: 'silent' }),
      });
      const mood = {
        fail: 0.05,
        hangAfterWork: 0.02,
        dropAfterWork: 0.05,
        failAfterWork: 0.05,
        wrongSignature: 0.05,
      };
      dispatcher.start();
      const { port } = new URL(url);
      for (let kill = 0; kill < KILLS; kill++) {
        await misbehave(kill % 2 === 0 ? mood : { ...mood, crashAfterWork: 0.05 });
        await wait(Math.random() * 800);
        await end('SIGKILL');
        await start(Number(port));
      }
      await vi.waitFor(
        async () => expect(await books.ask('outbox.list', { state: 'queued', limit: 1 })).toEqual([]),
        { timeout: LIMIT_MS, interval: 100 },
      );
      await dispatcher.close(1_000);
      const listed = await list();
      expect(listed.map(({ id }) => id).sort()).toEqual(
        Array.from({ length: items }, (_, i) => `g_${i}`).sort(),
      );
      expect(await books.ask('outbox.list', { state: 'delivered', limit: items })).toHaveLength(items);
      expect(books.told).toHaveLength(items);
      books.db.close();
    },
    LIMIT_MS,
  );

  test('is reconciled by `framecue reconcile`, while events may write', { timeout: LIMIT_MS }, async () => {
    const ledger = join(folder, 'events.db');
    const books = new OutboxBooks(ledger);
    books.db.exec('PRAGMA journal_mode = WAL');
    books.db.exec(`INSERT INTO pools (id, show, terms, opened_us) VALUES ('gold', 's', '{}', 0)`);
    for (const n of ['1', '2']) {
      books.db.exec(`
        INSERT INTO rights (id, interaction, viewer, pool, prize, amount, currency, cause, state, earned_us)
        VALUES ('${n}', 'q', 'ann${n}', 'gold', 'p', 500, 'EUR', 'draw', 'granted', 0);
        INSERT INTO grants (id, right_id, made_us, reversible, interaction, pool, amount)
        VALUES ('g_${n}', '${n}', 0, 0, 'q', 'gold', 500)`);
      const payload = { grant: `g_${n}`, amountMinor: 500, currency: 'EUR' };
      books.enqueue({ id: `g_${n}`, viewer: `ann${n}`, payload });
    }
    const dispatcher = new Dispatcher({
      books,
      call: { url, signer, timeoutMs: 10_000, signedAnswers: true },
      lane: { concurrency: 3, perSecond: 100, breaker: { failures: 5, firstMs: 50, longestMs: 200 } },
      ...{ perSecond: 100, giveUpMs: 1e12, clock: systemClock, timers: systemTimers, random: Math.random },
      log: createLog('events', { logLevel: 'silent' }),
    });
    expect(await reconcile()).toMatchObject({ code: 0, counts: { waiting: 2, grants: 2, downstream: 0 } });
    expect(await reconcile('--settled')).toMatchObject({
      code: 1,
      differences: [{ kind: 'waiting' }, { kind: 'waiting' }],
    });
    await dispatcher.tick();
    await vi.waitFor(
      async () => expect(await books.ask('outbox.lanes', {})).toMatchObject([{ delivered: 2 }]),
      {
        timeout: 20_000,
      },
    );
    expect(await reconcile('--settled')).toMatchObject({
      code: 0,
      differences: [],
      counts: { downstream: 2 },
    });
    await misbehave({ duplicate: 1 });
    expect(await reconcile()).toMatchObject({
      ...{
        code: 1,
        differences: [
          { kind: 'twice-downstream', id: 'g_1' },
          { kind: 'twice-downstream', id: 'g_2' },
        ],
      },
    });
    await misbehave({});
    books.db.exec(`UPDATE outbox SET outcome = 'declined' WHERE id = 'g_2'`);
    expect(await reconcile()).toMatchObject({
      ...{
        code: 1,
        differences: [{ kind: 'declined-but-granted' }, { kind: 'downstream-differs', id: 'g_2' }],
      },
    });
    await end('SIGKILL');
    expect(await reconcile()).toMatchObject({ code: 1, error: { code: 'ERR_REWARDS_LIST' } });
    expect(await reconcile('--no-rewards')).toMatchObject({ code: 1, counts: { downstream: null } });
    await dispatcher.close(0);
    books.db.close();

    async function reconcile(...args: readonly string[]) {
      const env = {
        ...process.env,
        ...{ FRAMECUE_DATA_DIR: folder, FRAMECUE_REWARDS_SECRETS: SECRET, FRAMECUE_REWARDS_URL: url },
      };
      const run = spawn(process.execPath, ['scripts/framecue.ts', 'reconcile', '--json', ...args], {
        ...{ cwd: ROOT, env, stdio: ['ignore', 'pipe', 'ignore'] },
      });
      const chunks: Buffer[] = [];
      run.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
      const [code] = (await once(run, 'close')) as [number];
      return { code, ...JSON.parse(Buffer.concat(chunks).toString()) };
    }
  });
});
