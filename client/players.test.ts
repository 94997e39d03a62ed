import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBrowser } from './test/browser.ts';
import { bundleClient } from './test/bundle.ts';
import { Site } from './test/site.ts';
import { StampedStream } from './test/stamped-stream.ts';
import { openViewer, play, seen, stats, untilFired, untilPlaying } from './test/viewer-page.ts';

let folder: string;
let browser: Browser;
const sites: Site[] = [];
const pages: Page[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'framecue-client-'));
  [browser] = await Promise.all([openBrowser(), bundleClient(join(folder, 'client'), false)]);
}, 120_000);

afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
  for (const site of sites.splice(0)) await site.close();
});

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

async function newSite(name: 'bframes-25' | 'plain-25' = 'bframes-25'): Promise<Site> {
  // The stream has been running for some laps, so that players join somewhere inside.
  const stream = await StampedStream.open(name, Date.now() - 50_300);
  const site = await Site.start(stream, { '/client/': join(folder, 'client'), '/hls/': join(folder, 'hls') });
  sites.push(site);
  return site;
}

async function newPage(site: Site): Promise<Page> {
  const page = await browser.newPage();
  pages.push(page);
  await page.goto(site.url);
  return page;
}

describe('mpegts.js', () => {
  test.each([
    ['flv', 'bframes-25'],
    ['ws', 'plain-25'],
  ] as const)('%s: announced cues fire on their own picture', async (kind, name) => {
    const site = await newSite(name);
    const page = await newPage(site);
    await openViewer(page, { eventsUrl: site.url, poll: false });
    await play(page, {
      kind,
      url: `${kind === 'ws' ? site.url.replace('http', 'ws') : site.url}/live/main.flv`,
    });
    await untilPlaying(page);
    const pts = [1000, 1400, 1800].map((ahead) => site.stream.frameAhead(ahead));
    for (const [i, firePts] of pts.entries()) {
      site.stream.mark({ id: `c${i}`, firePts, announceMs: 800, durationMs: 5000 });
    }
    const { fired, errors } = await untilFired(page, 3);
    expect(errors).toEqual([]);
    for (const [i, cue] of fired.entries()) {
      expect(cue).toMatchObject({
        id: `c${i}`,
        firePts: pts[i],
        path: kind,
        trigger: 'frame',
        outcome: 'fired',
      });
      expect(cue.data).toMatchObject({ question: 'Which?' });
      expect(cue.shownPts! - cue.firePts!).toBeGreaterThanOrEqual(0);
      expect(cue.picture! - site.stream.frameNumber(pts[i]!)).toBeGreaterThanOrEqual(0);
      expect(cue.picture! - site.stream.frameNumber(pts[i]!)).toBeLessThanOrEqual(2);
    }
  });
});

void vi;
void seen;
void stats;
