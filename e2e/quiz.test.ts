import { createHmac } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request, until } from './lib/api.ts';
import { openBrowser, openViewer, untilAllPlay } from './lib/browser.ts';
import { type OpenQuiz, openQuiz, untilState, viewerSession } from './lib/quiz.ts';
import { NEAR_HLS, type System, startSystem } from './lib/system.ts';

const BEHIND_MS = 40_000;

let system: System;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await openBrowser();
  system = await startSystem({ ...NEAR_HLS, FRAMECUE_VIEWER_SPREAD_CAP_MS: '1000' });
  await system.publish('bframes-25');
  const { pages } = await system.run();
  ({ page } = await openViewer(browser, `${pages.viewer}?test`));
  await untilAllPlay(page, BEHIND_MS);
});
afterAll(async () => {
  await browser.close();
  await system.stop();
});

const resultOf = async (id: string) =>
  (
    await system.api.events<{ total: number; counts: number[]; state: string }>(
      'GET',
      `/api/v1/interactions/${id}/result`,
    )
  ).body;

describe('a quiz, opened and locked by cues', () => {
  it('is answered by a click in each of three players, each after its own picture', async () => {
    const quiz = await openQuiz(system, { id: 'clicked', durationMs: 60_000 });
    for (const player of ['HTTP-FLV', 'WS-FLV', 'HLS']) {
      const phone = page.getByRole('article', { name: `Player by ${player}` });
      await phone.getByRole('button', { name: /That/ }).click({ timeout: BEHIND_MS });
    }
    await until('all three answers are counted', BEHIND_MS, async () => {
      const { total } = await resultOf(quiz.id);
      return total === 3 ? true : null;
    });
    expect((await resultOf(quiz.id)).counts).toEqual([0, 3]);
  });

  it('counts each viewer once, and gives repeats the first receipt', async () => {
    const quiz = await openQuiz(system, { id: 'repeated', durationMs: 60_000 });
    const viewer = await viewerSession(system, 'repeater');
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => viewer.answer(quiz, n % 2)));
    const first = answers.filter((a) => a.body.receipt?.repeated === false);
    expect(answers.map((a) => a.status)).toEqual(answers.map(() => 200));
    expect(first).toHaveLength(1);
    expect(new Set(answers.map((a) => a.body.receipt.id)).size).toBe(1);
    // the result may be a second old: it is made for caches
    const counted = await until('the answer is counted', 5_000, async () => {
      const result = await resultOf(quiz.id);
      return result.total === 0 ? null : result;
    });
    expect(counted.total).toBe(1);
  });
});

describe('answers that do not count', () => {
  it('refuses what it must, each with its code', async () => {
    const made = await system.api.events('POST', '/api/v1/interactions', {
      id: 'not-open',
      type: 'quiz',
      config: { question: 'Which one?', options: ['This', 'That'], correct: 0, durationMs: 60_000 },
    });
    expect(made.status).toBe(201);
    const viewer = await viewerSession(system, 'early');
    const unopened: OpenQuiz = { id: 'not-open', cue: 'no-such-cue', epoch: 'e', firePts: 0 };
    expect(await viewer.answer(unopened, 0)).toMatchObject({
      status: 409,
      body: { error: { code: 'ERR_INTERACTION_NOT_OPEN', retryable: true } },
    });

    const quiz = await openQuiz(system, { id: 'locked', durationMs: 60_000 });
    const { events } = await system.run();
    const url = `${events}/api/v1/interactions/${quiz.id}/submissions`;
    const forged = `fc1.${Buffer.from(JSON.stringify({ viewer: 'x', exp: 9e12 })).toString('base64url')}`;
    const mac = createHmac('sha256', 'guessed').update(forged).digest('base64url');
    const codes: Record<string, unknown> = {};
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const post = async (body: string, headers: Record<string, string>) => {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers,
        signal: AbortSignal.timeout(10_000),
      });
      const parsed = (await response.json()) as { error?: { code?: string } };
      return [response.status, parsed.error?.code];
    };
    const json = { 'content-type': 'application/json' };
    const token = await sessionToken();
    codes.forged = await post('{"choice":0}', { ...json, ...bearer(`${forged}.${mac}`) });
    codes.none = await post('{"choice":0}', json);
    codes.malformed = await post('{"choice":', { ...json, ...bearer(token) });
    codes.contentType = await post('choice=0', { 'content-type': 'text/plain', ...bearer(token) });
    codes.oversize = await post(`{"choice":0,"x":"${'x'.repeat(100_000)}"}`, { ...json, ...bearer(token) });
    expect(codes).toEqual({
      forged: [401, 'ERR_TOKEN_INVALID'],
      none: [401, 'ERR_TOKEN_MISSING'],
      malformed: [400, 'ERR_REQUEST_MALFORMED'],
      contentType: [415, 'ERR_CONTENT_TYPE'],
      oversize: [413, 'ERR_BODY_TOO_LARGE'],
    });

    const lock = await system.api.mark({ type: 'interaction.lock', ref: quiz.cue });
    const locked = await system.api.landed(lock.id);
    await untilState(system, quiz.id, 'LOCKED');
    const late = await viewerSession(system, 'late');
    const after = { actedPts: locked.landing!.pts + 40 };
    expect(await late.answer(quiz, 0, after)).toMatchObject({
      status: 409,
      body: { error: { code: 'ERR_INTERACTION_LOCKED' } },
    });
  });

  it('refuses cues that no stamp can carry, and cues for a stream that is not live', async () => {
    const huge = { type: 'custom.test', data: { text: 'x'.repeat(5_000) } };
    expect(await system.api.media('POST', `${system.api.streamPath}/cues`, huge)).toMatchObject({
      status: 413,
      body: { error: { code: 'ERR_CUE_TOO_LARGE' } },
    });
    const elsewhere = await system.api.media('POST', '/api/v1/streams/live/nobody/cues', {
      type: 'custom.test',
    });
    expect(elsewhere).toMatchObject({ status: 404, body: { error: { code: 'ERR_STREAM_NOT_LIVE' } } });
  });
});

async function sessionToken(): Promise<string> {
  const { events } = await system.run();
  const demo = await request<{ token: string }>('POST', `${events}/api/v1/demo/viewer-token`, {}, {});
  const { token } = demo.body;
  return (await request<{ token: string }>('POST', `${events}/api/v1/session`, { token }, {})).body.token;
}
