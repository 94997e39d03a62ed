import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import type { MediaStatus } from '../server/media/status.ts';
import { pushStream } from '../test-streams/push.ts';
import { until } from './lib/api.ts';
import { NEAR_HLS, type System, startSystem } from './lib/system.ts';

const COMMAND = fileURLToPath(new URL('../scripts/framecue.ts', import.meta.url));

let system: System;
let server: string[];
beforeAll(async () => {
  system = await startSystem(NEAR_HLS);
  const { media, tokens } = await system.run();
  server = ['--media', media, '--token', tokens.director];
});
afterAll(() => system.stop());

const framecue = (...args: string[]): Promise<{ code: number | null; out: string; err: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });

describe('the framecue command', () => {
  it('says that nothing is on the air, with exit code 1, and refuses a cue with the code of the server', async () => {
    expect(await framecue('status', ...server)).toMatchObject({ code: 1 });
    const cue = await framecue('cue', 'custom.test', ...server);
    expect(cue).toMatchObject({ code: 1, out: '' });
    expect(cue.err).toContain('ERR_STREAM_NOT_LIVE');
  });

  it('is used wrongly with exit code 2', async () => {
    for (const args of [
      ['cue'],
      ['nope'],
      ['cue', 'custom.x', '--delay', 'soon'],
      ['cue', 'custom.x', '--data', '[1]'],
      ['cue', 'no-type'],
      ['cue', 'custom.x', '--at', 'tomorrow'],
      ['cue', 'take'],
      ['cue', 'edit', 'x', '--clear', 'data'],
      ['status', '--media', '127.0.0.1:8080'],
      ['cue', 'custom.x', '--stream', 'live main'],
    ]) {
      expect(await framecue(...args), args.join(' ')).toMatchObject({ code: 2, out: '' });
    }
  });

  it('says so where something else than media answers', async () => {
    const page = createServer((_, res) => res.end('<!DOCTYPE html>'));
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const { port } = page.address() as AddressInfo;
    const { code, out, err } = await framecue(
      'status',
      '--media',
      `http://127.0.0.1:${port}`,
      '--token',
      'x',
    );
    page.close();
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^framecue: .* is no framecue media server: .* \(ERR_NOT_READY\)$/m);
  });

  it('tells of a healthy stream, and where a cue landed', async () => {
    const publish = await system.publish('bframes-25');
    const json = await framecue('status', ...server, '--json');
    const status = JSON.parse(json.out) as MediaStatus;
    expect(status.streams[0]).toMatchObject({ stream: 'live/main', live: true });
    const readable = await framecue('status', ...server);
    expect(readable.out).toMatch(/^live\/main: live; 640x360, .* B-frames, AAC/);

    // Another stream's end is no alarm for this one.
    const { rtmpUrl, streamKey } = await system.run();
    const other = pushStream({
      file: publish.file,
      url: `${rtmpUrl}/${streamKey.replace(/^main/, 'rehearsal')}`,
    });
    const rehearsal = (state: string) =>
      until(`the rehearsal is ${state}`, 20_000, async () =>
        (await framecue('status', ...server)).out.includes(`live/rehearsal: ${state}`) ? true : null,
      );
    await rehearsal('live').finally(() => other.stop());
    await rehearsal('off the air');
    expect(await framecue('status', ...server)).toMatchObject({ code: 1 });
    const own = await framecue('status', ...server, '--stream', 'live/main');
    expect(own).toMatchObject({ code: 0, out: expect.not.stringContaining('rehearsal') });
    expect(await framecue('status', ...server, '--stream', 'live/never')).toMatchObject({ code: 1 });

    const marked = await framecue(
      'cue',
      'custom.test',
      '--data',
      '{"n":1}',
      '--delay',
      '500',
      ...server,
      '--json',
    );
    expect(marked.code, marked.err).toBe(0);
    const cue = JSON.parse(marked.out) as Cue;
    expect(cue).toMatchObject({ type: 'custom.test', data: { n: 1 }, landing: { choice: 'scheduled' } });
    expect((await framecue('cue', 'custom.again', ...server)).out).toMatch(/landed on PTS \d+/);

    const traced = await framecue('trace', cue.id, '--bytes', ...server);
    expect(traced, traced.err).toMatchObject({ code: 0 });
    const { pts } = cue.landing!;
    expect(traced.out).toMatch(/\+\d+\.\d ms {2}accepted: entry \d+ of the cue log$/m);
    expect(traced.out).toMatch(new RegExp(`stamped first: .* announces PTS ${pts}$`, 'm'));
    expect(traced.out).toMatch(new RegExp(`stamped on its picture: PTS ${pts}, .* SEI of \\d+ bytes$`, 'm'));
    expect(traced.out).toMatch(/^ {4}06 05 ff /m);
    expect((await framecue('trace', 'nobody', ...server)).err).toContain('ERR_CUE_UNKNOWN');

    const read = await framecue('cue', 'custom.read-back', '--outputs', ...server);
    expect(read, read.err).toMatchObject({ code: 0 });
    for (const output of ['flv', 'ws', 'hls'])
      expect(read.out).toMatch(new RegExp(`^  ${output}: sei, PTS \\d+`, 'm'));
    expect((await framecue('status', ...server)).out).toMatch(/^ {2}output hls: reading, newest cue seen/m);
  });

  it('takes a cue through its life: armed, edited, taken once, voided', async () => {
    const json = async (...args: string[]): Promise<Cue> =>
      JSON.parse((await framecue('cue', ...args, ...server, '--json')).out) as Cue;
    const data = '{"interaction":"quiz-1"}';
    const arming = [
      'interaction.open',
      '--arm',
      '--prize',
      '--id',
      'final',
      '--title',
      'The final',
      '--data',
      data,
    ];
    expect(await json(...arming)).toMatchObject({ state: 'armed', prize: true, title: 'The final', rev: 0 });
    const again = await framecue('cue', ...arming, ...server);
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('final: armed') });
    expect(again.err).toContain('was marked before');

    const edited = await json('edit', 'final', '--duration', '20s', '--clear', 'title', '--rev', '0');
    expect(edited).toMatchObject({ rev: 1, durationMs: 20_000 });
    expect(edited).not.toHaveProperty('title');
    const late = await framecue('cue', 'edit', 'final', '--title', 'x', '--rev', '0', ...server);
    expect(late).toMatchObject({ code: 1, out: '', err: expect.stringContaining('ERR_CUE_CHANGED') });
    expect(await framecue('cue', 'edit', 'final', ...server)).toMatchObject({ code: 2 });

    const taken = await json('take', 'final', '--align-in', '500ms');
    expect(taken).toMatchObject({ state: 'landed', alignAt: expect.any(Number) });
    const second = await framecue('cue', 'take', 'final', ...server);
    expect(second).toMatchObject({ code: 0, out: expect.stringContaining(`PTS ${taken.landing?.pts}`) });
    expect(second.err).toContain('nothing fires again');

    const voided = await framecue('cue', 'cancel', 'final', ...server);
    expect(voided).toMatchObject({ code: 0 });
    expect(voided.out).toMatch(/^final: voided; players told on PTS \d+/);
    expect((await framecue('cue', 'show', 'final', ...server)).out).toMatch(
      /^ {2}voided {4}.* players told/m,
    );
    const none = await framecue('cue', 'list', '--state', 'missed', ...server);
    expect(none).toMatchObject({ code: 0, out: 'No such cue on live/main.\n' });
    expect((await json('list', '--state', 'landed', '--limit', '1')) as unknown).toMatchObject({
      ...{ cues: [{ id: 'final', state: 'landed' }], next: 'final' },
    });
    expect((await framecue('cue', 'list', ...server)).out).toMatch(/^final +landed .* VOIDED prize$/m);
  });

  it('takes back what nobody has heard of, ends a series, and panics only when it is told twice', async () => {
    const wait = ['--delay', '10m', '--no-wait'];
    expect((await framecue('cue', 'custom.far', '--id', 'far', ...wait, ...server)).out).toBe(
      'far: accepted\n',
    );
    expect((await framecue('cue', 'cancel', 'far', ...server)).out).toMatch(/^far: taken back; no player/);

    const series = ['custom.clock', '--every', '5m', '--times', '3', '--id', 'clock'];
    expect((await framecue('cue', ...series, ...server)).out).toMatch(/^clock\.1: landed on PTS/);
    expect((await framecue('cue', 'cancel', 'clock', ...server)).out).toContain(
      'no more of the series clock',
    );
    expect(await framecue('cue', 'custom.x', '--every', '5m', ...server)).toMatchObject({ code: 2 });

    await framecue('cue', 'custom.far', '--id', 'far2', ...wait, ...server);
    expect(await framecue('cue', 'panic', ...server)).toMatchObject({ code: 2, out: '' });
    expect(await framecue('cue', 'panic', '--yes', ...server)).toMatchObject({
      ...{ code: 0, out: expect.stringContaining('far2: taken back') },
    });
    expect((await framecue('cue', 'panic', '--yes', ...server)).out).toContain('Nothing waited');

    const refused = await framecue('cue', 'show', 'nobody', ...server, '--json');
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('framecue cue list') });
    expect(JSON.parse(refused.out)).toMatchObject({ error: { code: 'ERR_CUE_UNKNOWN', retryable: false } });
  });

  it('makes addresses for stream decks, lists and drops them', async () => {
    const cue = '{"type":"custom.bang"}';
    const made = await framecue('trigger', 'make', 'bang', '--do', 'cue', '--cue', cue, ...server);
    expect(made, made.err).toMatchObject({ code: 0 });
    const address = /^bang: (\S+)$/m.exec(made.out)![1]!;
    const pressed = await fetch(address, { signal: AbortSignal.timeout(10_000) });
    expect(await pressed.json()).toMatchObject({ trigger: 'bang', did: 'cue', repeated: false });
    const listed = await framecue('trigger', 'list', ...server);
    expect(listed.out).toMatch(/^bang +cue custom\.bang +1 presses/m);
    expect(listed.out).not.toContain(address.split('/').at(-1));
    expect(await framecue('trigger', 'drop', 'bang', ...server)).toMatchObject({ code: 0 });
    expect((await fetch(address)).status).toBe(401);
    expect(await framecue('trigger', 'drop', 'bang', ...server)).toMatchObject({ code: 1 });
    expect(await framecue('trigger', 'make', 'x', ...server)).toMatchObject({ code: 2 });
  });
});
