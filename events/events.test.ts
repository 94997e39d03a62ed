import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createCors } from '../service/cors.ts';
import { createLog } from '../service/log.ts';
import { createTokenRegistry } from '../service/tokens.ts';
import { createEvents } from './events.ts';
import { EventsUnderTest, JWT_SECRET } from './test-support/harness.ts';
import { until } from './test-support/until.ts';

let t: EventsUnderTest | null = null;
afterEach(async () => {
  await t?.stop();
  t = null;
});

describe('the events process', () => {
  test('is ready once the feed has been reached, and stays so while media is away', async () => {
    t = await new EventsUnderTest().start();
    expect((await t.get('/health/ready')).body).toMatchObject({
      ready: true,
      checks: { ledger: 'good', feed: 'good' },
    });
    await t.media.close();
    await until(() => {
      t!.time.advance(5_000);
      expect(t!.events.status().feed).toMatchObject({ state: 'waiting', everConnected: true });
    });
    expect((await t.get('/health/ready')).status).toBe(200);
    await t.quiz('q1');
    expect((await t.get('/api/v1/interactions/q1/result')).status).toBe(200);
  });

  test('says what it holds', async () => {
    t = await new EventsUnderTest().start();
    await t.quiz('q1');
    await t.publish(t.land({ id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } }));
    await until(() => expect(t!.events.status().stampKeys).toBe(1));
    expect(t.events.status()).toMatchObject({
      feed: { state: 'connected', position: 'log1.1', lastProblem: null, lagMs: 0 },
      ledger: { state: 'open', queued: 0, queueLimit: 20_000 },
      interactions: { live: 1, held: 0 },
      cues: 1,
      stampKeys: 1,
    });
  });

  test('does not start on a ledger that is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'framecue-events-'));
    const ledgerPath = join(folder, 'events.db');
    await writeFile(ledgerPath, 'this is no database, and long enough to be looked at as one'.repeat(100));
    await expect(
      createEvents({
        ledgerPath,
        mediaUrl: 'http://127.0.0.1:1',
        feedToken: 'feed-token-for-tests',
        tokens: createTokenRegistry([]),
        sessionKey: 'session-key-for-tests',
        prizeKey: 'prize-key-for-tests',
        sessionTtlMs: 1_000,
        jwt: { source: { kind: 'secret', secret: JWT_SECRET }, audience: 'framecue', issuer: null },
        demo: false,
        viewerSpreadMs: 1_000,
        delayReportsPerSecond: 300,
        storeQueue: 10,
        storeTimeoutMs: 1_000,
        cors: createCors(['*']),
        log: createLog('events', { logLevel: 'silent' }),
      }),
    ).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    await rm(folder, { recursive: true });
  });
});
