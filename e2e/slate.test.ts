import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readSlate, type SlateReading } from '../cues/slate/read.ts';
import { ffmpegPath } from '../scripts/lib/tools.ts';
import { pictureOfPgm } from '../server/media/slate/decode.ts';
import { type LatencyStatus, LEAST_CONFIDENCE } from '../server/media/slate/latency-book.ts';
import { exitOf, start } from '../test-streams/ffmpeg.ts';
import { until } from './lib/api.ts';
import { openBrowser } from './lib/browser.ts';
import { openConsole } from './lib/console.ts';
import { tabTo } from './lib/keyboard.ts';
import { killNine } from './lib/kill.ts';
import { encodeSlates, publishLate, publishSlateNow, type Treatment } from './lib/slate-publisher.ts';
import { armCue, giveLeave, makeTicket, openStage } from './lib/stage.ts';
import { type System, startSystem } from './lib/system.ts';

/** Every treatment with every delay, on a machine that has the room: FRAMECUE_SLATE_MATRIX=1. */
const isWhole = process.env.FRAMECUE_SLATE_MATRIX === '1';
const FRAME_MS = 40;
const SESSION = 77;
const SECONDS = isWhole ? 16 : 8;
/** More than encoding takes on a quiet machine; where it takes longer, so much is added to the delays. */
const LEAD_MS = isWhole ? 40_000 : 6_000;
const ROUND_LIMIT_MS = isWhole ? 900_000 : 180_000;
/** For the picture that is being decoded when the publisher ends. */
const LAST_READ_MS = 5_000;
/** Screenshots for the docs go here. */
const folderForShots = process.env.FRAMECUE_SHOTS;
const PAGE_MS = 45_000;
const WAIT = { timeout: 20_000, interval: 100 };
const DELAYS = [800, 2_000, 5_000] as const;

const TREATMENTS: readonly (Treatment & { readonly readable: boolean })[] = [
  {
    name: 'mixed',
    filter: 'scale=512:288,gblur=sigma=1.1,pad=800:450:140:90:gray,framerate=fps=25',
    encode: ['-b:v', '600k', '-maxrate', '600k', '-bufsize', '300k', '-bf', '2'],
    readable: true,
  },
  {
    name: 'slanted',
    filter:
      'pad=900:506:130:73:gray,perspective=x0=70:y0=30:x1=840:y1=0:x2=20:y2=470:x3=890:y3=506:sense=destination,' +
      'noise=alls=9:allf=t,tmix=frames=2,fps=25',
    encode: ['-b:v', '900k', '-bf', '0', '-tune', 'zerolatency'],
    readable: true,
  },
  {
    name: 'poor',
    filter: 'pad=960:540:250:150:gray,gblur=sigma=1,fps=25',
    encode: ['-b:v', '180k', '-maxrate', '180k', '-bufsize', '90k', '-bf', '2'],
    readable: true,
  },
  {
    name: 'hopeless',
    filter: 'scale=320:180,gblur=sigma=5,pad=800:450:200:100:gray,tmix=frames=9,fps=25',
    encode: ['-b:v', '200k', '-bf', '0'],
    readable: false,
  },
];

interface Case {
  readonly treatment: (typeof TREATMENTS)[number];
  readonly delayMs: number;
}
/** One after the other: each decodes its pictures one at a time. */
const ROUNDS: readonly (readonly Case[])[] = isWhole
  ? DELAYS.map((delayMs) => TREATMENTS.map((treatment) => ({ treatment, delayMs })))
  : [TREATMENTS.map((treatment, i) => ({ treatment, delayMs: DELAYS[i % DELAYS.length]! }))];

describe('the way from the lens to here, by a slate in the pictures', () => {
  let system: System;
  const folder = mkdtempSync(join(tmpdir(), 'framecue-slate-'));
  const stopping = new AbortController();
  const fileOf = (name: string): string => join(folder, `${name}.flv`);
  const streamOf = ({ treatment, delayMs }: Case): string => `live/${treatment.name}-${delayMs}`;
  const pathOf = (stream: string): string => `/api/v1/streams/${stream}/latency`;

  beforeAll(async () => {
    system = await startSystem({ FRAMECUE_MAX_PUBLISHERS: '20' });
  });
  afterAll(async () => {
    stopping.abort();
    await system?.stop();
    if (folderForShots !== undefined) cpSync(folder, join(folderForShots, 'encoded'), { recursive: true });
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(ROUNDS.map((cases, i) => [i + 1, cases] as const))(
    'is measured to within one picture, or said to be unreadable (%d)',
    async (_, cases) => {
      // The pictures show times that are still to come when they are encoded; a slow machine adds its own delay.
      const startsAt = Date.now() + LEAD_MS;
      await encodeSlates({ startsAt, seconds: SECONDS, session: SESSION, treatments: TREATMENTS, fileOf });
      const addedMs = Math.max(0, Date.now() + 500 - startsAt);
      const { rtmpUrl, streamKey } = await system.run();
      const base = rtmpUrl.slice(0, rtmpUrl.indexOf('/live') + 5);
      const query = streamKey.includes('?') ? streamKey.slice(streamKey.indexOf('?')) : '';
      const seen = new Map<string, LatencyStatus['slate']>();
      const publishes = cases.map(async (one) => {
        const stream = streamOf(one);
        const body = { on: true, session: SESSION, screenLatencyMs: 0, screenErrorMs: 0 };
        const answer = await system.api.media('PUT', `${pathOf(stream)}/slate`, body);
        expect(answer.status).toBe(200);
        const url = `${base}/${stream.slice(5)}${query}`;
        const file = fileOf(one.treatment.name);
        await publishLate({ file, url, startsAt, delayMs: one.delayMs + addedMs, signal: stopping.signal });
        await vi
          .waitFor(async () => {
            const { body: status } = await system.api.media<LatencyStatus>('GET', pathOf(stream));
            seen.set(stream, status.slate);
            if (one.treatment.readable) expect(status.slate.confidence).toBeGreaterThan(LEAST_CONFIDENCE);
          }, LAST_READ_MS)
          // That it is not enough is judged below.
          .catch(() => undefined);
      });
      await Promise.all(publishes);

      const measured = new Set<string>();
      for (const one of cases) {
        const stream = streamOf(one);
        const slate = seen.get(stream)!;
        const { state, latencyMs, spreadMs, readings, pictures, confidence } = slate;
        const line = {
          stream,
          state,
          latencyMs,
          spreadMs,
          readings,
          pictures,
          confidence,
          why: slate.unreadable?.code,
        };
        if (isWhole) console.log(JSON.stringify(line));
        if (latencyMs === null) {
          // No figure is no measurement; the one picture at the reader may not be decoded yet.
          expect(['searching', 'unreadable'], JSON.stringify(line)).toContain(state);
        } else if (confidence >= LEAST_CONFIDENCE) {
          // Below that nothing can be applied: the first keyframe waits while the publishing ffmpeg probes.
          expect(one.treatment.readable, JSON.stringify(line)).toBe(true);
          const off = Math.abs(latencyMs - one.delayMs - addedMs);
          expect(off, JSON.stringify(line)).toBeLessThanOrEqual(FRAME_MS);
          measured.add(one.treatment.name);
        }
      }
      // A reader that reads nothing would never be wrong. A machine that is busy decodes too few pictures to judge by.
      const readings = [...seen.values()].reduce((sum, slate) => sum + slate.readings, 0);
      expect(readings, JSON.stringify([...seen])).toBeGreaterThanOrEqual(1);
      if (isWhole) expect(measured.size, JSON.stringify([...seen])).toBe(3);
    },
    ROUND_LIMIT_MS,
  );

  it('is applied, pinned, and there after media was killed', async () => {
    const path = pathOf(streamOf(ROUNDS[0]![0]!));
    const apply = (body: unknown) => system.api.media<LatencyStatus>('POST', `${path}/apply`, body);
    const nothing = await system.api.media('POST', `${pathOf('live/other')}/apply`, {
      ...{ source: 'measured', pin: true },
    });
    expect(nothing).toMatchObject({ status: 409, body: { error: { code: 'ERR_LATENCY_UNKNOWN' } } });
    const manual = await apply({ source: 'manual', ms: 1_250, errorMs: 60, pin: true });
    expect(manual.body.applied).toMatchObject({ ms: 1_250, errorMs: 60, source: 'manual', pinned: true });
    await killNine(system, 'media');
    const { body } = await system.api.media<LatencyStatus>('GET', path);
    expect(body.applied).toEqual(manual.body.applied);
    // Decoding begins again when somebody asks for it.
    expect(body.slate).toMatchObject({ state: 'off', screenLatencyMs: 0 });
    const cleared = await system.api.media<LatencyStatus>('DELETE', `${path}/apply`);
    expect(cleared.body.applied).toBeNull();
  });

  it('is on the page: its screen is read, and is right', async () => {
    const { media, stream } = await system.run();
    const name = `${stream.app}/${stream.name}`;
    const browser = await openBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
      await page.goto(`${media}/slate.html`, { waitUntil: 'load' });
      const status = page.getByRole('status');
      await vi.waitFor(async () => expect(await status.textContent()).toContain('READER IS OFF'), WAIT);
      expect(await readScreen(page)).toEqual({ ok: false, reason: 'not-valid' });
      await shoot(page, 'slate-off');

      const body = { on: true, session: SESSION };
      await system.api.media('PUT', `${pathOf(name)}/slate`, body);
      await vi.waitFor(async () => expect(await status.textContent()).toContain('SEARCHING'), WAIT);
      for (const size of [
        { width: 1280, height: 720 },
        { width: 1024, height: 768 },
      ]) {
        await page.setViewportSize(size);
        const before = Date.now();
        const reading = await readScreen(page);
        if (!reading.ok) throw new Error(reading.reason);
        expect(reading.session).toBe(SESSION);
        // A screenshot takes one display: the newest that was drawn, or the one before it.
        expect(reading.unixMs).toBeGreaterThan(before - reading.errorMs - 1_000);
        expect(reading.unixMs).toBeLessThanOrEqual(Date.now() + reading.errorMs);
        await shoot(page, `slate-${size.width}`);
      }
    } finally {
      await browser.close();
    }
  });

  it('is switched on, applied and pinned in the console by keyboard alone, and is a view of the stage', async () => {
    const { rtmpUrl, streamKey } = await system.run();
    const latency = pathOf('live/main');
    const status = async () => (await system.api.media<LatencyStatus>('GET', latency)).body;
    await system.api.media('PUT', `${latency}/slate`, { on: false });
    let session = SESSION;
    const camera = publishSlateNow({ url: `${rtmpUrl}/${streamKey}`, session: () => session });
    const browser = await openBrowser();
    try {
      await system.api.untilLive(PAGE_MS);
      const { page: anna, errors } = await openConsole(browser, system);
      const box = anna.getByRole('region', { name: 'Production latency' });
      const pressOn = async (name: string): Promise<void> => {
        await tabTo(anna, `BUTTON ${name}`, PAGE_MS);
        await anna.keyboard.press('Enter');
      };
      await anna.keyboard.press('3');
      await box.getByText('The slate is not looked for.').waitFor({ timeout: PAGE_MS });
      await pressOn('Look for the slate');
      await box.getByRole('button', { name: 'Stop looking' }).waitFor({ timeout: PAGE_MS });
      session = (await status()).slate.session!;

      const ticket = await makeTicket(system);
      const { page: wall } = await openStage(browser, system, { ticket, width: 1280, height: 720 });
      await wall.getByText('The next question comes soon').waitFor({ timeout: PAGE_MS });
      // Until its line stands, a screen's keys choose for itself alone.
      await until('the stage shows the slate', PAGE_MS, async () => {
        await wall.keyboard.press('5');
        const { body } = await system.api.media<{ show: { view: string } }>(
          'GET',
          `${system.api.streamPath}/stage`,
        );
        return body.show.view === 'slate' ? true : null;
      });
      await wall.getByRole('img', { name: /^Clock slate/ }).waitFor({ timeout: PAGE_MS });
      await vi.waitFor(
        async () => expect(await readScreen(wall)).toMatchObject({ ok: true, session }),
        PAGE_MS,
      );
      await armCue(system, 'on-slate');
      await giveLeave(system, { cue: 'on-slate' });
      await wall.getByText('Touch to start').waitFor({ timeout: PAGE_MS });
      await giveLeave(system, { cue: null });
      await wall.getByRole('img', { name: /^Clock slate/ }).waitFor({ timeout: PAGE_MS });
      await wall.keyboard.press('3');
      await wall.getByText('The next question comes soon').waitFor({ timeout: PAGE_MS });
      await wall.context().close();

      await box.getByText('The slate is being read.').waitFor({ timeout: ROUND_LIMIT_MS / 2 });
      await until('enough was read', ROUND_LIMIT_MS / 2, async () =>
        (await status()).slate.confidence > LEAST_CONFIDENCE ? true : null,
      );
      await pressOn('Apply');
      await box.getByText(/, measured$/).waitFor({ timeout: PAGE_MS });
      expect((await status()).applied).toMatchObject({ source: 'measured', pinned: false });
      await pressOn('Apply and pin');
      await box.getByText(/, measured, pinned$/).waitFor({ timeout: PAGE_MS });
      expect((await status()).applied).toMatchObject({ source: 'measured', pinned: true });
      await pressOn('Use none');
      await box.getByText('none', { exact: true }).waitFor({ timeout: PAGE_MS });
      expect((await status()).applied).toBeNull();
      await pressOn('Stop looking');
      await box.getByText('The slate is not looked for.').waitFor({ timeout: PAGE_MS });
      expect(errors).toEqual([]);
    } finally {
      await camera.stop();
      await browser.close();
    }
  });
});

async function shoot(page: Page, name: string): Promise<void> {
  if (folderForShots !== undefined) await page.screenshot({ path: join(folderForShots, `${name}.png`) });
}

/** What the reader makes of a screenshot, decoded as the pictures of a stream are. */
async function readScreen(page: Page): Promise<SlateReading> {
  const png = await page.screenshot();
  const child = start(
    ffmpegPath(),
    [
      '-loglevel',
      'error',
      '-f',
      'png_pipe',
      '-i',
      'pipe:0',
      '-pix_fmt',
      'gray',
      '-f',
      'image2pipe',
      '-c:v',
      'pgm',
      '-',
    ],
    { stdin: true, stdout: true },
  );
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.resume();
  const exited = exitOf(child);
  child.stdin?.end(png);
  await exited;
  const picture = pictureOfPgm(Buffer.concat(chunks));
  if (picture === null) throw new Error('the screenshot could not be decoded');
  return readSlate(picture, Date.now());
}
