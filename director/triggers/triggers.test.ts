import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FramecueError } from '../../packet/errors.ts';
import { ConsoleRig, GUEST, READER, S } from '../testing/console-rig.ts';

let rig: ConsoleRig;
beforeEach(async () => {
  rig = await new ConsoleRig().start();
});
afterEach(() => rig.remove());

const put = (name: string, body: object, token?: string) =>
  rig.call('PUT', `${S}/triggers/${name}`, { body, ...(token === undefined ? {} : { token }) });
const make = async (name: string, body: object): Promise<{ url: string; query: string; id: string }> => {
  const made = await put(name, body);
  expect(made.status).toBe(201);
  return made.body;
};
/** As a deck calls it: nothing but the address. */
const press = (url: string, method = 'GET', headers: Record<string, string> = {}) =>
  rig.call(method, url, { token: '', headers });
const later = (ms: number) => rig.clock.advanceMs(ms);

describe('a trigger', () => {
  test.each([
    [{ do: 'next' }, 'next'],
    [{ do: 'take', item: 'q1' }, 'take q1'],
    [{ do: 'arm', item: 'q1' }, 'arm q1'],
    [{ do: 'cue', cue: { type: 'product.card', data: { text: 'Shoes' }, delayMs: 500 } }, 'cue product.card'],
  ])('%j does it with one GET, and with POST, and is in nobody’s name but its own', async (body, what) => {
    const { url, query } = await make('deck-1', body);
    const first = await press(url);
    expect(first).toMatchObject({
      status: 200,
      body: { trigger: 'deck-1', did: body.do, cue: { id: 'made-1', state: 'accepted' }, repeated: false },
    });
    expect(first.headers.get('cache-control')).toBe('no-store');
    later(600);
    expect((await press(query, 'POST')).status).toBe(200);
    expect(rig.done).toEqual([`trigger:deck-1 of director: ${what}`, `trigger:deck-1 of director: ${what}`]);
  });

  test('does it once for presses within half a second, also such that overlap', async () => {
    const { url } = await make('deck-1', { do: 'next' });
    const answers = await Promise.all(Array.from({ length: 3 }, () => press(url)));
    expect(answers.map(({ body }) => body.repeated).sort()).toEqual([false, true, true]);
    expect(new Set(answers.map(({ body }) => body.cue.id))).toEqual(new Set(['made-1']));
    later(499);
    expect((await press(url)).body).toMatchObject({ repeated: true, cue: { id: 'made-1' } });
    later(1);
    expect((await press(url)).body).toMatchObject({ repeated: false, cue: { id: 'made-2' } });
    expect(rig.done).toHaveLength(2);
  });

  test('says what a deed refuses, to its caller and to the consoles', async () => {
    const anna = await rig.connect('?console=anna');
    const { url } = await make('deck-1', { do: 'next' });
    rig.refusal = new FramecueError('ERR_STREAM_NOT_LIVE');
    expect(await press(url)).toMatchObject({ status: 404, code: 'ERR_STREAM_NOT_LIVE' });
    // A bounce of the same press is answered with the same refusal, and does nothing.
    expect(await press(url)).toMatchObject({ code: 'ERR_STREAM_NOT_LIVE' });
    expect(rig.done).toEqual([]);
    await anna.sees(() => anna.of('action').length > 0);
    expect(anna.of('action')).toMatchObject([
      { what: 'trigger', console: 'trigger:deck-1', by: 'director', reason: 'ERR_STREAM_NOT_LIVE' },
    ]);
  });

  test('is limited', async () => {
    const { url } = await make('deck-1', { do: 'next' });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) {
      statuses.push((await press(url)).status);
      later(150);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    const refused = await press(url);
    expect(refused).toMatchObject({ status: 429, code: 'ERR_RATE_LIMITED' });
    expect(refused.body.error.details).toEqual({ limit: 5, perMs: 1_000, retryAfterMs: 250 });
    expect(refused.headers.get('retry-after')).toBe('1');
    // A press of its own every half a second, however many bounces: the refused one has done nothing.
    expect(rig.done).toHaveLength(2);
    later(250);
    expect((await press(url)).status).toBe(200);
    // Each has a limit of its own.
    expect((await press((await make('deck-2', { do: 'next' })).url)).status).toBe(200);
  });

  test('for panic asks for a second press, and not for a bounce of the first', async () => {
    const anna = await rig.connect('?console=anna');
    const { url } = await make('stop', { do: 'panic' });
    expect(await press(url)).toMatchObject({ status: 202, body: { did: 'armed', withinMs: 3_000 } });
    expect(await press(url)).toMatchObject({ status: 202, body: { did: 'armed', repeated: true } });
    expect(rig.done).toEqual([]);
    await anna.sees(() => anna.last('action')?.reason === 'armed');
    later(3_001);
    // Too late: it is a first press again.
    expect((await press(url)).status).toBe(202);
    later(3_000);
    expect(await press(url)).toMatchObject({ status: 200, body: { did: 'panic', repeated: false } });
    later(600);
    expect((await press(url)).status).toBe(202);
    expect(rig.done).toEqual(['trigger:stop of director: panic']);
  });

  test('that acts as a console holds to the control lock; others and panic do not', async () => {
    const asBert = await make('bert', { do: 'next', console: 'bert' });
    const free = await make('free', { do: 'next' });
    const stop = await make('stop', { do: 'panic', console: 'bert' });
    await rig.control('anna', 'take');
    expect(await press(asBert.url)).toMatchObject({ status: 409, code: 'ERR_CONTROL_HELD' });
    expect((await press(free.url)).status).toBe(200);
    await press(stop.url);
    later(1_000);
    expect((await press(stop.url)).body.did).toBe('panic');
    await rig.control('bert', 'take', { force: true });
    expect((await press(asBert.url)).status).toBe(200);
  });
});

describe('its secret', () => {
  test('is shown once, kept as a hash, and in no log', async () => {
    const { url, query, id } = await make('deck-1', { do: 'next' });
    const secret = url.split('/').at(-1)!;
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    for (const path of [`${S}/triggers`, `${S}/triggers/deck-1`]) {
      const { status, body } = await rig.call('GET', path);
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toContain(secret);
    }
    await press(url);
    await press(`${url}x`);
    await press(query);
    await press(`/api/v1/trigger/${id}/${secret}/more`);
    expect(rig.lines.some((line) => line.includes(`/api/v1/trigger/${id}/[redacted]`))).toBe(true);
    expect(rig.lines.filter((line) => line.includes(secret))).toEqual([]);
    await rig.stop();
    for (const file of readdirSync(rig.folder)) {
      expect(readFileSync(join(rig.folder, file)).includes(secret)).toBe(false);
    }
    await rig.start();
    expect((await press(url)).status).toBe(200);
  });

  test.each([
    ['a wrong one', (url: string) => `${url.slice(0, -1)}~`],
    ['another trigger', (url: string) => url.replace(/trigger\/[^/]+/, 'trigger/AAAAAAAAAAAA')],
  ])('%s is refused in the same words', async (_what, spoil) => {
    const { url } = await make('deck-1', { do: 'next' });
    expect(await press(spoil(url))).toMatchObject({
      ...{ status: 401, code: 'ERR_TOKEN_INVALID' },
      body: { error: { message: 'The token is not valid.' } },
    });
    expect(rig.done).toEqual([]);
  });

  test('cannot be guessed at leisure; whoever guesses does not lock out the right one', async () => {
    const { id, url } = await make('deck-1', { do: 'next' });
    const codes: (string | null)[] = [];
    for (let n = 0; n < 25; n++) codes.push((await press(`/api/v1/trigger/${id}?token=guess${n}`)).code);
    expect(codes.slice(0, 20)).toEqual(Array(20).fill('ERR_TOKEN_INVALID'));
    expect(codes.slice(20)).toEqual(Array(5).fill('ERR_RATE_LIMITED'));
    expect((await press(url)).body.did).toBe('next');
  });

  test('is made anew by putting the trigger again, and gone with it', async () => {
    const first = await make('deck-1', { do: 'next' });
    const second = await make('deck-1', { do: 'take', item: 'q2' });
    expect((await press(first.url)).status).toBe(401);
    expect((await press(second.url)).status).toBe(200);
    expect((await rig.call('DELETE', `${S}/triggers/deck-1`)).status).toBe(204);
    expect((await press(second.url)).status).toBe(401);
    expect(await rig.call('DELETE', `${S}/triggers/deck-1`)).toMatchObject({ code: 'ERR_TRIGGER_UNKNOWN' });
    expect(await rig.call('GET', `${S}/triggers/deck-1`)).toMatchObject({ code: 'ERR_TRIGGER_UNKNOWN' });
    await rig.restart();
    expect((await press(second.url)).status).toBe(401);
  });

  test('does nothing once its maker may not direct any more', async () => {
    const made = await put('deck-1', { do: 'next' }, GUEST);
    await rig.restart({ tokens: [{ name: 'guest', token: GUEST, rights: ['read'] }] });
    expect(await press(made.body.url)).toMatchObject({ status: 403, code: 'ERR_RIGHT_MISSING' });
    expect(rig.done).toEqual([]);
  });

  test.each([
    ['a look', 'HEAD', {}],
    ['another method', 'PUT', {}],
    ['a prefetch', 'GET', { 'Sec-Purpose': 'prefetch;prerender' }],
  ])('%s presses nothing', async (_what, method, headers) => {
    const { url } = await make('deck-1', { do: 'next' });
    expect((await press(url, method, headers)).status).toBeGreaterThanOrEqual(400);
    expect(rig.done).toEqual([]);
  });
});

describe('making triggers', () => {
  test.each([
    ['nothing', {}],
    ['an item for next', { do: 'next', item: 'q1' }],
    ['take without an item', { do: 'take' }],
    ['a cue that is none', { do: 'cue', cue: { type: 'boom' } }],
    ['cue without a cue', { do: 'cue' }],
    ['a cue of one id', { do: 'cue', cue: { type: 'custom', id: 'a' } }],
    ['a cue of one moment', { do: 'cue', cue: { type: 'custom', at: 1 } }],
    ['something else', { do: 'next', script: 'rm' }],
  ])('refuses %s', async (_what, body) => {
    expect(await put('deck-1', body)).toMatchObject({ status: 400, code: 'ERR_REQUEST_INVALID' });
  });

  test('is for directors, by names that are names', async () => {
    expect((await put('deck-1', { do: 'next' }, READER)).status).toBe(403);
    expect((await rig.call('GET', `${S}/triggers`, { token: READER })).status).toBe(403);
    expect((await put('de%20ck', { do: 'next' })).status).toBe(404);
    expect((await rig.call('POST', `${S}/triggers/deck-1`, { body: {} })).status).toBe(405);
  });

  test('lists them with when they were used last, also after a restart', async () => {
    const { url } = await make('deck-1', { do: 'take', item: 'q1' });
    await make('deck-2', { do: 'panic' });
    await press(url);
    const { body } = await rig.call('GET', `${S}/triggers`);
    const at = rig.clock.unixMs();
    expect(body.triggers).toMatchObject([
      { name: 'deck-1', do: 'take', item: 'q1', by: 'director', createdAt: at, uses: 1, lastUsedAt: at },
      { name: 'deck-2', do: 'panic', item: null, uses: 0, lastUsedAt: null },
    ]);
    await rig.restart();
    expect((await rig.call('GET', `${S}/triggers`)).body).toEqual(body);
  });
});
