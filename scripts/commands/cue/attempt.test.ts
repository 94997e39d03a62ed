import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unixMs } from '../../../packet/time.ts';
import { beginAttempt } from './attempt.ts';

const NOW = 1_800_000_000_000;
const REQUEST = ['http://127.0.0.1:8080', 'live/main', { type: 'custom.test' }];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-attempt-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const begin = (request: unknown = REQUEST, at = NOW) =>
  beginAttempt(request, folder, { unixMs: () => unixMs(at) });
/** As the process that made it leaves its note behind: killed, or without an answer. */
function asIfItsProcessHadEnded(): void {
  const ended = spawnSync(process.execPath, ['-e', '']).pid;
  for (const name of readdirSync(folder)) {
    rmSync(join(folder, name));
    writeFileSync(join(folder, name.replace(`.${process.pid}.`, `.${ended}.`)), '');
  }
}

describe('an attempt to mark a cue', () => {
  it('that was never answered is made again under the same id, once', () => {
    const first = begin();
    expect(first.isRetry).toBe(false);
    asIfItsProcessHadEnded();
    const second = begin(REQUEST, NOW + 5_000);
    expect(second).toMatchObject({ id: first.id, isRetry: true });
    second.answered();
    expect(readdirSync(folder)).toEqual([]);
    expect(begin(REQUEST, NOW + 6_000)).toMatchObject({
      isRetry: false,
      id: expect.not.stringMatching(first.id),
    });
  });

  it('counts its minute from the first try, however often it is made again', () => {
    const { id } = begin();
    asIfItsProcessHadEnded();
    expect(begin(REQUEST, NOW + 50_000).id).toBe(id);
    asIfItsProcessHadEnded();
    expect(begin(REQUEST, NOW + 60_001)).toMatchObject({ isRetry: false });
  });

  it.each([
    ['another request', () => begin(['http://127.0.0.1:8080', 'live/main', { type: 'custom.other' }])],
    ['a minute later', () => begin(REQUEST, NOW + 60_001)],
    ['a clock that was set back', () => begin(REQUEST, NOW - 10_000)],
  ])('is not taken up by %s', (_, next) => {
    const first = begin();
    asIfItsProcessHadEnded();
    expect(next()).toMatchObject({ isRetry: false, id: expect.not.stringMatching(first.id) });
  });

  it('is left alone while its process runs: two at once are two cues', () => {
    const first = begin();
    expect(begin()).toMatchObject({ isRetry: false, id: expect.not.stringMatching(first.id) });
  });

  it('leaves nothing behind for good', () => {
    begin();
    asIfItsProcessHadEnded();
    begin(['elsewhere'], NOW + 60_001).answered();
    expect(readdirSync(folder)).toEqual([]);
  });
});
