import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EventsUnderTest } from './test-support/harness.ts';

let t: EventsUnderTest;
beforeAll(async () => {
  t = await new EventsUnderTest().start();
});
afterAll(async () => {
  await t.stop();
});

describe('the clock exchange', () => {
  test('gives T1 back, and T2 and T3 in microseconds', async () => {
    t.time.clock.stepWallMs(0.123);
    const now = t.time.clock.unixUs();
    const { status, body, headers } = await t.get('/api/v1/clock?t1=1700000000123456');
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        t1: 1_700_000_000_123_456,
        t2: now,
        t3: now,
        iso: new Date(now / 1000).toISOString(),
        steps: 0,
      },
    });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('timing-allow-origin')).toBe('*');
  });

  test.each(['', '?', '?t1=', '?t1=x', '?t1=-5', '?t1=1e9', '?at1=5', `?t1=${'9'.repeat(40)}`])(
    'without a T1 that can be read: %s',
    async (query) => {
      expect((await t.get(`/api/v1/clock${query}`)).body).toMatchObject({ t1: null });
    },
  );

  test('the bare time, as DASH players ask for it', async () => {
    const { body, headers } = await t.get('/api/v1/clock?format=iso');
    expect(body).toBe(new Date(t.time.clock.unixMs()).toISOString());
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  test('one answer for a cache in front to give out, with the moment at which it was made', async () => {
    const now = t.time.clock.unixUs();
    const { body, headers } = await t.get('/api/v1/clock/cached');
    expect(body).toEqual({ at: now, maxAgeMs: 1000, steps: 0 });
    expect(headers.get('cache-control')).toBe('public, max-age=1');
    expect(headers.get('access-control-expose-headers')).toContain('Age');
    expect((await t.get('/api/v1/clock/cachedx')).status).toBe(404);
  });

  test('nothing else lives at its address', async () => {
    expect((await t.post('/api/v1/clock', {})).status).toBe(405);
    expect((await t.get('/api/v1/clocks')).status).toBe(404);
    const preflight = await t.send('/api/v1/clock', {
      method: 'OPTIONS',
      headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'GET' },
    });
    expect(preflight.status).toBe(204);
  });
});
