import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { RealRound } from './interactions/real-round.ts';
import type { RehearsalRound } from './interactions/rehearsal-round.ts';
import type { NewSubmission } from './ledger/facts.ts';
import { type CuePlan, stampOf } from './test-support/cues.ts';
import { type Answer, DIRECTOR, EventsUnderTest, READER, SPREAD_MS } from './test-support/harness.ts';

const REHEARSED: CuePlan = {
  ...{ id: 'try-1', type: 'interaction.open', data: { interaction: 'q1' }, rehearsal: true },
};
const OPEN = { id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } } as const;

let t: EventsUnderTest;
beforeEach(async () => {
  t = await new EventsUnderTest().start();
  await t.quiz('q1');
});
afterEach(() => t.stop());

const submit = async (viewer: string, cue: string, body: object = {}) =>
  t.submit('q1', await t.session(viewer), { cue, ...body });
const codeOf = ({ status, body }: Answer) => [status, body.error?.code ?? null];
const real = async () => {
  t.time.advance(500);
  const { body } = await t.get('/api/v1/interactions/q1/result');
  const { state, total } = body;
  return { state, total };
};
const rehearsed = async () => {
  const { status, body } = await t.get('/api/v1/interactions/q1/rehearsal');
  return status === 200 ? { state: body.state, total: body.total, cue: body.cue } : status;
};
const UNTOUCHED = { state: 'SCHEDULED', total: 0 };

describe('a rehearsal', () => {
  test('opens, takes answers, locks and resolves, and the interaction is as if nothing had been', async () => {
    expect(await rehearsed()).toBe(404);
    await t.publish(t.land(REHEARSED));
    const first = await submit('ann', 'try-1', { choice: 1, rehearsal: true });
    expect(first).toMatchObject({
      status: 200,
      body: { receipt: { status: 'rehearsal', interaction: 'q1', choice: 1, repeated: false } },
    });
    expect((await submit('ann', 'try-1', { choice: 3, rehearsal: true })).body.receipt).toEqual({
      ...first.body.receipt,
      repeated: true,
    });
    await submit('bob', 'try-1', { choice: 0, rehearsal: true });
    expect(await rehearsed()).toEqual({ state: 'ACTIVE', total: 2, cue: 'try-1' });
    await t.publish(t.land({ id: 'try-lock', type: 'interaction.lock', ref: 'try-1', rehearsal: true }));
    expect((await rehearsed()).valueOf()).toMatchObject({ state: 'LOCKED' });
    t.time.advance(SPREAD_MS + 1);
    expect(codeOf(await submit('eve', 'try-1'))).toEqual([409, 'ERR_INTERACTION_LOCKED']);
    await t.publish(
      t.land({
        id: 'try-end',
        type: 'interaction.reveal',
        ref: 'try-1',
        data: { correct: 1 },
        rehearsal: true,
      }),
    );
    expect(await rehearsed()).toEqual({ state: 'RESOLVED', total: 2, cue: 'try-1' });
    expect(await real()).toEqual(UNTOUCHED);
    const { body } = await t.get('/api/v1/interactions/q1/rehearsal');
    expect(body).toMatchObject({ id: 'q1', rehearsal: true });
    // The round that counts is still to come: what is right in it is for those alone who may look.
    expect(body).not.toHaveProperty('correct');
    expect((await t.get('/api/v1/interactions/q1/rehearsal', READER)).body).toMatchObject({ correct: 1 });
    expect((await t.get('/api/v1/interactions/q1/rehearsal', 'nobody')).status).toBe(401);
  });

  test('can be repeated, and the real round opens after it as if it were the first', async () => {
    for (const id of ['try-1', 'try-2']) {
      await t.publish(t.land({ ...REHEARSED, id }));
      await submit('ann', id);
      expect(await rehearsed()).toEqual({ state: 'ACTIVE', total: 1, cue: id });
    }
    // A late lock is of the round that its ref opened, not of the newest one.
    await t.publish(t.land({ id: 'lock-1', type: 'interaction.lock', ref: 'try-1', rehearsal: true }));
    expect(await rehearsed()).toEqual({ state: 'ACTIVE', total: 1, cue: 'try-2' });
    await t.publish(t.land(OPEN));
    expect((await submit('ann', 'open-1', { choice: 2 })).body.receipt).toMatchObject({
      ...{ status: 'accepted', choice: 2, repeated: false },
    });
    expect(await real()).toEqual({ state: 'ACTIVE', total: 1 });
  });

  test('is void when it is voided', async () => {
    const cue = t.land(REHEARSED);
    await t.publish(cue);
    await t.publish({ ...cue, rev: 1, voided: { at: t.time.clock.unixMs(), by: 'director', landing: null } });
    expect(await rehearsed()).toMatchObject({ state: 'CANCELED' });
    expect(codeOf(await submit('ann', 'try-1'))).toEqual([409, 'ERR_INTERACTION_CANCELED']);
    expect(await real()).toEqual(UNTOUCHED);
  });

  test('is told to viewers who have lost its stamps, marked', async () => {
    await t.publish(t.land(REHEARSED), t.land({ ...OPEN, id: 'other', data: { interaction: 'q2' } }));
    const { body } = await t.get('/api/v1/streams/live/main/now');
    expect(body.cues.map(({ id, rehearsal }: never) => [id, rehearsal])).toEqual([
      ['try-1', true],
      ['other', undefined],
    ]);
  });

  test('tells those who are faster than the feed to ask again', async () => {
    await t.publish(t.accept(REHEARSED));
    const early = await submit('ann', 'try-1');
    expect(codeOf(early)).toEqual([409, 'ERR_INTERACTION_NOT_OPEN']);
    expect(early.body.error.retryable).toBe(true);
    await t.publish(t.land(REHEARSED));
    expect((await submit('ann', 'try-1')).body.receipt.status).toBe('rehearsal');
  });

  test('goes on after a restart, its answers forgotten', async () => {
    await t.publish(t.land(REHEARSED));
    await submit('ann', 'try-1');
    await t.shut();
    await t.open();
    expect(await rehearsed()).toEqual({ state: 'ACTIVE', total: 0, cue: 'try-1' });
    expect((await submit('ann', 'try-1')).body.receipt.status).toBe('rehearsal');
    expect(await real()).toEqual(UNTOUCHED);
  });

  test('comes with a snapshot too', async () => {
    t.media.publish(t.land(REHEARSED));
    await t.shut();
    await t.open();
    await vi.waitFor(async () => expect(await rehearsed()).toMatchObject({ total: 0 }), 15_000);
    await submit('ann', 'try-1');
    expect(await rehearsed()).toEqual({ state: 'ACTIVE', total: 1, cue: 'try-1' });
    expect(await real()).toEqual(UNTOUCHED);
  });
});

describe('nothing of a rehearsal counts', () => {
  test('not by leaving the mark out: the cue says what it is', async () => {
    await t.publish(t.land(REHEARSED));
    expect((await submit('ann', 'try-1')).body.receipt.status).toBe('rehearsal');
    expect((await submit('bob', 'try-1', { rehearsal: false })).body.receipt.status).toBe('rehearsal');
    expect(await real()).toEqual(UNTOUCHED);
  });

  test('not by the signed stamp of a rehearsal, before the feed or after it', async () => {
    const cue = t.land(REHEARSED);
    const stamp = stampOf(cue, t.signingKey);
    const early = await submit('ann', 'try-1', { stamp });
    expect(codeOf(early)).toEqual([409, 'ERR_INTERACTION_NOT_OPEN']);
    expect(early.body.error.details.stamp).toBe('rehearsal');
    expect(t.events.status().interactions.held).toBe(0);
    await t.publish(cue);
    expect((await submit('ann', 'try-1', { stamp })).body.receipt.status).toBe('rehearsal');
    // Replayed for the real round, under its cue's id: the stamp names another cue.
    expect(codeOf(await submit('bob', 'open-1', { stamp }))).toEqual([409, 'ERR_INTERACTION_NOT_OPEN']);
    await t.publish(t.land(OPEN));
    expect(codeOf(await submit('bob', 'try-1', { stamp })).slice(0, 1)).toEqual([200]);
    expect(await real()).toEqual({ state: 'ACTIVE', total: 0 });
  });

  test('not by a stamp whose mark was taken out: it is not signed', async () => {
    const cue = t.land(REHEARSED);
    const forged = stampOf(cue, t.signingKey).replace('"rehearsal":true,', '');
    const refused = await submit('ann', 'try-1', { stamp: forged });
    expect(codeOf(refused)).toEqual([409, 'ERR_INTERACTION_NOT_OPEN']);
    expect(refused.body.error.details.stamp).toBe('bad-signature');
  });

  test('not by a direct answer while only a rehearsal is open', async () => {
    await t.publish(t.land(REHEARSED));
    expect(codeOf(await submit('ann', 'open-1'))).toEqual([409, 'ERR_INTERACTION_NOT_OPEN']);
    expect(codeOf(await submit('ann', 'nothing'))).toEqual([409, 'ERR_INTERACTION_NOT_OPEN']);
    expect(await real()).toEqual(UNTOUCHED);
  });

  test("not by a rehearsal's cue for another interaction", async () => {
    await t.quiz('q2');
    await t.publish(t.land(REHEARSED), t.land({ ...OPEN, data: { interaction: 'q2' } }));
    const token = await t.session('ann');
    expect(codeOf(await t.submit('q2', token, { cue: 'try-1' }))).toEqual([400, 'ERR_ANSWER_INVALID']);
    expect((await t.get('/api/v1/interactions/q2/result')).body.total).toBe(0);
  });

  test('and an answer that says that it is one never gets into the real round', async () => {
    expect(codeOf(await submit('ann', 'open-1', { rehearsal: true }))).toEqual([
      409,
      'ERR_INTERACTION_NOT_OPEN',
    ]);
    await t.publish(t.land(OPEN));
    expect(codeOf(await submit('ann', 'open-1', { rehearsal: true }))).toEqual([400, 'ERR_ANSWER_INVALID']);
    expect(codeOf(await submit('ann', 'open-1', { rehearsal: 'yes' }))).toEqual([400, 'ERR_REQUEST_INVALID']);
    expect(await real()).toEqual({ state: 'ACTIVE', total: 0 });
  });

  test('not by switching the mode in between: each answer is of the cue that it answers', async () => {
    await t.publish(t.land(REHEARSED));
    const token = await t.session('ann');
    await t.publish(t.land(OPEN));
    // One viewer, one token: rehearsed and real answers are apart, and neither is the other's repeat.
    expect((await t.submit('q1', token, { cue: 'try-1', choice: 3 })).body.receipt.status).toBe('rehearsal');
    expect((await t.submit('q1', token, { cue: 'open-1', choice: 1 })).body.receipt).toMatchObject({
      ...{ status: 'accepted', choice: 1, repeated: false },
    });
    expect((await t.submit('q1', token, { cue: 'try-1', choice: 1 })).body.receipt).toMatchObject({
      ...{ status: 'rehearsal', choice: 3, repeated: true },
    });
    expect(await real()).toEqual({ state: 'ACTIVE', total: 1 });
    const { body } = await t.get('/api/v1/interactions/q1', DIRECTOR);
    expect(body.cue).toBe('open-1');
  });

  test.each(['lock', 'reveal', 'cancel'] as const)(
    'and a %s of a rehearsal moves no real round',
    async (step) => {
      await t.publish(t.land(OPEN));
      const type = `interaction.${step}` as const;
      for (const [n, plan] of [
        { ref: 'open-1' },
        { data: { interaction: 'q1' } },
        { ref: 'open-1', data: { interaction: 'q1' } },
      ].entries()) {
        await t.publish(t.land({ id: `try-${n}`, type, rehearsal: true, ...plan }));
      }
      expect((await real()).state).toBe('ACTIVE');
      // Nor does a real one that refers to a rehearsal's opening.
      await t.publish(t.land(REHEARSED), t.land({ id: 'stray', type, ref: 'try-1' }));
      expect((await real()).state).toBe('ACTIVE');
    },
  );

  test('and a mark on the feed that cannot be read leaves the cue out', async () => {
    const cue = { ...t.land(REHEARSED), rehearsal: 'yes' as unknown as boolean };
    t.media.publish(cue);
    await t.publish(t.land({ id: 'after', type: 'custom' }));
    expect(await real()).toEqual(UNTOUCHED);
  });

  test('by type: what counts is made in one place, of what the ledger has committed', () => {
    expectTypeOf<RehearsalRound>().not.toExtend<RealRound>();
    expectTypeOf<RehearsalRound['view']>().not.toExtend<RealRound>();
    expectTypeOf<{ readonly interaction: string }>().not.toExtend<RealRound>();
    expectTypeOf<ReturnType<RehearsalRound['answer']>>().not.toExtend<NewSubmission>();
    const folder = join(import.meta.dirname, '..');
    const rooms = ['events', 'server', 'ops', 'qa'].filter((room) => existsSync(join(folder, room)));
    const sources = rooms.flatMap((room) =>
      readdirSync(join(folder, room), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
        .map((path) => join(room, path)),
    );
    const makers = sources.filter((path) =>
      readFileSync(join(folder, path), 'utf8').includes('new RealRound('),
    );
    expect(makers).toEqual([join('events', 'interactions', 'book.ts')]);
    const importsOf = (file: string) => readFileSync(join(folder, 'events', 'interactions', file), 'utf8');
    for (const file of ['rehearsal-round.ts', 'rehearsal-rounds.ts']) {
      expect(importsOf(file)).not.toMatch(/ledger\/store|real-round|submissions|outbox|grant\w*\.ts/);
    }
    expect(new RealRound('q1').interaction).toBe('q1');
  });
});
