import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFinal } from '../cues/states.ts';
import { until } from './lib/api.ts';
import { firesOf, openBrowser, openViewer, untilAllPlay } from './lib/browser.ts';
import { killNine } from './lib/kill.ts';
import { openQuiz, viewerSession } from './lib/quiz.ts';
import { NEAR_HLS, type System, startSystem } from './lib/system.ts';

const BEHIND_MS = 40_000;
const RESTART_MS = 30_000;

let system: System;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await openBrowser();
  system = await startSystem(NEAR_HLS);
  await system.publish('bframes-25');
  const { pages } = await system.run();
  ({ page } = await openViewer(browser, `${pages.viewer}?test`));
  await untilAllPlay(page, BEHIND_MS);
});
afterAll(async () => {
  await browser.close();
  await system.stop();
});

describe('kill -9 of events', () => {
  it('loses no acknowledged answer: the next process gives the same receipt back', async () => {
    const quiz = await openQuiz(system, { id: 'killed-quiz', durationMs: 120_000 });
    const viewers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => viewerSession(system, `viewer-${n}`)),
    );
    const receipts = await Promise.all(viewers.map((viewer, n) => viewer.answer(quiz, n % 2)));
    for (const { status } of receipts) expect(status).toBe(200);

    await killNine(system, 'events');

    const result = await system.api.events<{ total: number; counts: number[] }>(
      'GET',
      `/api/v1/interactions/${quiz.id}/result`,
    );
    expect(result.body).toMatchObject({ total: 20, counts: [10, 10] });
    const again = await viewers[3]!.answer(quiz, 0);
    expect(again.body.receipt).toMatchObject({ id: receipts[3]!.body.receipt.id, choice: 1, repeated: true });
  });
});

describe('kill -9 of media', () => {
  it('resumes the feed, fires nothing twice, and says what became of a cue that was waiting', async () => {
    const open = await system.api.mark({ type: 'custom.before', durationMs: 120_000 });
    await system.api.landed(open.id);
    await until('all players have fired it', BEHIND_MS, async () => {
      const fires = (await firesOf(page)).filter((fire) => fire.cue === open.id);
      return fires.length === 3 ? true : null;
    });
    const feedBefore = (await system.api.events<{ feed?: unknown }>('GET', '/health/ready')).body;
    expect(feedBefore).toMatchObject({ ready: true });
    // One whose moment is still to come, and one whose moment passes while nobody is there: nothing may come between
    // it and the kill, since it lands where that takes longer than its delay.
    const ahead = await system.api.mark({ type: 'custom.ahead', delayMs: 25_000, announceMs: 2_000 });
    const waiting = await system.api.mark({ type: 'custom.waiting', delayMs: 1_200, announceMs: 0 });
    await killNine(system, 'media');
    await system.publish('bframes-25');

    // what events learns now came over the resumed feed
    const quiz = await openQuiz(system, { id: 'after-the-kill', durationMs: 120_000 });
    const viewer = await viewerSession(system, 'viewer-after');
    expect((await viewer.answer(quiz, 0)).status).toBe(200);

    const settled = await until('the waiting cue has an end', RESTART_MS, async () => {
      const cue = await system.api.cue(waiting.id);
      return isFinal(cue.state) || cue.state === 'uncertain' ? cue : null;
    });
    expect(['missed', 'uncertain']).toContain(settled.state);
    expect(settled.reason?.text).toMatch(/\w/);

    await until('the players fire the quiz of the new process', BEHIND_MS, async () => {
      const fires = (await firesOf(page)).filter((fire) => fire.cue === quiz.cue);
      return fires.length >= 3 ? true : null;
    });
    const fires = await firesOf(page);
    const times = new Map<string, number>();
    for (const { player, cue } of fires)
      times.set(`${player} ${cue}`, (times.get(`${player} ${cue}`) ?? 0) + 1);
    expect([...times].filter(([, count]) => count > 1)).toEqual([]);
    expect(fires.filter((fire) => fire.cue === waiting.id)).toEqual([]);
    await system.api.landed(ahead.id, BEHIND_MS);
    await until('the players fire the cue that was ahead', BEHIND_MS, async () => {
      const own = (await firesOf(page)).filter((fire) => fire.cue === ahead.id);
      return own.length === 3 ? true : null;
    });
  });
});
