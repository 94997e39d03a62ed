import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readBundle } from '../../draws/read.ts';
import { verifyDraw } from '../../draws/verify.ts';
import { systemClock } from '../../packet/clock.ts';
import { createLog } from '../../service/log.ts';
import { openSqliteLedger } from '../ledger/sqlite/ledger.ts';
import { someTerms } from '../ledger/sqlite/treasury/fixtures.ts';
import { EventsChild } from '../test-support/child.ts';
import { landedCue } from '../test-support/cues.ts';
import { DIRECTOR } from '../test-support/harness.ts';

/** The reveal ends the round; until then it stays open, however long the entries take. */
const DURATION_MS = 900_000;
/** After a step, up to so long: within the next one. */
const JITTER_MS = 20;
const VIEWERS = 450;
/** Viewers who ask in one go: their answers share commits. */
const AT_ONCE = 50;

test('a draw that is killed after each of its steps comes to the same end, each right earned once', {
  timeout: 480_000,
}, async () => {
  const events = new EventsChild();
  await events.begin();
  const path = join(events.folder, 'events.db');
  try {
    const log = createLog('events', { logLevel: 'silent' });
    const books = await openSqliteLedger({ path, log, maxQueued: 100, timeoutMs: 5_000 });
    const budget = { pieces: 500, amountMinor: 50_000 };
    const atUs = systemClock.unixUs();
    await books.perform('pool.open', { terms: someTerms(), budget, by: null, atUs });
    await books.close();
    await events.start();
    const prizes = [{ prize: 'bag', pool: 'p1', pieces: 440, amountMinor: 100 }];
    const config = { title: 'F', prizes, durationMs: DURATION_MS, randomness: { kind: 'commit-reveal' } };
    await post('/api/v1/interactions', { id: 'final', type: 'lottery', config }, DIRECTOR);
    const land = (id: string, type: 'interaction.open' | 'interaction.reveal', over: object) =>
      events.media.publish(landedCue({ id, type, ...over }, systemClock));
    land('open-1', 'interaction.open', { data: { interaction: 'final' }, durationMs: DURATION_MS });
    const tokens = await Promise.all(Array.from({ length: VIEWERS }, (_, i) => events.session(`v${i}`)));
    // The feed brings the opening; who is faster asks again.
    await entered(tokens[0]!);
    for (let from = 1; from < VIEWERS; from += AT_ONCE) {
      await Promise.all(tokens.slice(from, from + AT_ONCE).map(entered));
    }
    land('reveal-1', 'interaction.reveal', { ref: 'open-1' });

    // Killed as soon as the next step of it is on the disk; what it was about to do then is undone.
    let kills = 0;
    for (let steps = 0; ; ) {
      const seen = await expect
        .poll(() => count(`SELECT count(*) FROM journal WHERE kind LIKE 'draw.%'`), {
          ...{ timeout: 60_000, interval: 2 },
        })
        .toBeGreaterThan(steps)
        .then(() => count(`SELECT count(*) FROM journal WHERE kind LIKE 'draw.%'`));
      steps = seen;
      if (count(`SELECT count(*) FROM draws WHERE state = 'drawn'`) === 1) break;
      await pause(Math.random() * JITTER_MS);
      await events.kill();
      kills++;
      await events.start();
    }
    expect(kills).toBeGreaterThanOrEqual(2);
    const state = async () => (await get('/api/v1/interactions/final/draw')) as { state: string };
    await expect.poll(async () => (await state()).state, { timeout: 60_000, interval: 100 }).toBe('revealed');

    const draw = await state();
    const pages = [await get('/api/v1/interactions/final/entrants?page=0')];
    const bundle = readBundle({ v: 1, draw, pages });
    expect(bundle.kind === 'read' && verifyDraw(bundle.value)).toMatchObject({ kind: 'good' });
    await events.kill();
    expect(count('SELECT count(*) FROM draw_winners')).toBe(440);
    expect(count(`SELECT count(*) FROM draw_winners WHERE outcome = 'earned'`)).toBe(440);
    expect(count('SELECT count(*) FROM rights')).toBe(440);
    expect(count('SELECT count(DISTINCT viewer) FROM rights')).toBe(440);
    expect(count(`SELECT count(*) FROM journal WHERE kind = 'draw.drawn'`)).toBe(1);
    expect(count(`SELECT free_pieces FROM pools WHERE id = 'p1'`)).toBe(60);
  } finally {
    await events.end();
  }

  function count(sql: string): number {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      return Number(Object.values(db.prepare(sql).get() as Record<string, number>)[0]);
    } finally {
      db.close();
    }
  }
  async function get(at: string): Promise<unknown> {
    return (await fetch(`${events.url}${at}`)).json();
  }
  async function post(at: string, body: object, token: string): Promise<number> {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const response = await fetch(`${events.url}${at}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    await response.arrayBuffer();
    return response.status;
  }
  async function entered(token: string): Promise<void> {
    const enter = () => post('/api/v1/interactions/final/submissions', { cue: 'open-1' }, token);
    await expect.poll(enter, { timeout: 60_000, interval: 50 }).toBe(200);
  }
});
