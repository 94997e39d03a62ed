import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import type {} from '../../player-demo/src/viewer/test-hooks.ts';
import { chromiumPath } from '../../scripts/lib/tools.ts';
import { until } from './api.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--autoplay-policy=no-user-gesture-required',
];

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath(), headless: true, args: FLAGS, timeout: 60_000 });

/** What was on the screen of one player when a cue fired. */
export interface ShownFire {
  readonly player: 'flv' | 'ws' | 'hls';
  readonly cue: string;
  readonly firePts: number | null;
  readonly shownPts: number | null;
  readonly path: string;
  /** What told of it: `sei`, or what travels beside it. */
  readonly carrier: string;
  readonly accuracyMs: number | null;
  readonly trigger: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly lateMs: number;
  /** PTS, on the stream's timeline, of the picture that the browser told of before this one; null where none. */
  readonly previousPts: number | null;
  /** From when this picture was given to the screen to when the pixels were read; null where nobody told of one. */
  readonly readAfterMs: number | null;
  /** Frame number read from the pixels; null where they could not be read. */
  readonly pixels: number | null;
  readonly pixelError: string | null;
}

/**
 * A viewer page that reads the barcode off the screen at every fire: in the same task, from the picture that the
 * video element shows.
 * @param prepare before the page is loaded
 */
export async function openViewer(
  browser: Browser,
  url: string,
  prepare: (page: Page) => Promise<unknown> = async () => undefined,
): Promise<{ page: Page; errors: string[] }> {
  // Small: without a GPU every picture is composed by the processor, and what is measured is the player, not that.
  // Our own script reads the pixels beside the page's: the page's policy lets no other in.
  const context = await browser.newContext({ bypassCSP: true, viewport: { width: 900, height: 600 } });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.addInitScript({ content: readerScript() });
  await prepare(page);
  await page.goto(url, { waitUntil: 'load', timeout: 60_000 });
  return { page, errors };
}

/** All three players show pictures, and know where they are on the stream's timeline. */
export const untilAllPlay = (page: Page, timeoutMs: number): Promise<boolean> =>
  until('all three players show pictures and know stream time', timeoutMs, async () => {
    const playing = await page.evaluate(() => {
      const players = Object.values(window.__framecue?.players ?? {});
      return players.filter((player) => player.framecue.streamTime() !== null).length;
    });
    return playing === 3 ? true : null;
  });

export const firesOf = (page: Page): Promise<ShownFire[]> =>
  page.evaluate(() => (window as unknown as { shownFires: ShownFire[] }).shownFires);

/** What is judged already; a long run would carry all of it out of the page at each look. */
export const forgetFires = (page: Page): Promise<void> =>
  page.evaluate(() => {
    (window as unknown as { shownFires: ShownFire[] }).shownFires.length = 0;
  });

/** The barcode's reader as a classic script, and the hook that the page calls when a cue fires. */
function readerScript(): string {
  const source = readFileSync(new URL('../../test-streams/barcode.ts', import.meta.url), 'utf8');
  const reader = stripTypeScriptTypes(source).replaceAll(/^export /gm, '');
  return `(() => {
    ${reader}
    window.shownFires = [];
    // Which pictures the browser has told the library of: no library can fire on one that it was never shown.
    const told = new WeakMap();
    const native = HTMLVideoElement.prototype.requestVideoFrameCallback;
    HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
      return native.call(this, (now, metadata) => {
        const last = told.get(this);
        if (last?.current !== metadata.mediaTime) {
          const { mediaTime: current, presentationTime: since } = metadata;
          told.set(this, { current, since, previous: last?.current ?? null });
        }
        callback(now, metadata);
      });
    };
    const canvas = document.createElement('canvas');
    window.__framecueOnFire = (info, video) => {
      canvas.width = 320;
      canvas.height = 16;
      const context = canvas.getContext('2d', { willReadFrequently: true });
      let reading;
      try {
        const strip = video.videoHeight * BARCODE_STRIP_HEIGHT;
        context.drawImage(video, 0, 0, video.videoWidth, strip, 0, 0, 320, 16);
        reading = readBarcodeStrip(rgbaPicture(context.getImageData(0, 0, 320, 16)));
      } catch (error) {
        reading = { error: String(error) };
      }
      const { previous = null, since = null } = told.get(video) ?? {};
      const offset = info.mediaTime === null ? null : info.shownPts - info.mediaTime * 1000;
      window.shownFires.push({
        ...info,
        readAfterMs: since === null ? null : performance.now() - since,
        previousPts: previous === null || offset === null ? null : previous * 1000 + offset,
        pixels: reading.frame ?? null,
        pixelError: reading.error ?? null,
      });
    };
  })();`;
}
