import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './lib/api.ts';
import { graveFaults } from './lib/axe.ts';
import { openBrowser } from './lib/browser.ts';
import { openConsole } from './lib/console.ts';
import {
  createInteractions,
  cuesOf,
  KEYED_ROUND,
  LATE_CARD,
  rundownOf,
  SHOW_CSV,
  WRONG_CSV,
} from './lib/console-show.ts';
import { tabTo as tabUntil } from './lib/keyboard.ts';
import { killNine } from './lib/kill.ts';
import { type System, startSystem } from './lib/system.ts';

/** On a machine that runs other files too, until something that comes is taken as not coming. */
const SOON_MS = 45_000;
const RESTART_MS = 40_000;

let system: System;
let browser: Browser;
let anna: Page;
const errors: string[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  // A reveal is early for as long as viewers may be behind: for all of a test on a slow machine.
  system = await startSystem({
    FRAMECUE_VIEWER_SPREAD_CAP_MS: '300000',
    FRAMECUE_PROGRAMME_DELAY_MS: '1500',
  });
  await system.publish('bframes-25');
  const opened = await openConsole(browser, system, { name: 'Anna' });
  anna = opened.page;
  errors.push(...opened.errors);
});
afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

const shown = (page: Page, text: string | RegExp, timeout = SOON_MS): Promise<void> =>
  page.getByText(text).first().waitFor({ timeout });
const gone = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByText(text).first().waitFor({ state: 'hidden', timeout: SOON_MS });
/** Nothing here ever clicks. */
const press = async (page: Page, ...keys: readonly string[]): Promise<void> => {
  for (const key of keys) await page.keyboard.press(key);
};
/** In the page: the next dialog that is closed is hardly gone when the key goes down, and has not told of it yet. */
function pressAsItCloses(key: string): void {
  const { close } = HTMLDialogElement.prototype;
  HTMLDialogElement.prototype.close = function (...given) {
    HTMLDialogElement.prototype.close = close;
    close.apply(this, given);
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    document.body.dataset.pressed = key;
  };
}
/** The large card shows it: the next press is about it. */
const handIs = (page: Page, title: string): Promise<void> =>
  page.locator('.hand-title', { hasText: title }).waitFor({ timeout: SOON_MS });
const tabTo = (page: Page, wanted: string, key = 'Tab'): Promise<true> =>
  tabUntil(page, wanted, SOON_MS, key);
const itemIs = (id: string, ...states: readonly string[]): Promise<string> =>
  until(`item ${id} is ${states.join(' or ')}`, SOON_MS, async () => {
    const state = (await rundownOf(system)).items.find((item) => item.id === id)?.state;
    return state !== undefined && states.includes(state) ? state : null;
  });
/** Cards stand for half a minute: what is left of the test before is closed, by a script. */
const closeAll = async (): Promise<void> => {
  const { status } = await system.api.media('POST', `${system.api.streamPath}/panic`, { confirm: true });
  expect(status).toBe(200);
  await anna
    .locator('.air .chip-cue, .air .chip-info')
    .first()
    .waitFor({ state: 'hidden', timeout: SOON_MS });
};

describe('the console, by keyboard alone', () => {
  it('takes its token out of the address, and control for itself', async () => {
    expect(anna.url()).not.toContain('token');
    await anna.getByRole('button', { name: /^Control.*You/ }).waitFor({ timeout: SOON_MS });
    expect(await graveFaults(anna)).toEqual([]);
  });

  it('opens the question on deck with the picture that was on screen, and shows how it landed', async () => {
    await press(anna, 'o');
    await shown(anna, /Open landed/);
    const [cue] = await cuesOf(system);
    expect(cue).toMatchObject({ type: 'interaction.open', fire: { kind: 'mediaTime' } });
    const { pts, errorMs } = cue!.landing!;
    expect(pts - (cue!.fire as { pts: number }).pts).toBeCloseTo(errorMs, 0);
  });

  it('locks it by key, and adopts what a script has opened: shows it, voids it after a confirm', async () => {
    await press(anna, 'l');
    await shown(anna, /Lock landed/);
    const data = { interaction: 'show-script', question: 'Opened by a script', options: ['A', 'B'] };
    const { id } = await system.api.mark({ type: 'interaction.open', durationMs: 60_000, data });
    await shown(anna, 'Opened by a script');
    await system.api.landed(id);
    await shown(anna, /s left/);
    await press(anna, 'v');
    await shown(anna, 'Void “Opened by a script”?');
    expect(await graveFaults(anna)).toEqual([]);
    expect((await system.api.cue(id)).voided).toBeUndefined();
    // It is asked for some seconds only, and a busy machine takes longer to look for faults.
    await press(anna, 'Escape');
    await gone(anna, 'Void “Opened by a script”?');
    await press(anna, 'v');
    await shown(anna, 'Void “Opened by a script”?');
    await press(anna, 'Enter');
    await until('the round is voided', SOON_MS, async () => (await system.api.cue(id)).voided ?? null);
    await shown(anna, /Voided/);
  });

  it('lists all that is wrong with a rundown, by line, and loads one that is right', async () => {
    // Only now: what waits is put on deck by itself, and the tests before have opened what was there.
    await createInteractions(system);
    await press(anna, 'u');
    await shown(anna, 'Load a rundown');
    await tabTo(anna, 'TEXTAREA');
    await anna.keyboard.insertText(WRONG_CSV);
    await tabTo(anna, 'BUTTON Check');
    await press(anna, 'Enter');
    await shown(anna, /\d problems\. Nothing was loaded/);
    const lines = await anna.locator('.issues tbody tr td:first-child').allTextContents();
    expect(new Set(lines)).toEqual(new Set(['2', '3', '4']));
    expect(await graveFaults(anna)).toEqual([]);
    await tabTo(anna, 'TEXTAREA', 'Shift+Tab');
    await press(anna, 'Control+a');
    await anna.keyboard.insertText(SHOW_CSV);
    await anna.locator('.issues').waitFor({ state: 'hidden', timeout: SOON_MS });
    await tabTo(anna, 'BUTTON Load');
    await press(anna, 'Enter');
    await gone(anna, 'Load a rundown');
    await shown(anna, 'Warm-up question');
    expect((await rundownOf(system)).next).toBe('warm-up');
  });

  it('goes through it: takes an item, and takes a prize in two steps only', async () => {
    await handIs(anna, 'Warm-up question');
    await press(anna, ' ');
    await itemIs('warm-up', 'landed', 'ended');
    await handIs(anna, 'The sponsor card');
    await press(anna, 't');
    await itemIs('card', 'landed', 'ended');
    await handIs(anna, 'The grand prize');
    await press(anna, ' ');
    await shown(anna, 'The grand prize gives prizes: arm it with A first.');
    expect((await rundownOf(system)).items.find(({ id }) => id === 'grand')?.state).toBe('pending');
    await press(anna, 'a');
    await shown(anna, /Armed: take within/);
    await itemIs('grand', 'armed');
    expect(await graveFaults(anna)).toEqual([]);
    await press(anna, 'Escape');
    await itemIs('grand', 'pending');
    await shown(anna, 'Two steps: arm it, then take it within 10 s.');
    await press(anna, 'a');
    await itemIs('grand', 'armed');
    await shown(anna, /Armed: take within/);
    await press(anna, ' ');
    await itemIs('grand', 'landed', 'ended');
  });

  it('reloaded in the middle of a take, looks up what became of it and never sends it again', async () => {
    await handIs(anna, 'Second card');
    let sent = 0;
    // The server takes it; its answer never comes.
    await anna.route('**/rundown/items/second/take', async (route) => {
      sent++;
      await route.fetch().catch(() => undefined);
    });
    await press(anna, ' ');
    await itemIs('second', 'taken', 'announced', 'landed', 'ended');
    await anna.reload();
    await anna.locator('.pts-exact', { hasText: /\d/ }).waitFor({ timeout: SOON_MS });
    await itemIs('second', 'landed', 'ended');
    await gone(anna, /pressed before this page was loaded anew/);
    await anna.unroute('**/rundown/items/second/take');
    expect(sent).toBe(1);
    expect((await cuesOf(system)).filter(({ item }) => item === 'second')).toHaveLength(1);
    await anna.getByRole('button', { name: /^Control.*You/ }).waitFor({ timeout: SOON_MS });
  });

  it('a take that never reached the server is said, and can be pressed again', async () => {
    await handIs(anna, 'Third card');
    await anna.route('**/rundown/items/third/take', (route) => route.abort('connectionreset'));
    await press(anna, ' ');
    await shown(anna, /never reached the server/);
    await anna.unroute('**/rundown/items/third/take');
    expect((await rundownOf(system)).items.find(({ id }) => id === 'third')?.state).toBe('pending');
    await press(anna, ' ');
    await itemIs('third', 'landed', 'ended');
  });

  it('of two directors pressing at once one takes it; the other takes over with a confirm', async () => {
    const { page: ben, context } = await openConsole(browser, system, { name: 'Ben' });
    await shown(ben, 'Standby: Anna is in control.');
    await handIs(ben, 'Fourth card');
    await handIs(anna, 'Fourth card');
    expect(await graveFaults(ben)).toEqual([]);
    await Promise.all([press(anna, ' '), press(ben, ' ')]);
    await shown(ben, /Anna is in control\. Press G to take over/);
    await itemIs('fourth', 'landed', 'ended');
    await shown(ben, 'Rundown is through');
    expect((await cuesOf(system)).filter(({ item }) => item === 'fourth')).toHaveLength(1);
    await press(ben, 'g');
    await shown(ben, 'Take over from Anna?');
    await press(ben, 'Enter');
    await shown(anna, 'Standby: Ben is in control.');
    await press(ben, 'g');
    await shown(anna, 'Nobody is in control.');
    await press(anna, 'g');
    await anna.getByRole('button', { name: /^Control.*You/ }).waitFor({ timeout: SOON_MS });
    await context.close();
  });

  it('panic asks, then closes everything: pressed twice, or held', async () => {
    await closeAll();
    const mark = () =>
      system.api.mark({ type: 'interaction.open', durationMs: 60_000, data: { interaction: 'show-grand' } });
    for (const way of ['twice', 'held']) {
      const { id } = await mark();
      await system.api.landed(id);
      await press(anna, 'Shift+Backspace');
      await shown(anna, 'Close everything?');
      expect((await system.api.cue(id)).voided).toBeUndefined();
      if (way === 'twice') {
        expect(await graveFaults(anna)).toEqual([]);
        await press(anna, 'Escape');
        await gone(anna, 'Close everything?');
        await press(anna, 'Shift+Backspace', 'Shift+Backspace');
      } else {
        await press(anna, 'Escape');
        await anna.keyboard.down('Shift');
        await anna.keyboard.down('Backspace');
      }
      await until(`closed by the key ${way}`, SOON_MS, async () => (await system.api.cue(id)).voided ?? null);
    }
    await anna.keyboard.up('Backspace');
    await anna.keyboard.up('Shift');
  });

  it('rehearses in the same console, marked around the whole page', async () => {
    await closeAll();
    await press(anna, 'm');
    await shown(anna, 'Begin a rehearsal?');
    await press(anna, 'Enter');
    await shown(anna, /nothing counts, nothing is granted/);
    expect(await graveFaults(anna)).toEqual([]);
    await itemIs('card', 'pending');
    await press(anna, 'ArrowDown', ' ');
    await itemIs('card', 'landed', 'ended');
    const cue = (await cuesOf(system)).find(({ item }) => item === 'card');
    expect(cue?.rehearsal).toBe(true);
    await closeAll();
    await press(anna, 'm', 'Enter');
    await gone(anna, /nothing counts, nothing is granted/);
  });

  it('shows status, keys, spread, timing and log by key, without a grave fault', async () => {
    await press(anna, 'f');
    await anna.getByRole('region', { name: 'Full-screen status' }).waitFor({ timeout: SOON_MS });
    expect(await graveFaults(anna)).toEqual([]);
    await press(anna, 'f');
    await press(anna, '?');
    await shown(anna, 'Safety and control');
    await press(anna, 'Escape');
    for (const [key, text] of [
      ['2', /No viewer has reported|half to 95/],
      ['3', 'Production latency'],
      ['4', /As-run log of/],
    ] as const) {
      await press(anna, key);
      await shown(anna, text);
      expect(await graveFaults(anna)).toEqual([]);
    }
    await anna.locator('.log tbody tr', { hasText: 'rehearsal' }).first().waitFor({ timeout: SOON_MS });
  });

  it('locks and reveals a round of the rundown by its items, and asks before a reveal that is too early', async () => {
    await closeAll();
    await createInteractions(system, ['show-keyed']);
    const { status } = await system.api.media(
      'PUT',
      `${system.api.streamPath}/rundown?replace=1`,
      KEYED_ROUND,
    );
    expect(status).toBe(200);
    await handIs(anna, 'The keyed round');
    await press(anna, ' ');
    await itemIs('keyed', 'landed');
    const button = (name: string) =>
      anna.locator('.air-buttons button[aria-disabled="false"]', { hasText: name });
    await button('Lock').waitFor({ timeout: SOON_MS });
    await press(anna, 'l');
    await itemIs('keyed-lock', 'landed', 'ended');
    await button('Reveal').waitFor({ timeout: SOON_MS });
    await press(anna, 'r');
    await shown(anna, /comes early\. All the same\?/);
    expect(await graveFaults(anna)).toEqual([]);
    await press(anna, 'Escape');
    await gone(anna, /comes early\. All the same\?/);
    await press(anna, 'r');
    await shown(anna, /comes early\. All the same\?/);
    expect((await rundownOf(system)).items.find(({ id }) => id === 'keyed-reveal')?.state).toBe('pending');
    await press(anna, 'Enter');
    await itemIs('keyed-reveal', 'landed', 'ended');
    const cues = (await cuesOf(system)).filter(({ item }) => item?.startsWith('keyed'));
    expect(cues.map(({ item }) => item).sort()).toEqual(['keyed', 'keyed-lock', 'keyed-reveal']);
  });

  it('learns how late a person presses, and takes that off each press', async () => {
    await press(anna, '3');
    const delays = anna.getByRole('region', { name: 'Press delay' });
    const dialog = anna.getByRole('dialog', { name: 'Which picture did you press at?' });
    const ptsNow = async (): Promise<number> =>
      Number((await anna.locator('.pts-exact').textContent())!.replace(/\D/g, ''));
    const alignerNow = async () => {
      const { body } = await system.api.media<{ aligner: { person: string; offeredMs: number }[] }>(
        'GET',
        `${system.api.streamPath}/latency`,
      );
      return body.aligner;
    };
    const chosen = async () => {
      const said = await dialog.getByRole('status').textContent();
      const [, span, unit, at] = /^([\d.]+)\s(ms|s) before the press \(picture (\d+) of \d+\)$/.exec(said!)!;
      return { ms: Number(span) * (unit === 's' ? 1000 : 1), at: Number(at) };
    };
    await press(anna, 'b');
    await shown(anna, /^Aligner: watch the picture/);
    const since = await ptsNow();
    await until('a second of pictures was kept', SOON_MS, async () =>
      (await ptsNow()) > since + 1_000 ? true : null,
    );
    // The first one is left again, the others count.
    for (let n = 0; n < 6; n++) {
      await press(anna, 'b');
      await dialog.waitFor({ timeout: SOON_MS });
      const before = await chosen();
      await press(anna, 'ArrowLeft');
      expect((await chosen()).at).toBe(before.at - 1);
      await press(anna, 'ArrowRight');
      expect(await chosen()).toEqual(before);
      if (n === 0) {
        expect(await graveFaults(anna)).toEqual([]);
        await press(anna, 'Escape');
        await dialog.waitFor({ state: 'hidden', timeout: SOON_MS });
        continue;
      }
      while ((await chosen()).ms < 300) await press(anna, 'ArrowLeft');
      while ((await chosen()).ms > 700) await press(anna, 'ArrowRight');
      if (n === 3) await anna.evaluate(pressAsItCloses, 'b');
      await press(anna, 'Enter');
      if (n === 3) {
        await anna.locator('body[data-pressed]').waitFor({ timeout: SOON_MS });
        await dialog.waitFor({ timeout: SOON_MS });
        await press(anna, 'Escape');
      }
      await dialog.waitFor({ state: 'hidden', timeout: SOON_MS });
      expect((await alignerNow())[0]).toMatchObject({ person: 'Anna', marks: n });
    }
    const offer = delays.getByRole('button', { name: /off my presses$/ });
    await offer.waitFor({ timeout: SOON_MS });
    await tabTo(anna, `BUTTON ${(await offer.textContent())!.trim()}`);
    await press(anna, 'Enter');
    await shown(anna, /^Your press delay: .+ taken off$/);
    expect(await graveFaults(anna)).toEqual([]);

    const { offeredMs } = (await alignerNow())[0]!;
    expect(offeredMs).toBeGreaterThanOrEqual(200);
    await system.api.media('PUT', `${system.api.streamPath}/rundown?replace=1`, LATE_CARD);
    await handIs(anna, 'The late card');
    const before = await ptsNow();
    await press(anna, 't');
    const after = await ptsNow();
    await itemIs('late', 'landed', 'ended');
    const { fire } = (await cuesOf(system)).find(({ item }) => item === 'late')!;
    const seen = (fire as { pts: number }).pts + offeredMs;
    expect(seen).toBeGreaterThanOrEqual(before);
    expect(seen).toBeLessThanOrEqual(after);

    await tabTo(anna, 'BUTTON Stop taking');
    await press(anna, 'Enter');
    await gone(anna, /^Your press delay: .+ taken off$/);
    await tabTo(anna, 'BUTTON Forget');
    await press(anna, 'Enter');
    await shown(anna, /^Nobody has marked yet/);
  });

  it('says at once when media is gone, and resumes by itself without sending anything', async () => {
    const sent: string[] = [];
    anna.on('request', (request) => {
      if (request.method() === 'POST' && /\/(cues|rundown)/.test(request.url())) sent.push(request.url());
    });
    const restarted = killNine(system, 'media');
    await shown(anna, 'Connection lost.');
    expect(await graveFaults(anna)).toEqual([]);
    await restarted;
    await system.publish('bframes-25');
    await gone(anna, 'Connection lost.');
    await until('it is on air again', RESTART_MS, async () =>
      (await anna.locator('.strip .air-on-air').count()) > 0 ? true : null,
    );
    await anna.getByRole('button', { name: /^Control.*You/ }).waitFor({ timeout: SOON_MS });
    expect(sent).toEqual([]);
    expect(errors).toEqual([]);
  });
});
