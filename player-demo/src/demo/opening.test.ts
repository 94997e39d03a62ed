import { describe, expect, it } from 'vitest';
import type { Cue } from '../shared/media-api.ts';
import { axisMsOf, openingOf, spreadOf } from './opening.ts';
import { neverOn, openedOn, STAMPED_AT } from './testing.ts';

const landed = (id: string, fireAtMs: number | null, over: Partial<Cue> = {}): Cue => ({
  id,
  type: 'interaction.open',
  state: 'landed',
  ref: null,
  reason: null,
  interaction: 'q1',
  question: null,
  durationMs: 10_000,
  markedAt: 1,
  askedPts: null,
  landing: { pts: 1000, frame: 25, fireAtMs, markToStampMs: 12, errorMs: 240, choice: null },
  ...over,
});
const since = STAMPED_AT - 1000;

describe('the newest opening', () => {
  it('is none before the first, and none that was over before the page was there', () => {
    expect(openingOf({ reached: [], cues: [], since })).toBeNull();
    expect(openingOf({ reached: [], cues: [landed('old', since - 1)], since })).toBeNull();
    expect(
      openingOf({ reached: [], cues: [landed('c1', STAMPED_AT, { type: 'interaction.lock' })], since }),
    ).toBe(null);
    expect(openingOf({ reached: [], cues: [landed('c1', STAMPED_AT, { landing: null })], since })).toBeNull();
  });

  it('begins with its receipt, before any player has come to it', () => {
    const opening = openingOf({ reached: [], cues: [landed('c1', STAMPED_AT)], since });
    expect(opening).toMatchObject({ cue: 'c1', fireAtMs: STAMPED_AT, landing: { frame: 25 } });
    expect(Object.values(opening!.lanes).map(({ kind }) => kind)).toEqual(['waiting', 'waiting', 'waiting']);
  });

  it('begins with a player that is faster than the receipt, which comes later', () => {
    const reached = [openedOn('flv', 600)];
    expect(openingOf({ reached, cues: [], since })).toMatchObject({
      cue: 'c1',
      landing: null,
      lanes: { flv: { kind: 'opened', afterMs: 600 }, ws: { kind: 'waiting' } },
    });
    expect(openingOf({ reached, cues: [landed('c1', STAMPED_AT)], since })?.landing?.frame).toBe(25);
  });

  it('is the newest of several, however late a player is with the one before', () => {
    const reached = [
      openedOn('hls', 9000),
      openedOn('flv', 500, { id: 'c2', fireAtUs: (STAMPED_AT + 5000) * 1000 }),
    ];
    const opening = openingOf({ reached, cues: [landed('c1', STAMPED_AT)], since });
    expect(opening).toMatchObject({ cue: 'c2', lanes: { flv: { afterMs: 500 }, hls: { kind: 'waiting' } } });
  });

  it('counts one of long ago that opened here all the same', () => {
    const reached = [openedOn('flv', 70_000, { reason: 'joined', frames: null })];
    const cues = [landed('c1', STAMPED_AT)];
    expect(openingOf({ reached, cues, since: STAMPED_AT + 60_000 })?.cue).toBe('c1');
  });

  it('is never before its stamp, where clocks are a little apart', () => {
    const opening = openingOf({ reached: [openedOn('flv', -3)], cues: [], since });
    expect(opening?.lanes.flv).toMatchObject({ afterMs: 0 });
  });
});

describe('how far apart it came to the players', () => {
  const spreadOfAll = (...reached: Parameters<typeof openingOf>[0]['reached']) =>
    spreadOf(openingOf({ reached, cues: [], since })!);

  it('says who waits, and orders the others by time', () => {
    const spread = spreadOfAll(openedOn('ws', 700), openedOn('flv', 600));
    expect(spread.waiting).toEqual(['hls']);
    expect(spread.opened.map(({ path }) => path)).toEqual(['flv', 'ws']);
    expect(spread).toMatchObject({ apartMs: 100, same: false, worst: null });
  });

  it('is one picture where all three showed one, within the rounding', () => {
    const spread = spreadOfAll(
      openedOn('flv', 600),
      openedOn('ws', 610, { shownPts: 1001 }),
      openedOn('hls', 6100),
    );
    expect(spread).toMatchObject({ waiting: [], apartMs: 5500, same: true, worst: 0 });
  });

  it.each([
    [
      'the next picture in one',
      openedOn('hls', 6140, { shownPts: 1040, frames: 1 }),
      { same: false, worst: 1 },
    ],
    [
      'no picture in one',
      openedOn('hls', 6140, { shownPts: null, frames: null }),
      { same: false, worst: null },
    ],
    ['never in one', neverOn('hls'), { same: false, worst: null, waiting: [] }],
  ])('%s is told apart', (_name, third, expected) => {
    expect(spreadOfAll(openedOn('flv', 600), openedOn('ws', 610), third)).toMatchObject(expected);
  });
});

describe('the line of time', () => {
  it.each([
    [8000, []],
    [8000, [600, 6100]],
    [8000, [7100]],
    [10_000, [7200]],
    [34_000, [30_000]],
  ])('has %i ms for %j', (axisMs, moments) => {
    expect(axisMsOf(moments)).toBe(axisMs);
  });
});
