import { afterEach, beforeEach, expect, test } from 'vitest';
import { ms, unixMs } from '../../packet/time.ts';
import { ConsoleRig, READER, S } from '../testing/console-rig.ts';
import { LANDING, sampleCue } from '../testing/cues.ts';
import type { AsRunRow } from './row.ts';

let rig: ConsoleRig;
beforeEach(async () => {
  rig = await new ConsoleRig().start();
});
afterEach(() => rig.remove());

const act = (what: 'accept' | 'take' | 'cancel' | 'void' | 'panic' | 'stamping-off', given: object = {}) =>
  rig.book.act({
    ...{ at: unixMs(1_700_000_000_040), stream: 'live/main', what, by: 'director', console: 'anna' },
    ...{ cue: what === 'accept' || what === 'take' ? 'a' : null, rev: null },
    ...given,
  });

test('has every action and every landing, as JSON and as CSV', async () => {
  const cue = sampleCue('a', { title: '=HYPERLINK("http://x")', item: 'q1', type: 'interaction.open' });
  rig.book.change(cue);
  act('accept');
  rig.book.change({ ...cue, state: 'landed', landing: LANDING }, 'accepted');
  act('panic', { console: null, cues: { cancelled: ['b'], voided: ['a', 'c'] } });
  act('stamping-off');
  const { body } = await rig.call('GET', `${S}/as-run`, { token: READER });
  expect(body).toMatchObject({
    next: null,
    rows: [
      {
        ...{ seq: 1, at: 1_700_000_000_040, what: 'mark', cue: 'a', item: 'q1', type: 'interaction.open' },
        ...{ title: cue.title, by: 'director', console: 'anna', epoch: null, state: 'accepted' },
      },
      {
        ...{ seq: 2, at: 1_700_000_000_480, what: 'landed', cue: 'a', epoch: 'e1', pts: 1_000, frame: 25 },
        ...{ errorMs: 2, state: 'landed', by: null, rehearsal: false },
      },
      { what: 'panic', console: null, cue: null, reason: 'taken back: 1, voided: 2' },
      { what: 'stamping', reason: 'off' },
    ],
  });
  expect(body.rows[1].timecode).toMatch(/^\d\d:\d\d:20:12$/);
  const csv = await rig.call('GET', `${S}/as-run?format=csv`);
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(csv.headers.get('content-disposition')).toBe('attachment; filename=as-run-live-main.csv');
  expect(csv.body.split('\r\n')).toHaveLength(6);
  expect(csv.body).toContain(`,"'=HYPERLINK(""http://x"")",`);
});

test('says of a lock which round it closes, and of a hold, a disarming and what a series goes on with', async () => {
  const round = sampleCue('open', { title: 'Question 1', item: 'q1', type: 'interaction.open' });
  rig.book.change(round);
  const lock = sampleCue('lock', { type: 'interaction.lock', ref: 'open' });
  rig.book.change(lock);
  act('accept', { cue: 'lock' });
  rig.book.change({ ...lock, state: 'landed', landing: LANDING }, 'accepted');
  rig.book.change({ ...round, asked: { alignInMs: ms(8_300) } }, 'accepted');
  act('take', { cue: 'open' });
  act('cancel', { cue: 'open', from: 'armed' });
  act('cancel', { cue: 'open', from: 'accepted' });
  const series = { id: 'mug', n: 2, count: 3, everyMs: ms(1_000) };
  rig.book.change(sampleCue('mug.2', { series }));
  rig.book.change(sampleCue('mug.2', { series, state: 'announced' }), 'accepted');
  const { body } = await rig.call('GET', `${S}/as-run`);
  expect(
    body.rows.map(({ what, cue, title, item, reason }: AsRunRow) => [what, cue, title, item, reason]),
  ).toEqual([
    ['mark', 'lock', 'Question 1', 'q1', null],
    ['landed', 'lock', 'Question 1', 'q1', null],
    ['take', 'open', 'Question 1', 'q1', 'hold 8300 ms'],
    ['cancel', 'open', 'Question 1', 'q1', 'disarmed'],
    ['cancel', 'open', 'Question 1', 'q1', null],
    ['mark', 'mug.2', null, null, null],
    ['announced', 'mug.2', null, null, null],
  ]);
});

test('gives its newest rows as CSV too', async () => {
  for (let n = 0; n < 5; n++) act('accept', { cue: `c${n}` });
  const csv = await rig.call('GET', `${S}/as-run?format=csv&last=2`);
  const lines = csv.body.split('\r\n');
  expect([lines.length, lines[1].includes(',c3,'), lines[2].includes(',c4,')]).toEqual([4, true, true]);
});

test('is read by pages, by time, and from its end', async () => {
  for (let n = 0; n < 5; n++) {
    act('accept', { cue: `c${n}`, at: unixMs(1_700_000_000_000 + n * 1_000) });
  }
  const cues = async (query: string) => {
    const { status, body } = await rig.call('GET', `${S}/as-run${query}`);
    return status === 200 ? [body.rows.map(({ cue }: never) => cue).join(' '), body.next] : status;
  };
  expect(await cues('?limit=2')).toEqual(['c0 c1', 2]);
  expect(await cues('?limit=2&after=2')).toEqual(['c2 c3', 4]);
  expect(await cues('?limit=2&after=4')).toEqual(['c4', null]);
  expect(await cues('?last=2')).toEqual(['c3 c4', null]);
  expect(await cues('?from=1700000001000&to=2023-11-14T22:13:23Z')).toEqual(['c1 c2', null]);
  for (const bad of [
    '?limit=0',
    '?limit=1001',
    '?last=2&after=1',
    '?from=yesterday',
    '?format=xml',
    '?x=1',
  ]) {
    expect([bad, await cues(bad)]).toEqual([bad, 400]);
  }
});

test('longer than a page comes whole as CSV', async () => {
  for (let n = 0; n < 1_203; n++) act('accept', { cue: `c${n}` });
  const csv = await rig.call('GET', `${S}/as-run?format=csv`);
  const lines = csv.body.split('\r\n');
  expect([lines.length, lines[1_203].includes(',c1202,')]).toEqual([1_205, true]);
});

test('has who voided a cue before that it has landed', async () => {
  const voided = { at: unixMs(1_700_000_000_200), by: 'director', landing: null };
  rig.book.change(sampleCue('a', { state: 'landed', landing: LANDING, voided }), 'landed');
  rig.book.change(
    sampleCue('a', { state: 'landed', landing: LANDING, voided: { ...voided, landing: LANDING } }),
    'landed',
  );
  act('void', { cue: 'a' });
  const { rows } = (await rig.call('GET', `${S}/as-run`)).body;
  expect(rows.map(({ what }: { what: string }) => what)).toEqual(['void', 'voided']);
});

test('has after a crash what the cue log knows and it did not', async () => {
  const known = [
    sampleCue('a', { state: 'ended', landing: LANDING }),
    sampleCue('b', { state: 'missed', reason: { code: 'STREAM_GONE', text: '' } }),
    sampleCue('c', { taken: { at: unixMs(1_700_000_000_100), by: 'guest' }, rehearsal: true }),
  ];
  rig.book.change(sampleCue('a'));
  act('accept');
  await rig.call('GET', `${S}/as-run`);
  await rig.restart({ known });
  const rows = async () =>
    (await rig.call('GET', `${S}/as-run`)).body.rows
      .filter(({ cue }: { cue: string | null }) => cue !== null)
      .map(
        ({ cue, what, by, reason }: { cue: string; what: string; by: string; reason: string }) =>
          `${cue} ${what} ${by} ${reason}`,
      );
  const all = [
    ...['a mark director null', 'a landed null null', 'a ended null null'],
    ...['b mark director null', 'b missed null STREAM_GONE'],
    ...['c mark director null', 'c take guest null'],
  ];
  expect(await rows()).toEqual(all);
  await rig.restart({ known });
  expect(await rows()).toEqual(all);
  // The book may tell again what it took over.
  rig.book.change(known[0]!, 'landed');
  expect(await rows()).toEqual(all);
});
