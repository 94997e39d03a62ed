import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './lib/api.ts';
import { firesOf, openBrowser, openViewer } from './lib/browser.ts';
import { NEAR_HLS, type System, startSystem } from './lib/system.ts';

const BEHIND_MS = 40_000;

describe('a publisher that drops and comes back', () => {
  let system: System;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser();
    system = await startSystem(NEAR_HLS);
  });
  afterAll(async () => {
    await browser.close();
    await system.stop();
  });

  const landedAndFired = async (players: number): Promise<{ epoch: string; pts: number }> => {
    const { id } = await system.api.mark({ type: 'custom.test' });
    const cue = await system.api.landed(id);
    await until(`${players} players have fired ${id}`, BEHIND_MS, async () => {
      const fires = (await firesOf(page)).filter((fire) => fire.cue === id);
      return new Set(fires.map((fire) => fire.player)).size >= players ? true : null;
    });
    const fires = (await firesOf(page)).filter((fire) => fire.cue === id);
    expect(fires).toHaveLength(players);
    return cue.landing!;
  };

  it('begins a new epoch on a timeline that goes on, and the players go on with it', async () => {
    const first = await system.publish('bframes-25');
    const { pages } = await system.run();
    ({ page } = await openViewer(browser, `${pages.viewer}?test`));
    const before = await landedAndFired(3);

    await first.stop();
    const gone = await system.api.media('POST', `${system.api.streamPath}/cues`, { type: 'custom.test' });
    expect(gone).toMatchObject({
      status: 404,
      body: { error: { code: 'ERR_STREAM_NOT_LIVE', retryable: true } },
    });

    await system.publish('plain-25');
    const after = await landedAndFired(3);
    expect(after.epoch).not.toBe(before.epoch);
    expect(after.pts).toBeGreaterThan(before.pts);
  });
});
