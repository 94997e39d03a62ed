import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseStamp } from '../cues/wire/index.ts';
import { ROOT } from '../scripts/lib/tools.ts';
import { openBrowser } from './test/browser.ts';
import { Site } from './test/site.ts';
import { StampedStream } from './test/stamped-stream.ts';

let folder: string;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'framecue-readme-'));
  // The stream is made where it is not there yet.
  [browser] = await Promise.all([openBrowser(), StampedStream.open('bframes-25', 0)]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

test('the README’s ten lines open a quiz on its frame, send the answer, and close it', async () => {
  const readme = await readFile(join(ROOT, 'client/README.md'), 'utf8');
  const example = /<!-- This block is run [^>]*-->\n```js\n([\s\S]*?)```/.exec(readme)![1]!;
  // An application would build it in the same way; only the addresses are this test's.
  const stream = await StampedStream.open('bframes-25', Date.now() - 20_300);
  const site = await Site.start(stream, { '/app/': join(folder, 'out') });
  try {
    const source = example
      .replace('https://events.example.com', site.url)
      .replace('https://play.example.com', site.url);
    expect(source.match(new RegExp(site.url, 'g'))).toHaveLength(2);
    await writeFile(join(folder, 'example.js'), source);
    await build({
      configFile: false,
      root: folder,
      logLevel: 'warn',
      resolve: {
        alias: {
          'framecue-client': join(ROOT, 'client/src/index.ts'),
          'mpegts.js': join(ROOT, 'node_modules/mpegts.js'),
        },
      },
      build: {
        outDir: join(folder, 'out'),
        lib: { entry: join(folder, 'example.js'), formats: ['es'], fileName: () => 'example.js' },
      },
    });

    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(site.url);
    await page.evaluate(() => {
      const shown: unknown[] = [];
      Object.assign(globalThis, {
        shown,
        video: document.querySelector('video'),
        showQuiz: (cue: { id: string }, choose: (choice: number) => Promise<unknown>) => {
          shown.push(`open ${cue.id}`);
          void choose(1).then((outcome) => shown.push(outcome));
        },
        hideQuiz: (id: string) => shown.push(`close ${id}`),
      });
    });
    await page.route('**/viewer-token', (route) => route.fulfill({ body: 'the page’s own JWT' }));
    await page.addScriptTag({ url: '/app/example.js', type: 'module' });
    await page.waitForFunction(() => document.querySelector('video')!.currentTime > 1, undefined, {
      timeout: 20_000,
    });
    stream.mark({ id: 'c1', firePts: stream.frameAhead(600), announceMs: 400, durationMs: 1500 });
    await page.waitForFunction(
      () => (globalThis as unknown as { shown: unknown[] }).shown.length >= 3,
      undefined,
      {
        timeout: 20_000,
      },
    );
    const shown = await page.evaluate(() => (globalThis as unknown as { shown: unknown[] }).shown);
    expect(shown).toEqual([
      'open c1',
      { ok: true, receipt: expect.objectContaining({ id: 'r1', interaction: 'i-c1', choice: 1 }) },
      'close c1',
    ]);
    expect(errors).toEqual([]);
    const [session] = site.requestsTo('POST', /session/);
    expect(session!.body).toEqual({ token: 'the page’s own JWT' });
    const [submission] = site.requestsTo('POST', /submissions/);
    expect(submission).toMatchObject({
      path: '/api/v1/interactions/i-c1/submissions',
      authorization: 'Bearer short',
      body: {
        choice: 1,
        cue: 'c1',
        path: 'flv',
        epoch: 'epoch-1',
      },
    });
    const body = submission!.body as Record<'firePts' | 'actedPts' | 'answerMs', number> & { stamp: string };
    const proof = parseStamp(body.stamp);
    // With B-frames a later picture can pass the injector just before the fire frame.
    expect(proof).toMatchObject({ kind: 'cue', head: { key: expect.any(String) }, body: { id: 'c1' } });
    expect(proof.kind === 'cue' && Math.abs(proof.head.fireIn)).toBeLessThanOrEqual(120);
    expect(body.actedPts).toBeGreaterThanOrEqual(body.firePts);
    expect(body.actedPts - body.firePts).toBeLessThan(2000);
    expect(body.answerMs).toBeLessThan(2000);
    await page.close();
  } finally {
    await site.close();
  }
}, 120_000);
