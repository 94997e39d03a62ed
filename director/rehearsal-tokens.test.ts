import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import { ManualClock } from '../packet/clock.ts';
import { ms, unixMsToUs } from '../packet/time.ts';
import { createCors } from '../service/cors.ts';
import { createHttpApp } from '../service/http-app.ts';
import { createHttpServer } from '../service/http-server.ts';
import { type Listening, listen } from '../service/listen.ts';
import { createLog } from '../service/log.ts';
import { loadSecrets } from '../service/secrets.ts';
import { loadSettings } from '../service/settings.ts';
import { createTokenRegistry, tokenHoldersOf } from '../service/tokens.ts';
import { type Director, openDirector } from './director.ts';
import { isRundownUpload } from './rundown/routes.ts';
import { S, STREAM } from './testing/console-rig.ts';
import { FakeGate } from './testing/fake-gate.ts';

/** The whole director on a real socket, with a director and a trainee, whose token only rehearses. */
const TRAINEE = 'trainee-0123456789ab';
let folder: string;
let gate: FakeGate;
let clock: ManualClock;
let director: Director;
let listening: Listening;
let tokenOf: Record<'director' | 'trainee', string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-trainee-'));
  const { settings } = loadSettings({ FRAMECUE_DATA_DIR: folder, FRAMECUE_CUE_RATE: '1000' });
  const secrets = loadSecrets(settings);
  tokenOf = { director: secrets.tokens.director, trainee: TRAINEE };
  const log = createLog('test', { logLevel: 'silent' });
  gate = new FakeGate();
  gate.begin(STREAM);
  clock = new ManualClock();
  const tokens = createTokenRegistry([
    ...tokenHoldersOf(secrets),
    { name: 'trainee', token: TRAINEE, rights: ['direct'], rehearsal: true },
  ]);
  director = await openDirector({ settings, secrets, tokens, gate, clock, log });
  const http = { log, cors: createCors(['*']), settings, readsOwnBody: isRundownUpload };
  const app = createHttpApp({ ...http, routes: director.routes });
  const server = createHttpServer({ log, app });
  listening = await listen(server, { host: '127.0.0.1', port: 0, settingName: 'FRAMECUE_MEDIA_PORT' });
});
afterEach(async () => {
  director.console.endChannel();
  await director.close();
  await listening.close();
  rmSync(folder, { recursive: true, force: true });
});

async function as(who: 'director' | 'trainee', method: string, path: string, body?: unknown) {
  const response = await fetch(`http://127.0.0.1:${listening.port}${path}`, {
    method,
    headers: { Authorization: `Bearer ${tokenOf[who]}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of many routes
  const json: any = response.status === 204 ? null : await response.json();
  return { status: response.status, body: json, code: json?.error?.code ?? null };
}

const mark = async (who: 'director' | 'trainee', request: object): Promise<Cue> => {
  const { status, body } = await as(who, 'POST', `${S}/cues`, request);
  expect(status).toBe(202);
  return body;
};

function land(id: string): void {
  const held = gate.held.get(`${STREAM} ${id}`)!;
  const at = clock.unixUs();
  const landing = {
    ...{ epoch: 'epoch-1', pts: ms(1_000), frame: 25, stampedAtUs: at, fireAtUs: at, errorMs: 0 },
    ...{ markToStampMs: (at - unixMsToUs(held.markedAt)) / 1000, choice: 'own-pts' as const, outputs: {} },
  };
  director.book.onStampEvent({ kind: 'landed', id, rev: held.rev, landing });
}

const isRehearsed = (id: string): boolean =>
  gate.held.get(`${STREAM} ${id}`)!.bodyText.includes('"rehearsal":true');

describe('a token that only rehearses', () => {
  test('marks rehearsals alone: on the wire too, whatever the mode, and whoever takes what it has armed', async () => {
    expect(await mark('trainee', { id: 'now', type: 'custom' })).toMatchObject({ rehearsal: true });
    expect(isRehearsed('now')).toBe(true);
    expect(await mark('trainee', { id: 'later', type: 'custom', armed: true })).toMatchObject({
      rehearsal: true,
    });
    expect(await as('director', 'POST', `${S}/cues/later/take`, {})).toMatchObject({
      status: 202,
      body: { state: 'taken', rehearsal: true },
    });
    expect(isRehearsed('later')).toBe(true);
    expect(await mark('director', { id: 'show', type: 'custom' })).not.toHaveProperty('rehearsal');
    expect(isRehearsed('show')).toBe(false);
  });

  test('goes on with a series as what it began as', async () => {
    await mark('trainee', { id: 'row', type: 'custom', series: { everyMs: 1_000, count: 2 } });
    land('row.1');
    await expect.poll(() => gate.held.has(`${STREAM} row.2`)).toBe(true);
    expect(isRehearsed('row.2')).toBe(true);
  });

  test('cannot lock, reveal, cancel or void a round of the show, nor panic it away', async () => {
    await mark('director', { id: 'round', type: 'interaction.open' });
    land('round');
    for (const type of ['interaction.lock', 'interaction.reveal', 'interaction.cancel']) {
      const refused = await as('trainee', 'POST', `${S}/cues`, { type, ref: 'round' });
      expect(refused).toMatchObject({ status: 409, code: 'ERR_CUE_STATE' });
      const armed = await as('trainee', 'POST', `${S}/cues`, { type, ref: 'round', armed: true });
      expect(armed).toMatchObject({ status: 409, code: 'ERR_CUE_STATE' });
    }
    expect(await as('trainee', 'POST', `${S}/cues/round/cancel`)).toMatchObject({
      status: 403,
      code: 'ERR_REHEARSAL_TOKEN',
    });
    await mark('director', { id: 'waits', type: 'custom', delayMs: 5_000 });
    await mark('trainee', { id: 'own', type: 'custom', delayMs: 5_000 });
    const panic = await as('trainee', 'POST', `${S}/panic`, { confirm: true });
    expect(panic.body).toMatchObject({ cancelled: ['own'], voided: [] });
    expect(await director.book.get(STREAM, 'round')).toMatchObject({ state: 'landed' });
    expect(await director.book.get(STREAM, 'round')).not.toHaveProperty('voided');
    expect(await director.book.get(STREAM, 'waits')).toMatchObject({ state: 'accepted' });
  });

  test('leaves what waits or is armed for the show as it is, and has its own', async () => {
    await mark('director', { id: 'prize', type: 'custom', armed: true });
    await mark('director', { id: 'lock', type: 'custom', delayMs: 5_000 });
    for (const [method, path] of [
      ['POST', 'prize/take'],
      ['PATCH', 'prize'],
      ['POST', 'prize/cancel'],
      ['PATCH', 'lock'],
      ['POST', 'lock/cancel'],
    ] as const) {
      const answer = await as('trainee', method, `${S}/cues/${path}`, {
        ...(method === 'PATCH' ? { data: {} } : {}),
      });
      expect({ path, ...answer }).toMatchObject({ path, status: 403, code: 'ERR_REHEARSAL_TOKEN' });
    }
    expect((await director.book.get(STREAM, 'prize'))?.state).toBe('armed');
    await mark('trainee', { id: 'own', type: 'custom', delayMs: 5_000 });
    expect((await as('trainee', 'PATCH', `${S}/cues/own`, { data: { a: 1 } })).status).toBe(200);
    expect((await as('trainee', 'POST', `${S}/cues/own/cancel`)).body).toMatchObject({ state: 'cancelled' });
    // Neither do mode and the kill switch count as its own.
    for (const [path, body] of [
      ['mode', { rehearsal: true }],
      ['stamping', { on: false }],
    ] as const) {
      expect(await as('trainee', 'PUT', `${S}/${path}`, body)).toMatchObject({ code: 'ERR_REHEARSAL_TOKEN' });
    }
  });

  test('rehearses with the others while the stream does', async () => {
    await mark('director', { id: 'armed', type: 'custom', armed: true });
    expect((await as('director', 'PUT', `${S}/mode`, { rehearsal: true })).status).toBe(200);
    expect((await as('trainee', 'POST', `${S}/cues/armed/take`, {})).body).toMatchObject({ rehearsal: true });
    expect(await as('trainee', 'PUT', `${S}/mode`, { rehearsal: false })).toMatchObject({
      code: 'ERR_REHEARSAL_TOKEN',
    });
  });

  const items = [
    { id: 'one', type: 'custom.one' },
    { id: 'two', type: 'custom.two' },
  ];

  test('leaves the rundown of the show alone; what it loads itself runs as a rehearsal', async () => {
    expect((await as('director', 'PUT', `${S}/rundown`, { id: 'evening', items })).status).toBe(200);
    for (const [method, path] of [
      ['POST', '/items/one/arm'],
      ['POST', '/items/one/take'],
      ['POST', '/items/one/skip'],
      ['POST', '/items/one/reset'],
      ['PUT', '?replace=1'],
      ['DELETE', '?replace=1'],
    ] as const) {
      const body = method === 'PUT' ? { id: 'own', items } : method === 'POST' ? {} : undefined;
      const answer = await as('trainee', method, `${S}/rundown${path}`, body);
      expect({ path, ...answer }).toMatchObject({ path, status: 403, code: 'ERR_REHEARSAL_TOKEN' });
    }
    expect((await as('director', 'GET', `${S}/rundown`)).body).toMatchObject({ id: 'evening', next: 'one' });
    expect((await as('director', 'DELETE', `${S}/rundown`)).status).toBe(204);
    const own = {
      id: 'own',
      items: [...items, { id: 'three', type: 'custom.three', at: clock.unixMs() + 1_000 }],
    };
    expect((await as('trainee', 'PUT', `${S}/rundown`, own)).status).toBe(200);
    const taken = await as('trainee', 'POST', `${S}/rundown/items/one/take`, {});
    expect(taken).toMatchObject({ status: 202, body: { item: 'one', rehearsal: true } });
    // By itself, in the name of who loaded it.
    await expect
      .poll(async () => (await director.book.list(STREAM, 10, null))?.find(({ item }) => item === 'three'))
      .toMatchObject({ rehearsal: true, by: 'trainee' });
  });

  test('makes triggers that only rehearse', async () => {
    expect((await as('director', 'PUT', `${S}/rundown`, { id: 'evening', items })).body).toMatchObject({
      id: 'evening',
    });
    const made = async (name: string, body: object) => {
      const { status, body: trigger } = await as('trainee', 'PUT', `${S}/triggers/${name}`, body);
      expect(status).toBe(201);
      return as('trainee', 'POST', trigger.url);
    };
    expect(await made('next', { do: 'next' })).toMatchObject({ status: 403, code: 'ERR_REHEARSAL_TOKEN' });
    const pressed = await made('card', { do: 'cue', cue: { type: 'product.card' } });
    expect(pressed.status).toBe(200);
    expect(await director.book.get(STREAM, pressed.body.cue.id)).toMatchObject({ rehearsal: true });
  });
});
