import { describe, expect, test } from 'vitest';
import { viewerPlaceOf } from '../../../cues/wire/index.ts';
import { json, refusal, VirtualNet } from '../../test/virtual-net.ts';
import { DelayReports, type DelaySample, readReportPlan } from './delay-reports.ts';
import { ViewerSession } from './session.ts';

interface RigOptions {
  readonly viewer?: string | null;
  readonly token?: (() => string) | undefined;
  readonly app?: string;
}

function rig({ viewer = 'ann', app, ...rest }: RigOptions = {}) {
  const net = new VirtualNet();
  const problems: string[] = [];
  const answers: Response[] = [];
  const state = { delayMs: 400, protocol: 'flv' as DelaySample['protocol'], shown: true };
  net.reply = (call) =>
    call.url.endsWith('/session')
      ? json({ token: 'short', viewer: viewer ?? undefined, delayReports: { share: 1, everyMs: 10_000 } })
      : (answers.shift() ?? json({ taken: true, share: 1, everyMs: 10_000 }));
  const session = new ViewerSession(net, {
    url: 'http://events/api/v1/session',
    token: 'token' in rest ? rest.token : () => 'jwt',
  });
  const reports = new DelayReports(net, {
    url: 'http://events/api/v1/streams/live/main/delays',
    session,
    app,
    look: () =>
      state.shown
        ? { delayMs: state.delayMs, errorMs: 12.3, unixMs: net.localUnixMs(), protocol: state.protocol }
        : null,
    onProblem: (code) => problems.push(code),
  });
  const posts = () => net.calls.filter((call) => call.url.endsWith('/delays'));
  /** Time passes with four looks a second. */
  const watch = async (ms: number) => {
    for (let left = ms; left > 0; left -= 250) {
      reports.sample();
      await net.advance(Math.min(250, left));
    }
  };
  return { net, reports, answers, problems, posts, state, watch };
}

const ALL = { share: 1, everyMs: 10_000 };

describe('DelayReports', () => {
  test('nothing is asked or sent before the server says who reports', async () => {
    const { net, watch } = rig();
    await watch(60_000);
    expect([net.calls.length, net.timers]).toEqual([0, 0]);
  });

  test('the middle of what was seen goes out every few seconds, the first time spread', async () => {
    const { net, reports, posts, state, watch } = rig({ app: 'My TV app 2.1' });
    reports.told(ALL);
    await watch(4_900);
    expect(net.calls).toEqual([]);
    await watch(100);
    expect(posts()).toMatchObject([
      {
        method: 'POST',
        authorization: 'Bearer short',
        body: { app: 'My TV app 2.1', protocol: 'flv', delayMs: 400, errorMs: 13 },
      },
    ]);
    state.delayMs = 900;
    await watch(250);
    state.delayMs = 500;
    await watch(9_750);
    expect(posts()[1]).toMatchObject({ body: { delayMs: 500 } });
    const { sentAt } = posts()[1]!.body as { sentAt: number };
    expect(Math.abs(sentAt - net.localUnixMs())).toBeLessThan(300);
    await watch(60_000);
    expect(posts()).toHaveLength(8);
  });

  test('whether this viewer is asked follows from the id and the share alone', async () => {
    const place = viewerPlaceOf('ann', 'delay');
    const { net, reports, posts, watch } = rig();
    reports.told({ share: place * 0.99, everyMs: 10_000 });
    await watch(60_000);
    expect(posts()).toEqual([]);
    // The session was needed once, to know who this is.
    expect(net.calls).toHaveLength(1);
    reports.told({ share: place * 1.01, everyMs: 10_000 });
    await watch(11_000);
    expect(posts()).toHaveLength(1);
  });

  test('a smaller share in the answer ends it, until it grows again', async () => {
    const { reports, answers, posts, watch, net } = rig();
    answers.push(json({ taken: false, why: 'not-chosen', share: 0.000_001, everyMs: 10_000 }));
    reports.told(ALL);
    await watch(120_000);
    expect(posts()).toHaveLength(1);
    expect(net.timers).toBe(0);
    reports.told({ share: 0.000_002, everyMs: 10_000 });
    await watch(60_000);
    expect(posts()).toHaveLength(1);
    reports.told(ALL);
    await watch(20_000);
    expect(posts().length).toBeGreaterThan(1);
  });

  test.each([
    ['a page without tokens', { token: undefined }],
    ['a server that does not say who this is', { viewer: null }],
  ])('%s sends nothing', async (_, options) => {
    const { reports, posts, watch, net } = rig(options);
    reports.told(ALL);
    await watch(120_000);
    expect(posts()).toEqual([]);
    expect(net.timers).toBe(0);
  });

  test('while nothing is shown there is nothing to say', async () => {
    const { reports, posts, state, watch } = rig();
    state.shown = false;
    reports.told(ALL);
    await watch(60_000);
    expect(posts()).toEqual([]);
    state.shown = true;
    await watch(11_000);
    expect(posts()).toHaveLength(1);
  });

  test('another player is another delay', async () => {
    const { reports, posts, state, watch } = rig();
    reports.told(ALL);
    await watch(4_000);
    Object.assign(state, { protocol: 'hls', delayMs: 6_000 });
    await watch(1_000);
    expect(posts()).toMatchObject([{ body: { protocol: 'hls', delayMs: 6_000 } }]);
  });

  test('a server in trouble is left alone for longer and longer; a refused token is made anew', async () => {
    const { net, reports, answers, problems, posts, watch } = rig();
    answers.push(
      refusal('ERR_TOKEN_EXPIRED', 401, false),
      refusal('ERR_RATE_LIMITED', 429, true, { 'retry-after': '40' }),
    );
    reports.told(ALL);
    await watch(5_000);
    await watch(30_000);
    expect(posts()).toHaveLength(2);
    expect(net.calls.filter((call) => call.url.endsWith('/session'))).toHaveLength(2);
    await watch(30_000);
    expect(posts().length).toBeGreaterThanOrEqual(3);
    expect(problems).toEqual(['ERR_TOKEN_EXPIRED', 'ERR_RATE_LIMITED']);
  });

  test('a refusal for good ends it', async () => {
    const { net, reports, answers, posts, watch } = rig();
    answers.push(refusal('ERR_REQUEST_INVALID', 400, false));
    reports.told(ALL);
    await watch(200_000);
    expect(posts()).toHaveLength(1);
    expect(net.timers).toBe(0);
  });

  test('a name that the server would refuse is told, and left out', async () => {
    const { reports, posts, problems, watch } = rig({ app: '<script>' });
    reports.told(ALL);
    await watch(6_000);
    expect(posts()).toHaveLength(1);
    expect(posts()[0]!.body).not.toHaveProperty('app');
    expect(problems).toEqual(['ERR_CLIENT_APP']);
  });

  test('destroy ends it', async () => {
    const { net, reports, watch } = rig();
    reports.told(ALL);
    reports.destroy();
    reports.told(ALL);
    await watch(60_000);
    expect([net.calls.length, net.timers]).toEqual([0, 0]);
  });
});

describe('readReportPlan', () => {
  test.each([undefined, null, {}, { share: 2, everyMs: 1 }, { share: '1', everyMs: 1 }, { share: 1 }, 5])(
    'is none: %j',
    (value) => expect(readReportPlan(value)).toBeNull(),
  );

  test('nobody makes clients report every millisecond, or never again', () => {
    expect(readReportPlan({ share: 1, everyMs: 0 })).toEqual({ share: 1, everyMs: 5_000 });
    expect(readReportPlan({ share: 1, everyMs: 1e12 })).toEqual({ share: 1, everyMs: 600_000 });
  });
});
