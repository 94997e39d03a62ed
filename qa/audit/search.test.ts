import { describe, expect, test } from 'vitest';
import type { CueStamp } from '../../cues/wire/index.ts';
import type { WantedCue } from './messages.ts';
import { UncertainSearch } from './search.ts';

const T0 = 1_700_000_000_000_000;
const WANTED: WantedCue = { stream: 'live/main', id: 'lost', acceptedAtUs: T0, dueAtUs: T0 };
const stampOf = (given: {
  id?: string;
  key?: string;
  sealed?: string;
  fireIn?: number;
  rev?: number;
}): CueStamp => ({
  kind: 'cue',
  head: {
    ...{ v: 1, epoch: 'e1', at: T0 + 40_000, pts: 5_000, fireIn: given.fireIn ?? 0, fireAt: T0 + 50_000 },
    ...(given.key === undefined ? {} : { key: given.key }),
  },
  body: {
    ...{ id: given.id ?? 'lost', rev: given.rev ?? 0, stream: 'live/main', type: 'custom' },
    ...{ markedAt: T0 / 1000, exp: T0 / 1000 + 30_000 },
    ...(given.sealed === undefined ? {} : { sealed: given.sealed }),
  },
  bodyText: '{}',
  signature: { keyId: 'k', value: 'v' },
});

const searchFor = (...cues: WantedCue[]) => {
  const wanted = new Map(cues.map((cue) => [cue.id, cue]));
  return { wanted, search: new UncertainSearch('cdn', wanted) };
};

describe('a wanted cue', () => {
  test('is found by a copy that anybody can open, with what the stamp says of its landing', () => {
    const { wanted, search } = searchFor(WANTED);
    search.copy({ stamp: stampOf({ sealed: 's', key: 'k', fireIn: 40 }), framePts: 905_000 }, 10);
    search.copy({ stamp: stampOf({ sealed: 's', key: 'k' }), framePts: 905_040 }, 20);
    expect(search.take(500_000)).toEqual({ found: [], absent: [] });
    expect(search.take(1_000_010).found).toEqual([
      {
        id: 'lost',
        stamp: {
          ...{ rev: 0, epoch: 'e1', firePts: 5_040, stampedAtUs: T0 + 40_000, fireAtUs: T0 + 50_000 },
          output: 'cdn',
          receipt: { seen: 'sei', pts: 905_040, offsetMs: 900_000, delayMs: null, copies: 2, carriers: [] },
        },
      },
    ]);
    expect(wanted.size).toBe(0);
    expect(search.isOver).toBe(true);
  });

  test('is not found by an announcement: that one can still be taken back', () => {
    const { search } = searchFor(WANTED);
    search.copy({ stamp: stampOf({ sealed: 's', fireIn: 2_000 }), framePts: 1 }, 0);
    search.copy({ stamp: stampOf({ id: 'another', key: 'k' }), framePts: 1 }, 0);
    expect(search.take(9_000_000)).toEqual({ found: [], absent: [] });
  });

  test('with its data in the open has landed', () => {
    const { search } = searchFor(WANTED);
    search.copy({ stamp: stampOf({}), framePts: 5_000 }, 0);
    expect(search.take(1_000_000).found.map(({ id }) => id)).toEqual(['lost']);
  });

  test('is settled by one output alone', () => {
    const { wanted, search } = searchFor(WANTED);
    const other = new UncertainSearch('other', wanted);
    for (const each of [search, other]) each.copy({ stamp: stampOf({}), framePts: 5_000 }, 0);
    expect(search.take(2_000_000).found).toHaveLength(1);
    expect(other.take(2_000_000).found).toHaveLength(0);
  });
});

describe('absence', () => {
  const clock = (search: UncertainSearch, fromMs: number, toMs: number, epoch = 'e1', stepMs = 2_000) => {
    for (let at = fromMs; at <= toMs; at += stepMs) search.stamp(epoch, T0 + at * 1000);
  };

  test('is proven by our stamps from before the cue was accepted to well past its moment', () => {
    const { search } = searchFor(WANTED);
    clock(search, -4_000, 0);
    expect(search.take(0).absent).toEqual([]);
    clock(search, 2_000, 2_000);
    expect(search.take(0).absent).toEqual(['lost']);
    expect(search.take(0).absent).toEqual([]);
  });

  test.each<[string, (search: UncertainSearch) => void]>([
    ['that ends before the moment has passed', (search) => clock(search, -4_000, 1_999)],
    ['that begins after the acceptance', (search) => clock(search, 1_000, 9_000)],
    ['with a gap', (search) => [clock(search, -20_000, -10_000), clock(search, 4_000, 9_000)]],
    [
      'of two epochs: the crash lies between',
      (search) => [clock(search, -4_000, 0), clock(search, 2_000, 9_000, 'e2')],
    ],
  ])('is not proven by a run of stamps %s', (_why, play) => {
    const { search } = searchFor(WANTED);
    play(search);
    expect(search.take(0).absent).toEqual([]);
  });

  test('is not proven where the moment is not known any more', () => {
    const { search } = searchFor({ ...WANTED, dueAtUs: null });
    clock(search, -4_000, 60_000);
    expect(search.take(0).absent).toEqual([]);
  });
});
