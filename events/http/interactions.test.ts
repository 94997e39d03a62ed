import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { saleConfig } from '../sale/testing.ts';
import { type Answer, DIRECTOR, EventsUnderTest, READER } from '../test-support/harness.ts';
import { FEED_TOKEN } from '../test-support/media-server.ts';

const OPEN = { id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } } as const;
const CONFIG = {
  question: 'Who wins?',
  options: ['Ann', 'Bob', 'Eve', 'Zoe'],
  correct: 1,
  durationMs: 10_000,
};
const { correct: _hidden, ...PUBLIC_CONFIG } = CONFIG;

let t: EventsUnderTest;
beforeEach(async () => {
  t = await new EventsUnderTest().start();
});
afterEach(async () => {
  await t.stop();
});
const create = (body: object, token: string | undefined = DIRECTOR) =>
  t.post('/api/v1/interactions', body, token);
const codeOf = ({ status, body }: Answer) => [status, body.error?.code];

describe('an interaction', () => {
  test('is created, and found', async () => {
    const made = await create({
      id: 'q1',
      type: 'quiz',
      show: 'finale',
      stream: 'live/main',
      config: CONFIG,
    });
    const body = {
      id: 'q1',
      type: 'quiz',
      show: 'finale',
      stream: 'live/main',
      state: 'SCHEDULED',
      createdAt: t.time.clock.unixMs(),
      config: CONFIG,
    };
    expect(made).toMatchObject({ status: 201, body });
    expect(made.headers.get('location')).toBe('/api/v1/interactions/q1');
    expect((await t.get(made.headers.get('location')!, DIRECTOR)).body).toEqual(body);
    expect((await t.get('/api/v1/interactions/q1', READER)).body).toEqual(body);
  });

  test('gets an id where none is given', async () => {
    const made = await create({ type: 'quiz', config: CONFIG });
    expect(made.body.id).toMatch(/^quiz-[2-9a-z]{10}$/);
    expect((await t.get(`/api/v1/interactions/${made.body.id}`)).status).toBe(200);
  });

  test('shows the right answer to nobody before the reveal who may not read', async () => {
    await create({ id: 'q1', type: 'quiz', config: CONFIG });
    const seen = await t.get('/api/v1/interactions/q1');
    expect(seen.body.config).toEqual(PUBLIC_CONFIG);
    expect(seen.headers.get('cache-control')).toBe('public, max-age=1');
    expect(seen.headers.get('vary')).toContain('Authorization');
    const own = await t.get('/api/v1/interactions/q1', READER);
    expect(own.headers.get('cache-control')).toBe('no-store');
    await t.publish(t.land(OPEN));
    expect((await t.get('/api/v1/interactions/q1')).body.config).toEqual(PUBLIC_CONFIG);
    expect(JSON.stringify((await t.get('/api/v1/interactions/q1/result')).body)).not.toContain('correct');
    await t.publish(t.land({ id: 'r', type: 'interaction.reveal', ref: 'open-1' }));
    expect((await t.get('/api/v1/interactions/q1')).body.config).toEqual(CONFIG);
  });

  test.each([
    [
      'a quiz its question and options',
      { type: 'quiz', config: CONFIG },
      { question: CONFIG.question, options: CONFIG.options },
    ],
    [
      'a lottery its prizes',
      {
        type: 'lottery',
        config: {
          ...{ title: 'Final', durationMs: 30_000, randomness: { kind: 'commit-reveal' } },
          prizes: [
            { prize: 'car', title: 'A car', pool: 'cars', pieces: 1, amountMinor: 2_000_000 },
            { prize: 'bag', pool: 'bags', pieces: 500, amountMinor: 1_500 },
          ],
          consolation: 'Thank you.',
        },
      },
      {
        title: 'Final',
        prizes: [
          { title: 'A car', pieces: 1 },
          { title: 'bag', pieces: 500 },
        ],
        consolation: 'Thank you.',
      },
    ],
    [
      'a sale its price',
      { type: 'flash-sale', config: saleConfig({ admitPerSecond: 50 }) },
      { title: 'The jacket', priceMinor: 1_900, currency: 'EUR' },
    ],
  ])('shows when it opens: %s, and nothing that is not for viewers', async (_name, made, data) => {
    expect((await create({ id: 'i1', ...made })).status).toBe(201);
    const seen = await t.get('/api/v1/interactions/i1/opening');
    const { durationMs } = made.config;
    expect([seen.status, seen.body]).toEqual([200, { data: { interaction: 'i1', ...data }, durationMs }]);
    expect(durationMs).toBeGreaterThan(0);
    expect(seen.headers.get('cache-control')).toBe('public, max-age=1');
    expect(codeOf(await t.get('/api/v1/interactions/none/opening'))).toEqual([
      404,
      'ERR_INTERACTION_UNKNOWN',
    ]);
    expect(codeOf(await t.post('/api/v1/interactions/i1/opening', {}))).toEqual([405, 'ERR_METHOD']);
  });

  test('is not made twice', async () => {
    await create({ id: 'q1', type: 'quiz', config: CONFIG });
    expect(codeOf(await create({ id: 'q1', type: 'quiz', config: CONFIG }))).toEqual([
      409,
      'ERR_INTERACTION_EXISTS',
    ]);
  });

  test.each<[string, object]>([
    ['of a type that is not known', { type: 'seance', config: CONFIG }],
    ['without a config', { type: 'quiz' }],
    ['whose config does not fit', { type: 'quiz', config: { ...CONFIG, options: ['Ann'] } }],
    ['with an id that is none', { id: '../x', type: 'quiz', config: CONFIG }],
    ['with a stream that is none', { type: 'quiz', stream: 'main', config: CONFIG }],
    ['with a field that is not known', { type: 'quiz', config: CONFIG, prize: 1 }],
  ])('%s is refused, and it is said where', async (_name, body) => {
    const refused = await create(body);
    expect(codeOf(refused)).toEqual([400, 'ERR_REQUEST_INVALID']);
    expect(refused.body.error.details.issues[0]).toHaveProperty('field');
  });

  test('is made and listed by those alone who have the right', async () => {
    const body = { id: 'q1', type: 'quiz', config: CONFIG };
    expect(codeOf(await create(body, ''))).toEqual([401, 'ERR_TOKEN_MISSING']);
    expect(codeOf(await create(body, 'nobody-has-this-token'))).toEqual([401, 'ERR_TOKEN_INVALID']);
    expect(codeOf(await create(body, READER))).toEqual([403, 'ERR_RIGHT_MISSING']);
    expect(codeOf(await t.get('/api/v1/interactions'))).toEqual([401, 'ERR_TOKEN_MISSING']);
    expect(codeOf(await t.get('/api/v1/interactions', FEED_TOKEN))).toEqual([403, 'ERR_RIGHT_MISSING']);
    await create(body);
    expect(codeOf(await t.get('/api/v1/interactions/q1', 'nobody-has-this-token'))).toEqual([
      401,
      'ERR_TOKEN_INVALID',
    ]);
  });

  test('lists come newest first, page by page', async () => {
    for (const id of ['q1', 'q2', 'q3']) await create({ id, type: 'quiz', config: CONFIG });
    const first = (await t.get('/api/v1/interactions?limit=2', READER)).body;
    expect(first.interactions.map(({ id }: { id: string }) => id)).toEqual(['q3', 'q2']);
    expect(first.interactions[0].config).toEqual(CONFIG);
    const second = (await t.get(`/api/v1/interactions?limit=2&before=${first.next}`, READER)).body;
    expect(second).toMatchObject({ interactions: [{ id: 'q1' }], next: null });
    expect((await t.get('/api/v1/interactions?limit=x', READER)).status).toBe(400);
  });

  test('that is not there', async () => {
    for (const path of ['/q9', '/q9/result', '/%2e%2e%2fx', '/q9%00']) {
      expect(codeOf(await t.get(`/api/v1/interactions${path}`))).toEqual([404, 'ERR_INTERACTION_UNKNOWN']);
    }
  });
});

describe('its result', () => {
  test('tells the state, its moments, and the counts', async () => {
    await create({ id: 'q1', type: 'quiz', config: CONFIG });
    const result = async () => {
      t.time.advance(500);
      return (await t.get('/api/v1/interactions/q1/result')).body;
    };
    expect(await result()).toEqual({ id: 'q1', state: 'SCHEDULED', total: 0, counts: [0, 0, 0, 0] });
    await t.publish(t.land(OPEN));
    const openedAt = t.time.clock.unixMs();
    await t.submit('q1', await t.session('ann'), { choice: 1 });
    await t.submit('q1', await t.session('bob'), { choice: 3 });
    expect(await result()).toEqual({
      id: 'q1',
      state: 'ACTIVE',
      openedAt,
      locksAt: openedAt + 10_000,
      total: 2,
      counts: [0, 1, 0, 1],
    });
    t.time.advance(2_000);
    await t.publish(t.land({ id: 'l', type: 'interaction.lock', ref: 'open-1' }));
    const lockedAt = t.time.clock.unixMs();
    expect(await result()).toMatchObject({
      state: 'LOCKED',
      openedAt,
      lockedAt,
      settlesAt: lockedAt + 15_000,
    });
    t.time.advance(15_000);
    await t.publish(
      t.land({ id: 'r', type: 'interaction.reveal', ref: 'open-1', data: { interaction: 'q1', correct: 3 } }),
    );
    expect(await result()).toEqual({
      id: 'q1',
      state: 'RESOLVED',
      openedAt,
      lockedAt,
      resolvedAt: t.time.clock.unixMs() - 500,
      total: 2,
      counts: [0, 1, 0, 1],
      correct: 3,
    });
  });

  test('may be kept for a second, and is not sent again to who has it', async () => {
    await create({ id: 'q1', type: 'quiz', config: CONFIG });
    const first = await t.get('/api/v1/interactions/q1/result');
    expect(first.headers.get('cache-control')).toBe('public, max-age=1');
    expect(first.headers.get('access-control-allow-origin')).toBe('*');
    // Said outright, since fetch says no-cache where a condition is set by hand.
    const has = { 'If-None-Match': first.headers.get('etag')!, 'Cache-Control': 'max-age=0' };
    const second = await t.get('/api/v1/interactions/q1/result', undefined, has);
    expect(second).toMatchObject({ status: 304, body: '' });
    await t.publish(t.land(OPEN));
    const third = await t.get('/api/v1/interactions/q1/result', undefined, has);
    expect(third.status).toBe(200);
  });

  test('asks the ledger once for all who look, and at once when it is over', async () => {
    await create({ id: 'q1', type: 'quiz', config: CONFIG });
    await t.publish(t.land(OPEN));
    const total = async () => (await t.get('/api/v1/interactions/q1/result')).body.total;
    expect(await total()).toBe(0);
    await t.submit('q1', await t.session('ann'));
    expect(await total()).toBe(0);
    await t.publish(t.land({ id: 'r', type: 'interaction.reveal', ref: 'open-1' }));
    expect(await total()).toBe(1);
  });
});

describe('what is now', () => {
  const now = (stream = 'live/main') => t.get(`/api/v1/streams/${stream}/now`);

  test('shows cues from their moment on, never before', async () => {
    await create({ id: 'q1', type: 'quiz', config: CONFIG });
    const pts = Math.round((t.time.clock.unixUs() - 1_700_000_000_000_000) / 1000) + 100;
    const cue = t.land({ ...OPEN, pts, durationMs: 10_000 });
    await t.publish({ ...cue, state: 'announced', landing: null });
    expect((await now()).body.cues).toEqual([]);
    await t.publish(cue);
    const before = await now();
    expect(before.body).toMatchObject({ at: t.time.clock.unixUs(), cues: [] });
    expect(before.headers.get('cache-control')).toBe('public, max-age=1');
    t.time.advance(100);
    expect((await now()).body.cues).toMatchObject([
      { id: 'open-1', fireAt: cue.landing!.fireAtUs, pts, epoch: 'e1', data: { interaction: 'q1' } },
    ]);
    expect((await now('live/other')).body.cues).toEqual([]);
    t.time.advance(10_000);
    expect((await now()).body.cues).toEqual([]);
  });

  test('is still known after a restart', async () => {
    await create({ id: 'q1', type: 'quiz', config: CONFIG });
    await t.publish(t.land({ ...OPEN, durationMs: 10_000 }));
    const before = (await now()).body;
    await t.shut();
    await t.open();
    expect((await now()).body).toEqual(before);
  });

  test('of what is no stream', async () => {
    expect(codeOf(await now('live/a%20b'))).toEqual([404, 'ERR_NOT_FOUND']);
  });
});

describe('the keys of stamps', () => {
  test("are media's", async () => {
    const keys = () => t.get('/.well-known/framecue-keys.json');
    await expect.poll(async () => (await keys()).status, { timeout: 15_000 }).toBe(200);
    const { body, headers } = await keys();
    expect(body).toEqual({ keys: [t.signingKey.publicJwk] });
    expect(headers.get('cache-control')).toBe('public, max-age=60');
  });
});
