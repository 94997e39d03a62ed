import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../packet/clock.ts';
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
import { Channel, S, STREAM } from './testing/console-rig.ts';
import { FakeGate } from './testing/fake-gate.ts';

/** The whole director on a real socket: what consoles see of cues that are really made. */
let folder: string;
let secrets: Secrets;
let gate: FakeGate;
let clock: ManualClock;
let director: Director;
let listening: Listening;
let base: string;
const channels: Channel[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-together-'));
  await start();
});
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start() {
  const { settings } = loadSettings({ FRAMECUE_DATA_DIR: folder, FRAMECUE_CUE_RATE: '1000' });
  secrets = loadSecrets(settings);
  const log = createLog('test', { logLevel: 'silent' });
  gate = new FakeGate();
  gate.begin(STREAM);
  clock = new ManualClock();
  const tokens = createTokenRegistry(tokenHoldersOf(secrets));
  director = await openDirector({ settings, secrets, tokens, gate, clock, log });
  const app = createHttpApp({ log, cors: createCors(['*']), settings, routes: director.routes });
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

async function call(method: string, path: string, body?: unknown, console?: string) {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${secrets.tokens.director}`,
      ...(console === undefined ? {} : { 'Framecue-Console': console }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of many routes
  const json: any = await response.json();
  return { status: response.status, body: json, code: json.error?.code ?? null };
}

async function connect(query: string): Promise<Channel> {
  const channel = new Channel();
  channels.push(channel);
  await channel.open(`${base}${S}/console${query}`, secrets.tokens.director);
  await channel.snapshot();
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

const OPEN = { type: 'interaction.open', data: { interaction: 'q1' } };
const states = (channel: Channel, id: string) =>
  channel
    .of('cue')
    .filter((cue) => cue.id === id)
    .map(({ state }) => state);

test('two consoles see a cue from mark to landing, who marked it, and what is refused to whom', async () => {
  const [anna, bert] = [await connect('?console=anna&name=Anna'), await connect('?console=bert')];
  await call('POST', `${S}/control`, { console: 'anna', name: 'Anna', do: 'take' });
  const refused = await call('POST', `${S}/cues`, { ...OPEN, id: 'b1' }, 'bert');
  expect(refused).toMatchObject({ status: 409, code: 'ERR_CONTROL_HELD' });
  expect((await call('POST', `${S}/cues`, { ...OPEN, id: 'a1', title: 'One' }, 'anna')).status).toBe(202);
  land('a1');
  for (const channel of [anna, bert]) {
    await channel.sees(() => channel.of('action').some(({ what }) => what === 'landed'));
    expect(states(channel, 'a1')).toEqual(['accepted', 'landed']);
    await channel.sees(() => channel.of('action').some(({ what }) => what === 'mark'));
    const mark = channel.of('action').find(({ what }) => what === 'mark');
    expect(mark).toMatchObject({
      cue: 'a1',
      title: 'One',
      by: 'director',
      console: 'anna',
      rehearsal: false,
    });
    expect(states(channel, 'b1')).toEqual([]);
  }
  // Whoever is in control, everybody can stop it.
  const panic = await call('POST', `${S}/panic`, { confirm: true }, 'bert');
  expect(panic).toMatchObject({ status: 200, body: { voided: ['a1'] } });
  await anna.sees(() =>
    anna.of('action').some(({ what, console }) => what === 'panic' && console === 'bert'),
  );
  await call('POST', `${S}/control`, { console: 'anna', do: 'release' });
});

test('what is marked in rehearsal says so in its signed line, and the mode waits for the round to be over', async () => {
  const anna = await connect('?console=anna');
  expect((await call('PUT', `${S}/mode`, { rehearsal: true }, 'anna')).body.rehearsal).toBe(true);
  await call('POST', `${S}/cues`, { ...OPEN, id: 'r1' }, 'anna');
  const prepared = gate.held.get(`${STREAM} r1`)!;
  expect(JSON.parse(prepared.bodyText)).toMatchObject({ id: 'r1', rehearsal: true });
  expect((await call('GET', `${S}/cues/r1`)).body.rehearsal).toBe(true);
  expect(await call('PUT', `${S}/mode`, { rehearsal: false }, 'anna')).toMatchObject({
    code: 'ERR_MODE_BUSY',
  });
  land('r1');
  const busy = await call('PUT', `${S}/mode`, { rehearsal: false }, 'anna');
  expect(busy.body.error.details.cues).toEqual(['r1']);
  await call('POST', `${S}/cues`, { type: 'interaction.lock', ref: 'r1', id: 'r1-lock' }, 'anna');
  land('r1-lock');
  expect((await call('PUT', `${S}/mode`, { rehearsal: false }, 'anna')).body.rehearsal).toBe(false);
  // What belongs to a rehearsed round cannot be sent for real.
  const mixed = await call('POST', `${S}/cues`, { type: 'interaction.reveal', ref: 'r1' }, 'anna');
  expect(mixed).toMatchObject({ status: 409, code: 'ERR_CUE_STATE' });
  await anna.sees(() => anna.of('mode').length === 2);
  const { body } = await call('GET', `${S}/as-run?last=1000`);
  // Its end is told within a second: on a slow machine before it is asked for.
  const rows = body.rows.filter(
    ({ cue, what }: never) => (cue === 'r1' && what !== 'ended') || what === 'mode',
  );
  expect(rows.map(({ what, rehearsal }: never) => [what, rehearsal])).toEqual([
    ['mode', true],
    ['mark', true],
    ['landed', true],
    ['mode', false],
  ]);
});

test('a trigger makes a cue of its own, and takes nothing where no rundown is loaded', async () => {
  const made = await call('PUT', `${S}/triggers/card`, { do: 'cue', cue: { type: 'product.card' } });
  const pressed = await call('GET', made.body.url);
  expect(pressed).toMatchObject({ status: 200, body: { did: 'cue', cue: { state: 'accepted' } } });
  expect(gate.held.has(`${STREAM} ${pressed.body.cue.id}`)).toBe(true);
  const next = await call('PUT', `${S}/triggers/go`, { do: 'next' });
  expect(await call('POST', next.body.url)).toMatchObject({ code: 'ERR_RUNDOWN_NONE' });
});

test('after a restart the log is whole, the mode as it was, and control is free', async () => {
  await call('PUT', `${S}/mode`, { rehearsal: true }).catch(() => undefined);
  await call('POST', `${S}/control`, { console: 'anna', do: 'take' });
  const before = (await call('GET', `${S}/as-run?last=1000`)).body.rows;
  const mode = (await call('GET', `${S}/mode`)).body;
  await stop();
  await start();
  expect((await call('GET', `${S}/control`)).body.holder).toBeNull();
  expect((await call('GET', `${S}/mode`)).body).toEqual(mode);
  const after: { seq: number; cue: string | null; what: string }[] = (
    await call('GET', `${S}/as-run?last=1000`)
  ).body.rows;
  const seqs = before.map(({ seq }: never) => seq);
  expect(after.filter(({ seq }) => seqs.includes(seq as never))).toEqual(before);
  const once = after
    .filter(({ what }) => what === 'mark' || what === 'landed')
    .map((row) => `${row.cue} ${row.what}`);
  expect(new Set(once).size).toBe(once.length);
});

test('what a restart has made of a cue is in the log at once', async () => {
  await call('POST', `${S}/cues`, { type: 'custom', id: 'cut-off' });
  await stop();
  await start();
  expect((await call('GET', `${S}/cues/cut-off`)).body).toMatchObject({
    state: 'missed',
    reason: { code: 'RESTARTED' },
  });
  const { rows } = (await call('GET', `${S}/as-run?last=1000`)).body;
  const mine = rows.filter(({ cue }: never) => cue === 'cut-off');
  expect(mine.map(({ what, reason }: never) => [what, reason])).toEqual([
    ['mark', null],
    ['missed', 'RESTARTED'],
  ]);
});
