import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlvReader } from '../packet/flv-reader.ts';
import type { AvcFramePacket } from '../packet/packet.ts';
import { packetsOfFlv } from '../packet/testing/flv-fixture.ts';
import type { ReportData } from '../qa/show/report/report-data.ts';
import { readRunFile } from '../qa/show/run-file.ts';
import { ROOT } from '../scripts/lib/tools.ts';
import type { RecordingStatus } from '../server/media/recording.ts';
import { until } from './lib/api.ts';
import { openBrowser } from './lib/browser.ts';
import { type System, startSystem } from './lib/system.ts';

const COMMAND = join(ROOT, 'scripts', 'framecue.ts');

let system: System;
let work: string;
let server: string[];
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'framecue-replay-e2e-'));
  system = await startSystem();
  const { media, tokens } = await system.run();
  server = ['--media', media, '--token', tokens.director];
});
afterAll(async () => {
  await system.stop();
  rmSync(work, { recursive: true, force: true });
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function startCommand(...args: string[]): { child: ChildProcess; ended: Promise<Ran> } {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  });
  const said = { out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...said }));
  });
  return { child, ended };
}

const framecue = (...args: string[]): Promise<Ran> => startCommand(...args).ended;
const showOf = (name: string): string => join(system.dataDir, 'shows', name);

async function recordingOf(): Promise<RecordingStatus | null> {
  const { body } = await system.api.media<{ recording: RecordingStatus | null }>(
    'GET',
    `${system.api.streamPath}/recording`,
  );
  return body.recording;
}

/** Access units that a viewer over HTTP-FLV gets from now on. */
async function watch(path: string): Promise<{ frames: AvcFramePacket[]; stop: () => void }> {
  const { media } = await system.run();
  const frames: AvcFramePacket[] = [];
  const reader = new FlvReader();
  let stop: () => void = () => undefined;
  await until('a viewer is let in', 30_000, async () => {
    const joined = await new Promise<boolean>((resolve, reject) => {
      const request = get(`${media}${path}`, (res) => {
        if (res.statusCode !== 200) {
          res.resume();
          resolve(false);
          return;
        }
        stop = () => request.destroy();
        res.on('data', (chunk: Buffer) => {
          for (const item of reader.read(chunk)) {
            if (item.kind === 'packet' && item.packet.kind === 'avc-frame') frames.push(item.packet);
          }
        });
        res.on('error', () => undefined);
        resolve(true);
      });
      request.on('error', reject);
    });
    return joined ? true : null;
  });
  return { frames, stop: () => stop() };
}

const framesOf = (file: string): AvcFramePacket[] =>
  packetsOfFlv(readFileSync(file)).filter((packet) => packet.kind === 'avc-frame');

const cues: string[] = [];

describe('a recorded show', () => {
  it('is recorded by the command until Ctrl-C, before its publisher comes and over its return', async () => {
    const recording = startCommand('record', ...server, '--out', 'friday', '--json');
    await until('the recording waits', 10_000, async () =>
      (await recordingOf())?.state === 'waiting' ? true : null,
    );
    const publish = await system.publish('bframes-25');
    const viewer = await watch('/live/main.flv');
    const mark = async (cue: Record<string, unknown>) => {
      const { id } = await system.api.mark(cue);
      cues.push(id);
      await system.api.landed(id);
    };
    await mark({ type: 'interaction.open', data: { question: 'who?' }, durationMs: 60_000 });
    await mark({ type: 'custom.later', delayMs: 1_500 });
    await publish.stop();
    await system.publish('bframes-25').then(async (again) => {
      await mark({ type: 'custom.after-return', delayMs: 500 });
      await until('pictures after the return', 10_000, async () =>
        (await recordingOf())!.packets > 400 ? true : null,
      );
      await again.stop();
    });
    recording.child.kill('SIGINT');
    const { code, out, err } = await recording.ended;
    viewer.stop();
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ name: 'friday', reason: 'stopped', lost: 0, cues: 3 });

    // What the viewer got is what a replay gives, access unit by access unit, byte by byte.
    const file = join(work, 'friday.flv');
    const replayed = await framecue('replay', showOf('friday'), '--out', file);
    expect(replayed.out, replayed.err).toContain('byte for byte');
    expect(replayed.code).toBe(0);
    const frames = framesOf(file);
    const from = frames.findIndex(({ dts }) => dts === viewer.frames[0]!.dts);
    expect(from).toBeGreaterThanOrEqual(0);
    expect(viewer.frames.length).toBeGreaterThan(100);
    viewer.frames.forEach((frame, at) => {
      const again = frames[from + at]!;
      expect([again.dts, again.compositionOffset]).toEqual([frame.dts, frame.compositionOffset]);
      expect(Buffer.compare(again.data, frame.data), `access unit ${from + at}`).toBe(0);
    });
  });

  it('replays to the same file every time, and lists what it was', async () => {
    const [one, two] = [join(work, 'one.flv'), join(work, 'two.flv')];
    expect((await framecue('replay', showOf('friday'), '--out', one)).code).toBe(0);
    expect((await framecue('replay', showOf('friday'), '--out', two)).code).toBe(0);
    expect(Buffer.compare(readFileSync(one), readFileSync(two))).toBe(0);
    const list = await framecue('record', '--list', ...server);
    expect(list.out).toMatch(/^friday: live\/main, .*3 cues$/m);
    const secrets = readFileSync(join(system.dataDir, 'secrets.json'), 'utf8');
    const manifest = readFileSync(join(showOf('friday'), 'show.json'), 'utf8');
    for (const [secret] of secrets.matchAll(/"[A-Za-z0-9_-]{20,}"/g)) expect(manifest).not.toContain(secret);
  });

  it('begins at a cue where it is asked to, and nothing else changes', async () => {
    const [whole, part, run] = [join(work, 'one.flv'), join(work, 'part.flv'), join(work, 'part.jsonl')];
    const replayed = await framecue(
      'replay',
      showOf('friday'),
      '--from-cue',
      cues[2]!,
      '--out',
      part,
      '--run',
      run,
    );
    expect(replayed.code, replayed.err).toBe(0);
    const [all, late] = [framesOf(whole), framesOf(part)];
    expect(late.length).toBeLessThan(all.length);
    expect(late[0]!.isKeyframe).toBe(true);
    late.forEach((frame, at) => {
      expect(Buffer.compare(frame.data, all[all.length - late.length + at]!.data)).toBe(0);
    });
    const first = [...readRunFile(run)].find(
      (line) => line.kind === 'unit' && line.stamps?.some(({ cue }) => cue === cues[2]) === true,
    );
    const start = late[0]!.dts;
    expect(first?.kind === 'unit' && first.dts >= start && first.dts - start < 1_500).toBe(true);
    expect(await framecue('replay', showOf('friday'), '--from-cue', 'nope')).toMatchObject({
      code: 2,
      err: expect.stringContaining('ERR_CUE_UNKNOWN'),
    });
  });

  it('is published again in real time, at its recorded pace', async () => {
    const { rtmpUrl, streamKey } = await system.run();
    const url = `${rtmpUrl}/${streamKey.replace(/^main/, 'again')}`;
    const from = ['--from-cue', cues[2]!];
    const startedAt = performance.now();
    const replay = startCommand('replay', showOf('friday'), '--rtmp', url, ...from);
    const viewer = await watch('/live/again.flv');
    const { code, err } = await replay.ended;
    expect(code, err).toBe(0);
    viewer.stop();
    const part = join(work, 'rtmp.flv');
    await framecue('replay', showOf('friday'), ...from, '--out', part);
    const frames = framesOf(part);
    const span = frames.at(-1)!.dts - frames[0]!.dts;
    expect(performance.now() - startedAt).toBeGreaterThan(span * 0.8);
    expect(viewer.frames.length).toBeGreaterThan(0);
  });

  it('is compared on two builds of the project in one command', async () => {
    const report = join(work, 'report');
    const same = await framecue('replay', showOf('friday'), '--build', ROOT, '--report', report);
    expect(same.code, same.err).toBe(0);

    // Another build, whose stamps say a microsecond more than they should.
    const other = join(work, 'other');
    const folders = [
      'h264-sei-parser',
      'packet',
      'cues',
      'service',
      'ingest',
      'injector',
      'delivery',
      'director',
    ];
    for (const name of [
      ...folders,
      'events',
      'qa',
      'ops',
      'server',
      'scripts',
      'test-streams',
      'package.json',
    ]) {
      if (!existsSync(join(ROOT, name))) continue;
      cpSync(join(ROOT, name), join(other, name), {
        recursive: true,
        filter: (path) => !/(?:node_modules|test-streams[\\/]out|dist)$/.test(path),
      });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(other, 'node_modules'));
    const stamp = join(other, 'cues', 'wire', 'stamp.ts');
    const text = readFileSync(stamp, 'utf8');
    const changed = text.replace('fireAt: head.fireAt,', 'fireAt: head.fireAt + 1,');
    expect(changed).not.toBe(text);
    writeFileSync(stamp, changed);

    const differs = await framecue('replay', showOf('friday'), '--build', other, '--report', report);
    expect(differs.code, differs.err).toBe(1);
    expect(differs.out).toMatch(/^Differs: \d+ of \d+ access units/m);
    const data = JSON.parse(readFileSync(join(report, 'report.json'), 'utf8')) as ReportData;
    expect(data.comparison.identical).toBe(false);
    const [first] = data.comparison.differences;
    expect(first).toMatchObject({ kind: 'unit', fields: expect.arrayContaining(['sha256', 'stamps']) });
    expect(data.firstDifference?.hexA.some(({ differing }) => differing.length > 0)).toBe(true);
    expect(readFileSync(join(report, 'junit.xml'), 'utf8')).toMatch(/<testsuites [^>]*failures="[1-9]/);

    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('request', (request) => {
        if (!request.url().startsWith('file:')) problems.push(request.url());
      });
      await page.goto(`file://${join(report, 'report.html')}`);
      await page.waitForSelector('#plot canvas');
      expect(await page.textContent('.verdict')).toMatch(/^Differs/);
      expect(await page.textContent('main')).toContain(cues[0]);
      expect(problems).toEqual([]);
      for (const width of [820, 390]) {
        await page.setViewportSize({ width, height: 900 });
        // The plot follows the window a moment later.
        const widthOf = () => page.evaluate(() => document.documentElement.scrollWidth);
        await expect.poll(widthOf, { timeout: 5_000 }).toBeLessThanOrEqual(width);
      }
    } finally {
      await browser.close();
    }
  });

  it('is asked for over HTTP by those who may direct', async () => {
    const { media, stream } = await system.run();
    const base = `/api/v1/streams/${stream.app}/${stream.name}/recording`;
    const post = (path: string, body?: unknown) =>
      system.api.media<{ error?: { code: string } }>('POST', path, body);
    expect((await fetch(media + base, { method: 'POST' })).status).toBe(401);
    const { tokens } = JSON.parse(readFileSync(join(system.dataDir, 'secrets.json'), 'utf8'));
    const reader = { authorization: `Bearer ${tokens.read}` };
    expect((await fetch(media + base, { method: 'POST', headers: reader })).status).toBe(403);
    expect((await fetch(`${media}/api/v1/shows`, { headers: reader })).status).toBe(200);
    for (const [path, body, status, code] of [
      [base, { name: '../../etc' }, 400, 'ERR_REQUEST_INVALID'],
      [base, { forMs: -1 }, 400, 'ERR_REQUEST_INVALID'],
      [base, { name: 'friday' }, 409, 'ERR_SHOW_EXISTS'],
      ['/api/v1/streams/other/x/recording', {}, 404, 'ERR_NOT_FOUND'],
      [`${base}/stop`, undefined, 409, 'ERR_RECORDING_NONE'],
    ] as const) {
      const answer = await post(path, body);
      expect([answer.status, answer.body.error?.code], `${path} ${JSON.stringify(body)}`).toEqual([
        status,
        code,
      ]);
    }
    expect((await post(base, { name: 'empty' })).status).toBe(201);
    expect((await post(base)).body.error?.code).toBe('ERR_RECORDING_RUNNING');
    expect((await post(`${base}/stop`)).status).toBe(200);
  });

  it('is refused with a code and exit code 2 where it cannot be replayed', async () => {
    const unset = join(work, 'unset');
    mkdirSync(join(unset, 'scripts'), { recursive: true });
    writeFileSync(join(unset, 'scripts', 'framecue.ts'), '');
    for (const [args, code] of [
      [[showOf('friday'), '--build', unset], 'npm start there once'],
      [[showOf('empty')], 'ERR_SHOW_EMPTY'],
      [['nowhere'], 'ERR_SHOW_UNKNOWN'],
      [[work], 'ERR_SHOW_UNKNOWN'],
      [[showOf('friday'), '--against', join(work, 'nope.jsonl')], 'ERR_SOURCE_OPEN'],
      [[showOf('friday'), '--build', work], 'ERR_SOURCE_OPEN'],
      [[showOf('friday'), '--out', join(work, 'no', 'folder.flv')], 'ERR_OUTPUT_WRITE'],
      [[showOf('friday'), '--rtmp', 'rtmp://127.0.0.1:1/live/x'], 'ERR_TOOL_FAILED'],
    ] as const) {
      const ran = await framecue('replay', ...args);
      expect(ran.err, args.join(' ')).toContain(code);
      expect(ran.code).toBe(2);
    }
  });

  it('of a server that is killed can be replayed up to there', async () => {
    await system.publish('bframes-25');
    const recording = startCommand('record', ...server, '--out', 'killed');
    await until('it is recorded', 10_000, async () =>
      (await recordingOf())?.name === 'killed' ? true : null,
    );
    await until('two seconds of it', 10_000, async () =>
      (await recordingOf())!.packets > 150 ? true : null,
    );
    process.kill((await system.run()).pids.media, 'SIGKILL');
    const told = await recording.ended;
    expect(told, told.out).toMatchObject({ code: 1, err: expect.stringContaining('framecue replay killed') });
    const replayed = await framecue('replay', showOf('killed'), '--json');
    expect(replayed.code, `${replayed.out} ${replayed.err}`).toBe(0);
    const { replay, notes, comparison } = JSON.parse(replayed.out);
    expect(replay.units).toBeGreaterThan(20);
    expect(notes[0]).toContain('killed');
    expect(comparison.identical).toBe(true);
  });
});
