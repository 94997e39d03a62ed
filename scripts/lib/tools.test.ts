import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chromiumPath, ffmpegPath, ffprobePath, type LookUp, stracePath, toolEnvironment } from './tools.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'framecue-tools-'));
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, '.framecue'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function program(name: string): string {
  writeFileSync(join(root, name), '', { mode: 0o755 });
  return join(root, name);
}

const note = (tools: unknown): void =>
  writeFileSync(
    join(root, '.framecue', 'tools.json'),
    typeof tools === 'string' ? tools : JSON.stringify(tools),
  );

const here = (more: Record<string, string> = {}): LookUp => ({
  root,
  environment: { PATH: join(root, 'bin'), ...more },
});

describe('a tool is', () => {
  test('the one of the setting, then the one of set-up, then the one on PATH', () => {
    const onPath = program('bin/ffmpeg');
    expect(ffmpegPath(here())).toBe(onPath);
    const noted = program('noted');
    note({ ffmpeg: noted });
    expect(ffmpegPath(here())).toBe(noted);
    const given = program('given');
    expect(ffmpegPath(here({ FRAMECUE_FFMPEG: given }))).toBe(given);
    expect(ffmpegPath(here({ FRAMECUE_FFMPEG: 'ffmpeg' }))).toBe(onPath);
    expect(ffmpegPath(here({ FRAMECUE_FFMPEG: '' }))).toBe(noted);
  });

  test('looked for again when the one of set-up is gone, or its notes are damaged', () => {
    const onPath = program('bin/chromium');
    note({ chromium: join(root, 'gone') });
    expect(chromiumPath(here())).toBe(onPath);
    for (const damaged of ['', '{"chromium":', 'null', '{"chromium":7}']) {
      note(damaged);
      expect(chromiumPath(here())).toBe(onPath);
    }
  });

  test('missing with what to do', () => {
    const missing = { code: 'ERR_TOOL_MISSING', message: expect.stringMatching(/set-up\.mjs.*FRAMECUE_/) };
    expect(() => ffmpegPath(here())).toThrow(expect.objectContaining(missing));
    expect(() => ffprobePath(here())).toThrow(expect.objectContaining(missing));
    expect(() => chromiumPath(here())).toThrow(expect.objectContaining(missing));
  });

  test('not replaced by another when the setting names none', () => {
    program('bin/ffprobe');
    const wrong = here({ FRAMECUE_FFPROBE: '/nowhere/ffprobe' });
    expect(() => ffprobePath(wrong)).toThrow(/FRAMECUE_FFPROBE names \/nowhere\/ffprobe/);
  });
});

test('strace is there, or is not, as set-up found', () => {
  const onPath = program('bin/strace');
  expect(stracePath(here())).toBe(onPath);
  // Set-up tried that one and found that it may not trace.
  note({ ffmpeg: onPath });
  expect(stracePath(here())).toBe(null);
  note({ strace: onPath });
  expect(stracePath(here())).toBe(onPath);
});

test('children get what there is as settings', () => {
  const ffmpeg = program('bin/ffmpeg');
  const chromium = program('noted');
  note({ chromium });
  expect(toolEnvironment(here())).toEqual({ FRAMECUE_FFMPEG: ffmpeg, FRAMECUE_CHROMIUM: chromium });
});
