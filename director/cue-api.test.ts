import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import { ManualClock } from '../packet/clock.ts';
import { ERRORS } from '../packet/errors.ts';
import { ms } from '../packet/time.ts';
import { createCors } from '../service/cors.ts';
import { createHttpApp } from '../service/http-app.ts';
import { createHttpServer } from '../service/http-server.ts';
import { type Listening, listen } from '../service/listen.ts';
import { createLog } from '../service/log.ts';
import { loadSecrets, type Secrets } from '../service/secrets.ts';
import { loadSettings } from '../service/settings.ts';
import { createTokenRegistry, tokenHoldersOf } from '../service/tokens.ts';
import { type Director, openDirector } from './director.ts';
import type { DirectorObserver } from './observer.ts';
import { useThreadCpuClock } from './spent.ts';
import { FakeGate } from './testing/fake-gate.ts';

const STREAM = 'live/main';
const CUES = `/api/v1/streams/${STREAM}/cues`;

let folder: string;
let secrets: Secrets;
let gate: FakeGate;
let clock: ManualClock;
let director: Director;
let listening: Listening;
let base: string;

/** Most of these tests are about single requests: one server for all. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-api-'));
  await start();
});
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(env: Record<string, string> = {}, observer: DirectorObserver = {}) {
  const { settings } = loadSettings({ FRAMECUE_DATA_DIR: folder, FRAMECUE_CUE_RATE: '1000', ...env });
  secrets = loadSecrets(settings);
  const log = createLog('test', { logLevel: 'silent' });
  gate = new FakeGate();
  gate.begin(STREAM);
  clock = new ManualClock();
  const tokens = createTokenRegistry(tokenHoldersOf(secrets));
  director = await openDirector({ settings, secrets, tokens, gate, clock, log, observer });
  const app = createHttpApp({ log, cors: createCors(['*']), settings, routes: director.routes });
  const server = createHttpServer({ log, app });
  listening = await listen(server, { host: '127.0.0.1', port: 0, settingName: 'FRAMECUE_MEDIA_PORT' });
  base = `http://127.0.0.1:${listening.port}`;
}

async function stop() {
  await director.close();
  await listening.close();
}

async function restartWith(env: Record<string, string>, observer: DirectorObserver = {}) {
  await stop();
  await start(env, observer);
}

interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
}

async function ask(path: string, { method = 'GET', body, token, headers = {} }: Asked = {}) {
  const bearer = token === undefined ? secrets.tokens.director : token;
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(bearer === null ? {} : { Authorization: `Bearer ${bearer}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = text === '' ? null : JSON.parse(text);
  if (json?.error !== undefined) {
    expect(response.status).toBe(ERRORS[json.error.code as keyof typeof ERRORS].status);
  }
  return { status: response.status, headers: response.headers, json };
}

const mark = (body: unknown, asked: Asked = {}) => ask(CUES, { method: 'POST', body, ...asked });
const codeOf = async (answer: ReturnType<typeof ask>) => (await answer).json.error?.code;
const land = (cue: Cue) =>
  director.book.onStampEvent({
    kind: 'landed',
    ...{ id: cue.id, rev: cue.rev },
    landing: {
      ...{
        epoch: 'epoch-1',
        pts: ms(1_000),
        frame: 25,
        stampedAtUs: clock.unixUs(),
        fireAtUs: clock.unixUs(),
      },
      ...{ markToStampMs: 0, errorMs: 0, choice: 'next-in-presentation', outputs: {} },
    },
  });

describe('POST cues', () => {
  test('answers 202 with the cue as a resource, at its Location', async () => {
    const { status, headers, json } = await mark({ type: 'interaction.open', data: { interaction: 'q1' } });
    expect(status).toBe(202);
    expect(json).toMatchObject({
      type: 'interaction.open',
      state: 'accepted',
      by: 'director',
      landing: null,
    });
    expect(headers.get('location')).toBe(`${CUES}/${json.id}`);
    expect(headers.get('cache-control')).toBe('no-store');
    expect((await ask(headers.get('location')!)).json).toEqual(json);
  });

  test('a repeat with the same Idempotency-Key is the first cue; another request with it is refused', async () => {
    const headers = { 'Idempotency-Key': 'press-17' };
    const first = await mark({ type: 'custom' }, { headers });
    const again = await mark({ type: 'custom' }, { headers });
    expect([again.status, again.json.id]).toEqual([202, first.json.id]);
    expect(await codeOf(mark({ type: 'custom.other' }, { headers }))).toBe('ERR_IDEMPOTENCY_CONFLICT');
    expect(await codeOf(mark({ type: 'custom' }, { headers: { 'Idempotency-Key': 'a b' } }))).toBe(
      'ERR_REQUEST_INVALID',
    );
  });

  test.each<[string, unknown, string]>([
    ['no type', {}, 'type'],
    ['a type that is none', { type: 'interaction.start' }, 'type'],
    ['a field that is misspelt', { type: 'custom', delayMS: 5 }, 'delayMS'],
    ['data that is no object', { type: 'custom', data: [1] }, 'data'],
    ['an id with a slash', { type: 'custom', id: 'a/b' }, 'id'],
    ['a moment without an offset', { type: 'custom', at: '2026-01-01T00:00:00' }, 'at'],
    ['a moment that is text', { type: 'custom', at: 'now' }, 'at'],
    ['a negative delay', { type: 'custom', delayMs: -1 }, 'delayMs'],
    ['a media time that is no number', { type: 'custom', mediaTime: '12' }, 'mediaTime'],
    ['two moments', { type: 'custom', delayMs: 1, mediaTime: 1 }, 'give one of'],
    ['a lock of nothing', { type: 'interaction.lock' }, 'ref'],
    ['a reference where there can be none', { type: 'custom', ref: 'x' }, 'ref'],
    [
      'data that nests without end',
      `{"type":"custom","data":{"deep":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`,
      'data',
    ],
    ['two common moments', { type: 'custom', alignAt: 1_900_000_000_000, alignInMs: 5 }, 'alignInMs'],
    ['repeats without end', { type: 'custom', repeat: 1_000 }, 'repeat'],
    ['a list', [], ''],
  ])('refuses %s with 400, and names it', async (_name, body, named) => {
    const { status, json } = await mark(body);
    expect(status).toBe(400);
    expect(json.error.code).toBe('ERR_REQUEST_INVALID');
    expect(JSON.stringify(json.error)).toContain(named);
  });

  test('refuses malformed JSON, another content type, no body, and a body above the limit', async () => {
    expect(await codeOf(mark('{"type":'))).toBe('ERR_REQUEST_MALFORMED');
    expect(await codeOf(mark('{}', { headers: { 'Content-Type': 'text/plain' } }))).toBe('ERR_CONTENT_TYPE');
    expect(await codeOf(ask(CUES, { method: 'POST' }))).toBe('ERR_REQUEST_INVALID');
    expect(await codeOf(mark({ type: 'custom', data: { x: 'x'.repeat(20_000) } }))).toBe(
      'ERR_BODY_TOO_LARGE',
    );
  });

  test('refuses a cue of 5,000 bytes with 413, and says how many it may have', async () => {
    const { status, json } = await mark({ type: 'custom', data: { x: 'x'.repeat(5_000) } });
    expect(status).toBe(413);
    expect(json.error).toMatchObject({
      code: 'ERR_CUE_TOO_LARGE',
      retryable: false,
      details: { limit: 1_024 },
    });
    expect(json.error.details.bytes).toBeGreaterThan(5_000);
  });

  test('refuses a stream that is not live with 404, and one that can be none', async () => {
    const other = (name: string) =>
      ask(`/api/v1/streams/${name}/cues`, { method: 'POST', body: { type: 'custom' } });
    expect(await codeOf(other('live/other'))).toBe('ERR_STREAM_NOT_LIVE');
    expect(await codeOf(other('live/a%20b'))).toBe('ERR_NOT_FOUND');
    expect(await codeOf(other('live/%2e%2e'))).toBe('ERR_NOT_FOUND');
  });

  test('refuses what is in conflict with 409', async () => {
    await mark({ type: 'custom', id: 'taken' });
    expect(await codeOf(mark({ type: 'custom', id: 'taken' }))).toBe('ERR_CUE_EXISTS');
    expect(await codeOf(mark({ type: 'custom', at: clock.unixMs() - 60_000 }))).toBe('ERR_CUE_MOMENT_PASSED');
    const open = (await mark({ type: 'interaction.open' })).json.id;
    await mark({ type: 'interaction.lock', ref: open });
    expect(await codeOf(mark({ type: 'interaction.lock', ref: open }))).toBe('ERR_CUE_STATE');
  });
});

test('an answer says what acceptance took, and since when the injector knows of the cue', async () => {
  const before = clock.unixUs();
  const { headers } = await mark({ type: 'custom' });
  const found = /^own;dur=([\d.]+), commit;dur=([\d.]+), injector;desc="(\d+)"$/.exec(
    headers.get('server-timing') ?? '',
  );
  expect(Number(found?.[3])).toBe(before);
  const armed = await mark({ type: 'custom', armed: true });
  expect(armed.headers.get('server-timing')).toMatch(/^own;dur=[\d.]+, commit;dur=[\d.]+$/);
});

test('an answer says what its thread computed, where that is measured', async () => {
  let readings = 0;
  // Each reading is 100 us after the last: there are two about the whole and two about the commit within.
  useThreadCpuClock(() => readings++ * 100);
  try {
    const { headers } = await mark({ type: 'custom' });
    expect(headers.get('server-timing')).toMatch(
      /^own;dur=[\d.]+, commit;dur=[\d.]+, cpu;dur=0\.200, injector;/,
    );
  } finally {
    useThreadCpuClock(null);
  }
});

describe('limits', () => {
  afterEach(() => restartWith({}));

  test('refuses more than the rate with 429, by token and stream, and says when to come back', async () => {
    const refused = vi.fn();
    await restartWith({ FRAMECUE_CUE_RATE: '3' }, { cueRefused: refused });
    const answers = await Promise.all(Array.from({ length: 5 }, () => mark({ type: 'custom' })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, 202, 202, 429, 429]);
    const limited = answers.find((answer) => answer.status === 429)!;
    expect(limited.json.error).toMatchObject({
      code: 'ERR_RATE_LIMITED',
      retryable: true,
      details: { limit: 3 },
    });
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(refused).toHaveBeenCalledWith('ERR_RATE_LIMITED');
  });

  test('refuses more cues than can be open with 429', async () => {
    await restartWith({ FRAMECUE_CUE_OPEN_LIMIT: '1' });
    gate.begin('live/limit');
    const cues = '/api/v1/streams/live/limit/cues';
    const open = () => ask(cues, { method: 'POST', body: { type: 'interaction.open' } });
    land((await open()).json);
    const { status, json, headers } = await open();
    expect([status, json.error.code, headers.get('retry-after')]).toEqual([
      429,
      'ERR_CUE_TOO_MANY_OPEN',
      '5',
    ]);
  });
});

describe('rights', () => {
  test.each([
    ['POST', CUES],
    ['POST', `${CUES}/x/cancel`],
    ['PUT', `/api/v1/streams/${STREAM}/stamping`],
  ])('%s %s needs the right to direct', async (method, path) => {
    const asked = { method, body: {} };
    expect(await codeOf(ask(path, { ...asked, token: null }))).toBe('ERR_TOKEN_MISSING');
    expect(await codeOf(ask(path, { ...asked, token: 'x'.repeat(43) }))).toBe('ERR_TOKEN_INVALID');
    for (const token of [secrets.tokens.read, secrets.tokens.feed, secrets.streamKey]) {
      expect(await codeOf(ask(path, { ...asked, token }))).toBe('ERR_RIGHT_MISSING');
    }
  });

  test.each([CUES, `${CUES}/x`])('GET %s needs the right to read', async (path) => {
    expect(await codeOf(ask(path, { token: null }))).toBe('ERR_TOKEN_MISSING');
    expect(await codeOf(ask(path, { token: secrets.tokens.feed }))).toBe('ERR_RIGHT_MISSING');
    expect((await ask(path, { token: secrets.tokens.read })).json.error?.code).not.toBe('ERR_RIGHT_MISSING');
  });

  test('the feed needs the right to the feed; a director does not have it', async () => {
    expect(await codeOf(ask('/api/v1/feed', { token: null }))).toBe('ERR_TOKEN_MISSING');
    expect(await codeOf(ask('/api/v1/feed'))).toBe('ERR_RIGHT_MISSING');
    expect((await ask('/api/v1/feed', { method: 'HEAD', token: secrets.tokens.feed })).status).toBe(405);
    const abort = new AbortController();
    const response = await fetch(`${base}/api/v1/feed`, {
      headers: { Authorization: `Bearer ${secrets.tokens.feed}` },
      signal: abort.signal,
    });
    expect(response.status).toBe(200);
    abort.abort();
  });
});

describe('reading', () => {
  test('cues come newest first, page by page', async () => {
    const cues = '/api/v1/streams/live/list/cues';
    gate.begin('live/list');
    for (const id of ['a', 'b', 'c']) await ask(cues, { method: 'POST', body: { type: 'custom', id } });
    const idsOf = (json: { cues: Cue[] }) => json.cues.map((cue) => cue.id);
    const first = await ask(`${cues}?limit=2`, { token: secrets.tokens.read });
    expect([idsOf(first.json), first.json.next]).toEqual([['c', 'b'], 'b']);
    const second = await ask(`${cues}?limit=2&before=${first.json.next}`);
    expect([idsOf(second.json), second.json.next]).toEqual([['a'], null]);
    expect(idsOf((await ask(cues)).json)).toEqual(['c', 'b', 'a']);
    expect((await ask('/api/v1/streams/live/other/cues')).json).toEqual({ cues: [], next: null });
  });

  test.each(['limit=0', 'limit=201', 'limit=x', 'before=nobody', 'befor=a', 'limit=1&limit=2'])(
    'a query that does not fit is told: %s',
    async (query) => expect(await codeOf(ask(`${CUES}?${query}`))).toBe('ERR_REQUEST_INVALID'),
  );

  test('a cue shows its landing receipt', async () => {
    const { json: cue } = await mark({ type: 'custom' });
    land(cue);
    const { json } = await ask(`${CUES}/${cue.id}`);
    expect(json).toMatchObject({ state: 'landed', landing: { epoch: 'epoch-1', pts: 1_000, frame: 25 } });
  });

  test('no cue, a cue of another stream, and a wrong method are told', async () => {
    const { json: cue } = await mark({ type: 'custom' });
    expect(await codeOf(ask(`${CUES}/nobody`))).toBe('ERR_CUE_UNKNOWN');
    expect(await codeOf(ask(`/api/v1/streams/live/other/cues/${cue.id}`))).toBe('ERR_CUE_UNKNOWN');
    const wrong = await ask(`${CUES}/${cue.id}`, { method: 'DELETE' });
    expect([wrong.json.error.code, wrong.headers.get('allow')]).toEqual(['ERR_METHOD', 'GET, PATCH']);
  });
});

describe('cancel', () => {
  test('takes a cue back that waits, with a body or without', async () => {
    for (const body of [undefined, {}]) {
      const { json: cue } = await mark({ type: 'custom', delayMs: 60_000 });
      const { status, json } = await ask(`${CUES}/${cue.id}/cancel`, { method: 'POST', body });
      expect([status, json.state]).toEqual([200, 'cancelled']);
    }
  });

  test('of one that has landed voids it; of one that closed another it is refused with 409', async () => {
    const { json: cue } = await mark({ type: 'interaction.open' });
    land(cue);
    const { json: lock } = await mark({ type: 'interaction.lock', ref: cue.id });
    land(lock);
    const refused = await ask(`${CUES}/${lock.id}/cancel`, { method: 'POST' });
    expect([refused.status, refused.json.error.code]).toEqual([409, 'ERR_CUE_STATE']);
    const { status, json } = await ask(`${CUES}/${cue.id}/cancel`, { method: 'POST' });
    expect([status, json.state, json.rev]).toEqual([200, 'landed', 1]);
    expect(json.voided).toEqual({ at: expect.any(Number), by: 'director', landing: null });
  });
});

describe('PUT stamping', () => {
  const put = (body: unknown, stream = STREAM) =>
    ask(`/api/v1/streams/${stream}/stamping`, { method: 'PUT', body });

  test('switches a stream off and on', async () => {
    expect((await put({ on: false })).json).toEqual({ stream: STREAM, on: false });
    expect(await codeOf(mark({ type: 'custom' }))).toBe('ERR_STAMPING_OFF');
    expect((await put({ on: true })).status).toBe(200);
    expect((await mark({ type: 'custom' })).status).toBe(202);
    expect(gate.stamping).toEqual([
      [STREAM, false],
      [STREAM, true],
    ]);
  });

  test('refuses what does not fit, and streams that can never be', async () => {
    expect(await codeOf(put({ on: 'yes' }))).toBe('ERR_REQUEST_INVALID');
    expect(await codeOf(put({}))).toBe('ERR_REQUEST_INVALID');
    expect(await codeOf(put({ on: false }, 'studio/main'))).toBe('ERR_NOT_FOUND');
  });
});

test('the public keys are for all, cacheable, and hold nothing private', async () => {
  const { status, headers, json } = await ask('/.well-known/framecue-keys.json', { token: null });
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('public, max-age=300');
  expect(headers.get('access-control-allow-origin')).toBe('*');
  expect(json).toEqual({
    keys: [
      { kty: 'OKP', crv: 'Ed25519', kid: director.signingKeys[0]!.id, x: expect.stringMatching(/^.{43}$/) },
    ],
  });
});

test('all is there again after a restart', async () => {
  const { json: cue } = await mark({ type: 'interaction.open' }, { headers: { 'Idempotency-Key': 'k' } });
  land(cue);
  await restartWith({});
  expect((await ask(`${CUES}/${cue.id}`)).json).toMatchObject({ state: 'landed', landing: { frame: 25 } });
  expect((await mark({ type: 'interaction.open' }, { headers: { 'Idempotency-Key': 'k' } })).json.id).toBe(
    cue.id,
  );
  expect(director.check()).toBe(true);
});
