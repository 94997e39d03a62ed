import { closeSync, existsSync, openSync } from 'node:fs';
import { Writable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { createLog, logOutput } from './log.ts';

test('secrets do not reach the log, wherever an object holds them', () => {
  const lines: string[] = [];
  const to = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const log = createLog('media', { logLevel: 'info' }, to);
  log.info(
    { token: 'SECRET', req: { headers: { authorization: 'SECRET' } }, secrets: { streamKey: 'SECRET' } },
    'x',
  );
  log.info({ headers: { authorization: 'SECRET' }, cue: { key: 'SECRET', id: 'shown' } }, 'x');
  log.debug('not at this level');
  expect(lines).toHaveLength(2);
  expect(lines.join('')).not.toContain('SECRET');
  expect(JSON.parse(lines[1]!)).toMatchObject({ name: 'framecue-media', cue: { id: 'shown' } });
});

test.runIf(existsSync('/dev/full'))(
  'a full disk costs log lines, not the process, and is told once',
  async () => {
    const fd = openSync('/dev/full', 'w');
    const complaints: string[] = [];
    const log = createLog(
      'media',
      { logLevel: 'info' },
      logOutput(fd, (sentence) => complaints.push(sentence)),
    );
    log.info('first');
    await vi.waitFor(() => expect(complaints).toHaveLength(1), 15_000);
    for (let i = 0; i < 100; i++) log.info({ i }, 'more');
    await new Promise((resolve) => setImmediate(resolve));
    // Both flush: they must not wait for room.
    log.fatal('worse');
    log.fatal('and worse');
    expect(complaints).toEqual([expect.stringMatching(/the log cannot be written \(ENOSPC\)/)]);
    closeSync(fd);
  },
);
