import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './lib/api.ts';
import { firesOf, openBrowser, openViewer, untilAllPlay } from './lib/browser.ts';
import { killNine } from './lib/kill.ts';
import { type System, startSystem } from './lib/system.ts';

const BEHIND_MS = 40_000;

let system: System;
let browser: Browser;
let viewer: Page;
let director: Page;
let stage: Page;

beforeAll(async () => {
  browser = await openBrowser();
  system = await startSystem({ FRAMECUE_VIEWER_SPREAD_CAP_MS: '1000' });
  await system.publish('bframes-25');
  const { pages, tokens } = await system.run();
  ({ page: viewer } = await openViewer(browser, `${pages.viewer}?test`));
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  director = await context.newPage();
  await director.goto(`${pages.director}#token=${tokens.director}`);
  stage = await context.newPage();
  await stage.goto(pages.stage);
  await untilAllPlay(viewer, BEHIND_MS);
});
afterAll(async () => {
  await browser.close();
  await system.stop();
});

describe('the director console', () => {
  it('takes its token from the address and out of it', () => {
    expect(director.url()).not.toContain('token');
  });

  it('opens the question on deck with one key, in three players, and shows the receipt', async () => {
    await director.getByText(/PTS\s\d/).waitFor({ timeout: BEHIND_MS });
    await director.keyboard.press('o');
    await director.getByText('Open landed').waitFor({ timeout: 15_000 });

    const { body } = await system.api.media<{ cues: { id: string; fire: { kind: string; pts?: number } }[] }>(
      'GET',
      `${system.api.streamPath}/cues?limit=1`,
    );
    const [cue] = body.cues;
    // the moment is the picture that the director saw, not the arrival of the request
    expect(cue!.fire.kind).toBe('mediaTime');
    const landed = await system.api.landed(cue!.id);
    expect(landed.landing!.errorMs).toBeGreaterThan(0);
    expect(landed.landing!.pts - cue!.fire.pts!).toBeCloseTo(landed.landing!.errorMs, 0);

    await until('three players have opened it', BEHIND_MS, async () => {
      const own = (await firesOf(viewer)).filter((fire) => fire.cue === cue!.id);
      return own.length === 3 ? true : null;
    });
    await stage.getByText('Which planet has the most known moons?').waitFor({ timeout: 15_000 });
  });

  it('locks and reveals by key; players and stage show the result', async () => {
    await director.keyboard.press('l');
    await director.getByText('Lock landed').waitFor({ timeout: 15_000 });
    await director.keyboard.press('r');
    await director.getByText('Reveal landed').waitFor({ timeout: 15_000 });
    await until('three players have the reveal', BEHIND_MS, async () => {
      const reveals = (await firesOf(viewer)).filter(
        (fire) => (fire as unknown as { type: string }).type === 'interaction.reveal',
      );
      return reveals.length === 3 ? true : null;
    });
    await stage.getByText(/Saturn/).waitFor({ timeout: 15_000 });
  });

  it('says at once when media is gone, and resumes by itself', async () => {
    const restarted = killNine(system, 'media');
    await director
      .getByText(/connection|lost|reach/i)
      .first()
      .waitFor({ timeout: 15_000 });
    await restarted;
    await system.publish('bframes-25');
    await until('the console is connected again', BEHIND_MS, async () =>
      (await director.getByText(/^Live$/).count()) > 0 ? true : null,
    );
  });
});
