import { expect, test } from 'vitest';
import { ManualClock } from '../packet/clock.ts';
import { EventLog } from './event-log.ts';

const refused = (remote: string, stream = 'live/main') =>
  ({ kind: 'refused', stream, remote, code: 'ERR_PUBLISH_KEY', text: 'The stream key is wrong.' }) as const;

test('the last ones are kept, the newest first', () => {
  const log = new EventLog(new ManualClock(), 3);
  for (const stream of ['a', 'b', 'c', 'd']) log.add(refused('192.0.2.1:1', stream));
  expect(log.list().map(({ stream }) => stream)).toEqual(['d', 'c', 'b']);
});

test('the same refusal from the same address is one line that counts, for a minute', () => {
  const clock = new ManualClock();
  const log = new EventLog(clock, 10);
  expect(log.add(refused('192.0.2.1:1000'))).toBe(1);
  log.add(refused('192.0.2.2:1000'));
  clock.advanceMs(59_000);
  expect(log.add(refused('192.0.2.1:1001'))).toBe(2);
  expect(log.list()).toMatchObject([
    { remote: '192.0.2.1:1001', times: 2, at: clock.unixMs() },
    { remote: '192.0.2.2:1000', times: 1 },
  ]);
  clock.advanceMs(60_000);
  expect(log.add(refused('192.0.2.1:1002'))).toBe(1);
  expect(log.list()).toHaveLength(3);
});

test('ends are never one line: each was a show', () => {
  const log = new EventLog(new ManualClock(), 10);
  const end = {
    kind: 'ended',
    stream: 'live/main',
    remote: '192.0.2.1:1',
    code: null,
    text: 'over',
  } as const;
  log.add(end);
  expect(log.add(end)).toBe(1);
  expect(log.list()).toHaveLength(2);
});
