import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graveFaults } from './lib/axe.ts';
import { openBrowser } from './lib/browser.ts';
import { type System, startSystem } from './lib/system.ts';

const SOON_MS = 15_000;

let system: System;
let browser: Browser;
let page: Page;
const errors: string[] = [];

const amount = (pieces: number) => ({ pieces, amountMinor: pieces * 1_000 });
/** What the books would say, as `docs/prizes.md` shapes it: states that a live show is in only when it goes wrong. */
const books = {
  measure: 'prepared',
  dead: true,
  gone: false,
  short: 1,
  presses: [] as { readonly path: string; readonly key: string | undefined }[],
};
const treasury = () => ({
  at: Date.now(),
  pools: [
    {
      ...{
        id: 'vouchers',
        show: 'finale',
        title: 'Vouchers',
        tier: 'low',
        purpose: 'prize',
        currency: 'EUR',
      },
      ...{ state: 'open', closedWhy: null, opensAt: null, closesAt: null },
      balances: {
        ...{ funded: amount(100), sweptIn: amount(0), free: amount(5), reserved: amount(15) },
        ...{ granted: amount(80), sweptOut: amount(0) },
      },
    },
  ],
  rights: { earned: 15, reserved: 0, released: 0, granted: 80, reversed: 1, voided: 2 },
  totals: [],
  draws: draws(),
  shows: [
    {
      boxes: {
        ...{ show: 'finale', dropPpm: 120_000, threshold: 3, boxes: 60, viewers: 40, high: 4 },
        levels: [1, 2, 3].map((n) => ({ n, viewers: 40 / n })),
      },
      measures: [
        {
          ...{ id: 'slow', title: 'Slow the boxes down', when: { boxesOver: 50 }, do: { dropPpm: 10_000 } },
          ...{ auto: false, state: books.measure, due: true, appliedAt: null, before: null },
        },
      ],
    },
  ],
});
const aDraw = (over: object) => ({
  ...{ interaction: 'final', show: 'finale', title: 'The final', shadow: false, state: 'revealed' },
  ...{ since: Date.now() - 60_000, problem: null, entrants: 1_200, winners: 4, short: 0, excluded: 0 },
  ...{ lacks: null, round: null, roundAt: null, settled: true, next: null },
  ...over,
});
const draws = () => [
  aDraw({
    ...{
      interaction: 'weekly',
      title: 'Weekly draw',
      state: 'committed',
      entrants: 51,
      winners: 0,
      round: 7,
    },
    ...{ roundAt: Date.now() - 30_000, problem: { code: 'no-randomness', since: Date.now() - 29_000 } },
    ...{ settled: false, next: 'Round 7 of drand is due, and no relay gives it: give the round by hand.' },
  }),
  aDraw({
    ...{ short: books.short, excluded: 2, settled: books.short === 0 },
    next:
      books.short === 0
        ? '2 winners have no right and will get none: the pool is not for them (its regions).'
        : '1 winner has no right yet: pool vouchers is closed. Reopen it, then ask again. 2 winners will get none.',
  }),
];
const status = () => ({
  ...{ sending: true, breaker: 'closed' },
  lanes: [
    {
      ...{ lane: 'vouchers', queued: 3, delivered: 76, declined: 0, dead: books.dead ? 1 : 0 },
      ...{ lagMs: 1_200, breaker: 'closed', inFlight: 1, waitMs: 0 },
    },
  ],
});
const letters = () => ({
  items: books.dead
    ? [
        {
          ...{ id: 'g_r1', topic: 'grant.made', lane: 'vouchers', viewer: 'ann', attempts: 1 },
          ...{ lastCode: 'refused', lastStatus: 422, lastAt: Date.now() },
        },
      ]
    : [],
  next: null,
});
const people = () => ({
  people: [
    {
      seq: 1,
      at: Date.now(),
      by: 'mia',
      what: 'pool.open',
      target: 'vouchers',
      details: { budget: amount(100) },
    },
  ],
  next: null,
});

async function answer(route: Route): Promise<void> {
  const request = route.request();
  const path = new URL(request.url()).pathname.replace('/api/v1/', '');
  if (books.gone) return route.abort('connectionrefused');
  if (request.headers().authorization !== 'Bearer treasurer-token') {
    const error = { code: 'ERR_TOKEN_INVALID', message: 'The token is not valid.', retryable: false };
    return route.fulfill({ status: 401, json: { error } });
  }
  if (request.method() === 'POST') {
    books.presses.push({ path, key: request.headers()['idempotency-key'] });
    if (path === 'shows/finale/measures/slow/apply') books.measure = 'applied';
    if (path === 'shows/finale/measures/slow/revert') books.measure = 'reverted';
    if (path === 'outbox/g_r1/revive') books.dead = false;
    if (path === 'interactions/final/draw/rebook') books.short = 0;
    return route.fulfill({ json: {} });
  }
  const told = { treasury, 'outbox/status': status, outbox: letters, people }[path];
  return told === undefined ? route.fallback() : route.fulfill({ json: told() });
}

beforeAll(async () => {
  browser = await openBrowser();
  system = await startSystem();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on('pageerror', (error) => errors.push(error.message));
  await page.route(/\/api\/v1\/(treasury|outbox|people|shows|interactions)/, answer);
});
afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

const shown = (text: string | RegExp): Promise<void> =>
  page.getByText(text).first().waitFor({ timeout: SOON_MS });
const button = (name: string) => page.getByRole('button', { name, exact: true });
const SLOW = 'Slow the boxes down';

describe("the operator's page, over the real books", () => {
  it('shows a pool and the boxes of its show, applies a measure, closes and sweeps, and the log has it all', async () => {
    const { events, tokens } = await system.run();
    const send = async (method: string, path: string, body: object): Promise<void> => {
      const response = await fetch(`${events}/api/v1/${path}`, {
        method,
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${tokens.treasurer}` },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    };
    const terms = { show: 'gala', title: 'Gala vouchers', tier: 'low', currency: 'EUR' };
    await send('POST', 'pools', { id: 'gala-low', ...terms, pieces: 40, amountMinor: 40_000 });
    const slower = { id: 'slower', title: 'Fewer boxes', do: { dropPpm: 1_000 }, auto: false };
    await send('PUT', 'shows/gala/measures', { dropPpm: 50_000, threshold: 3, measures: [slower] });
    const own = await browser.newPage({ viewport: { width: 1024, height: 768 } });
    own.on('pageerror', (error) => errors.push(error.message));
    const enter = async (token: string): Promise<void> => {
      await own.goto(`${events}/prizes.html#token=${token}`);
      await own.reload();
    };
    const press = async (label: string, yes: string): Promise<void> => {
      await own.getByRole('button', { name: label, exact: true }).click({ timeout: SOON_MS });
      await own.getByRole('button', { name: yes, exact: true }).click({ timeout: SOON_MS });
    };
    // Measures are the show's, pools are money.
    await enter(tokens.director);
    await own.getByRole('img', { name: /^Of 40 pieces: Granted 0, Reserved 0, Free 40/ }).waitFor();
    await own.getByText('5\u202f% of answers').waitFor({ timeout: SOON_MS });
    await press('Apply: Fewer boxes', 'Yes, apply');
    await own.getByText('0.1\u202f% of answers').waitFor({ timeout: SOON_MS });
    await press('Revert: Fewer boxes', 'Yes, revert');
    await own.getByText('5\u202f% of answers').waitFor({ timeout: SOON_MS });
    await press('Close: Gala vouchers', 'Yes, close');
    await own
      .getByText(
        'This token does not have the right to do that. Measures take the token of the director, all else',
      )
      .waitFor({ timeout: SOON_MS });
    await enter(tokens.treasurer);
    await press('Close: Gala vouchers', 'Yes, close');
    await own.getByText('Gala vouchers is over, with 40 pieces left.').waitFor({ timeout: SOON_MS });
    await press('Sweep: Gala vouchers', 'Yes, sweep');
    await own
      .getByRole('img', { name: /Free 0, Swept out 40$/ })
      .first()
      .waitFor({ timeout: SOON_MS });
    await own.getByText('Nothing needs you').waitFor({ timeout: SOON_MS });
    await own.getByRole('cell', { name: 'gala-low' }).first().waitFor({ timeout: SOON_MS });
    const log = await own.getByRole('table').last().innerText();
    for (const line of [/director.*slower/, /treasurer.*gala-low/]) expect(log).toMatch(line);
    expect(await graveFaults(own)).toEqual([]);
    await own.close();
  });
});

describe("the operator's page", () => {
  it('asks for a token, again where it is wrong, and keeps none in the address', async () => {
    const { events } = await system.run();
    await page.goto(`${events}/prizes.html#token=wrong`);
    await shown('This token is not valid here.');
    expect(page.url()).not.toContain('token');
    expect(await graveFaults(page)).toEqual([]);
    await page.getByLabel('Token').fill('treasurer-token');
    await page.keyboard.press('Enter');
    await shown('Vouchers');
  });

  it('begins with what needs a person, and shows pools, the way out, boxes and the log', async () => {
    await shown('1 dead letter of vouchers.');
    await shown('Slow the boxes down is due.');
    await shown('Vouchers has 5 of 100 left.');
    await shown('The draw Weekly draw is stuck: no randomness.');
    await shown('1 winner of The final without a right.');
    expect(await page.title()).toBe('4 to do · Prizes · framecue');
    const final = page.getByRole('row', { name: /^The final/ });
    expect(await final.getByRole('cell').allInnerTexts()).toEqual([
      expect.stringMatching(/^\s*Revealed\s*since /),
      ...['1\u202f200', '4', '1', '2', expect.stringContaining('Reopen it, then ask again.')],
    ]);
    await page
      .getByText(/^From .* on: what this page has seen since it was opened/)
      .first()
      .waitFor();
    await page.getByRole('img', { name: /^Of 100 pieces: Granted 80, Reserved 15, Free 5/ }).waitFor();
    await page.getByRole('img', { name: /^Viewers by boxes: 1: 40, 2: 20, 3 or more: 13/ }).waitFor();
    await page.getByRole('img', { name: /^Pieces of Vouchers since/ }).waitFor({ timeout: SOON_MS });
    await page.getByRole('row', { name: /mia Opened the pool vouchers with 100 pieces/ }).waitFor();
    expect(await graveFaults(page)).toEqual([]);
  });

  it('does nothing at the first press; by key: asked, taken back, asked again, done once', async () => {
    await button(`Apply: ${SLOW}`).focus();
    await page.keyboard.press('Enter');
    await shown('Apply at once: drop rate to');
    await page.keyboard.press('Escape');
    await button(`Apply: ${SLOW}`).waitFor();
    expect(books.presses).toEqual([]);
    await page.keyboard.press('Enter');
    await button('Yes, apply').waitFor();
    expect(await graveFaults(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await button(`Revert: ${SLOW}`).waitFor({ timeout: SOON_MS });
    expect(books.presses).toEqual([
      { path: 'shows/finale/measures/slow/apply', key: expect.stringMatching(/^press-.{12}$/) },
    ]);
    await button('Send again: g_r1').click();
    await button('Yes, send again').click();
    await page.getByText('Dead letters').locator('..').getByText('None.').waitFor({ timeout: SOON_MS });
    await button('Ask again: The final').click();
    await button('Yes, ask again').click();
    await shown('2 winners have no right and will get none');
    await button('Ask again: The final').waitFor({ state: 'hidden', timeout: SOON_MS });
    expect(books.presses.map(({ path }) => path)).toEqual([
      ...['shows/finale/measures/slow/apply', 'outbox/g_r1/revive', 'interactions/final/draw/rebook'],
    ]);
  });

  it('says at once that the connection is lost, lets nothing be pressed, and comes back by itself', async () => {
    books.gone = true;
    await shown('Connection to the server lost.');
    expect(await button(`Revert: ${SLOW}`).isDisabled()).toBe(true);
    expect(await page.title()).toContain('No connection');
    expect(await graveFaults(page)).toEqual([]);
    books.gone = false;
    await page.getByText('Connection to the server lost.').waitFor({ state: 'hidden', timeout: SOON_MS });
    await page.getByText(/^Connected, /).waitFor();
    expect(errors).toEqual([]);
  });
});
