import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLog } from './log.ts';

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
