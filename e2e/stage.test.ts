import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './lib/api.ts';
import { graveFaults } from './lib/axe.ts';
import { openBrowser } from './lib/browser.ts';
import { openConsole } from './lib/console.ts';
import { createInteractions, cuesOf } from './lib/console-show.ts';
import { tabTo } from './lib/keyboard.ts';
import { armCue, giveLeave, makeTicket, openStage, showView } from './lib/stage.ts';
import { type System, startSystem } from './lib/system.ts';

/** On a machine that runs other files too, until something that comes is taken as not coming. */
const SOON_MS = 45_000;

let system: System;
let browser: Browser;
let ticket: string;
let wall: Page;
const errors: string[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  system = await startSystem();
  await system.publish('bframes-25');
  await createInteractions(system);
  ticket = await makeTicket(system);
  const opened = await openStage(browser, system, { ticket });
  wall = opened.page;
  errors.push(...opened.errors);
});
afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

const shown = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByText(text).first().waitFor({ timeout: SOON_MS });
const gone = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByText(text).first().waitFor({ state: 'hidden', timeout: SOON_MS });
/** A finger does not ask whether a button may be touched. */
const tapAnyway = async (page: Page): Promise<void> => {
  const box = (await page.locator('.leave-button').boundingBox())!;
  await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
};
const stage = async () =>
  (
    await system.api.media<{ shown: string; leave: unknown; screens: { screen: string; name: string }[] }>(
      'GET',
      `${system.api.streamPath}/stage`,
    )
  ).body;
const nameOfShown = async (): Promise<string | undefined> => {
  const { shown: id, screens } = await stage();
  return screens.find(({ screen }) => screen === id)?.name;
};

describe('the stage screen', () => {
  it('takes its ticket out of the address and is the shown one', async () => {
    await until('the screen is known', SOON_MS, async () => ((await nameOfShown()) === 'Wall' ? true : null));
    expect(wall.url()).not.toContain('ticket');
    expect(await graveFaults(wall)).toEqual([]);
  });

  it('has no button without leave; with leave a touch takes the armed cue, once, and sees where it landed', async () => {
    await armCue(system, 'one');
    expect(await wall.locator('.leave-button').count()).toBe(0);
    expect(await giveLeave(system, { cue: 'one', label: 'Show the card' })).toBe(200);
    await shown(wall, 'Show the card');
    await shown(wall, 'Touch to start');
    expect(await graveFaults(wall)).toEqual([]);
    await wall.locator('.leave-button').tap();
    await shown(wall, 'It is on air');
    const cue = await system.api.landed('one');
    await shown(wall, new RegExp(`Landed on frame ${cue.landing!.frame} `));
    expect(await wall.locator('.leave-button').count()).toBe(0);
    const told = cue as typeof cue & { taken: { by: string } };
    expect(told.taken.by).toBe('director');
  });

  it('takes what gives prizes only where it is held, or confirmed by key', async () => {
    await armCue(system, 'prize', { prize: true });
    await giveLeave(system, { cue: 'prize' });
    await shown(wall, 'Press and hold');
    const box = (await wall.locator('.leave-button').boundingBox())!;
    await wall.touchscreen.tap(box.x + 50, box.y + 50);
    await wall.locator('.leave-button').focus();
    await wall.keyboard.press('Enter');
    await shown(wall, 'Once more to confirm');
    expect((await system.api.cue('prize')).state).toBe('armed');
    await wall.mouse.move(box.x + 60, box.y + 60);
    await wall.mouse.down();
    await shown(wall, 'Keep holding');
    await shown(wall, /Taken|It is on air/);
    await wall.mouse.up();
    await system.api.landed('prize');
  });

  it('keeps its leave over a reload, and loses it when the director takes the cue', async () => {
    await armCue(system, 'two');
    await giveLeave(system, { cue: 'two', label: 'The second card' });
    await shown(wall, 'The second card');
    await wall.reload();
    await shown(wall, 'The second card');
    await system.api.media('POST', `${system.api.streamPath}/cues/two/take`, {});
    await gone(wall, 'The second card');
    const landed = (await cuesOf(system)).filter(({ id }) => id === 'two');
    expect(landed).toHaveLength(1);
    await until('it is still the shown one', SOON_MS, async () =>
      (await nameOfShown()) === 'Wall' ? true : null,
    );
  });

  it('shows what the director or its own keyboard chooses, and counts down to a cue', async () => {
    await showView(system, 'countdown', 'Get ready');
    await shown(wall, 'Get ready');
    await shown(wall, 'No moment is set.');
    await system.api.mark({ id: 'timed', type: 'product.card', data: {}, delayMs: 4_000 });
    await wall.locator('.stage-count-figure', { hasText: /^[1-4]$/ }).waitFor({ timeout: SOON_MS });
    await shown(wall, 'Now');
    await system.api.landed('timed');
    await wall.keyboard.press('4');
    await gone(wall, 'Get ready');
    await wall.keyboard.press('3');
    await shown(wall, 'The next question comes soon');
  });

  it('marks a rehearsal', async () => {
    await system.api.media('PUT', `${system.api.streamPath}/mode`, { rehearsal: true });
    await shown(wall, 'Rehearsal: nothing counts');
    expect(await graveFaults(wall)).toEqual([]);
    await system.api.media('PUT', `${system.api.streamPath}/mode`, { rehearsal: false });
    await gone(wall, 'Rehearsal: nothing counts');
  });

  it('says at once that the connection is lost, and comes back by itself', async () => {
    await armCue(system, 'three');
    await giveLeave(system, { cue: 'three' });
    await shown(wall, 'Touch to start');
    await wall.context().setOffline(true);
    await shown(wall, 'Connection lost.');
    await shown(wall, 'Connection lost: wait');
    await tapAnyway(wall);
    expect((await system.api.cue('three')).state).toBe('armed');
    await wall.context().setOffline(false);
    await gone(wall, 'Connection lost.');
    expect((await system.api.cue('three')).state).toBe('armed');
    await giveLeave(system, { cue: null });
    await gone(wall, 'Touch to start');
  });

  it('tests the touch: every target, and says what is dead', async () => {
    await wall.keyboard.press('t');
    await shown(wall, 'Wipe over every target');
    await wall.touchscreen.tap(20, 20);
    await wall.locator('[data-cell="0"].touch-reached').waitFor({ timeout: SOON_MS });
    await wall.keyboard.press('Enter');
    await shown(wall, 'Touch test failed');
    await shown(wall, /Dead: \d+ targets/);
    expect(await graveFaults(wall)).toEqual([]);
    await wall.keyboard.press('t');
    await gone(wall, 'Touch test failed');
  });
});

describe('a standby screen', () => {
  it('mirrors, and takes over with one key; touch then counts there alone', async () => {
    const spare = await openStage(browser, system, { ticket, query: 'standby&name=Spare' });
    await shown(spare.page, 'It mirrors Wall.');
    await armCue(system, 'four');
    await giveLeave(system, { cue: 'four' });
    await shown(spare.page, 'Touch counts on the shown screen alone');
    await spare.page.keyboard.press('Shift+Enter');
    await shown(wall, 'It mirrors Spare.');
    expect(await nameOfShown()).toBe('Spare');
    await shown(spare.page, 'Touch to start');
    await tapAnyway(wall);
    expect((await system.api.cue('four')).state).toBe('armed');
    await spare.page.locator('.leave-button').tap();
    await system.api.landed('four');
    await spare.context.close();
    await shown(wall, /Spare is silent/);
    await wall.keyboard.press('Shift+Enter');
    await gone(wall, 'Standby.');
    expect(await nameOfShown()).toBe('Wall');
    expect([...errors, ...spare.errors]).toEqual([]);
  });
});

describe('the stage tab of the console, by keyboard alone', () => {
  it('chooses what is shown, gives leave for one touch, takes it back, and makes a link that works', async () => {
    const { page: anna, context, errors: thrown } = await openConsole(browser, system);
    const press = (key: string): Promise<void> => anna.keyboard.press(key);
    const pressOn = async (wanted: string): Promise<void> => {
      await tabTo(anna, `BUTTON ${wanted}`, SOON_MS);
      await press('Enter');
    };
    await press('5');
    await shown(anna, /Wall: shown/);
    await pressOn('Result');
    await anna.getByRole('button', { name: 'Result', pressed: true }).waitFor({ timeout: SOON_MS });
    expect(await stage()).toMatchObject({ show: { view: 'result' } });
    await pressOn('Blank');
    await anna.getByRole('button', { name: 'Blank', pressed: true }).waitFor({ timeout: SOON_MS });
    expect(await graveFaults(anna)).toEqual([]);

    // Armed in a test above, and never taken.
    await system.api.media('POST', `${system.api.streamPath}/cues/three/cancel`, {});
    await shown(anna, 'Nothing to give leave for');
    await armCue(system, 'five');
    await shown(anna, 'Let the stage take “five” by touch');
    await pressOn('Let the stage take “five”');
    await shown(anna, /^The stage may take “five” until/);
    await shown(wall, 'Touch to start');
    expect(await graveFaults(anna)).toEqual([]);
    await pressOn('Take leave back');
    await gone(wall, 'Touch to start');
    expect((await system.api.cue('five')).state).toBe('armed');
    await shown(anna, 'Let the stage take “five” by touch');
    await pressOn('Let the stage take “five”');
    await shown(wall, 'Touch to start');
    await wall.locator('.leave-button').tap();
    await system.api.landed('five');
    await shown(anna, 'Nothing to give leave for');

    await pressOn('Make a link for a stage machine');
    const link = anna.getByLabel('Link with its ticket, shown this once');
    await link.waitFor({ timeout: SOON_MS });
    await tabTo(anna, 'INPUT', SOON_MS);
    const another = await browser.newPage();
    // Without its settings it has begun nothing yet; the ticket is out of the address all the same.
    const settings = Promise.withResolvers<void>();
    await another.route('**/config.json', (route) => settings.promise.then(() => route.continue()));
    await another.goto(await link.inputValue());
    expect(another.url()).not.toContain('ticket');
    settings.resolve();
    await shown(anna, /Wall: (shown|standby).* · Screen .+: (shown|standby)/);
    await another.close();
    await context.close();
    expect(thrown).toEqual([]);
  });
});
