import { describe, expect, test } from 'vitest';
import { firedCue } from '../../test/fired.ts';
import { type Call, json, type Reply, refusal, VirtualNet } from '../../test/virtual-net.ts';
import { ViewerSession } from './session.ts';
import { Submissions } from './submissions.ts';

const receipt = {
  id: 'r1',
  interaction: 'quiz-1',
  choice: 1,
  status: 'accepted',
  acceptedAt: 1,
  repeated: false,
};

function rig() {
  const net = new VirtualNet();
  const answers: Reply[] = [];
  const problems: string[] = [];
  const closed = new Map<string, number>();
  net.reply = (call: Call) =>
    call.url.endsWith('/session')
      ? json({ token: `short-${net.calls.filter((c) => c.url.endsWith('/session')).length}` })
      : answers.length > 0
        ? answers.shift()!
        : json({ receipt });
  const session = new ViewerSession(net, { url: 'http://events/api/v1/session', token: () => 'jwt' });
  const submissions = new Submissions(net, {
    url: 'http://events/api/v1/interactions',
    session,
    claimsOf: (_, actedAtMs) => ({ actedPts: 4000 + actedAtMs, stamp: 'newer stamp' }),
    closedAtMs: (id) => closed.get(id) ?? null,
    onProblem: (code) => problems.push(code),
  });
  const posts = (): Call[] => net.calls.filter((call) => call.url.endsWith('/submissions'));
  return { net, submissions, session, answers, problems, posts, closed };
}

describe('Submissions', () => {
  test('sends the answer with all claims, and gives the receipt', async () => {
    const { net, submissions, posts } = rig();
    await net.advance(1500);
    const outcome = await submissions.submit(firedCue(), { choice: 1, actedAt: 2300 });
    expect(outcome).toEqual({ ok: true, receipt });
    expect(posts()).toMatchObject([
      {
        url: 'http://events/api/v1/interactions/quiz-1/submissions',
        method: 'POST',
        authorization: 'Bearer short-1',
        body: {
          choice: 1,
          cue: 'c1',
          rev: 2,
          epoch: 'e1',
          firePts: 5000,
          actedPts: 6300,
          answerMs: 1300,
          path: 'flv',
          stamp: 'newer stamp',
        },
      },
    ]);
  });

  test('claims of the future are not made', async () => {
    const { net, submissions, posts } = rig();
    await net.advance(500);
    await submissions.submit(firedCue(), { choice: 0, actedAt: 99_999 });
    expect(posts()[0]!.body).toMatchObject({ answerMs: 500 });
  });

  test('what is not known is left out', async () => {
    const { submissions, posts } = rig();
    await submissions.submit(firedCue({ firePts: null, epoch: null, path: 'events' }), { choice: 0 });
    expect(Object.keys(posts()[0]!.body as object)).not.toContain('firePts');
    expect(Object.keys(posts()[0]!.body as object)).not.toContain('epoch');
  });

  test('an answer in a rehearsal says that it is one; others say nothing of it', async () => {
    const { submissions, posts, answers } = rig();
    answers.push(json({ receipt: { ...receipt, status: 'rehearsal' } }));
    const outcome = await submissions.submit(firedCue({ rehearsal: true }), { choice: 1 });
    expect(outcome).toMatchObject({ ok: true, receipt: { status: 'rehearsal' } });
    expect(posts()[0]!.body).toMatchObject({ rehearsal: true });
    await submissions.submit(firedCue({ id: 'c2' }), { choice: 1 });
    expect(Object.keys(posts()[1]!.body as object)).not.toContain('rehearsal');
  });

  test('tries again while that can help, as Retry-After says or with backoff', async () => {
    const { net, submissions, answers, posts, problems } = rig();
    answers.push(
      refusal('ERR_OVERLOADED', 503, true, { 'retry-after': '2' }),
      null,
      refusal('ERR_INTERACTION_NOT_OPEN', 409, true),
    );
    const outcome = submissions.submit(firedCue(), { choice: 1 });
    await net.advance(10_000);
    expect(await outcome).toEqual({ ok: true, receipt });
    const times = posts().map((call) => call.atMs);
    expect(times[1]! - times[0]!).toBe(2000);
    expect(times[2]! - times[1]!).toBeGreaterThan(100);
    expect(problems).toEqual(['ERR_OVERLOADED', 'ERR_CLIENT_NETWORK', 'ERR_INTERACTION_NOT_OPEN']);
    // The same action: what it claims does not change with the attempts.
    expect(new Set(posts().map((call) => JSON.stringify(call.body))).size).toBe(1);
  });

  test('gives up with what the server said', async () => {
    const { submissions, answers, posts } = rig();
    answers.push(refusal('ERR_INTERACTION_LOCKED', 409, false));
    expect(await submissions.submit(firedCue(), { choice: 1 })).toEqual({
      ok: false,
      error: {
        code: 'ERR_INTERACTION_LOCKED',
        message: 'refused: ERR_INTERACTION_LOCKED',
        retryable: false,
        status: 409,
      },
    });
    expect(posts()).toHaveLength(1);
  });

  test('gives up a little after the window has ended', async () => {
    const { net, submissions, answers } = rig();
    for (let i = 0; i < 200; i++) answers.push(null);
    let outcome: unknown = null;
    void submissions.submit(firedCue(), { choice: 1 }).then((o) => {
      outcome = o;
    });
    await net.advance(9000);
    expect(outcome).toBeNull();
    await net.advance(7000);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_NETWORK', retryable: true } });
    expect(submissions.waiting).toBe(0);
  });

  test('a token that has ended is exchanged anew, once', async () => {
    const { submissions, answers, posts } = rig();
    answers.push(refusal('ERR_TOKEN_EXPIRED', 401, false));
    expect(await submissions.submit(firedCue(), { choice: 1 })).toMatchObject({ ok: true });
    expect(posts().map((call) => call.authorization)).toEqual(['Bearer short-1', 'Bearer short-2']);
    answers.push(refusal('ERR_TOKEN_INVALID', 401, false), refusal('ERR_TOKEN_INVALID', 401, false));
    expect(await submissions.submit(firedCue(), { choice: 1 })).toMatchObject({
      ok: false,
      error: { code: 'ERR_TOKEN_INVALID' },
    });
  });

  test('a second answer while the first is under way is the first', async () => {
    const { submissions, posts } = rig();
    const both = await Promise.all([
      submissions.submit(firedCue(), { choice: 1 }),
      submissions.submit(firedCue(), { choice: 0 }),
    ]);
    expect(both).toEqual([
      { ok: true, receipt },
      { ok: true, receipt },
    ]);
    expect(posts()).toHaveLength(1);
  });

  test('what was done after it closed here is not sent; what was done before is', async () => {
    const { net, submissions, closed, posts } = rig();
    await net.advance(5000);
    closed.set('c1', 4000);
    expect(await submissions.submit(firedCue(), { choice: 1 })).toMatchObject({
      ok: false,
      error: { code: 'ERR_CLIENT_CLOSED', retryable: false },
    });
    expect(posts()).toEqual([]);
    expect(await submissions.submit(firedCue(), { choice: 1, actedAt: 3990 })).toMatchObject({ ok: true });
  });

  test('is bounded', async () => {
    const { net, submissions } = rig();
    net.reply = () => 'hang';
    for (let i = 0; i < 16; i++) void submissions.submit(firedCue({ id: `c${i}` }), { choice: 0 });
    expect(await submissions.submit(firedCue({ id: 'one more' }), { choice: 0 })).toMatchObject({
      ok: false,
      error: { code: 'ERR_CLIENT_BUSY', retryable: true },
    });
    submissions.destroy();
  });

  test.each([[{}], [{ interaction: 5 }], [{ interaction: '' }]])(
    'a cue with data %j has no interaction',
    async (data) => {
      const { net, submissions } = rig();
      expect(await submissions.submit(firedCue({ data }), { choice: 0 })).toMatchObject({
        ok: false,
        error: { code: 'ERR_CLIENT_NO_INTERACTION', retryable: false },
      });
      expect(net.calls).toEqual([]);
    },
  );

  test.each([[{}], [null], [{ receipt: null }], [{ receipt: { choice: 1 } }]])(
    'an answer %j is no receipt',
    async (body) => {
      const { submissions, answers } = rig();
      answers.push(json(body));
      expect(await submissions.submit(firedCue(), { choice: 0 })).toMatchObject({
        ok: false,
        error: { code: 'ERR_CLIENT_RESPONSE' },
      });
    },
  );

  test('destroy ends it with a word, and nothing is sent after it', async () => {
    const { net, submissions, answers } = rig();
    answers.push(null);
    const outcome = submissions.submit(firedCue(), { choice: 1 });
    await net.advance(10);
    submissions.destroy();
    expect(await outcome).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_DESTROYED' } });
    const calls = net.calls.length;
    await net.advance(60_000);
    expect([net.calls.length, net.timers]).toEqual([calls, 0]);
    expect(await submissions.submit(firedCue(), { choice: 1 })).toMatchObject({
      error: { code: 'ERR_CLIENT_DESTROYED' },
    });
  });
});
