import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConsoleRig, DIRECTOR, GUEST, READER, S } from '../testing/console-rig.ts';
import { LANDING, sampleCue } from '../testing/cues.ts';

let rig: ConsoleRig;
beforeEach(async () => {
  rig = await new ConsoleRig().start();
});
afterEach(() => rig.remove());

describe('the channel', () => {
  test('begins with a snapshot of everything', async () => {
    rig.book.change(sampleCue('a'));
    rig.book.change(sampleCue('elsewhere', { stream: 'live/other' }));
    rig.console.publish('live/main', 'rundown', { id: 'r1' });
    rig.console.publish('live/other', 'rundown', { id: 'r2' });
    await rig.control('anna', 'take');
    const channel = await rig.connect('?console=anna&name=Anna%20B.');
    const snapshot = await channel.snapshot();
    expect(snapshot).toMatchObject({
      ...{ stream: 'live/main', at: rig.clock.unixMs(), beatMs: 2_000, parts: { rundown: { id: 'r1' } } },
      cues: [{ id: 'a' }],
      control: { holder: { console: 'anna', name: 'ANNA', by: 'director' } },
      mode: { rehearsal: false, since: null, by: null },
      presence: {
        consoles: [{ console: 'anna', name: 'Anna B.', by: 'director', holds: true }],
        watching: 0,
      },
      actions: [{ what: 'control', reason: 'taken', console: 'anna' }],
      health: { live: true, frameRate: 25 },
    });
    expect(snapshot.instance).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('tells all consoles of the stream of everything at once, and nobody else', async () => {
    const [anna, bert] = [await rig.connect('?console=anna'), await rig.connect('?console=bert')];
    await Promise.all([anna.snapshot(), bert.snapshot()]);
    rig.book.change(sampleCue('a'));
    rig.book.change(sampleCue('other', { stream: 'live/other' }));
    rig.book.change(sampleCue('a', { state: 'landed', landing: LANDING }), 'accepted');
    rig.console.publish('live/main', 'stage', { screens: [] });
    for (const channel of [anna, bert]) {
      await channel.sees(() => channel.of('stage').length === 1);
      expect(channel.of('cue').map(({ id, state }) => `${id} ${state}`)).toEqual(['a accepted', 'a landed']);
      expect(channel.last('action')).toMatchObject({
        ...{
          what: 'landed',
          cue: 'a',
          epoch: 'e1',
          pts: 1_000,
          frame: 25,
          errorMs: 2,
          at: 1_700_000_000_480,
        },
      });
    }
  });

  test('never shows an older state than one that it has shown, whatever happens while it begins', async () => {
    rig.book.change(sampleCue('a'));
    rig.book.change(sampleCue('b'));
    let read!: () => void;
    rig.book.reading = new Promise((resolve) => {
      read = resolve;
    });
    const channel = await rig.connect();
    rig.book.change(sampleCue('a', { state: 'landed', landing: LANDING }), 'accepted');
    rig.book.change(sampleCue('c'));
    read();
    const { cues } = await channel.snapshot();
    expect(cues.map(({ id, state }) => `${id} ${state}`)).toEqual(['c accepted', 'b accepted', 'a landed']);
    rig.book.change(sampleCue('c', { state: 'cancelled' }), 'accepted');
    await channel.sees(() => channel.of('cue').length > 0);
    expect(channel.of('cue').map(({ id }) => id)).toEqual(['c']);
    // Actions of the meantime are in the snapshot and do not come again.
    expect(channel.of('action')).toEqual([]);
  });

  test('says each second how the stream is, and that it is there', async () => {
    const channel = await rig.connect();
    await channel.sees(() => channel.of('beat').length > 0 && channel.of('stream').length > 1);
    const { instance } = await channel.snapshot();
    expect(channel.last('beat')).toEqual({ at: rig.clock.unixMs(), instance });
    expect(channel.last('stream')).toMatchObject({ live: true, frameRate: 25 });
  });

  test('says who is there; a console that reloads is one, whoever gives no id only watches', async () => {
    const anna = await rig.connect('?console=anna&name=Anna');
    const again = await rig.connect('?console=anna&name=Anna');
    const guest = await rig.connect('?console=anna', GUEST);
    await rig.connect('', READER);
    await anna.sees(() => anna.last('presence')?.watching === 1);
    expect(anna.last('presence').consoles.map(({ name, by }: never) => `${name} ${by}`)).toEqual([
      'Anna director',
      'anna guest',
    ]);
    again.close();
    guest.close();
    await anna.sees(() => anna.last('presence').consoles.length === 1);
    expect(anna.last('presence').consoles[0]).toMatchObject({
      console: 'anna',
      by: 'director',
      standby: false,
    });
  });

  test('whose connection was lost begins again, and shows what happened meanwhile', async () => {
    const first = await rig.connect('?console=anna');
    await first.snapshot();
    first.close();
    rig.book.change(sampleCue('a'));
    rig.book.change(sampleCue('a', { state: 'landed', landing: LANDING }), 'accepted');
    rig.console.publish('live/main', 'rundown', { id: 'r1', next: 'q2' });
    const { cues, actions, parts } = await (await rig.connect('?console=anna')).snapshot();
    expect(cues[0]).toMatchObject({ id: 'a', state: 'landed' });
    expect(actions.map(({ what }) => what)).toEqual(['landed']);
    expect(parts).toEqual({ rundown: { id: 'r1', next: 'q2' } });
  });

  test('after a restart is of another instance: control is free, the mode and the log are as they were', async () => {
    const before = await (await rig.connect('?console=anna')).snapshot();
    await rig.control('anna', 'take');
    expect((await rig.call('PUT', `${S}/mode`, { body: { rehearsal: true } })).status).toBe(200);
    await rig.restart();
    const after = await (await rig.connect('?console=anna')).snapshot();
    expect(after.instance).not.toBe(before.instance);
    expect(after.control).toMatchObject({ holder: null, change: null });
    expect(after.mode).toEqual({ rehearsal: true, since: rig.clock.unixMs(), by: 'director' });
    expect(after.actions.map(({ what, reason }) => `${what} ${reason}`)).toEqual([
      'control taken',
      'mode rehearsal',
      'stop null',
      'start null',
    ]);
    // The one that had it takes it again, without force.
    expect((await rig.control('anna', 'take')).body.holder).toMatchObject({ console: 'anna' });
  });

  test('ends with the process, and says so', async () => {
    const channel = await rig.connect();
    await channel.snapshot();
    rig.console.endChannel();
    await vi.waitFor(() => expect(channel.ended).toBe(true), 15_000);
    await expect(rig.connect()).rejects.toMatchObject({ code: 'ERR_NOT_READY' });
  });

  test.each([
    ['an id that is none', '?console=a%20b', 400, 'ERR_REQUEST_INVALID'],
    ['a name with a line end', '?console=a&name=a%0Ab', 400, 'ERR_REQUEST_INVALID'],
    ['a parameter that is none', '?konsole=a', 400, 'ERR_REQUEST_INVALID'],
  ])('refuses %s', async (_what, query, status, code) => {
    expect(await rig.call('GET', `${S}/console${query}`)).toMatchObject({ status, code });
  });

  test('is for holders of tokens, and for streams that can be here', async () => {
    expect(await rig.call('GET', `${S}/console`, { token: '' })).toMatchObject({ code: 'ERR_TOKEN_MISSING' });
    expect(await rig.call('HEAD', `${S}/console`)).toMatchObject({ status: 405 });
    await rig.restart({ env: { FRAMECUE_STREAMS: 'live/main' } });
    expect(await rig.call('GET', '/api/v1/streams/other/one/console')).toMatchObject({ status: 404 });
  });
});

describe('bounds', () => {
  test('more consoles than can be are told to come back', async () => {
    await rig.restart({ env: { FRAMECUE_CONSOLES: '2' } });
    const first = await rig.connect();
    await rig.connect();
    const refused = await rig.call('GET', `${S}/console`);
    expect(refused).toMatchObject({ status: 503, code: 'ERR_OVERLOADED' });
    expect(refused.headers.get('retry-after')).toBe('5');
    first.close();
    await vi.waitFor(() => rig.connect(), { timeout: 15_000 });
  });

  test('a console that does not read is cut, and slows nobody', async () => {
    let cut = 0;
    await rig.restart({
      env: { FRAMECUE_CONSOLE_QUEUE_BYTES: '262144' },
      observer: { consoleCut: () => cut++ },
    });
    const socket = connect(Number(new URL(rig.base).port), '127.0.0.1');
    socket.write(
      `GET ${S}/console?console=deaf HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${DIRECTOR}\r\n\r\n`,
    );
    socket.pause();
    const anna = await rig.connect('?console=anna');
    const consoles = () => (anna.last('presence') ?? anna.last('snapshot')?.presence)?.consoles.length;
    await anna.sees(() => consoles() === 2);
    const text = 'x'.repeat(10_000);
    let sent = 0;
    while (cut === 0 && sent < 5_000) {
      rig.console.publish('live/main', 'stage', { text, n: sent++ });
      // One who reads is never behind by more than this.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await anna.sees(() => anna.last('stage')?.n === sent - 1);
    expect([cut, anna.of('stage').length]).toEqual([1, sent]);
    await anna.sees(() => consoles() === 1);
    socket.destroy();
  });

  test('what others publish is bounded, and taken back with null', async () => {
    rig.console.publish('live/main', 'rundown', { id: 'r1' });
    rig.console.publish('live/main', 'rundown', null);
    for (let n = 0; n < 10_100; n++) rig.console.publish('live/main', `part${n}`, n);
    const { parts } = await (await rig.connect()).snapshot();
    expect(Object.keys(parts)).toHaveLength(10_000);
    expect(parts.rundown).toBeUndefined();
  });
});

describe('control', () => {
  test('of two that press at once exactly one wins, and both see who', async () => {
    const [anna, bert] = [await rig.connect('?console=anna'), await rig.connect('?console=bert')];
    await Promise.all([anna.snapshot(), bert.snapshot()]);
    for (let round = 0; round < 10; round++) {
      const seen = anna.of('control').length;
      const answers = await Promise.all([rig.control('anna', 'take'), rig.control('bert', 'take')]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      const winner = answers.find(({ status }) => status === 200)!.body.holder.console;
      const refused = answers.find(({ status }) => status === 409)!;
      expect(refused).toMatchObject({ code: 'ERR_CONTROL_HELD' });
      expect(refused.body.error.details.holder.console).toBe(winner);
      for (const channel of [anna, bert]) {
        await channel.sees(() => channel.of('control').length === seen + 1);
        expect(channel.last('control').holder.console).toBe(winner);
      }
      await rig.control(winner, 'release');
      await anna.sees(() => anna.of('control').length === seen + 2);
      await bert.sees(() => bert.of('control').length === seen + 2);
    }
  });

  test('keeps other consoles from changing the show, and nobody from stopping it', async () => {
    await rig.control('anna', 'take');
    const as = (console: string | undefined, method: string, path: string, token?: string) =>
      rig.call(method, `${S}${path}`, {
        ...(console === undefined ? {} : { console }),
        ...(token === undefined ? {} : { token }),
        body: {},
      });
    for (const [method, path] of [
      ['POST', '/cues'],
      ['PATCH', '/cues/c1'],
      ['POST', '/cues/c1/take'],
      ['PUT', '/rundown'],
      ['POST', '/rundown/items/q1/take'],
      ['DELETE', '/rundown'],
      ['PUT', '/stage/leave'],
      ['POST', '/Cues'],
      ['DELETE', '/RUNDOWN/'],
      ['DELETE', '/rundown?check=1'],
    ] as const) {
      const refused = await as('bert', method, path);
      expect([path, refused.status, refused.code]).toEqual([path, 409, 'ERR_CONTROL_HELD']);
      expect(refused.body.error.details.holder).toMatchObject({ console: 'anna', name: 'ANNA' });
      expect((await as('anna', method, path)).status).toBe(200);
      // Another token's console of the same id is another one.
      expect((await as('anna', method, path, GUEST)).status).toBe(409);
      expect((await as(undefined, method, path)).status).toBe(200);
    }
    expect(await rig.call('PUT', `${S}/mode`, { console: 'bert', body: { rehearsal: true } })).toMatchObject({
      code: 'ERR_CONTROL_HELD',
    });
    for (const path of ['/panic', '/stamping', '/latency/apply', '/aligner/marks', '/stage']) {
      expect((await as('bert', 'POST', path)).status).toBe(200);
    }
    expect((await rig.call('PUT', `${S}/rundown?check=1`, { console: 'bert', body: {} })).status).toBe(200);
    const got = await rig.call('GET', `${S}/as-run`, { console: 'bert' });
    expect(got.status).toBe(200);
    expect(rig.done.filter((line) => line.startsWith('bert'))).toHaveLength(6);
  });

  test('an id that is none is refused, a token that is none is refused as such', async () => {
    await rig.control('anna', 'take');
    expect(await rig.call('POST', `${S}/cues`, { console: 'b b', body: {} })).toMatchObject({
      ...{ status: 400, code: 'ERR_REQUEST_INVALID' },
    });
    expect(await rig.call('POST', `${S}/cues`, { console: 'bert', token: 'nobody', body: {} })).toMatchObject(
      {
        code: 'ERR_TOKEN_INVALID',
      },
    );
    expect(await rig.call('POST', `${S}/control`, { token: READER, body: {} })).toMatchObject({
      status: 403,
    });
    expect(await rig.control('anna', 'grab')).toMatchObject({ status: 400 });
  });

  test('is lost by a console that is not heard of, and that is told to the others', async () => {
    const bert = await rig.connect('?console=bert');
    await rig.control('anna', 'take');
    rig.clock.advanceMs(14_000);
    expect((await rig.control('anna', 'keep')).body.holder.until).toBe(rig.clock.unixMs() + 15_000);
    expect(await rig.control('bert', 'keep')).toMatchObject({ code: 'ERR_CONTROL_HELD' });
    rig.clock.advanceMs(15_001);
    await bert.sees(() => bert.last('control')?.change?.kind === 'expired');
    expect(bert.last('control')).toMatchObject({ holder: null, change: { console: 'anna' } });
    expect(bert.last('action')).toMatchObject({ what: 'control', reason: 'expired', console: 'anna' });
    expect((await rig.call('POST', `${S}/cues`, { console: 'bert', body: {} })).status).toBe(200);
  });

  test('passes to a standby console with one call, and the one that had it sees who took it', async () => {
    const anna = await rig.connect('?console=anna&name=Anna');
    await rig.control('anna', 'take');
    const bert = await rig.connect('?console=bert&name=Bert&standby=1');
    await anna.sees(() => anna.last('control')?.standby.length === 1);
    expect(
      anna.last('presence').consoles.map(({ console, holds, standby }: never) => [console, holds, standby]),
    ).toEqual([
      ['anna', true, false],
      ['bert', false, true],
    ]);
    // For as long as it is connected.
    rig.clock.advanceMs(10_000);
    await rig.control('anna', 'keep');
    const seen = bert.of('stream').length;
    await bert.sees(() => bert.of('stream').length > seen + 1);
    rig.clock.advanceMs(10_000);
    expect((await rig.call('GET', `${S}/control`)).body.standby).toHaveLength(1);
    expect((await rig.control('bert', 'take', { force: true })).body.holder.console).toBe('bert');
    await anna.sees(() => anna.last('control').change?.kind === 'forced');
    expect(anna.last('control').change).toMatchObject({ console: 'bert', from: { console: 'anna' } });
    expect(anna.last('action')).toMatchObject({
      what: 'control',
      reason: 'forced from ANNA (anna)',
      console: 'bert',
    });
    expect(await rig.call('POST', `${S}/cues`, { console: 'anna', body: {} })).toMatchObject({ status: 409 });
  });
});

describe('the mode', () => {
  test('is switched, told, logged, and refused while something is under way', async () => {
    const anna = await rig.connect('?console=anna');
    await anna.snapshot();
    const put = (rehearsal: unknown) =>
      rig.call('PUT', `${S}/mode`, { console: 'anna', body: { rehearsal } });
    const expected = { rehearsal: true, since: rig.clock.unixMs(), by: 'director' };
    expect((await put(true)).body).toEqual(expected);
    await anna.sees(() => anna.of('mode').length === 1);
    expect(anna.last('mode')).toEqual(expected);
    expect((await rig.call('GET', `${S}/mode`, { token: READER })).body).toEqual(expected);
    // Once more changes and says nothing.
    rig.clock.advanceMs(1_000);
    expect((await put(true)).body).toEqual(expected);
    rig.book.busy = ['c1', 'c2'];
    const busy = await put(false);
    expect(busy).toMatchObject({ status: 409, code: 'ERR_MODE_BUSY' });
    expect(busy.body.error.details).toEqual({ cues: ['c1', 'c2'], count: 2 });
    expect(rig.console.isRehearsal('live/main')).toBe(true);
    rig.book.busy = [];
    expect((await put(false)).body.rehearsal).toBe(false);
    await anna.sees(() => anna.of('mode').length === 2);
    expect(anna.of('action').map(({ reason, rehearsal, console }) => [reason, rehearsal, console])).toEqual([
      ['rehearsal', true, 'anna'],
      ['real', false, 'anna'],
    ]);
    expect(await put('yes')).toMatchObject({ status: 400 });
    expect(rig.console.isRehearsal('live/other')).toBe(false);
  });

  test('two that switch at once leave one mode, in memory and on the disk', async () => {
    const answers = await Promise.all(
      [true, false, true, false, true].map((rehearsal) =>
        rig.call('PUT', `${S}/mode`, { body: { rehearsal } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const { body } = await rig.call('GET', `${S}/mode`);
    await rig.restart();
    expect((await rig.call('GET', `${S}/mode`)).body).toEqual(body);
  });
});
