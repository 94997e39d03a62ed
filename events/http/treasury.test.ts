import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkLedger } from '../ledger/sqlite/check/check.ts';
import {
  type Answer,
  DIRECTOR,
  EventsUnderTest,
  READER,
  REHEARSER,
  TREASURER,
} from '../test-support/harness.ts';
import { TREASURY_OPERATIONS } from './treasury-operations.ts';

let t: EventsUnderTest;
beforeEach(async () => {
  t = await new EventsUnderTest().start();
});
afterEach(() => t.stop());

const POOL = {
  id: 'p1',
  show: 's1',
  title: 'Vouchers',
  tier: 'low',
  currency: 'EUR',
  pieces: 3,
  amountMinor: 900,
};
const codeOf = ({ status, body }: Answer) => [status, body.error?.code ?? null];
const send = (method: string, path: string, body: unknown, token: string, key?: string): Promise<Answer> =>
  t.send(`/api/v1/${path}`, {
    method,
    headers: {
      ...{ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
    },
    body: JSON.stringify(body),
  });
const post = (path: string, body: unknown = {}, key?: string, token = TREASURER) =>
  send('POST', path, body, token, key);
const get = (path: string) => t.get(`/api/v1/${path}`, READER);

/** Checks an answer against what the API's description says of it. */
function expectTold(method: 'get' | 'post' | 'put', path: string, { status, body }: Answer): void {
  const operation = TREASURY_OPERATIONS.find((each) => each.method === method && each.path === path)!;
  const { error } = operation.answers[status]!.schema!.safeParse(body);
  expect([path, error?.issues ?? []]).toEqual([path, []]);
}

describe('a pool', () => {
  test('has no key for its opening budget that anybody could give again', async () => {
    const { pieces, amountMinor } = POOL;
    expect((await post('pools', POOL)).status).toBe(201);
    for (const key of ['opening', 'opening-budget']) {
      const funded = await post('pools/p1/fund', { pieces, amountMinor }, key);
      expect(funded.body.repeated).toBe(false);
    }
    expect(codeOf(await post('pools/p1/fund', { pieces, amountMinor }, 'opening budget'))[0]).toBe(400);
    expect((await post('pools', POOL)).status).toBe(200);
  });

  test('is opened once, funded by key, closed, swept and opened again, and every act is in the audit log', async () => {
    const opened = await post('pools', POOL);
    expect(opened.status).toBe(201);
    expectTold('post', '/api/v1/pools', opened);
    expect(opened.body.balances.free).toEqual({ pieces: 3, amountMinor: 900 });
    expect((await post('pools', POOL)).status).toBe(200);
    expect(codeOf(await post('pools', { ...POOL, title: 'Others' }))).toEqual([409, 'ERR_POOL_EXISTS']);
    expect(codeOf(await post('pools', { ...POOL, pieces: 4 }))).toEqual([409, 'ERR_POOL_EXISTS']);

    const more = { pieces: 2, amountMinor: 100 };
    for (const repeated of [false, true]) {
      const funded = await post('pools/p1/fund', more, 'k1');
      expectTold('post', '/api/v1/pools/{id}/fund', funded);
      expect(funded.body).toMatchObject({
        repeated,
        balances: { funded: { pieces: 5, amountMinor: 1_000 } },
      });
    }
    expect(codeOf(await post('pools/p1/fund', { ...more, pieces: 3 }, 'k1'))).toEqual([
      409,
      'ERR_IDEMPOTENCY_CONFLICT',
    ]);

    expect(codeOf(await post('pools/p1/sweep', {}, 's1'))).toEqual([409, 'ERR_POOL_STATE']);
    const closed = await post('pools/p1/close', { why: 'over' });
    expectTold('post', '/api/v1/pools/{id}/close', closed);
    expect(closed.body).toMatchObject({ state: 'closed', closedWhy: 'over', repeated: false });
    for (const repeated of [false, true]) {
      const swept = await post('pools/p1/sweep', {}, 's1');
      expectTold('post', '/api/v1/pools/{id}/sweep', swept);
      expect(swept.body).toMatchObject({ repeated, to: null, swept: { pieces: 5, amountMinor: 1_000 } });
    }
    expect((await post('pools/p1/reopen')).body).toMatchObject({ state: 'open', closedWhy: null });

    const one = await get('pools/p1');
    expectTold('get', '/api/v1/pools/{id}', one);
    expect(
      one.body.movements.map(({ move, ref }: { move: string; ref: string }) => `${move} ${ref}`),
    ).toEqual(['sweep-out s1', 'fund k1', 'fund opening budget']);
    const paged = await get('pools/p1?limit=1');
    expect((await get(`pools/p1?limit=1&before=${paged.body.next}`)).body.movements[0].ref).toBe('k1');
    const people = await get('people');
    expectTold('get', '/api/v1/people', people);
    expect(people.body.people.map(({ by, what }: { by: string; what: string }) => `${by} ${what}`)).toEqual(
      ['reopen', 'sweep', 'close', 'fund', 'open'].map((what) => `treasurer pool.${what}`),
    );
    const account = await get('treasury/account');
    expectTold('get', '/api/v1/treasury/account', account);
    expect(account.body).toMatchObject({ settled: true, inOrder: true });
  });

  test('that leads to another sweeps into it', async () => {
    await post('pools', POOL);
    expect(
      codeOf(await post('pools', { ...POOL, id: 'p3', leftover: { rule: 'to', pool: 'none' } })),
    ).toEqual([404, 'ERR_POOL_UNKNOWN']);
    const usd = { ...POOL, id: 'p3', currency: 'USD', leftover: { rule: 'to', pool: 'p1' } };
    expect(codeOf(await post('pools', usd))).toEqual([400, 'ERR_AMOUNT_INVALID']);
    await post('pools', { ...POOL, id: 'p2', leftover: { rule: 'to', pool: 'p1' } });
    await post('pools/p2/close');
    expect((await post('pools/p2/sweep', {}, 's')).body.to).toBe('p1');
    expect((await get('pools/p1')).body.balances).toMatchObject({
      sweptIn: { pieces: 3, amountMinor: 900 },
      free: { pieces: 6, amountMinor: 1_800 },
    });
    const { body } = await get('treasury/account?show=s1');
    expect(body.accounts.map(({ wrong }: { wrong: string[] }) => wrong)).toEqual([[], []]);
  });

  test('with a time and a rule is swept by itself at its end', async () => {
    const now = t.time.clock.unixMs();
    const over = { closesAt: now + 60_000, sweepAtEnd: true };
    await post('pools', { ...POOL, ...over });
    t.time.advance(59_000);
    expect((await get('pools/p1')).body.balances.free.pieces).toBe(3);
    await expect
      .poll(
        async () => {
          t.time.advance(500);
          return (await get('pools/p1')).body.balances.sweptOut;
        },
        { timeout: 30_000 },
      )
      .toEqual({ pieces: 3, amountMinor: 900 });
  });

  test('is not opened with what does not fit', async () => {
    const wrong = [
      { pieces: 1.5 },
      { pieces: -1 },
      { amountMinor: Number.MAX_SAFE_INTEGER },
      { currency: 'EURO' },
      { currency: 'ZZZ' },
      { tier: 'middle' },
      { id: 'a b' },
      { opensAt: 2_000, closesAt: 1_000 },
      // Beyond what a moment in microseconds can be.
      { closesAt: 8_640_000_000_000_000, sweepAtEnd: true },
      { closesAt: '9999-12-31T23:59:59Z', sweepAtEnd: true },
      { opensAt: '9999-12-31T23:59:59Z' },
      { sweepAtEnd: true },
      { leftover: { rule: 'to', pool: 'p1' } },
      { regions: { allow: ['Germany'] } },
      { extra: 1 },
    ];
    for (const over of wrong) {
      expect([over, ...codeOf(await post('pools', { ...POOL, ...over }))]).toEqual([
        over,
        400,
        'ERR_REQUEST_INVALID',
      ]);
    }
  });

  test('is moved with a key, and by whole amounts that fit', async () => {
    await post('pools', POOL);
    expect(codeOf(await post('pools/p1/fund', { pieces: 1, amountMinor: 0 }))).toEqual([
      400,
      'ERR_REQUEST_INVALID',
    ]);
    expect(codeOf(await post('pools/p1/fund', { pieces: 0, amountMinor: 0 }, 'k'))).toEqual([
      400,
      'ERR_AMOUNT_INVALID',
    ]);
    for (const path of ['fund', 'close', 'reopen', 'sweep']) {
      const body = path === 'fund' ? { pieces: 1, amountMinor: 1 } : {};
      expect([path, ...codeOf(await post(`pools/none/${path}`, body, 'k'))]).toEqual([
        path,
        404,
        'ERR_POOL_UNKNOWN',
      ]);
    }
    expect(codeOf(await get('pools/none'))).toEqual([404, 'ERR_POOL_UNKNOWN']);
    expect(codeOf(await post('grants/g_none/reverse', { why: 'test' }))).toEqual([404, 'ERR_GRANT_UNKNOWN']);
  });
});

describe('who may do it', () => {
  const money = [
    ['POST', 'pools', POOL],
    ['POST', 'pools/p1/fund', { pieces: 1, amountMinor: 1 }],
    ['POST', 'pools/p1/close', {}],
    ['POST', 'pools/p1/reopen', {}],
    ['POST', 'pools/p1/sweep', {}],
    ['POST', 'grants/g_r1/reverse', { why: 'test' }],
    ['PUT', 'shows/s1/measures', { dropPpm: 1, threshold: 1, measures: [] }],
  ] as const;
  const directed = [
    ['POST', 'shows/s1/boxes', { viewer: 'ann', count: 1, cause: 'c1' }],
    ['POST', 'measures/m1/apply', {}],
    ['POST', 'measures/m1/revert', {}],
  ] as const;

  test('money takes the treasurer; the rest of the changes a director; a rehearsal token changes nothing', async () => {
    await post('pools', POOL);
    const before = await get('treasury');
    for (const [method, path, body] of money) {
      for (const token of [DIRECTOR, READER, REHEARSER]) {
        expect([path, ...codeOf(await send(method, path, body, token, 'k'))]).toEqual([
          path,
          403,
          'ERR_RIGHT_MISSING',
        ]);
      }
    }
    for (const [method, path, body] of directed) {
      for (const token of [READER, TREASURER, REHEARSER]) {
        expect([path, ...codeOf(await send(method, path, body, token))]).toEqual([
          path,
          403,
          'ERR_RIGHT_MISSING',
        ]);
      }
    }
    const viewer = await t.session('ann');
    expect(codeOf(await send('POST', 'pools', POOL, viewer))).toEqual([401, 'ERR_TOKEN_INVALID']);
    expect((await t.get('/api/v1/treasury')).status).toBe(401);
    expect({ ...(await get('treasury')).body, at: 0 }).toEqual({ ...before.body, at: 0 });
  });
});

describe('boxes and measures', () => {
  const rules = (over: object) =>
    send('PUT', 'shows/s1/measures', { dropPpm: 0, threshold: 0, measures: [], ...over }, TREASURER);
  const give = (viewer: string, count: number, cause: string) =>
    send('POST', 'shows/s1/boxes', { viewer, count, cause }, DIRECTOR);

  test('are given once for a cause, and counted by how many have how many', async () => {
    expect((await give('ann', 2, 'c1')).status).toBe(201);
    expect((await give('ann', 2, 'c1')).body).toEqual({ boxes: 2, repeated: true });
    expect(codeOf(await give('ann', 3, 'c1'))).toEqual([409, 'ERR_IDEMPOTENCY_CONFLICT']);
    expect(codeOf(await give('bob', 2, 'c1'))).toEqual([409, 'ERR_IDEMPOTENCY_CONFLICT']);
    await give('bob', 1, 'c2');
    await give('bob', 4, 'c3');
    await rules({ threshold: 5 });
    const { body } = await get('shows/s1/boxes?viewer=bob');
    expect(body).toEqual({
      ...{ show: 's1', dropPpm: 0, threshold: 5, boxes: 7, viewers: 2, high: 1 },
      levels: [
        { n: 2, viewers: 1 },
        { n: 5, viewers: 1 },
      ],
      viewer: { boxes: 5, tier: 'high' },
    });
    expect((await get('shows/s1/boxes?viewer=ann')).body.viewer.tier).toBe('low');
  });

  test('drop for answers that count, once each, at the rate that holds, and not for those of before', async () => {
    await t.post('/api/v1/interactions', { ...QUIZ, id: 'q1', show: 's1' }, DIRECTOR);
    await t.publish(t.land({ id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } }));
    await t.submit('q1', await t.session('early'));
    await rules({ dropPpm: 1_000_000 });
    for (const viewer of ['ann', 'bob', 'cyd']) {
      const token = await t.session(viewer);
      await t.submit('q1', token);
      await t.submit('q1', token);
    }
    await expect
      .poll(
        async () => {
          t.time.advance(300);
          return (await get('shows/s1/boxes')).body.levels;
        },
        { timeout: 30_000 },
      )
      .toEqual([{ n: 1, viewers: 3 }]);
    await t.shut();
    await t.open();
    for (let n = 0; n < 5; n++) t.time.advance(300);
    expect((await get('shows/s1/boxes?viewer=early')).body).toMatchObject({ boxes: 3, viewer: { boxes: 0 } });
  });

  test('a measure is applied by itself when it is due, logged, and put back by hand', async () => {
    const measure = {
      id: 'm1',
      title: 'Too many boxes',
      when: { boxesOver: 3 },
      do: { threshold: 9 },
      auto: true,
    };
    const put = await rules({ threshold: 2, measures: [measure, { id: 'm2', do: { closePool: 'p1' } }] });
    expectTold('put', '/api/v1/shows/{show}/measures', put);
    await give('ann', 3, 'c1');
    for (let n = 0; n < 5; n++) t.time.advance(300);
    expect((await get('shows/s1/measures')).body.measures[0]).toMatchObject({
      state: 'prepared',
      due: false,
    });
    await give('ann', 1, 'c2');
    await expect
      .poll(
        async () => {
          t.time.advance(300);
          return (await get('shows/s1/measures')).body;
        },
        { timeout: 30_000 },
      )
      .toMatchObject({ threshold: 9, measures: [{ state: 'applied', before: { threshold: 2 } }, {}] });
    // What is done is not due any more, though the boxes are as many as before.
    expect((await get('shows/s1/measures')).body.measures[0].due).toBe(false);
    expect(codeOf(await rules({ threshold: 2 }))).toEqual([409, 'ERR_MEASURE_STATE']);
    const reverted = await send('POST', 'measures/m1/revert', {}, DIRECTOR);
    expectTold('post', '/api/v1/measures/{id}/revert', reverted);
    for (let n = 0; n < 5; n++) t.time.advance(300);
    expect((await get('shows/s1/measures')).body).toMatchObject({
      threshold: 2,
      measures: [{ state: 'reverted', due: false }, {}],
    });

    expect(codeOf(await send('POST', 'measures/m2/apply', {}, DIRECTOR))).toEqual([404, 'ERR_POOL_UNKNOWN']);
    await post('pools', POOL);
    expect((await send('POST', 'measures/m2/apply', {}, DIRECTOR)).body).toMatchObject({ repeated: false });
    expect((await send('POST', 'measures/m2/apply', {}, DIRECTOR)).body).toMatchObject({ repeated: true });
    expect((await get('pools/p1')).body).toMatchObject({ state: 'closed', closedWhy: 'measure:s1:m2' });
    await send('POST', 'measures/m2/revert', {}, DIRECTOR);
    expect((await get('pools/p1')).body.state).toBe('open');
    expect(codeOf(await send('POST', 'measures/none/apply', {}, DIRECTOR))).toEqual([
      404,
      'ERR_MEASURE_UNKNOWN',
    ]);
    const { body } = await get('people?target=m2');
    expect(body.people.map(({ what }: { what: string }) => what)).toEqual([
      'measure.revert',
      'measure.apply',
    ]);
    const seen = await get('treasury');
    expectTold('get', '/api/v1/treasury', seen);
  });

  test('what a measure changed and a person changed again is not put back', async () => {
    await rules({ measures: [{ id: 'm1', do: { dropPpm: 500 } }] });
    await send('POST', 'measures/m1/apply', {}, DIRECTOR);
    await rules({ dropPpm: 700, measures: [{ id: 'm1', do: { dropPpm: 500 } }] });
    expect(codeOf(await send('POST', 'measures/m1/revert', {}, DIRECTOR))).toEqual([
      409,
      'ERR_MEASURE_STATE',
    ]);
    // It has nothing left to put back, so it stands in nobody's way.
    expect((await rules({ dropPpm: 700 })).body).toMatchObject({ dropPpm: 700, measures: [] });
  });

  test('two shows may have a measure of the same id, and neither disturbs the other', async () => {
    const both = { measures: [{ id: 'stop', do: { closePool: 'p1' } }] };
    const put = (show: string, body: object) =>
      send('PUT', `shows/${show}/measures`, { dropPpm: 0, threshold: 0, ...body }, TREASURER);
    const by = (path: string) => send('POST', path, {}, DIRECTOR);
    const stateOf = async (show: string) => (await get(`shows/${show}/measures`)).body.measures[0].state;
    await post('pools', POOL);
    for (const show of ['s1', 's2']) expect((await put(show, both)).status).toBe(200);
    for (const what of ['apply', 'revert']) {
      const refused = await by(`measures/stop/${what}`);
      expect(codeOf(refused)).toEqual([409, 'ERR_MEASURE_OF_SHOWS']);
      expect(refused.body.error.details).toEqual({ measure: 'stop', shows: ['s1', 's2'] });
    }
    const applied = await by('shows/s1/measures/stop/apply');
    expectTold('post', '/api/v1/shows/{show}/measures/{id}/apply', applied);
    expect(applied.body).toMatchObject({ show: 's1', state: 'applied', repeated: false });
    expect([await stateOf('s1'), await stateOf('s2')]).toEqual(['applied', 'prepared']);

    // What one has closed, was opened again and is closed by the other, is not for the one to open.
    await post('pools/p1/reopen');
    expect((await by('shows/s2/measures/stop/apply')).body).toMatchObject({ repeated: false });
    expect(codeOf(await by('shows/s1/measures/stop/revert'))).toEqual([409, 'ERR_MEASURE_STATE']);
    expect((await get('pools/p1')).body).toMatchObject({ state: 'closed', closedWhy: 'measure:s2:stop' });
    expect((await by('shows/s2/measures/stop/revert')).body.state).toBe('reverted');
    expect((await get('pools/p1')).body.state).toBe('open');

    // A list without it takes it out of its own show alone; then the id by itself is enough.
    expect((await put('s1', { measures: [] })).status).toBe(200);
    expect(await stateOf('s2')).toBe('reverted');
    expect((await by('measures/stop/apply')).body).toMatchObject({ show: 's2', state: 'applied' });
    expect(codeOf(await by('shows/s1/measures/stop/apply'))).toEqual([404, 'ERR_MEASURE_UNKNOWN']);
    const { body } = await get('people?target=stop');
    expect(body.people.map(({ details }: { details: { show: string } }) => details.show)).toEqual([
      ...['s2', 's2', 's2', 's1'],
    ]);
    const check = checkLedger(t.ledgerPath);
    expect(check.findings).toEqual([]);
  });

  test('are not ruled by what does not fit', async () => {
    const wrong = [
      { dropPpm: 1_000_001 },
      { measures: [{ id: 'm1', do: { dropPpm: 1 }, auto: true }] },
      { measures: [{ id: 'm1', do: {} }] },
      {
        measures: [
          { id: 'm1', do: { dropPpm: 1 } },
          { id: 'm1', do: { threshold: 1 } },
        ],
      },
    ];
    for (const over of wrong) {
      expect([over, ...codeOf(await rules(over))]).toEqual([over, 400, 'ERR_REQUEST_INVALID']);
    }
  });
});

const QUIZ = {
  type: 'quiz',
  config: { question: 'Who?', options: ['a', 'b'], correct: 1, durationMs: 60_000 },
};
