import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FramecueError } from '../../packet/errors.ts';
import { StoreRig } from '../testing/console-store.ts';
import { CSV_HEAD, csvRow } from './csv.ts';
import type { AsRunRow } from './row.ts';
import { timecodeOf } from './timecode.ts';

const STREAM = 'live/main';
const ALL = { stream: STREAM, from: 0, to: Number.MAX_SAFE_INTEGER, limit: 1_000 };

describe('time code', () => {
  test.each([
    ['the first frame of the day', 0, 25, 0, '00:00:00:00'],
    ['the last frame of the day', 86_399_999, 25, 0, '23:59:59:24'],
    ['a frame within a second', 1_700_000_000_480, 25, 0, '22:13:20:12'],
    ['a time zone to the east', 1_700_000_000_480, 25, 120, '00:13:20:12'],
    ['a time zone to the west', 0, 25, -30, '23:30:00:00'],
    ['29.97, counted to 30 off the clock', 999, 29.97, 0, '00:00:00:29'],
    ['59.94', 999, 59.94, 0, '00:00:00:59'],
    ['no known rate', 999, null, 0, '00:00:00:24'],
    ['a rate that is none', 999, 0, 0, '00:00:00:00'],
  ])('of %s', (_what, at, rate, offset, expected) => {
    expect(timecodeOf(at, rate, offset)).toBe(expected);
  });
});

const ROW: AsRunRow = {
  ...{ seq: 1, at: 1_700_000_000_480, timecode: '22:13:20:12', what: 'landed', cue: 'c1', item: null },
  ...{ type: 'custom', title: null, by: 'director', console: null, epoch: 'e1', pts: 1_000, frame: 25 },
  ...{ errorMs: -3, state: 'landed', reason: null, rehearsal: false },
};

describe('CSV', () => {
  const read = (text: string) => parse(text, { bom: true, columns: true }) as Record<string, string>[];

  test('has a row for a row, numbers as numbers and moments in RFC 3339', () => {
    expect(read(CSV_HEAD + csvRow(ROW))).toEqual([
      {
        ...{ seq: '1', at: '2023-11-14T22:13:20.480Z', timecode: '22:13:20:12', what: 'landed', title: '' },
        ...{ cue: 'c1', item: '', type: 'custom', by: 'director', console: '', epoch: 'e1', pts: '1000' },
        ...{ frame: '25', errorMs: '-3', state: 'landed', reason: '', rehearsal: 'false' },
      },
    ]);
  });

  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\r\n=1', '|calc', '%x'])(
    'says %j as text, never as a formula',
    (title) => {
      expect(read(CSV_HEAD + csvRow({ ...ROW, title }))[0]!.title).toBe(`'${title}`);
    },
  );

  test('gives back any text, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (title, reason) => {
        const [row] = read(CSV_HEAD + csvRow({ ...ROW, title, reason }));
        expect([title, `'${title}`]).toContain(row!.title);
        expect([reason, `'${reason}`]).toContain(row!.reason);
        expect(/^\s*[=+\-@]/.test(row!.title!)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the log', () => {
  let rig: StoreRig;
  beforeEach(async () => {
    rig = await new StoreRig().open();
  });
  afterEach(() => rig.remove());

  test('fills in what it knows, tells each row at once, and keeps it over a restart', async () => {
    const row = rig.asRun.add(STREAM, { what: 'take', cue: 'c1', by: 'director', console: 'anna-1' });
    expect(rig.told).toEqual([row]);
    expect(row).toMatchObject({ seq: 1, at: rig.clock.unixMs(), timecode: '22:13:20:00', rehearsal: false });
    await rig.reopen();
    expect(rig.asRun.recent(STREAM)).toEqual([row]);
    expect(await rig.asRun.rows({ ...ALL, after: 0 })).toEqual([row]);
    expect(rig.asRun.add(STREAM, { what: 'mark' }).seq).toBe(2);
  });

  test('says the moment that it is told, and whether it was a rehearsal', async () => {
    await rig.reopen({ isRehearsal: (stream) => stream === STREAM });
    expect(rig.asRun.add(STREAM, { what: 'landed', at: 1_700_000_000_480.4 })).toMatchObject({
      ...{ at: 1_700_000_000_480, timecode: '22:13:20:12', rehearsal: true },
    });
    expect(rig.asRun.add(STREAM, { what: 'landed', rehearsal: false }).rehearsal).toBe(false);
    expect(rig.asRun.add('live/other', { what: 'landed' }).rehearsal).toBe(false);
  });

  test('is read by pages, by time and from its end, per stream', async () => {
    for (let n = 0; n < 10; n++) {
      rig.asRun.add(n === 4 ? 'live/other' : STREAM, { what: 'mark', cue: `c${n}` });
      rig.clock.advanceMs(1_000);
    }
    expect(await rig.asRun.settled(5_000)).toBe(true);
    const cues = async (wanted: object) =>
      (await rig.asRun.rows({ ...ALL, after: 0, ...wanted })).map(({ cue }) => cue);
    expect(await cues({ limit: 3 })).toEqual(['c0', 'c1', 'c2']);
    expect(await cues({ after: 3, limit: 3 })).toEqual(['c3', 'c5', 'c6']);
    expect(await cues({ after: null, limit: 2 })).toEqual(['c8', 'c9']);
    const start = 1_700_000_000_000;
    expect(await cues({ from: start + 1_000, to: start + 3_000 })).toEqual(['c1', 'c2']);
    expect(await cues({ stream: 'live/other' })).toEqual(['c4']);
  });

  test('takes a row that is offered again once', async () => {
    rig.asRun.add(STREAM, { what: 'landed', cue: 'c1', key: 'c1:landed', pts: 1 });
    rig.asRun.offer(STREAM, { what: 'landed', cue: 'c1', key: 'c1:landed', pts: 2 });
    rig.asRun.offer(STREAM, { what: 'landed', cue: 'c2', key: 'c2:landed' });
    rig.asRun.offer('live/other', { what: 'landed', cue: 'c1', key: 'c1:landed' });
    await rig.asRun.settled(5_000);
    const rows = await rig.asRun.rows({ ...ALL, after: 0 });
    expect(rows.map(({ cue, pts }) => [cue, pts])).toEqual([
      ['c1', 1],
      ['c2', null],
    ]);
    expect(rig.told).toHaveLength(1);
  });

  test('cuts texts that are no few words, and remembers a bounded number', () => {
    const { reason } = rig.asRun.add(STREAM, { what: 'edit', reason: 'x'.repeat(1_000) });
    expect(reason).toHaveLength(300);
    for (let n = 0; n < 100; n++) rig.asRun.add(STREAM, { what: 'mark', cue: `c${n}` });
    expect(rig.asRun.recent(STREAM)).toHaveLength(50);
    expect(rig.asRun.recent(STREAM).at(-1)!.cue).toBe('c99');
  });

  test('lets go of what is too old and of what is too much', async () => {
    for (let n = 0; n < 1_200; n++) rig.asRun.add(STREAM, { what: 'mark', cue: `c${n}`, at: n });
    await rig.asRun.settled(10_000);
    expect(await rig.store.compact(100, 1_000_000)).toBe(100);
    expect(await rig.store.compact(0, 50)).toBe(1_050);
    const rows = await rig.asRun.rows({ ...ALL, after: 0 });
    expect([rows.length, rows[0]!.cue]).toEqual([50, 'c1150']);
  });

  test('goes on while the disk is away, says what it lost, and writes the rest', async () => {
    await rig.reopen({ maxWaiting: 3 });
    const away = vi
      .spyOn(rig.store, 'addRows')
      .mockImplementation(() => Promise.reject(new FramecueError('ERR_STORE_UNAVAILABLE')));
    for (let n = 0; n < 5; n++) rig.asRun.add(STREAM, { what: 'mark', cue: `c${n}` });
    await vi.waitFor(() => expect(away).toHaveBeenCalled(), 15_000);
    expect([rig.told.length, rig.asRun.lost, rig.asRun.waiting]).toEqual([5, 2, 3]);
    away.mockRestore();
    await vi.waitFor(() => expect(rig.asRun.waiting).toBe(0), 15_000);
    const rows = await rig.asRun.rows({ ...ALL, after: 0 });
    expect(rows.map(({ cue }) => cue)).toEqual(['c2', 'c3', 'c4']);
  });
});
