import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_STREAMS } from '../test-streams/catalogue.ts';
import { shapeOf } from '../test-streams/parameters.ts';
import { until } from './lib/api.ts';
import { firesOf, openBrowser, openViewer, untilAllPlay } from './lib/browser.ts';
import { judge, PLAYERS, summarise } from './lib/fires.ts';
import { NumbersByPts } from './lib/numbers-by-pts.ts';
import { NEAR_HLS, type System, startSystem } from './lib/system.ts';

/** HLS is some 6 s behind, and a player that joins needs its first segments. */
const BEHIND_MS = 40_000;
const LANDED_MS = 15_000;

let system: System;
let browser: Browser;
let page: Page;
let errors: string[];
let numbers: NumbersByPts;

beforeAll(async () => {
  browser = await openBrowser();
  system = await startSystem({ ...NEAR_HLS, FRAMECUE_VIEWER_SPREAD_CAP_MS: '1000' });
  await system.publish('bframes-25');
  const { pages, tokens, outputs } = await system.run();
  numbers = new NumbersByPts(outputs.flv, shapeOf(TEST_STREAMS['bframes-25']).frames);
  ({ page, errors } = await openViewer(browser, `${pages.demo}?test#token=${tokens.director}`));
  await untilAllPlay(page, BEHIND_MS);
  await numbers.untilReading(BEHIND_MS);
});
afterAll(async () => {
  await browser.close();
  await numbers.stop();
  await system.stop();
});

describe('the page that npm run demo names', () => {
  it('takes its token from the address and out of it', () => {
    expect(page.url()).not.toContain('token');
  });

  it('opens the question in three players by one key, each on the picture of the receipt or the next', async () => {
    await page.getByText('Press O', { exact: true }).waitFor({ timeout: BEHIND_MS });
    await page.keyboard.press('o');
    await page.getByText(/^Landed on frame/).waitFor({ timeout: LANDED_MS });

    const cue = await newestCue();
    // the moment is the picture that the director saw, not the arrival of the request
    expect(cue).toMatchObject({ type: 'interaction.open', fire: { kind: 'mediaTime' } });
    const verdicts = await judge(system, page, [cue.id], numbers, { timeoutMs: BEHIND_MS });
    const told = JSON.stringify(verdicts);
    const clean = { never: 0, twice: 0, unread: 0, early: 0, late: 0, disagree: 0 };
    expect(summarise(verdicts), told).toMatchObject({ cues: PLAYERS.length, ...clean });
    expect(
      verdicts.map((v) => v.path),
      told,
    ).toEqual([...PLAYERS]);
  });

  it('shows on one line of time when each opened, and the picture that each showed', async () => {
    const spread = page.getByRole('region', { name: 'When each app opens' });
    await spread.getByText(/^opened .+ apart$/).waitFor({ timeout: BEHIND_MS });
    // A player's lane is filled when its own report is there, which on a busy machine is after the line is.
    await expect.poll(() => spread.getByText(/^\+\d+\.\d\d\ss$/).count()).toBe(3);
    await expect.poll(() => spread.getByRole('img').count()).toBe(3);
  });

  it('takes an answer in each, locks and reveals by key, and offers the next question', async () => {
    for (const player of ['HTTP-FLV', 'WS-FLV', 'HLS']) {
      const phone = page.getByRole('article', { name: `Player by ${player}` });
      await phone.getByRole('button', { name: /Saturn/ }).click({ timeout: LANDED_MS });
      await phone.getByText(/^B received/).waitFor({ timeout: LANDED_MS });
    }
    await page.keyboard.press('l');
    await page.getByText(/^Locked on frame/).waitFor({ timeout: LANDED_MS });
    await page.keyboard.press('r');
    await page.getByText(/^Revealed on frame/).waitFor({ timeout: LANDED_MS });
    await until('three players show the verdict', BEHIND_MS, async () =>
      (await page.getByText('Right!', { exact: true }).count()) === 3 ? true : null,
    );
    await page.keyboard.press('n');
    await page.getByText(/oldest video codec/).waitFor({ timeout: LANDED_MS });
  });

  it('refuses in the words of the code, and marks once it can again', async () => {
    await setStamping(false);
    await page.keyboard.press('o');
    await page.getByText('ERR_STAMPING_OFF').waitFor({ timeout: LANDED_MS });
    await setStamping(true);
    await page.keyboard.press('o');
    await page.getByText(/^Landed on frame/).waitFor({ timeout: LANDED_MS });
    const cue = await newestCue();
    await untilAllFired(cue.id);
  });

  it('begins anew when it is loaded again, also where a question was left locked', async () => {
    await page.keyboard.press('l');
    await page.getByText(/^Locked on frame/).waitFor({ timeout: LANDED_MS });
    const lock = await newestCue();
    await untilAllFired(lock.id);
    await page.reload();
    await page.getByText('Press O', { exact: true }).waitFor({ timeout: BEHIND_MS });
  });

  it('says what it needs where there is no token', async () => {
    const context = await browser.newContext();
    const bare = await context.newPage();
    await bare.goto((await system.run()).pages.demo!);
    await bare.getByLabel('Token').waitFor({ timeout: LANDED_MS });
    await context.close();
  });

  it('leaves no error on the page', () => {
    expect(errors).toEqual([]);
  });
});

interface ListedCue {
  readonly id: string;
  readonly type: string;
  readonly fire: { readonly kind: string };
}

async function newestCue(): Promise<ListedCue> {
  const { body } = await system.api.media<{ cues: ListedCue[] }>(
    'GET',
    `${system.api.streamPath}/cues?limit=1`,
  );
  return body.cues[0]!;
}

const untilAllFired = (cue: string): Promise<true> =>
  until(`three players have fired ${cue}`, BEHIND_MS, async () =>
    (await firesOf(page)).filter((fire) => fire.cue === cue).length === PLAYERS.length ? true : null,
  );

async function setStamping(on: boolean): Promise<void> {
  const { status } = await system.api.media('PUT', `${system.api.streamPath}/stamping`, { on });
  expect(status).toBe(200);
}
