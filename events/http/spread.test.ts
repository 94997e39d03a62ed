import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { viewerPlaceOf } from '../../cues/wire/index.ts';
import { silentObserver } from '../observer.ts';
import { DIRECTOR, EventsUnderTest, READER } from '../test-support/harness.ts';
import { Spread } from './spread-operations.ts';

const DELAYS = '/api/v1/streams/live/main/delays';
const SPREAD = '/api/v1/streams/live/main/spread';

let t: EventsUnderTest;
let outcomes: string[];
const start = async (over: ConstructorParameters<typeof EventsUnderTest>[0] = {}) => {
  outcomes = [];
  const observer = { ...silentObserver, delayReport: (outcome: string) => outcomes.push(outcome) };
  t = await new EventsUnderTest({ demo: true, observer, ...over }).start();
};
beforeEach(() => start());
afterEach(() => t.stop());

const claim = (more: object = {}) => ({
  ...{ protocol: 'flv', delayMs: 400, errorMs: 20, sentAt: t.time.clock.unixMs() },
  ...more,
});
const report = async (viewer: string, more: object = {}) =>
  t.post(DELAYS, claim(more), await t.session(viewer));
const spread = (query = '') => t.get(`${SPREAD}${query}`, DIRECTOR);

describe('delays of viewers', () => {
  test('are told to the director, by app and protocol', async () => {
    expect(await report('ann', { app: 'web' })).toMatchObject({
      status: 200,
      body: { taken: true, share: 1, everyMs: 10_000 },
    });
    await report('bob', { app: 'tv', protocol: 'hls', delayMs: 6_200 });
    const { status, headers, body } = await spread('?holdMs=5000');
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toMatchObject({
      ...{ at: t.time.clock.unixMs(), windowMs: 30_000, reports: 2, share: 1, viewers: 2 },
      groups: [
        { app: 'tv', protocol: 'hls', viewers: 1 },
        { app: 'web', protocol: 'flv', viewers: 1 },
      ],
      leftOut: { viewers: 0, share: 0, capMs: 15_000 },
      hold: { ms: 5_000, together: { viewers: 1, share: 0.5 }, late: { viewers: 1, share: 0.5 } },
    });
    expect(body.hold99Ms).toBeGreaterThanOrEqual(6_220);
    expect(body.apart.p99.content).toBeGreaterThan(5_700);
    expect((await t.get('/api/v1/streams/live/other/spread', READER)).body).toMatchObject({ reports: 0 });
  });

  test('go after half a minute without a report', async () => {
    await report('ann');
    t.time.advance(20_000);
    await report('bob');
    t.time.advance(10_001);
    expect((await spread()).body.viewers).toBe(1);
  });

  test.each([
    ['3,600 s', { delayMs: 3_600_000 }, 'too-far'],
    ['before the picture was there', { delayMs: -121 }, 'before-stamp'],
    ['a clock that may be off by a minute', { errorMs: 60_000 }, 'clock-unsure'],
  ])('are not believed: %s', async (_name, more, why) => {
    expect((await report('ann', more)).body).toMatchObject({ taken: false, why });
    expect((await spread()).body.reports).toBe(0);
    expect(outcomes).toEqual([why]);
  });

  test('of a clock that contradicts the arrival are not believed', async () => {
    const now = t.time.clock.unixMs();
    expect((await report('ann', { sentAt: now + 121 })).body).toMatchObject({ why: 'clock-wrong' });
    expect((await report('ann', { sentAt: now - 10_121 })).body).toMatchObject({ why: 'clock-wrong' });
    expect((await report('ann', { sentAt: now - 10_000 })).body).toMatchObject({ taken: true });
  });

  test('a little before the stamp is the clocks, and counts as none', async () => {
    expect((await report('ann', { delayMs: -60 })).body).toMatchObject({ taken: true });
    expect((await spread()).body.all).toMatchObject({ p50: 3 });
  });

  test.each<[string, object]>([
    ['without a protocol', { protocol: undefined }],
    ['of a viewer without pictures', { protocol: 'events' }],
    ['in words', { delayMs: 'long' }],
    ['with an error below none', { errorMs: -1 }],
    ['of an app with a name without end', { app: 'x'.repeat(33) }],
    ['of an app with markup in its name', { app: '<b>' }],
  ])('are refused: %s', async (_name, more) => {
    expect(await report('ann', more)).toMatchObject({
      status: 400,
      body: { error: { code: 'ERR_REQUEST_INVALID' } },
    });
  });

  test('a flood of one viewer counts once, and is slowed down', async () => {
    const token = await t.session('ann');
    const statuses: number[] = [];
    for (let n = 0; n < 40; n++) statuses.push((await t.post(DELAYS, claim({ app: `a${n}` }), token)).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    const refused = await t.post(DELAYS, claim(), token);
    expect(refused).toMatchObject({ status: 429, body: { error: { code: 'ERR_RATE_LIMITED' } } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await spread()).body).toMatchObject({ viewers: 1, groups: [{ app: 'a0' }] });
    expect(new Set(outcomes)).toEqual(new Set(['taken', 'too-soon', 'rate']));
  });

  test('come from viewers, for a stream; the spread is for those who may read', async () => {
    expect((await t.post(DELAYS, claim())).status).toBe(401);
    expect((await t.post(DELAYS, claim(), DIRECTOR)).body.error.code).toBe('ERR_TOKEN_INVALID');
    const ann = await t.session('ann');
    expect((await t.post('/api/v1/streams/live/a%20b/delays', claim(), ann)).status).toBe(404);
    expect((await t.get(DELAYS, ann)).status).toBe(405);
    expect((await t.get(SPREAD)).status).toBe(401);
    expect((await t.get(SPREAD, ann)).status).toBe(401);
    expect((await t.get(SPREAD, READER)).status).toBe(200);
    expect((await t.post(SPREAD, {}, READER)).status).toBe(405);
  });

  test.each(['?holdMs=', '?holdMs=-1', '?holdMs=1e3', '?holdMs=120001', '?hold=1'])(
    'a query that does not fit is told: %s',
    async (query) => expect((await spread(query)).body.error.code).toBe('ERR_REQUEST_INVALID'),
  );
});

test('docs/spread.md shows an answer as it is, and says what each field means', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/spread.md'), 'utf8');
  const example: unknown = JSON.parse(/```json\n([\s\S]*?)\n```/.exec(page)![1]!);
  expect(Spread.strict().safeParse(example).error).toBeUndefined();
  expect(Spread.safeParse((await spread()).body).error).toBeUndefined();
  await report('ann');
  const { body } = await spread();
  expect(Spread.safeParse(body).error).toBeUndefined();
  for (const field of Object.keys(body)) expect(page).toContain(`\`${field}`);
});

describe('the share', () => {
  test('is told with sessions, and where everybody polls what is due', async () => {
    const { body } = await t.post('/api/v1/session', { token: await t.jwt('ann') });
    expect(body.delayReports).toEqual({ share: 1, everyMs: 10_000 });
    const now = await t.get('/api/v1/streams/live/main/now');
    expect(now.body.delayReports).toEqual({ share: 1, everyMs: 10_000 });
  });

  test('chooses viewers, who stand for the others; nobody else can push in', async () => {
    await t.stop();
    await start({ demo: false });
    const isChosen = (viewer: string) => viewerPlaceOf(viewer, 'delay') < 0.001;
    const all = Array.from({ length: 8_000 }, (_, n) => `v${n}`);
    const chosen = all.filter(isChosen);
    expect(chosen.length).toBeGreaterThan(2);
    for (const viewer of chosen) expect((await report(viewer)).body).toMatchObject({ taken: true });
    const other = all.find((viewer) => !isChosen(viewer))!;
    expect((await report(other, { delayMs: 90_000 })).body).toEqual({
      ...{ taken: false, why: 'not-chosen', share: 0.001, everyMs: 10_000 },
    });
    expect((await spread()).body).toMatchObject({
      reports: chosen.length,
      share: 0.001,
      viewers: chosen.length * 1_000,
    });
  });

  test('grows when few report, and is none where reports are off', async () => {
    await t.stop();
    await start({ demo: false });
    t.time.advance(46_000);
    expect((await report('ann')).body).toMatchObject({ taken: true, share: 1 });
    await t.stop();
    await start({ delayReportsPerSecond: 0 });
    expect((await report('ann')).body).toMatchObject({ taken: false, why: 'not-chosen', share: 0 });
    expect((await spread()).body).toMatchObject({ share: 0, viewers: 0 });
  });
});
