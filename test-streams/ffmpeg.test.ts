import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitOf, passthroughOption, start, Tail } from './ffmpeg.ts';
import { temporaryFolder } from './testing.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

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
    ['-vsync  video sync method', '-vsync'],
    ['-vsync  deprecated, use -fps_mode\n-fps_mode  set framerate mode', '-fps_mode'],
    ['-fps_mode  set framerate mode', '-fps_mode'],
    ['', '-vsync'],
  ])('an ffmpeg whose help says %j wants %s', async (help, option) => {
    const program = join(folder.path, `says-${help.length}`);
    await writeFile(program, `#!/bin/sh\necho '${help}'\n`, { mode: 0o755 });
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
