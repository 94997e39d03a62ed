import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../packet/clock.ts';
import { ms } from '../../packet/time.ts';
import { createCors } from '../../service/cors.ts';
import { createHttpApp } from '../../service/http-app.ts';
import { createHttpServer } from '../../service/http-server.ts';
import { type Listening, listen } from '../../service/listen.ts';
import { createLog } from '../../service/log.ts';
import { loadSecrets, type Secrets } from '../../service/secrets.ts';
import { loadSettings } from '../../service/settings.ts';
import { createTokenRegistry, tokenHoldersOf } from '../../service/tokens.ts';
import { type Director, openDirector } from '../director.ts';
import { isRundownUpload } from '../rundown/routes.ts';
import { Channel, S, STREAM } from '../testing/console-rig.ts';
import { FakeGate } from '../testing/fake-gate.ts';

/** The whole director on a real socket, with a stage machine beside it. */
let folder: string;
let secrets: Secrets;
let gate: FakeGate;
let clock: ManualClock;
let director: Director;
let listening: Listening;
let base: string;
let ticket: string;
let lines: string[];
const channels: Channel[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-stage-'));
  clock = new ManualClock();
  lines = [];
  await start();
  ticket = (await call('POST', `${S}/stage/tickets`, { name: 'Wall' })).body.token;
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start() {
  const { settings } = loadSettings({ FRAMECUE_DATA_DIR: folder, FRAMECUE_CUE_RATE: '1000' });
  secrets = loadSecrets(settings);
  const log = createLog('test', { logLevel: 'debug' }, { write: (line: string) => lines.push(line) });
  gate = new FakeGate();
  gate.begin(STREAM);
  const tokens = createTokenRegistry(tokenHoldersOf(secrets));
  director = await openDirector({ settings, secrets, tokens, gate, clock, log });
  const app = createHttpApp({
    ...{ log, cors: createCors(['*']), settings, routes: director.routes },
    readsOwnBody: isRundownUpload,
  });
  const server = createHttpServer({ log, app });
  listening = await listen(server, { host: '127.0.0.1', port: 0, settingName: 'FRAMECUE_MEDIA_PORT' });
  base = `http://127.0.0.1:${listening.port}`;
}

async function stop() {
  for (const channel of channels.splice(0)) channel.close();
  director.console.endChannel();
  await director.close();
  await listening.close();
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  { token = secrets.tokens.director, console }: { token?: string; console?: string } = {},
) {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      ...(console === undefined ? {} : { 'Framecue-Console': console }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: answers of many routes
  const json: any = text === '' ? null : JSON.parse(text);
  return { status: response.status, body: json, code: json?.error?.code ?? null };
}

const byTicket = (method: string, path: string, body?: unknown) =>
  call(method, path, body, { token: ticket });
const screen = (id: string, what: string, more: object = {}) =>
  byTicket('POST', `${S}/stage`, { screen: id, name: id.toUpperCase(), do: what, ...more });
const touch = (leave: string, id = 'wall') => byTicket('POST', `${S}/stage/take`, { screen: id, leave });
const give = (what: object, console?: string) =>
  call('PUT', `${S}/stage/leave`, what, console === undefined ? {} : { console });
const arm = (id: string, more: object = {}) =>
  call('POST', `${S}/cues`, {
    type: 'custom',
    data: { hidden: 'answer' },
    id,
    title: 'Inside',
    armed: true,
    ...more,
  });
const stage = async () => (await call('GET', `${S}/stage`)).body;

async function follow(token = ticket): Promise<Channel> {
  const channel = new Channel();
  channels.push(channel);
  await channel.open(`${base}${S}/stage/events?screen=wall`, token);
  await channel.sees(() => channel.of('stage').length > 0);
  return channel;
}

function land(id: string): void {
  const held = gate.held.get(`${STREAM} ${id}`)!;
  const at = clock.unixUs();
  director.book.onStampEvent({
    ...{ kind: 'landed', id, rev: held.rev },
    landing: {
      ...{ epoch: 'epoch-1', pts: ms(1_000), frame: 25, stampedAtUs: at, fireAtUs: at, markToStampMs: 0 },
      ...{ errorMs: 0, choice: 'next-in-presentation', outputs: {} },
    },
  });
}

describe('a touch on stage', () => {
  test('takes an armed cue by leave, and is told where it landed', async () => {
    const wall = await follow();
    await screen('wall', 'show');
    await arm('c1', { prize: true });
    const { body } = await give({ cue: 'c1', label: 'Start the draw' });
    expect(body.leave).toMatchObject({
      cue: 'c1',
      title: 'Inside',
      prize: true,
      by: 'director',
      console: null,
    });
    await wall.sees(() => wall.last('stage').leave !== null);
    expect(wall.last('stage').leave).toMatchObject({ label: 'Start the draw', prize: true });
    const taken = await touch(body.leave.id);
    expect(taken).toMatchObject({
      status: 202,
      body: { repeated: false, taken: { state: 'taken', screen: 'wall' } },
    });
    land('c1');
    await wall.sees(() => wall.last('stage').taken?.state === 'landed');
    expect(wall.last('stage')).toMatchObject({ leave: null, taken: { frame: 25, pts: 1_000 } });
    // Nothing that people in the hall could read ahead.
    expect(JSON.stringify(wall.events)).not.toMatch(/Inside|hidden|answer|"c1"/);
    const { rows } = (await call('GET', `${S}/as-run?last=20`)).body;
    expect(rows).toContainEqual(
      expect.objectContaining({ what: 'stage', cue: 'c1', console: 'stage:wall', reason: 'taken by touch' }),
    );
  });

  test('is refused without leave, by another id, after it has run out, and by a screen that stands by', async () => {
    await screen('wall', 'show');
    await screen('other', 'standby');
    await arm('c1');
    expect(await touch('none')).toMatchObject({ status: 409, code: 'ERR_STAGE_LEAVE' });
    const { id } = (await give({ cue: 'c1', forMs: 5_000 })).body.leave;
    expect((await touch(id, 'other')).code).toBe('ERR_STAGE_STANDBY');
    expect((await touch(`${id}x`)).code).toBe('ERR_STAGE_LEAVE');
    clock.advanceMs(5_001);
    expect((await touch(id)).code).toBe('ERR_STAGE_LEAVE');
    expect((await stage()).leave).toBeNull();
    const again = (await give({ cue: 'c1' })).body.leave.id;
    expect((await give({ cue: null })).body).toEqual({ leave: null });
    expect((await touch(again)).code).toBe('ERR_STAGE_LEAVE');
    expect(gate.scheduled).toEqual([]);
    expect((await call('GET', `${S}/cues/c1`)).body.state).toBe('armed');
  });

  test('at once with the director, and touched many times, takes it once', async () => {
    await screen('wall', 'show');
    for (let round = 0; round < 10; round++) {
      const id = `c${round}`;
      await arm(id);
      const leave = (await give({ cue: id })).body.leave.id;
      const presses = [
        () => touch(leave),
        () => call('POST', `${S}/cues/${id}/take`, {}),
        () => touch(leave),
      ];
      const answers = await Promise.all(
        (round % 2 === 0 ? presses : presses.reverse()).map((press) => press()),
      );
      for (const { status, code } of answers) {
        if (status >= 400) expect(code).toBe('ERR_STAGE_LEAVE');
      }
      expect(answers.filter(({ status }) => status < 400).length).toBeGreaterThan(0);
      expect(gate.scheduled.filter((cue) => cue.id === id)).toHaveLength(1);
      land(id);
    }
  });

  test('sent again is answered with the first outcome', async () => {
    await screen('wall', 'show');
    await arm('c1');
    const leave = (await give({ cue: 'c1' })).body.leave.id;
    expect((await touch(leave)).status).toBe(202);
    expect(await touch(leave)).toMatchObject({ status: 200, body: { repeated: true, taken: { leave } } });
    expect(gate.scheduled).toHaveLength(1);
  });

  test('takes an item of the rundown; where it is refused for now, leave stands', async () => {
    await screen('wall', 'show');
    const items = [
      { id: 'card', title: 'Card', type: 'product.card', prize: true },
      { id: 'card2', type: 'product.card' },
    ];
    expect((await call('PUT', `${S}/rundown`, { id: 'r', items })).status).toBe(200);
    const { leave } = (await give({ item: 'card' })).body;
    expect(leave).toMatchObject({ item: 'card', cue: null, title: 'Card', prize: true });
    gate.end(STREAM);
    expect((await touch(leave.id)).code).toBe('ERR_STREAM_NOT_LIVE');
    expect((await stage()).leave).toMatchObject({ id: leave.id });
    gate.begin(STREAM);
    expect((await touch(leave.id)).status).toBe(202);
    expect((await give({ item: 'card' })).code).toBe('ERR_RUNDOWN_ITEM_STATE');
    expect((await give({ item: 'nope' })).code).toBe('ERR_RUNDOWN_ITEM_UNKNOWN');
    // The director takes what leave was given for: it is gone from the stage.
    await give({ item: 'card2' });
    await call('POST', `${S}/rundown/items/card2/take`, {});
    await vi.waitFor(async () => expect((await stage()).leave).toBeNull(), 15_000);
  });
});

describe('leave', () => {
  test('is for what can be taken, and is given by whoever is in control', async () => {
    expect((await give({ cue: 'none' })).code).toBe('ERR_CUE_UNKNOWN');
    await call('POST', `${S}/cues`, { type: 'custom', data: {}, id: 'c0' });
    expect((await give({ cue: 'c0' })).code).toBe('ERR_CUE_STATE');
    expect((await give({ item: 'x' })).code).toBe('ERR_RUNDOWN_NONE');
    for (const wrong of [{}, { cue: 'a', item: 'b' }, { cue: 'a', forMs: 1 }, { cue: 'a', label: 'a\nb' }]) {
      expect((await give(wrong)).code).toBe('ERR_REQUEST_INVALID');
    }
    await call('POST', `${S}/control`, { console: 'anna', do: 'take' });
    await arm('c1');
    expect((await give({ cue: 'c1' }, 'bert')).code).toBe('ERR_CONTROL_HELD');
    expect((await give({ cue: 'c1' }, 'anna')).status).toBe(200);
  });

  test('ends with control and with the mode', async () => {
    await screen('wall', 'show');
    await arm('c1');
    await call('POST', `${S}/control`, { console: 'anna', do: 'take' });
    const first = (await give({ cue: 'c1' }, 'anna')).body.leave.id;
    await call('POST', `${S}/control`, { console: 'bert', do: 'take', force: true });
    expect((await touch(first)).code).toBe('ERR_STAGE_LEAVE');
    const second = (await give({ cue: 'c1' }, 'bert')).body.leave.id;
    expect((await call('PUT', `${S}/mode`, { rehearsal: true })).status).toBe(200);
    expect((await touch(second)).code).toBe('ERR_STAGE_LEAVE');
    expect((await stage()).rehearsal).toBe(true);
  });
});

describe('a stage ticket', () => {
  test('can do nothing else', async () => {
    await arm('c1');
    const refused: [string, string, unknown?][] = [
      ['GET', S],
      ['GET', `${S}/cues`],
      ['GET', `${S}/cues/c1`],
      ['POST', `${S}/cues`, { type: 'custom', data: {} }],
      ['POST', `${S}/cues/c1/take`, {}],
      ['POST', `${S}/panic`, { confirm: true }],
      ['PUT', `${S}/stage/leave`, { cue: 'c1' }],
      ['GET', `${S}/stage/tickets`],
      ['POST', `${S}/stage/tickets`, {}],
      ['GET', `${S}/rundown`],
      ['GET', `${S}/console`],
      ['POST', `${S}/control`, { console: 'x', do: 'take' }],
      ['PUT', `${S}/mode`, { rehearsal: true }],
      ['GET', `${S}/as-run`],
      ['GET', `${S}/triggers`],
    ];
    for (const [method, path, body] of refused) {
      const { status, code } = await byTicket(method, path, body);
      // The rig has no stream status: there is nothing at that address.
      if (path === S) expect(status).toBe(404);
      else expect([method, path, status, code]).toEqual([method, path, 401, 'ERR_TOKEN_INVALID']);
    }
    expect((await byTicket('GET', S.replace('main', 'other').concat('/stage'))).code).toBe(
      'ERR_TOKEN_INVALID',
    );
    expect((await byTicket('GET', `${S}/stage`)).status).toBe(200);
  });

  test('is kept as a hash, outlasts a restart, runs out, and is void at once', async () => {
    const path = join(folder, 'stage-tickets.json');
    expect(readFileSync(path, 'utf8')).not.toContain(ticket.slice('stage_'.length));
    expect(statSync(path).mode & 0o077).toBe(0);
    await stop();
    await start();
    const wall = await follow();
    const [listed] = (await call('GET', `${S}/stage/tickets`)).body.tickets;
    expect(listed).toMatchObject({ name: 'Wall', by: 'director', stream: STREAM });
    expect(JSON.stringify(listed)).not.toMatch(/secret|hash/i);
    expect((await call('DELETE', `${S}/stage/tickets/${listed.id}`)).status).toBe(204);
    await wall.sees(() => wall.ended);
    expect((await byTicket('GET', `${S}/stage`)).code).toBe('ERR_TOKEN_INVALID');
    const { token } = (await call('POST', `${S}/stage/tickets`, { forMs: 60_000 })).body;
    expect((await call('GET', `${S}/stage`, undefined, { token })).status).toBe(200);
    clock.advanceMs(60_001);
    expect((await call('GET', `${S}/stage`, undefined, { token })).code).toBe('ERR_TOKEN_INVALID');
    expect(lines.join('')).not.toContain(ticket.slice('stage_'.length));
  });

  test('is none where the file is not as expected', async () => {
    await stop();
    writeFileSync(join(folder, 'stage-tickets.json'), '{"tickets":[{}]}');
    await start();
    expect((await byTicket('GET', `${S}/stage`)).code).toBe('ERR_TOKEN_INVALID');
    expect(lines.join('')).toContain('make new ones');
  });
});

describe('the screens', () => {
  test('are told what to show, by the director or by a keyboard with a ticket', async () => {
    const wall = await follow();
    expect(wall.last('stage').show).toEqual({ view: 'question', text: null, at: null });
    await call('PUT', `${S}/stage/show`, { view: 'countdown', text: 'The grand prize' });
    await wall.sees(() => wall.last('stage').show.text === 'The grand prize');
    await byTicket('PUT', `${S}/stage/show`, { view: 'blank' });
    await wall.sees(() => wall.last('stage').show.view === 'blank');
    expect((await byTicket('PUT', `${S}/stage/show`, { view: 'film' })).code).toBe('ERR_REQUEST_INVALID');
    const reader = { token: secrets.tokens.read };
    expect((await call('PUT', `${S}/stage/show`, { view: 'test' }, reader)).code).toBe('ERR_RIGHT_MISSING');
    expect((await call('GET', `${S}/stage`, undefined, reader)).body.show.view).toBe('blank');
  });

  test('stand by and take over; consoles see it, and it is said when the shown one is silent', async () => {
    const console = new Channel();
    channels.push(console);
    await console.open(`${base}${S}/console`, secrets.tokens.director);
    await console.snapshot();
    expect((await screen('wall', 'show')).body.shown).toBe('wall');
    expect((await screen('spare', 'show')).body.shown).toBe('wall');
    await screen('spare', 'take-over');
    await console.sees(() => console.last('stage')?.shown === 'spare');
    clock.advanceMs(6_001);
    await screen('wall', 'keep');
    await console.sees(() => console.last('stage').screens.some(({ lost }: { lost: boolean }) => lost));
    expect((await stage()).shown).toBe('spare');
    expect((await screen('unknown', 'keep')).code).toBe('ERR_NOT_FOUND');
    for (let n = 0; n < 14; n++) await screen(`more-${n}`, 'standby');
    expect((await screen('too-many', 'standby')).code).toBe('ERR_OVERLOADED');
  });

  test('count down to the next cue whose moment is known, and not to one that was taken back', async () => {
    const wall = await follow();
    expect(wall.last('stage').next).toBeNull();
    const at = clock.unixMs() + 20_000;
    await call('POST', `${S}/cues`, { type: 'custom', data: {}, id: 'later', at: at + 5_000 });
    await call('POST', `${S}/cues`, { type: 'custom', data: {}, id: 'soon', at });
    await wall.sees(() => wall.last('stage').next?.at === at);
    expect(wall.last('stage').next).toEqual({ state: 'waiting', at, rehearsal: false });
    await call('POST', `${S}/cues/soon/cancel`, {});
    await wall.sees(() => wall.last('stage').next?.at === at + 5_000);
  });
});
