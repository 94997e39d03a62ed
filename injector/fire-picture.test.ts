import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StampEvent } from '../cues/cue.ts';
import { ManualClock } from '../packet/clock.ts';
import type { AvcFramePacket } from '../packet/packet.ts';
import { ms, unixMs } from '../packet/time.ts';
import { DEFAULT_INJECTOR_SETTINGS, StreamInjector } from './injector.ts';
import { newKey, preparedCue, START_MS, stampsOf } from './test-support/cues.ts';
import { avcc, frame, IDR, SLICE } from './test-support/nal-units.ts';

/** Display numbers in decode order. */
const ORDERS = [
  { reorder: 0, order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
  { reorder: 1, order: [0, 3, 1, 2, 6, 4, 5, 9, 7, 8] },
  { reorder: 2, order: [0, 4, 2, 1, 3, 8, 6, 5, 7, 9] },
] as const;
/** What players take as the picture itself (docs/wire-format.md). */
const TOLERANCE_MS = 2;

interface Show {
  readonly fps: number;
  readonly shape: number;
  readonly startPts: number;
  /** Of one access unit's arrival, in milliseconds. */
  readonly jitter: (index: number) => number;
  readonly addedAt: number;
  readonly aheadMs: number;
  readonly announceMs: number;
  readonly by: 'at' | 'mediaTime' | 'delay';
  readonly repeat: number;
}

interface Copy {
  readonly pts: number;
  readonly fireIn: number;
  readonly hasKey: boolean;
}

const key = newKey();

/** A publisher's new epoch from its first picture on, with one cue. */
function play(show: Show) {
  const { fps, shape, startPts, jitter, addedAt, aheadMs, announceMs, by } = show;
  const { reorder, order } = ORDERS[shape]!;
  const clock = new ManualClock(START_MS * 1000);
  const events: StampEvent[] = [];
  const injector = new StreamInjector('e1', clock, DEFAULT_INJECTOR_SETTINGS, (event) => events.push(event));
  const ptsAt = (display: number): number => startPts + Math.round((display * 1000) / fps);
  const count = addedAt + Math.ceil((aheadMs * fps) / 1000) + 60;
  const shown: number[] = [];
  const copies: Copy[] = [];
  let nowMs = 0;
  for (let i = 0; i < count; i++) {
    const dueMs = Math.max(nowMs, (i * 1000) / fps + jitter(i));
    clock.advanceMs(dueMs - nowMs);
    nowMs = dueMs;
    if (i === addedAt) {
      const momentMs = START_MS + Math.round(nowMs) + aheadMs;
      const fire =
        by === 'at'
          ? ({ kind: 'at', at: unixMs(momentMs) } as const)
          : by === 'delay'
            ? ({ kind: 'delay', delayMs: ms(aheadMs) } as const)
            : ({ kind: 'mediaTime', pts: ms(ptsAt(i) + aheadMs) } as const);
      injector.add(
        preparedCue('c1', key, { fire, announceMs: ms(announceMs), repeat: show.repeat, openForMs: null }),
      );
    }
    const pts = ptsAt(order[i % 10]! + Math.floor(i / 10) * 10);
    const dts = ptsAt(i) - Math.round((reorder * 1000) / fps);
    const isKeyframe = i % 10 === 0;
    const out = injector.process(
      frame(avcc([isKeyframe ? IDR : SLICE]), {
        dts: ms(dts),
        compositionOffset: ms(pts - dts),
        isKeyframe,
      }),
    ) as AvcFramePacket;
    shown.push(pts);
    for (const stamp of stampsOf(out)) {
      if (stamp.kind !== 'cue') continue;
      copies.push({ pts, fireIn: stamp.head.fireIn, hasKey: stamp.head.key !== undefined });
    }
  }
  const landed = events.find((event) => event.kind === 'landed');
  const announced = events.find((event) => event.kind === 'announced');
  if (landed?.kind !== 'landed') throw new Error('it has not landed');
  const [first] = copies;
  const firePts = first!.pts + first!.fireIn;
  const clientsFireOn = shown.sort((a, b) => a - b).find((pts) => pts >= firePts - TOLERANCE_MS)!;
  return { landing: landed.landing, announced, copies, firePts, clientsFireOn };
}

const SHOW: Show = {
  fps: 25,
  shape: 1,
  startPts: 1_016_295,
  jitter: () => 0,
  addedAt: 0,
  aheadMs: 6_707,
  announceMs: 10_000,
  by: 'mediaTime',
  repeat: 3,
};

describe('a cue that is announced right at the start of an epoch', () => {
  it('is announced for a picture once the rate is known', () => {
    const { landing, firePts, announced } = play(SHOW);
    expect(announced).toMatchObject({ kind: 'announced', firePts: 1_023_015 });
    expect(firePts).toBe(1_023_015);
    expect(landing).toMatchObject({ pts: 1_023_015, errorMs: 13 });
  });

  // The PTS asked for is no picture's: pictures are at 1016295 + n * 40, P-pictures where n is a multiple of 3.
  it.each([
    ['that is a P-picture, which passes before the B-pictures ahead of it', 333, 360],
    ['that is a B-picture', 293, 320],
    ['that comes right behind another one', 363, 400],
    ['that comes so near behind the PTS that it is taken as its own', 358, 360],
  ])(
    'and is too near to wait: it lands on the picture on which players fire, one %s',
    (_, aheadMs, after) => {
      const { landing, firePts, clientsFireOn, copies } = play({ ...SHOW, aheadMs, repeat: 0 });
      expect(firePts).toBe(SHOW.startPts + aheadMs);
      expect(clientsFireOn).toBe(SHOW.startPts + after);
      expect(landing).toMatchObject({ pts: clientsFireOn, errorMs: after - aheadMs });
      expect(copies.some(({ pts }) => pts === clientsFireOn)).toBe(true);
      expect(copies.some(({ hasKey }) => hasKey)).toBe(true);
    },
  );
});

describe('whatever the epoch is like', () => {
  it('players fire on the very picture that the receipt names, and it carries a copy', () => {
    fc.assert(
      fc.property(
        fc.record({
          fps: fc.constantFrom(25, 30_000 / 1001, 60),
          shape: fc.integer({ min: 0, max: 2 }),
          startPts: fc.integer({ min: 0, max: 2_000_000 }),
          jitter: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 20 }),
          addedAt: fc.integer({ min: 0, max: 60 }),
          aheadMs: fc.integer({ min: 0, max: 12_000 }),
          announceMs: fc.constantFrom(0, 300, 2_000, 10_000),
          by: fc.constantFrom('at', 'mediaTime', 'delay'),
          repeat: fc.constantFrom(0, 3),
        }),
        ({ jitter, ...show }) => {
          const played = play({ ...show, jitter: (i) => jitter[i % jitter.length]! } as Show);
          const { landing, clientsFireOn, copies, firePts } = played;
          expect(Math.abs(landing.pts - clientsFireOn)).toBeLessThanOrEqual(TOLERANCE_MS);
          expect(copies.some(({ pts }) => pts === clientsFireOn)).toBe(true);
          expect(copies.every(({ pts, fireIn }) => pts + fireIn === firePts)).toBe(true);
          expect(copies.every(({ hasKey, fireIn }) => !hasKey || fireIn <= 0)).toBe(true);
        },
      ),
      { numRuns: Number(process.env.FRAMECUE_FIRE_RUNS ?? 150) },
    );
  });
});
