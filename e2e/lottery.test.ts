import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrawDocument } from '../draws/document.ts';
import { type RunningRewards, startRewards } from '../rewards/start.ts';
import { createLog } from '../service/log.ts';
import { newWebhookSecret } from '../service/webhooks.ts';
import { request, until } from './lib/api.ts';
import { graveFaults } from './lib/axe.ts';
import { firesOf, openBrowser, openViewer, untilAllPlay } from './lib/browser.ts';
import { untilState, viewerSession } from './lib/quiz.ts';
import { NEAR_HLS, type System, startSystem } from './lib/system.ts';

/** HLS is that far behind, on a machine that is busy with other things. */
const BEHIND_MS = 60_000;
const COMMAND = fileURLToPath(new URL('../scripts/framecue.ts', import.meta.url));
const PHONES = ['HTTP-FLV', 'WS-FLV', 'HLS'] as const;
const SHOW = 'gala';
/** Where pictures of each state go; nowhere by default. */
const SHOTS = process.env.FRAMECUE_SHOTS;

const folder = mkdtempSync(join(tmpdir(), 'framecue-lottery-'));
const secret = newWebhookSecret(randomBytes);
let rewards: RunningRewards;
let system: System;
let browser: Browser;
let page: Page;
let errors: string[];
let env: NodeJS.ProcessEnv;
/** Addresses that the page asked for of draws, in order. */
const asked: string[] = [];

beforeAll(async () => {
  rewards = await startRewards({
    ...{ host: '127.0.0.1', port: 0, file: join(folder, 'rewards.db'), secrets: [secret] },
    ...{ mayMisbehave: false, log: createLog('rewards', { logLevel: 'silent' }) },
  });
  const money = { FRAMECUE_REWARDS_URL: rewards.url, FRAMECUE_REWARDS_SECRETS: secret };
  system = await startSystem({ ...NEAR_HLS, ...money, FRAMECUE_VIEWER_SPREAD_CAP_MS: '1000' });
  const { events, media, pages } = await system.run();
  env = {
    ...{ ...process.env, ...money, FRAMECUE_DATA_DIR: system.dataDir },
    ...{ FRAMECUE_EVENTS_PORT: new URL(events).port, FRAMECUE_MEDIA_PORT: new URL(media).port },
  };
  browser = await openBrowser();
  await system.publish('bframes-25');
  ({ page, errors } = await openViewer(browser, `${pages.viewer}?test`, async (fresh) => {
    fresh.on('request', (sent) => {
      const path = new URL(sent.url()).pathname;
      if (/\/(sealed|mine|draw)$/.test(path)) asked.push(path);
    });
  }));
  await untilAllPlay(page, BEHIND_MS);
});
afterAll(async () => {
  await browser?.close();
  await system?.stop();
  await rewards?.close();
  rmSync(folder, { recursive: true, force: true });
});

const framecue = (...args: string[]): Promise<{ code: number | null; out: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], { env, timeout: 60_000 });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out }));
  });

const phone = (name: string) => page.getByRole('article', { name: `Player by ${name}` });
const shown = (name: string, text: string | RegExp): Promise<void> =>
  phone(name).getByText(text).first().waitFor({ timeout: BEHIND_MS });

/** Desktop, tablet, phone. */
async function shoot(state: string): Promise<void> {
  if (SHOTS === undefined) return;
  for (const [width, height] of [
    [1440, 900],
    [1024, 768],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    if (width < 500) await page.locator('.card').first().scrollIntoViewIfNeeded();
    await page.screenshot({ path: join(SHOTS, `lottery-${state}-${width}.png`) });
  }
  await page.setViewportSize({ width: 900, height: 600 });
}

async function pool(id: string, pieces: number, amountMinor: number): Promise<void> {
  const { events, tokens } = await system.run();
  const terms = { id, show: SHOW, title: id, tier: 'low', currency: 'EUR', pieces, amountMinor };
  const made = await request<object>('POST', `${events}/api/v1/pools`, terms, {
    ...{ authorization: `Bearer ${tokens.treasurer}`, 'idempotency-key': `open-${id}` },
  });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
}

const PRIZES = [
  { prize: 'car', title: 'A small red car', pool: 'cars', pieces: 1, amountMinor: 2_000_000 },
  { prize: 'mug', title: 'A mug', pool: 'mugs', pieces: 3, amountMinor: 500 },
];

async function openLottery(id: string) {
  const config = {
    ...{ title: 'Who drives home tonight?', prizes: PRIZES, durationMs: 300_000 },
    ...{ randomness: { kind: 'commit-reveal' }, consolation: 'Thank you for playing along.' },
  };
  const made = await system.api.events('POST', '/api/v1/interactions', {
    ...{ id, type: 'lottery', show: SHOW, config },
  });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const cue = await system.api.mark({
    ...{ type: 'interaction.open', durationMs: 300_000 },
    data: {
      interaction: id,
      title: config.title,
      consolation: config.consolation,
      prizes: PRIZES.map(brief),
    },
  });
  const { landing } = await system.api.landed(cue.id);
  await untilState(system, id, 'ACTIVE');
  return { id, cue: cue.id, epoch: landing!.epoch, firePts: landing!.pts };
}
const brief = ({ title, pieces }: (typeof PRIZES)[number]) => ({ title, pieces });

const drawOf = async (id: string): Promise<DrawDocument> =>
  (
    await request<DrawDocument>(
      'GET',
      `${(await system.run()).events}/api/v1/interactions/${id}/draw`,
      undefined,
      {},
    )
  ).body;
const untilDraw = (id: string, state: DrawDocument['state']): Promise<DrawDocument> =>
  until(`the draw of ${id} is ${state}`, 60_000, async () => {
    const draw = await drawOf(id);
    return draw.state === state ? draw : null;
  });

describe('a lottery on a live stream', () => {
  it('is entered, closed, drawn, revealed on its picture, granted and delivered', async () => {
    await pool('cars', 1, 2_000_000);
    await pool('mugs', 10, 5_000);
    const lottery = await openLottery('final');
    for (const name of PHONES) {
      const enter = phone(name).getByRole('button', { name: 'Enter' });
      await enter.waitFor({ timeout: BEHIND_MS });
      if (name === PHONES[0]) {
        await shoot('open');
        // By keyboard alone.
        await enter.focus();
        await page.keyboard.press('Enter');
      } else await enter.click();
      await shown(name, 'You are in.');
    }
    await shoot('in');
    for (const viewer of ['ann', 'bob', 'cleo']) {
      const { status, body } = await (await viewerSession(system, viewer)).answer(lottery, 0);
      expect([status, body.receipt.repeated]).toEqual([200, false]);
    }
    expect(await graveFaults(page)).toEqual([]);

    const lock = await system.api.mark({ type: 'interaction.lock', ref: lottery.cue });
    await system.api.landed(lock.id);
    const drawn = await untilDraw('final', 'drawn');
    expect(drawn).toMatchObject({ commitment: { count: 6 }, result: null });
    for (const name of PHONES) await shown(name, /\d of 6, checked/);
    for (const name of PHONES) await shown(name, 'Drawn, and sealed until the picture.');
    await until('every player has the sealed result', BEHIND_MS, async () =>
      asked.filter((path) => path.endsWith('/sealed')).length >= PHONES.length ? true : null,
    );
    const sealed = asked.filter((path) => path.endsWith('/sealed')).length;
    expect(await page.locator('.lottery-won').count()).toBe(0);
    await shoot('checked');

    // Nobody copies a key: the cue says which round it reveals, and media asks events.
    const { media, tokens } = await system.run();
    const server = ['--media', media, '--token', tokens.director];
    const reveal = ['cue', 'interaction.reveal', '--ref', lottery.cue, '--json'];
    const revealed = await framecue(...reveal, ...server);
    expect(revealed.code, revealed.out).toBe(0);
    const revealing = JSON.parse(revealed.out) as { readonly id: string };
    const draw = await untilDraw('final', 'revealed');
    expect(draw.result!.winners).toHaveLength(4);
    for (const name of PHONES) await shown(name, '4 winners among 6 entrants');
    await shoot('revealed');

    const winners = new Map(draw.result!.winners.map(({ index, prize }) => [index + 1, prize]));
    let won = 0;
    for (const name of PHONES) {
      const place = await phone(name)
        .getByText(/\d of 6, checked/)
        .innerText();
      const prize = winners.get(Number.parseInt(place, 10));
      if (prize === undefined) {
        await shown(name, 'Not this time.');
        continue;
      }
      won++;
      await shown(name, 'You have won');
      await shown(name, PRIZES.find((known) => known.prize === prize)!.title);
      await shown(name, 'Delivered.');
    }
    // Of six, four win: at least one of these three.
    expect(won).toBeGreaterThan(0);
    await shoot('delivered');
    // What was opened on the picture was there before it.
    expect(asked.filter((path) => path.endsWith('/sealed'))).toHaveLength(sealed);
    const reveals = (await firesOf(page)).filter(({ cue }) => cue === revealing.id);
    expect(reveals.map(({ player }) => player).sort()).toEqual(['flv', 'hls', 'ws']);
    for (const { firePts, shownPts, trigger } of reveals) {
      expect(trigger).toBe('frame');
      expect(shownPts!).toBeGreaterThanOrEqual(firePts!);
    }
    expect(errors).toEqual([]);
  });

  it('can be verified by anybody, and every list says the same', async () => {
    const { events, tokens } = await system.run();
    const verified = await framecue('verify-draw', `${events}/api/v1/interactions/final`);
    expect(verified.code, verified.out).toBe(0);
    await until('all four grants are delivered', 60_000, async () => {
      const { body } = await request<{ lanes: { queued: number; delivered: number }[] }>(
        'GET',
        `${events}/api/v1/outbox/status`,
        undefined,
        { authorization: `Bearer ${tokens.treasurer}` },
      );
      return body.lanes.reduce((sum, { delivered }) => sum + delivered, 0) === 4 ? true : null;
    });
    const reconciled = await framecue('reconcile', '--settled');
    expect(reconciled.code, reconciled.out).toBe(0);
    const { data } = (
      await system.api.events<{ data: { resultKey: string } }>('GET', '/api/v1/interactions/final/reveal')
    ).body;
    expect(data.resultKey).toMatch(/^[\w-]{43}$/);
    expect(system.log()).not.toContain(data.resultKey);
  });

  it('is cancelled: every viewer reads that nothing is drawn', async () => {
    const lottery = await openLottery('called-off');
    const [first] = PHONES;
    await phone(first).getByRole('button', { name: 'Enter' }).click({ timeout: BEHIND_MS });
    await shown(first, 'You are in.');
    await system.api.mark({ type: 'interaction.cancel', ref: lottery.cue });
    for (const name of PHONES) await shown(name, 'Nothing is drawn.');
    await shown(first, 'Your entry counts for nothing.');
    await shoot('cancelled');
    expect(await drawOf('called-off')).toMatchObject({ state: 'void', result: null });
  });

  it('in a rehearsal shows its steps, draws nothing, and carries no key', async () => {
    const mode = await system.api.media('PUT', `${system.api.streamPath}/mode`, { rehearsal: true });
    expect(mode.status, JSON.stringify(mode.body)).toBe(200);
    const cue = await system.api.mark({
      ...{ type: 'interaction.open', durationMs: 300_000 },
      data: { interaction: 'rehearsed', title: 'Rehearsed', prizes: PRIZES.map(brief) },
    });
    const config = {
      title: 'Rehearsed',
      prizes: PRIZES,
      durationMs: 60_000,
      randomness: { kind: 'commit-reveal' },
    };
    const made = await system.api.events('POST', '/api/v1/interactions', {
      ...{ id: 'rehearsed', type: 'lottery', config },
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    const [first] = PHONES;
    await shown(first, 'Rehearsed');
    const reveal = await system.api.mark({
      ...{ type: 'interaction.reveal', ref: cue.id, delayMs: 1_500 },
      data: { interaction: 'rehearsed', resultKey: 'k'.repeat(43) },
    });
    expect(reveal).toMatchObject({ rehearsal: true, data: { interaction: 'rehearsed' } });
    expect(reveal.data).not.toHaveProperty('resultKey');
    await shown(first, 'A rehearsal draws nothing.');
  });
});
