import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeTestStream, type TestStream } from './encode.ts';
import type { TestStreamParameters } from './parameters.ts';
import { allFrames, packetsOf, pictureTypesOf, samplesOf, steps, temporaryFolder } from './testing.ts';

const SMALL = { seconds: 4, gopSeconds: 1, width: 640, height: 360, bitrateKbps: 300 };
const CASES: readonly (TestStreamParameters & { readonly name: string })[] = [
  { name: '25 fps, B-frames', fps: '25', bFrames: 2, ...SMALL },
  { name: '25 fps, no B-frames', fps: '25', bFrames: 0, ...SMALL },
  { name: '29.97 fps, B-pyramid', fps: '30000/1001', bFrames: 3, bPyramid: true, ...SMALL },
  { name: '29.97 fps, no B-frames, 150 kbit/s', fps: '30000/1001', bFrames: 0, ...SMALL, bitrateKbps: 150 },
];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

describe.each(CASES)('$name', ({ name, ...parameters }) => {
  let stream: TestStream;
  let percents: number[];

  beforeAll(async () => {
    percents = [];
    const file = join(folder.path, `${name.replaceAll(/\W+/g, '-')}.flv`);
    stream = await makeTestStream({ ...parameters, file, onProgress: (percent) => percents.push(percent) });
  }, 60_000);

  test('holds whole GOPs', () => {
    expect(stream.gopFrames).toBe(parameters.fps === '25' ? 25 : 30);
    expect(stream.frames).toBe(4 * stream.gopFrames);
  });

  test('tells its progress', () => {
    expect(percents[0]).toBe(0);
    expect(percents.at(-1)).toBe(100);
    expect(percents.length).toBeGreaterThan(50);
    expect(steps(percents).every((step) => step > 0)).toBe(true);
  });

  test('carries every number once and in order, at its time', async () => {
    const frames = await allFrames(stream.file);
    expect(frames.map(({ frame }) => frame)).toEqual(
      Array.from({ length: stream.frames }, (_, frame) => frame),
    );
    const first = frames[0]!.ptsMs!;
    const { num, den } = stream.rate;
    for (const { index, ptsMs } of frames) {
      // FLV has whole milliseconds: the first time stamp and this one may each be rounded.
      expect(Math.abs(ptsMs! - first - (1000 * index * den) / num)).toBeLessThanOrEqual(1);
    }
  });

  test.each(['scale=iw/2:-2', 'scale=iw*1.5:-2'])('is read after %s', async (filter) => {
    const frames = await allFrames(stream.file, { filter });
    expect(frames.filter(({ frame, index }) => frame !== index)).toEqual([]);
    expect(frames).toHaveLength(stream.frames);
  });

  test('has a keyframe every GOP, and GOPs that stand alone', async () => {
    const packets = await packetsOf(stream.file, 'v');
    const keys = packets.flatMap(({ key }, index) => (key ? [index] : []));
    expect(keys).toEqual([0, 1, 2, 3].map((gop) => gop * stream.gopFrames));
    for (const key of keys) {
      expect(packets.slice(key + 1).every(({ pts }) => pts > packets[key]!.pts)).toBe(true);
    }
    expect(steps(packets.map(({ dts }) => dts)).every((step) => step > 0)).toBe(true);
  });

  test('has the B-frames that were asked for', async () => {
    const types = await pictureTypesOf(stream.file);
    expect(types).toHaveLength(stream.frames);
    if (parameters.bFrames === 0) expect(types).toMatch(/^(IP+){4}$/);
    else {
      const run = 'B'.repeat(parameters.bFrames);
      // The last run of a GOP is as long as the GOP has pictures left.
      expect(types).toMatch(new RegExp(`^(I(${run}P)+(B*P)?){4}$`));
    }
  });

  test('begins with time 0, sound and picture alike, and the sound is over first', async () => {
    const [video, audio] = [await packetsOf(stream.file, 'v'), await packetsOf(stream.file, 'a')];
    expect(video[0]!.dts).toBe(0);
    expect(audio[0]!.pts).toBe(0);
    const frameMs = (1000 * stream.rate.den) / stream.rate.num;
    const videoEnd = Math.max(...video.map(({ pts }) => pts)) + frameMs;
    const audioEnd = audio.at(-1)!.pts + (1024 / 48_000) * 1000;
    // One millisecond each for the rounding of FLV's time stamps.
    expect(audioEnd).toBeLessThanOrEqual(videoEnd + 2);
    expect(audioEnd).toBeGreaterThan(videoEnd - video[0]!.pts - 22);
  });

  test('beeps on each second, higher on each tenth', async () => {
    const rate = 16_000;
    const firstPicture = (await packetsOf(stream.file, 'v'))[0]!.pts;
    const samples = (await samplesOf(stream.file, rate)).subarray((firstPicture * rate) / 1000);
    const pitches = [0, 1, 2, 3].map((second) => {
      const within = (from: number, to: number) =>
        samples.subarray((second + from) * rate, (second + to) * rate);
      expect(loudest(within(0.03, 0.09))).toBeGreaterThan(0.2);
      expect(loudest(within(0.15, 0.95))).toBeLessThan(0.01);
      return pitchOf(within(0.03, 0.09), rate);
    });
    expect(Math.abs(pitches[0]! - 1320)).toBeLessThan(30);
    for (const pitch of pitches.slice(1)) expect(Math.abs(pitch - 880)).toBeLessThan(30);
    const onset = samples.findIndex((sample, at) => at > rate / 2 && Math.abs(sample) > 0.1) / rate;
    expect(Math.abs(onset - 1)).toBeLessThan(0.005);
  });
});

describe('what can go wrong', () => {
  const parameters = { fps: '25', bFrames: 0, ...SMALL, seconds: 1 };
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test.each([
    { fps: '0' },
    { fps: '29.97' },
    { fps: '1/0' },
    { bFrames: -1 },
    { bFrames: 1.5 },
    { width: 641 },
    { height: 20 },
    { seconds: 0 },
    { gopSeconds: Number.NaN },
    { bitrateKbps: 1 },
  ])('refuses %o', async (wrong) => {
    const file = join(folder.path, 'refused.flv');
    await expect(makeTestStream({ ...parameters, ...wrong, file })).rejects.toMatchObject({
      code: 'ERR_SETTING',
    });
  });

  test('says so when there is no ffmpeg', async () => {
    vi.stubEnv('FRAMECUE_FFMPEG', join(folder.path, 'nowhere'));
    const made = makeTestStream({ ...parameters, file: join(folder.path, 'none.flv') });
    await expect(made).rejects.toMatchObject({
      code: 'ERR_TOOL_MISSING',
      message: expect.stringContaining('FRAMECUE_FFMPEG'),
    });
  });

  test('reports an ffmpeg that fails with its last words, and leaves nothing', async () => {
    await useProgram('fails', 'echo "no such encoder" >&2; exit 3');
    const made = makeTestStream({ ...parameters, file: join(folder.path, 'failed.flv') });
    await expect(made).rejects.toMatchObject({
      code: 'ERR_TOOL_FAILED',
      message: expect.stringMatching(/exit code 3.*no such encoder/),
    });
    expect((await readdir(folder.path)).filter((name) => name.startsWith('failed'))).toEqual([]);
  });

  test('ends an ffmpeg that takes no pictures', async () => {
    await useProgram('stalls', 'exec sleep 60');
    const made = makeTestStream({ ...parameters, file: join(folder.path, 'stalled.flv'), stallMs: 300 });
    await expect(made).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  });

  test('stops when told to: the old file stays, no part of a new one does', async () => {
    const file = join(folder.path, 'kept.flv');
    await writeFile(file, 'before');
    const stop = new AbortController();
    const onProgress = (percent: number) => percent > 10 && stop.abort(new Error('enough'));
    const made = makeTestStream({ ...parameters, seconds: 60, file, onProgress, signal: stop.signal });
    await expect(made).rejects.toThrow('enough');
    expect(await readFile(file, 'utf8')).toBe('before');
    expect((await readdir(folder.path)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('reading: a source that is not there, and one that gives nothing', async () => {
    await expect(allFrames(join(folder.path, 'nothing.flv'))).rejects.toMatchObject({
      code: 'ERR_TOOL_FAILED',
    });
    await useProgram('mute', 'case "$*" in *"-h long"*) echo -fps_mode;; *) exec sleep 60;; esac');
    const read = allFrames('x.flv', { stallMs: 300 });
    await expect(read).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  });
});

/** Makes ffmpeg a shell script until the end of the test. */
async function useProgram(name: string, script: string): Promise<void> {
  const path = join(folder.path, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv('FRAMECUE_FFMPEG', path);
}

function loudest(samples: Float32Array): number {
  return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

/** Hertz, from the upward zero crossings. */
function pitchOf(samples: Float32Array, rate: number): number {
  const crossings = samples.reduce(
    (count, sample, at) => count + (at > 0 && samples[at - 1]! < 0 && sample >= 0 ? 1 : 0),
    0,
  );
  return crossings / (samples.length / rate);
}
