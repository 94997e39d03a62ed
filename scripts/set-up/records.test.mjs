import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRecords } from './records.mjs';

/** @type {string} */
let root;
/** @type {string} */
let tool;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'framecue-records-'));
  tool = join(root, 'tool');
  writeFileSync(tool, 'one');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a tool is known until it changes, goes, or another is named', () => {
  openRecords(root).keep('ffmpeg', tool);
  expect(openRecords(root).isKnown('ffmpeg')).toBe(true);
  expect(openRecords(root).isKnown('ffmpeg', '/other')).toBe(false);
  expect(openRecords(root).isKnown('chromium')).toBe(false);
  writeFileSync(tool, 'another');
  expect(openRecords(root).isKnown('ffmpeg')).toBe(false);
  openRecords(root).keep('ffmpeg', tool);
  rmSync(tool);
  expect(openRecords(root).isKnown('ffmpeg')).toBe(false);
});

test('a tool that a setting named is looked for anew without it', () => {
  openRecords(root).keep('ffmpeg', tool, tool);
  expect(openRecords(root).isKnown('ffmpeg', tool)).toBe(true);
  expect(openRecords(root).isKnown('ffmpeg')).toBe(false);
});

test('other code reads paths by name', () => {
  const records = openRecords(root);
  records.keep('ffmpeg', tool);
  records.keep('strace', tool);
  records.doWithout('strace', '');
  expect(JSON.parse(readFileSync(join(root, '.framecue', 'tools.json'), 'utf8'))).toEqual({ ffmpeg: tool });
  expect(openRecords(root).state.without).toEqual({ strace: '' });
  records.keep('strace', tool);
  expect(openRecords(root).state.without).toEqual({});
});

test.each(['', '{"ffmpeg":', 'null', '7'])('a damaged file (%j) counts as none', (text) => {
  openRecords(root).keep('ffmpeg', tool);
  writeFileSync(join(root, '.framecue', 'tools.json'), text);
  writeFileSync(join(root, '.framecue', 'set-up.json'), text);
  expect(openRecords(root).isKnown('ffmpeg')).toBe(false);
  openRecords(root).keep('ffmpeg', tool);
  expect(openRecords(root).isKnown('ffmpeg')).toBe(true);
});

test('looking writes nothing', () => {
  openRecords(root).isKnown('ffmpeg');
  expect(existsSync(join(root, '.framecue'))).toBe(false);
});
