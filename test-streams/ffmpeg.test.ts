import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitOf, findFfmpeg, findFfprobe, passthroughOption, start, Tail } from './ffmpeg.ts';
import { temporaryFolder } from './testing.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const at = (...parts: string[]) => join(folder.path, ...parts);
beforeAll(async () => {
  folder = await temporaryFolder();
  for (const name of ['a', 'b']) await mkdir(at(name));
  await writeFile(at('a', 'ffmpeg'), 'not a program', { mode: 0o644 });
  for (const name of ['ffmpeg', 'ffprobe']) await writeFile(at('b', name), '#!/bin/sh\n', { mode: 0o755 });
});
afterAll(() => folder.remove());

describe('finding', () => {
  test('takes the first program on PATH', () => {
    expect(findFfmpeg({ PATH: `${at('a')}:${at('b')}` })).toBe(at('b', 'ffmpeg'));
    expect(findFfprobe({ PATH: at('b') })).toBe(at('b', 'ffprobe'));
  });

  test('takes the one that the setting names before all', () => {
    expect(findFfmpeg({ PATH: '/usr/bin', FRAMECUE_FFMPEG: at('b', 'ffmpeg') })).toBe(at('b', 'ffmpeg'));
    expect(findFfprobe({ PATH: '', FRAMECUE_FFMPEG: at('b', 'ffmpeg') })).toBe(at('b', 'ffprobe'));
  });

  test.each([
    { PATH: '' },
    {},
    { PATH: '/nowhere' },
    { PATH: '/usr/bin:/bin', FRAMECUE_FFMPEG: '/nowhere/ffmpeg' },
    { PATH: '/usr/bin:/bin', FRAMECUE_FFMPEG: '/tmp' },
  ])('says what is missing: %o', (environment) => {
    const missing = expect.objectContaining({ code: 'ERR_TOOL_MISSING' });
    expect(() => findFfmpeg(environment)).toThrow(missing);
    expect(() => findFfprobe(environment)).toThrow(missing);
  });
});

describe('running', () => {
  test('tells how it ended', async () => {
    expect(await exitOf(start('/bin/sh', ['-c', 'exit 4']))).toEqual({
      code: 4,
      signal: null,
      failure: null,
    });
    const killed = start('/bin/sh', ['-c', 'kill -9 $$']);
    expect(await exitOf(killed)).toEqual({ code: null, signal: 'SIGKILL', failure: null });
    const never = await exitOf(start('/nowhere/ffmpeg', []));
    expect(never).toMatchObject({ code: null, signal: null, failure: { code: 'ENOENT' } });
  });

  test.each([
    ['ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright', '-vsync'],
    ['ffmpeg version 5.0.1 Copyright', '-vsync'],
    ['ffmpeg version 5.1.9-0+deb12u1 Copyright', '-fps_mode'],
    ['ffmpeg version n7.1 Copyright', '-fps_mode'],
    ['ffmpeg version N-112233-gabcdef Copyright', '-fps_mode'],
  ])('%s wants %s', async (version, option) => {
    const program = at(version.replaceAll(/\W/g, '-'));
    await writeFile(program, `#!/bin/sh\necho '${version}'\n`, { mode: 0o755 });
    expect(await passthroughOption(program)).toEqual([option, 'passthrough']);
  });
});

describe('the tail', () => {
  test('joins chunks to lines and keeps the last ones', () => {
    const tail = new Tail((line) => line, 2);
    for (const chunk of ['one\ntw', 'o\r\nthr', 'ee\n', 'fo']) tail.add(chunk);
    expect(tail.lines()).toEqual(['three', 'fo']);
  });

  test('cleans a secret that comes in two chunks', () => {
    const tail = new Tail((line) => line.replaceAll('secret', '***'));
    tail.add('a sec');
    tail.add('ret\n');
    expect(tail.lines()).toEqual(['a ***']);
  });

  test('bounds a line that never ends', () => {
    const tail = new Tail();
    for (let chunk = 0; chunk < 100; chunk++) tail.add('x'.repeat(1000));
    expect(tail.lines().join('').length).toBeLessThanOrEqual(500);
  });
});
