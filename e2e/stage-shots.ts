import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { openBrowser } from './lib/browser.ts';
import { createInteractions } from './lib/console-show.ts';
import { armCue, giveLeave, makeTicket, openStage, showView } from './lib/stage.ts';
import { startSystem } from './lib/system.ts';

/** Makes the pictures of docs/stage.md: `node e2e/stage-shots.ts [FOLDER]`. Build the pages first. */
const folder = process.argv[2] ?? fileURLToPath(new URL('../docs/images/', import.meta.url));
const SOON_MS = 15_000;

mkdirSync(folder, { recursive: true });
const system = await startSystem();
const browser = await openBrowser();
const shoot = async (page: Page, name: string): Promise<void> => {
  await page.screenshot({ path: `${folder}/stage-${name}.png` });
};
const shown = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByText(text).first().waitFor({ timeout: SOON_MS });

try {
  await system.publish('bframes-25');
  await createInteractions(system);
  const ticket = await makeTicket(system);
  const hall = (await openStage(browser, system, { ticket, width: 1920, height: 1080 })).page;
  const tablet = (await openStage(browser, system, { ticket, query: 'standby&name=Tablet' })).page;
  const tall = (
    await openStage(browser, system, { width: 1080, height: 1920, ticket, query: 'standby&name=Tall' })
  ).page;
  const data = {
    interaction: 'show-warm-up',
    question: 'Which river runs through Prague?',
    options: ['The Vltava', 'The Danube', 'The Elbe', 'The Rhine'],
  };
  await system.api.mark({ id: 'open', type: 'interaction.open', durationMs: 30_000, data });
  await shown(hall, 'The Vltava');
  await hall.waitForTimeout(1_500);
  await shoot(hall, 'question');
  await showView(system, 'result');
  await shown(tall, 'So far');
  await shoot(tall, 'portrait');
  await showView(system, 'countdown', 'The grand prize');
  await system.api.mark({ id: 'timed', type: 'product.card', data: {}, delayMs: 12_000 });
  await hall.locator('.stage-count-figure', { hasText: /^[5-9]$/ }).waitFor({ timeout: SOON_MS });
  await shoot(hall, 'countdown');
  await shoot(tablet, 'standby');
  await shoot(tall, 'portrait-countdown');
  await armCue(system, 'prize', { prize: true });
  await giveLeave(system, { cue: 'prize', label: 'Start the draw' });
  await shown(hall, 'Press and hold');
  await hall.waitForTimeout(500);
  await shoot(hall, 'touch');
  await tablet.keyboard.press('Shift+Enter');
  await shown(tablet, 'Press and hold');
  await shoot(tablet, 'tablet');
  const box = (await tablet.locator('.leave-button').boundingBox())!;
  await tablet.mouse.move(box.x + 60, box.y + 60);
  await tablet.mouse.down();
  await tablet.waitForTimeout(900);
  await shoot(tablet, 'holding');
  await shown(tablet, /It is on air/);
  await tablet.mouse.up();
  await shown(hall, /It is on air/);
  await shoot(hall, 'landed');
  await hall.keyboard.press('t');
  await hall.waitForTimeout(300);
  await hall.mouse.move(10, 10);
  await hall.mouse.down();
  for (let y = 40; y < 700; y += 60) {
    await hall.mouse.move(10, y, { steps: 2 });
    await hall.mouse.move(1700, y, { steps: 20 });
    await hall.mouse.move(10, y, { steps: 20 });
  }
  await hall.mouse.up();
  await hall.keyboard.press('Enter');
  await hall.waitForTimeout(300);
  await shoot(hall, 'test');
  await hall.keyboard.press('t');
  await hall.context().setOffline(true);
  await shown(hall, 'Connection lost.');
  await shoot(hall, 'lost');
} finally {
  await browser.close();
  await system.stop();
}
