import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFramecue, type FiredCue, type Framecue } from '../client/src/index.ts';
import { firedCue } from '../client/test/fired.ts';
import type { Cue } from '../cues/cue.ts';
import { type RunningRewards, startRewards } from '../rewards/start.ts';
import { createLog } from '../service/log.ts';
import { newWebhookSecret } from '../service/webhooks.ts';
import { request, until } from './lib/api.ts';
import { graveFaults } from './lib/axe.ts';
import { firesOf, openBrowser, openViewer, untilAllPlay } from './lib/browser.ts';
import { untilState } from './lib/quiz.ts';
import { NEAR_HLS, type System, startSystem } from './lib/system.ts';

const COMMAND = fileURLToPath(new URL('../scripts/framecue.ts', import.meta.url));
/** HLS is that far behind, on a machine that is busy with other things. */
const BEHIND_MS = 60_000;
const PRICE = 1_900;
const PIECES = 2;
const DURATION_MS = 300_000;
/** They come at once, and one is let in each second: the page's viewers behind them wait, on a slow machine too. */
const CROWD = 16;
/** Where pictures of each state go; nowhere by default. */
const SHOTS = process.env.FRAMECUE_SHOTS;
const OFFER = { interaction: 'jacket', title: 'The jacket of tonight', priceMinor: PRICE, currency: 'EUR' };

const folder = mkdtempSync(join(tmpdir(), 'framecue-sale-'));
const secret = newWebhookSecret(randomBytes);
const apps: Framecue[] = [];
let rewards: RunningRewards;
let system: System;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  rewards = await startRewards({
    ...{ host: '127.0.0.1', port: 0, file: join(folder, 'rewards.db'), secrets: [secret] },
    ...{ mayMisbehave: false, log: createLog('rewards', { logLevel: 'silent' }) },
  });
  [system, browser] = await Promise.all([
    startSystem({ ...NEAR_HLS, FRAMECUE_REWARDS_URL: rewards.url, FRAMECUE_REWARDS_SECRETS: secret }),
    openBrowser(),
  ]);
  const { pages } = await system.run();
  await system.publish('bframes-25');
  ({ page, errors } = await openViewer(browser, `${pages.viewer}?test`));
  await untilAllPlay(page, BEHIND_MS);
});
afterAll(async () => {
  for (const app of apps) app.destroy();
  await browser?.close();
  await system?.stop();
  await rewards?.close();
  rmSync(folder, { recursive: true, force: true });
});

const card = (name: string) => page.getByRole('article', { name: `Player by ${name}` }).locator('.sale');
const shown = (name: string, state: string): Promise<void> =>
  card(name)
    .and(page.locator(`[data-sale="${state}"]`))
    .waitFor({ timeout: BEHIND_MS });

async function shoot(state: string): Promise<void> {
  if (SHOTS === undefined) return;
  for (const [width, height] of [
    [1440, 900],
    [1024, 768],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: join(SHOTS, `sale-${state}-${width}.png`) });
  }
  await page.setViewportSize({ width: 900, height: 600 });
}

/** A viewer of another app, which shows no video. */
async function app(viewer: string): Promise<Framecue> {
  const { events } = await system.run();
  const made = createFramecue({
    ...{ eventsUrl: events, stream: 'live/main', poll: false, reportShare: 0, onCue: () => undefined },
    token: async () =>
      (await request<{ token: string }>('POST', `${events}/api/v1/demo/viewer-token`, { viewer }, {})).body
        .token,
  });
  apps.push(made);
  return made;
}

interface Stock {
  readonly free: number;
  readonly reserved: number;
  readonly ordered: number;
}

const stock = async (): Promise<Stock & { readonly sale: string }> => {
  const { body } = await system.api.events<{ sale: string; stock: Stock }>(
    'GET',
    '/api/v1/interactions/jacket/sale',
  );
  return { sale: body.sale, ...body.stock };
};
const untilStock = (wanted: Awaited<ReturnType<typeof stock>>): Promise<unknown> =>
  until(`the stock is ${JSON.stringify(wanted)}`, 30_000, async () =>
    JSON.stringify(await stock()) === JSON.stringify(wanted) ? true : null,
  );

/** Each takes a place in the line and leaves. @returns the one that is let in */
async function crowdComes(cue: FiredCue): Promise<Framecue> {
  const all = await Promise.all(Array.from({ length: CROWD }, (_, n) => app(`app-${n}`)));
  // They have their sessions before the first of them comes.
  for (const each of all)
    expect(await each.reservation('jacket')).toMatchObject({ ok: true, reservation: null });
  const letIn = await Promise.all(
    all.map(async (each) => {
      const leaving = new AbortController();
      const outcome = await each.submit(cue, {}, { signal: leaving.signal, onWait: () => leaving.abort() });
      if (outcome.ok) return each;
      expect(outcome).toMatchObject({ error: { code: 'ERR_CLIENT_ABORTED' } });
      return [];
    }),
  );
  const [first, ...others] = letIn.flat();
  expect(others).toHaveLength(0);
  return first!;
}

/** Stock, sale, and a rundown that says no more than which sale its item opens. */
async function prepare(): Promise<void> {
  const { events, tokens } = await system.run();
  const pool = {
    id: 'jackets',
    show: 'gala',
    title: 'Jackets',
    tier: 'low',
    purpose: 'stock',
    currency: 'EUR',
  };
  const opened = await request<object>(
    'POST',
    `${events}/api/v1/pools`,
    { ...pool, pieces: PIECES, amountMinor: PIECES * PRICE },
    { authorization: `Bearer ${tokens.treasurer}`, 'idempotency-key': 'open-jackets' },
  );
  expect(opened.status, JSON.stringify(opened.body)).toBe(201);
  const { interaction, ...offer } = OFFER;
  const config = {
    ...offer,
    pool: 'jackets',
    reservationMs: 120_000,
    durationMs: DURATION_MS,
    admitPerSecond: 1,
  };
  const made = await system.api.events('POST', '/api/v1/interactions', {
    ...{ id: interaction, type: 'flash-sale', show: 'gala', config },
  });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const loaded = await system.api.media('PUT', `${system.api.streamPath}/rundown`, {
    ...{ id: 'evening', show: 'gala' },
    items: [{ id: 'sale', type: 'interaction.open', interaction, durationMs: DURATION_MS }],
  });
  expect(loaded.status, JSON.stringify(loaded.body)).toBe(200);
}

function framecue(...args: string[]): Promise<{ code: number | null; out: string }> {
  const env = { ...process.env, FRAMECUE_DATA_DIR: system.dataDir, FRAMECUE_REWARDS_URL: rewards.url };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], {
      ...{ env: { ...env, FRAMECUE_REWARDS_SECRETS: secret }, timeout: 60_000 },
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out }));
  });
}

it('a sale on a live stream: opens on its picture, has viewers wait, sells what there is, and says when nothing is left', async () => {
  await prepare();
  const taken = await system.api.media<Cue>('POST', `${system.api.streamPath}/rundown/items/sale/take`, {});
  expect(taken).toMatchObject({ status: 202, body: { item: 'sale', data: OFFER } });
  const cue = taken.body;
  await untilState(system, 'jacket', 'ACTIVE');
  for (const name of ['HTTP-FLV', 'WS-FLV']) await shown(name, 'open');
  await card('HTTP-FLV').getByText('The jacket of tonight').waitFor();
  await card('HTTP-FLV')
    .getByText(/19[.,]00/)
    .waitFor();
  await shoot('open');

  const fired = firedCue({
    ...{ id: cue.id, rev: cue.rev, data: cue.data, path: 'events', epoch: null, firePts: null, stamp: null },
    ...{ durationMs: DURATION_MS, presentedAt: performance.now(), closesAt: performance.now() + DURATION_MS },
  });
  const first = await crowdComes(fired);
  await untilStock({ sale: 'on-sale', free: 1, reserved: 1, ordered: 0 });

  // By keyboard alone, and in this order.
  await card('HTTP-FLV').getByRole('button', { name: 'Reserve one' }).focus();
  await page.keyboard.press('Enter');
  await card('WS-FLV').getByRole('button', { name: 'Reserve one' }).click();
  for (const name of ['HTTP-FLV', 'WS-FLV']) await shown(name, 'waiting');
  await shoot('waiting');
  expect(await first.order('jacket')).toMatchObject({ ok: true, reservation: { state: 'ordered' } });
  await shown('HTTP-FLV', 'reserved');
  await untilStock({ sale: 'all-reserved', free: 0, reserved: 1, ordered: 1 });
  await shown('WS-FLV', 'hoping');
  await shoot('reserved');

  await card('HTTP-FLV').getByRole('button', { name: 'Order and pay' }).click();
  await shown('HTTP-FLV', 'confirmed');
  await untilStock({ sale: 'sold-out', free: 0, reserved: 0, ordered: 2 });
  await card('WS-FLV').getByText('Sold out.').waitFor({ timeout: BEHIND_MS });
  await card('HLS').getByRole('button', { name: 'Reserve one' }).click();
  await card('HLS').getByText('Sold out.').waitFor({ timeout: BEHIND_MS });
  expect(await graveFaults(page)).toEqual([]);
  await shoot('sold-out');

  const fires = (await firesOf(page)).filter((each) => each.cue === cue.id);
  expect(fires.map(({ player }) => player).sort()).toEqual(['flv', 'hls', 'ws']);
  for (const { firePts, shownPts, trigger } of fires) {
    expect(trigger).toBe('frame');
    expect(shownPts!).toBeGreaterThanOrEqual(firePts!);
  }
  expect(errors).toEqual([]);
  const own = await until('the first order is paid', 30_000, async () => {
    const { reservation } = (await first.reservation('jacket')) as { reservation: { state: string } };
    return reservation.state === 'confirmed' ? reservation : null;
  });
  expect(own).toMatchObject({ priceMinor: PRICE, currency: 'EUR' });
  // Behind its window no cue tells of it: whoever has a piece finds it again, and nobody else sees a sale.
  const lock = await system.api.mark({ type: 'interaction.lock', ref: cue.id });
  await untilState(system, 'jacket', 'LOCKED');
  await until('the lock has passed in the player that is furthest behind', BEHIND_MS, async () =>
    (await firesOf(page)).some((each) => each.cue === lock.id && each.player === 'hls') ? true : null,
  );
  await page.reload();
  await untilAllPlay(page, BEHIND_MS);
  await shown('HTTP-FLV', 'confirmed');
  expect(await card('WS-FLV').count()).toBe(0);
  await shoot('found-again');
  const reconciled = await framecue('reconcile', '--settled');
  expect(reconciled.code, reconciled.out).toBe(0);
});
