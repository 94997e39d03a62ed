import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { until } from './lib/api.ts';
import { openBrowser } from './lib/browser.ts';
import { openConsole } from './lib/console.ts';
import { createInteractions, rundownOf, SHOW_CSV } from './lib/console-show.ts';
import { startSystem } from './lib/system.ts';

/** Makes the pictures of docs/console.md: `node e2e/console-shots.ts [FOLDER]`. Build the pages first. */
const folder = process.argv[2] ?? fileURLToPath(new URL('../docs/images/', import.meta.url));
const SOON_MS = 15_000;

mkdirSync(folder, { recursive: true });
const system = await startSystem({
  FRAMECUE_VIEWER_SPREAD_CAP_MS: '1000',
  // Comfortable also on a machine that is busy with three players beside it.
  FRAMECUE_PROGRAMME_DELAY_MS: '3000',
});
const browser = await openBrowser();

const shoot = async (page: Page, name: string): Promise<void> => {
  await page.screenshot({ path: `${folder}/console-${name}.png` });
};
const shown = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByText(text).first().waitFor({ timeout: SOON_MS });
const itemIs = (id: string, states: readonly string[]): Promise<true> =>
  until(`${id} is ${states.join(' or ')}`, SOON_MS, async () => {
    const item = (await rundownOf(system)).items.find((known) => known.id === id);
    return item !== undefined && states.includes(item.state) ? true : null;
  });

try {
  let publish = await system.publish('bframes-25');
  await createInteractions(system);
  const { media, tokens, pages } = await system.run();
  await fetch(`${media}${system.api.streamPath}/rundown`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${tokens.director}`, 'content-type': 'text/csv' },
    body: SHOW_CSV,
  });
  // Three players, so that the spread has something to show.
  const viewers = await browser.newPage();
  await viewers.goto(pages.viewer);

  const { page } = await openConsole(browser, system);
  await shown(page, 'Warm-up question');
  await page.waitForTimeout(1500);
  await shoot(page, 'idle');
  await page.keyboard.press(' ');
  await shown(page, /Open landed/);
  await page.waitForTimeout(250);
  await shoot(page, 'landed');
  await itemIs('warm-up', ['ended']);
  await page.keyboard.press('t');
  await itemIs('card', ['landed', 'ended']);
  await page.keyboard.press('2');
  await page
    .getByText(/^hls/)
    .waitFor({ timeout: 60_000 })
    .catch(() => undefined);
  await page.getByText('Waiting for data').waitFor({ state: 'hidden', timeout: SOON_MS });
  await page.keyboard.press('a');
  await shown(page, /Armed: take within/);
  await page.waitForTimeout(400);
  await shoot(page, 'armed-prize');
  await page.keyboard.press('f');
  await page.waitForTimeout(600);
  await shoot(page, 'status');
  await page.keyboard.press('f');
  await page.keyboard.press('Escape');
  await itemIs('grand', ['pending']);
  await page.keyboard.press('Shift+Backspace');
  await page.waitForTimeout(200);
  await shoot(page, 'panic');
  await page.keyboard.press('Escape');
  await viewers.close();

  const second = await openConsole(browser, system, { name: 'Ben' });
  await shown(second.page, 'Standby: Anna is in control.');
  await second.page.keyboard.press('4');
  await second.page.locator('.log tbody tr').first().waitFor({ timeout: SOON_MS });
  await second.page.waitForTimeout(600);
  await shoot(second.page, 'standby');
  await second.context.close();

  await page.keyboard.press('m');
  await page.keyboard.press('Enter');
  await shown(page, /nothing counts, nothing is granted/);
  await page.keyboard.press('3');
  await page.waitForTimeout(2500);
  await shoot(page, 'rehearsal');
  await page.keyboard.press('m');
  await page.keyboard.press('Enter');
  await page.getByText(/nothing counts, nothing is granted/).waitFor({ state: 'hidden', timeout: SOON_MS });

  await page.keyboard.press('1');
  await page.setViewportSize({ width: 1024, height: 768 });
  await page.waitForTimeout(1200);
  await shoot(page, 'tablet');
  await page.setViewportSize({ width: 1440, height: 900 });
  await publish.stop();
  await page.locator('.strip .air-off-air').waitFor({ timeout: SOON_MS });
  await page.waitForTimeout(600);
  await shoot(page, 'off-air');
  publish = await system.publish('bframes-25');
  process.kill((await system.run()).pids.media, 'SIGKILL');
  await shown(page, 'Connection lost.');
  await shoot(page, 'lost');
} finally {
  await browser.close();
  await system.stop();
}
