import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentObserver } from '../observer.ts';
import { EventsUnderTest } from '../test-support/harness.ts';

let t: EventsUnderTest;
let seen: unknown[][];
beforeEach(async () => {
  seen = [];
  t = await new EventsUnderTest({
    observer: {
      ...silentObserver,
      report: ({ path, carrier, outcome, lateMs }) => seen.push([path, carrier, outcome, lateMs]),
      reportDropped: (why) => seen.push([why]),
    },
  }).start();
  await t.publish(t.land({ id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } }));
});
afterEach(async () => {
  await t.stop();
});

const REPORT = { cue: 'open-1', rev: 0, path: 'flv', outcome: 'fired', lateMs: 12.5, frames: 1 };
const report = async (reports: unknown, viewer = 'ann') =>
  t.post('/api/v1/reports', { reports }, await t.session(viewer));

describe('reports of viewers', () => {
  test('are measured', async () => {
    const { status } = await report([
      REPORT,
      { ...REPORT, path: 'hls', carrier: 'daterange', accuracyMs: 20, outcome: 'missed', lateMs: undefined },
    ]);
    expect(status).toBe(204);
    expect(seen).toEqual([
      ['flv', null, 'fired', 12.5],
      ['hls', 'daterange', 'missed', null],
    ]);
  });

  test('are never believed beyond reason', async () => {
    await report([
      { ...REPORT, lateMs: 3_600_000_000 },
      { ...REPORT, lateMs: -5_000 },
    ]);
    expect(seen).toEqual([
      ['flv', null, 'fired', 60_000],
      ['flv', null, 'fired', 0],
    ]);
  });

  test('of cues that never were are dropped', async () => {
    await report([{ ...REPORT, cue: 'open-2' }, REPORT]);
    expect(seen).toEqual([['unknown-cue'], ['flv', null, 'fired', 12.5]]);
  });

  test.each<[string, unknown]>([
    ['none', []],
    ['of an unknown carrier', [{ ...REPORT, carrier: 'pigeon' }]],
    ['too many', Array.from({ length: 51 }, () => REPORT)],
    ['another path', [{ ...REPORT, path: 'smoke' }]],
    ['another outcome', [{ ...REPORT, outcome: 'exploded' }]],
    ['a lateness in words', [{ ...REPORT, lateMs: 'late' }]],
    ['a reason without end', [{ ...REPORT, reason: 'x'.repeat(65) }]],
    ['no list', 'late'],
  ])('are refused: %s', async (_name, reports) => {
    expect(await report(reports)).toMatchObject({
      status: 400,
      body: { error: { code: 'ERR_REQUEST_INVALID' } },
    });
    expect(seen).toEqual([]);
  });

  test('come from viewers only, and not without end from one', async () => {
    expect((await t.post('/api/v1/reports', { reports: [REPORT] })).status).toBe(401);
    for (let i = 0; i < 30; i++) expect((await report([REPORT])).status).toBe(204);
    const refused = await report([REPORT]);
    expect(refused).toMatchObject({ status: 429, body: { error: { code: 'ERR_RATE_LIMITED' } } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await report([REPORT], 'bob')).status).toBe(204);
  });
});
