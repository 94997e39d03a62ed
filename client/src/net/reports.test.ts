import { describe, expect, test } from 'vitest';
import { json, refusal, VirtualNet } from '../../test/virtual-net.ts';
import type { CueOutcome } from '../types.ts';
import { Reports } from './reports.ts';
import { ViewerSession } from './session.ts';

const outcome = (changes: Partial<CueOutcome> = {}): CueOutcome => ({
  cue: 'c1',
  rev: 0,
  type: 'interaction.open',
  path: 'hls',
  carrier: 'sei',
  accuracyMs: 1,
  outcome: 'fired',
  reason: null,
  lateMs: 3.123,
  frames: 0,
  shownPts: 5000,
  aligned: false,
  alignErrorMs: null,
  ...changes,
});

function rig(on = true, token: (() => string) | undefined = () => 'jwt') {
  const net = new VirtualNet();
  const problems: string[] = [];
  const answers: Response[] = [];
  net.reply = (call) =>
    call.url.endsWith('/session')
      ? json({ token: 'short' })
      : (answers.shift() ?? new Response(null, { status: 204 }));
  const session = new ViewerSession(net, { url: 'http://events/api/v1/session', token });
  const reports = new Reports(net, {
    url: 'http://events/api/v1/reports',
    session,
    on,
    onProblem: (code) => problems.push(code),
  });
  const posts = () => net.calls.filter((call) => call.url.endsWith('/reports'));
  return { net, reports, answers, problems, posts };
}

describe('Reports', () => {
  test('go in one batch after a spread wait, by requests that outlive the page', async () => {
    const { net, reports, posts } = rig();
    reports.add(outcome());
    reports.add(
      outcome({ cue: 'c2', outcome: 'closed', reason: 'over', lateMs: null, frames: null, shownPts: null }),
    );
    await net.advance(5900);
    expect(posts()).toHaveLength(0);
    await net.advance(200);
    expect(posts()).toMatchObject([
      {
        method: 'POST',
        authorization: 'Bearer short',
        keepalive: true,
        body: {
          reports: [
            {
              cue: 'c1',
              rev: 0,
              path: 'hls',
              carrier: 'sei',
              accuracyMs: 1,
              outcome: 'fired',
              lateMs: 3.1,
              frames: 0,
              interactionOpenedPts: 5000,
            },
            { cue: 'c2', rev: 0, path: 'hls', outcome: 'closed', reason: 'over' },
          ],
        },
      },
    ]);
  });

  test('a page that goes away sends what waits at once', async () => {
    const { net, reports, posts } = rig();
    reports.add(outcome());
    reports.flush();
    await net.advance(0);
    expect(posts()).toHaveLength(1);
    await net.advance(60_000);
    expect(posts()).toHaveLength(1);
  });

  test.each([
    ['a viewer who is not among those who report', false, () => 'jwt'],
    ['a page without tokens', true, undefined],
  ])('%s sends nothing, not even for a session', async (_, on, token) => {
    const net = new VirtualNet();
    const session = new ViewerSession(net, { url: 'http://events/api/v1/session', token });
    const reports = new Reports(net, { url: 'http://events/x', session, on, onProblem: () => undefined });
    reports.add(outcome());
    reports.flush();
    await net.advance(60_000);
    expect(net.calls).toEqual([]);
    expect(net.timers).toBe(0);
  });

  test('what may be taken later is sent again; what is refused is dropped', async () => {
    const { net, reports, answers, posts, problems } = rig();
    answers.push(refusal('ERR_OVERLOADED', 503, true), refusal('ERR_REQUEST_INVALID', 400, false));
    reports.add(outcome());
    await net.advance(60_000);
    expect(posts()).toHaveLength(2);
    expect(problems).toEqual(['ERR_OVERLOADED', 'ERR_REQUEST_INVALID', 'ERR_CLIENT_REPORTS_DROPPED']);
  });

  test('are bounded, oldest first', async () => {
    const { net, reports, problems, posts } = rig();
    for (let i = 0; i < 120; i++) reports.add(outcome({ cue: `c${i}` }));
    expect(problems).toHaveLength(20);
    await net.advance(60_000);
    const sent = posts().flatMap((call) => (call.body as { reports: { cue: string }[] }).reports);
    expect(sent).toHaveLength(100);
    expect(sent[0]!.cue).toBe('c20');
    expect(posts().every((call) => (call.body as { reports: unknown[] }).reports.length <= 20)).toBe(true);
  });

  test('destroy drops what waits', async () => {
    const { net, reports } = rig();
    reports.add(outcome());
    reports.destroy();
    reports.flush();
    reports.add(outcome());
    await net.advance(60_000);
    expect([net.calls.length, net.timers]).toEqual([0, 0]);
  });
});
