import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import type { RealRound } from './interactions/real-round.ts';
import { countedSubmission, type ReadAnswer } from './interactions/real-round.ts';
import type { RehearsalRound } from './interactions/rehearsal-round.ts';
import { ShadowRound } from './interactions/shadow-round.ts';
import { eventsMetrics } from './metrics.ts';
import type { CuePlan } from './test-support/cues.ts';
import { type Answer, DIRECTOR, EventsUnderTest, READER } from './test-support/harness.ts';

const QUIZ = { question: 'Who wins?', options: ['Ann', 'Bob'], correct: 1, durationMs: 60_000 };
const open = (interaction: string, rehearsal?: true): CuePlan => ({
  ...{ id: `open-${interaction}`, type: 'interaction.open', data: { interaction } },
  ...(rehearsal === undefined ? {} : { rehearsal }),
});

let registry: Registry;
let t: EventsUnderTest;
let shadow: string;
let viewer: string;
beforeEach(async () => {
  registry = new Registry();
  t = await new EventsUnderTest({ observer: eventsMetrics(registry) }).start();
  for (const [id, marked] of [
    ['real', undefined],
    ['pressed', true],
  ] as const) {
    const made = await t.post(
      '/api/v1/interactions',
      { id, type: 'quiz', config: QUIZ, shadow: marked },
      DIRECTOR,
    );
    expect(made.status).toBe(201);
  }
  [{ token: shadow }] = (await t.post('/api/v1/session/shadow', {}, DIRECTOR)).body.viewers;
  viewer = await t.session('ann');
});
afterEach(() => t.stop());

const codeOf = ({ status, body }: Answer) => [status, body.error?.code ?? null];
const submit = (interaction: string, token: string, body: object = {}) =>
  t.submit(interaction, token, { cue: `open-${interaction}`, choice: 1, ...body });
const totalOf = async (interaction: string) => {
  t.time.advance(500);
  return (await t.get(`/api/v1/interactions/${interaction}/result`)).body;
};

describe('a shadow round', () => {
  test('takes shadow viewers by the same rules, each once, and says everywhere what it is', async () => {
    expect(codeOf(await submit('pressed', shadow))).toEqual([409, 'ERR_INTERACTION_NOT_OPEN']);
    await t.publish(t.land(open('pressed')));
    const first = await submit('pressed', shadow);
    expect(first).toMatchObject({ status: 200, body: { receipt: { status: 'accepted', repeated: false } } });
    expect((await submit('pressed', shadow, { choice: 0 })).body.receipt).toEqual({
      ...first.body.receipt,
      repeated: true,
    });
    expect(await totalOf('pressed')).toMatchObject({ shadow: true, total: 1, state: 'ACTIVE' });
    const metrics = await registry.metrics();
    expect(metrics).toContain('framecue_submissions_total{outcome="shadow",code=""} 2');
    expect(metrics).not.toContain('outcome="accepted"');
    expect((await t.get('/api/v1/interactions/pressed')).body).toMatchObject({ shadow: true });
    expect(await totalOf('real')).not.toHaveProperty('shadow');
    expect((await t.get('/api/v1/interactions/real')).body).not.toHaveProperty('shadow');
  });

  test('stays one over a restart', async () => {
    await t.publish(t.land(open('pressed')));
    await submit('pressed', shadow);
    await t.shut();
    await t.open();
    expect(codeOf(await submit('pressed', viewer))).toEqual([403, 'ERR_SHADOW_ROUND']);
    expect((await submit('pressed', shadow)).body.receipt).toMatchObject({ repeated: true });
    expect(await totalOf('pressed')).toMatchObject({ shadow: true, total: 1 });
  });

  test.each(['before it opens', 'while it is open', 'in a rehearsal of it'])(
    'lets no viewer in, and a round that counts no shadow viewer: %s',
    async (when) => {
      if (when === 'while it is open') await t.publish(t.land(open('pressed')), t.land(open('real')));
      if (when === 'in a rehearsal of it') {
        await t.publish(t.land(open('pressed', true)), t.land(open('real', true)));
      }
      for (const rehearsal of [undefined, true]) {
        const body = rehearsal === undefined ? {} : { rehearsal };
        expect(codeOf(await submit('pressed', viewer, body))).toEqual([403, 'ERR_SHADOW_ROUND']);
        expect(codeOf(await submit('real', shadow, body))).toEqual([403, 'ERR_SHADOW_VIEWER']);
        // By the cue of the other one.
        expect(codeOf(await submit('pressed', viewer, { ...body, cue: 'open-real' }))[0]).toBe(403);
        expect(codeOf(await submit('real', shadow, { ...body, cue: 'open-pressed' }))[0]).toBe(403);
      }
      expect((await totalOf('real')).total).toBe(0);
      expect((await totalOf('pressed')).total).toBe(0);
    },
  );

  test('has viewers who can do nothing else', async () => {
    for (const path of ['/api/v1/reports', '/api/v1/streams/live/main/delays']) {
      expect([path, ...codeOf(await t.post(path, {}, shadow))]).toEqual([path, 403, 'ERR_SHADOW_VIEWER']);
    }
    for (const path of ['/api/v1/interactions', '/api/v1/session/shadow']) {
      expect((await t.post(path, {}, shadow)).status).toBe(401);
    }
  });

  test('has viewers made for directors alone, many at a time, none like another', async () => {
    expect((await t.post('/api/v1/session/shadow', {}, READER)).status).toBe(403);
    expect((await t.post('/api/v1/session/shadow', {})).status).toBe(401);
    expect((await t.post('/api/v1/session/shadow', { count: 10_001 }, DIRECTOR)).status).toBe(400);
    const { body } = await t.post('/api/v1/session/shadow', { count: 500 }, DIRECTOR);
    expect(new Set(body.viewers.map(({ viewer }: { viewer: string }) => viewer)).size).toBe(500);
    expect(body.viewers[0].token).toMatch(/^fs1\./);
    expect(body.expiresAt).toBe(t.time.clock.unixMs() + 3_600_000);
  });

  test('keeps its kind: the token of one kind cannot be turned into the other', async () => {
    await t.publish(t.land(open('pressed')), t.land(open('real')));
    expect(codeOf(await submit('real', shadow.replace('fs1.', 'fc1.')))).toEqual([401, 'ERR_TOKEN_INVALID']);
    expect(codeOf(await submit('pressed', viewer.replace('fc1.', 'fs1.')))).toEqual([
      401,
      'ERR_TOKEN_INVALID',
    ]);
  });

  test('by type: it is no round that counts, and what books answers hears nothing of it', () => {
    expectTypeOf<ShadowRound>().not.toExtend<RealRound>();
    expectTypeOf<ShadowRound>().not.toExtend<RehearsalRound>();
    expectTypeOf<RealRound>().not.toExtend<ShadowRound>();
    const submission = countedSubmission(new ShadowRound('q1'), {} as ReadAnswer, 'r1', 'accepted', 'sale');
    expect(submission).toEqual({ id: 'r1', interaction: 'q1', status: 'accepted' });
  });
});
