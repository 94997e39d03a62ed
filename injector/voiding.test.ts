import { beforeEach, describe, expect, it } from 'vitest';
import type { PreparedCue, StampEvent } from '../cues/cue.ts';
import { formatCueBody } from '../cues/wire/index.ts';
import { ManualClock } from '../packet/clock.ts';
import type { AvcFramePacket } from '../packet/packet.ts';
import { ms, unixMs } from '../packet/time.ts';
import { DEFAULT_INJECTOR_SETTINGS, StreamInjector } from './injector.ts';
import { newKey, preparedCue, START_MS, stampsOf } from './test-support/cues.ts';
import * as n from './test-support/nal-units.ts';

const key = newKey();
let clock: ManualClock;
let events: StampEvent[];
let injector: StreamInjector;
let dts: number;
beforeEach(() => {
  clock = new ManualClock(START_MS * 1000);
  events = [];
  dts = 0;
  injector = new StreamInjector('e1', clock, DEFAULT_INJECTOR_SETTINGS, (event) => events.push(event));
});

/** One picture of 40 ms; every 25th is a keyframe. What its cue stamps say: `id rev type fireIn`. */
function pass(): string[] {
  const isKeyframe = (dts / 40) % 25 === 0;
  const data = n.avcc([isKeyframe ? n.IDR : n.SLICE]);
  const packet = n.frame(data, { dts: ms(dts), compositionOffset: ms(0), isKeyframe });
  const out = injector.process(packet) as AvcFramePacket;
  clock.advanceMs(40);
  dts += 40;
  return stampsOf(out).flatMap((stamp) =>
    stamp.kind === 'clock'
      ? []
      : [`${stamp.body.id} ${stamp.body.rev} ${stamp.body.type} ${stamp.head.fireIn}`],
  );
}
const passUntil = (pts: number): string[] => {
  const all: string[] = [];
  while (dts < pts) all.push(...pass());
  return all;
};
const kinds = (): string[] => events.map(({ kind, id, rev }) => `${kind} ${id} ${rev}`);

function voiding(of: PreparedCue, rev: number, more: Partial<PreparedCue> = {}): PreparedCue {
  const { id, markedAt, exp } = of;
  const type = 'interaction.cancel';
  const bodyText = formatCueBody({ id, rev, stream: 'live/main', type, ref: id, markedAt, exp });
  const rest = {
    rev,
    ref: id,
    bodyText,
    fire: { kind: 'next' },
    announceMs: ms(0),
    openForMs: null,
  } as const;
  return { ...of, ...rest, type, key: null, ...more };
}

describe('a cue that is voided', () => {
  it('once it is open: on the very next picture, then on every keyframe to its end', () => {
    const open = preparedCue('c', key, { openForMs: null, exp: START_MS + 4_000 });
    passUntil(400);
    injector.add(open);
    expect(pass()).toEqual(['c 0 interaction.open 0']);
    passUntil(1_200);
    injector.add(voiding(open, 1));
    expect(pass()).toEqual(['c 1 interaction.cancel 0']);
    expect(passUntil(6_000)).toEqual([
      'c 1 interaction.cancel -800',
      'c 1 interaction.cancel -1800',
      'c 1 interaction.cancel -2800',
    ]);
    expect(kinds()).toEqual(['landed c 0', 'landed c 1', 'ended c 1']);
  });

  it('while it is announced: its own picture passes without it', () => {
    passUntil(400);
    const ahead = preparedCue('c', key, {
      fire: { kind: 'mediaTime', pts: ms(2_000) },
      announceMs: ms(1_000),
    });
    injector.add(ahead);
    passUntil(1_520);
    injector.add(voiding(ahead, 1));
    const after = passUntil(3_000);
    expect(after[0]).toBe('c 1 interaction.cancel 0');
    expect(after.filter((text) => text.includes('open'))).toEqual([]);
    expect(kinds()).toEqual(['announced c 0', 'landed c 1']);
  });

  it('is not closed by a cancel cue that refers to it', () => {
    const open = preparedCue('c', key, { openForMs: null });
    injector.add(open);
    pass();
    injector.add(voiding(open, 1));
    pass();
    injector.add(preparedCue('other', key, { type: 'interaction.cancel', ref: 'c' }));
    pass();
    expect(passUntil(1_040)).toEqual(['c 1 interaction.cancel -960']);
  });
});

describe('a step of the wall clock', () => {
  const HOUR_MS = 3_600_000;
  const at = (inMs: number) => ({ kind: 'at', at: unixMs(START_MS + inMs) }) as const;
  const waiting = (more: Parameters<typeof preparedCue>[2] = {}) =>
    preparedCue('c', key, {
      ...{ fire: at(5_000), lateMs: ms(30_000), exp: START_MS + 4 * HOUR_MS, ...more },
    });
  const missed = () => events.find((event) => event.kind === 'missed');
  const landing = () => events.find((event) => event.kind === 'landed')?.landing;

  it('forward by an hour: a moment that waits is missed, and says why', () => {
    injector.add(waiting({ announceMs: ms(1_000) }));
    passUntil(2_000);
    clock.stepWallMs(HOUR_MS);
    expect(passUntil(8_000)).toEqual([]);
    expect(missed()).toMatchObject({ id: 'c', code: 'CLOCK_STEPPED' });
    expect(kinds()).toEqual(['missed c 0']);
  });

  it('forward by less than a moment may be late: it fires at once, and says how late', () => {
    injector.add(waiting());
    passUntil(2_000);
    clock.stepWallMs(10_000);
    passUntil(2_040);
    expect(landing()).toMatchObject({ pts: 2_000, errorMs: 7_000 });
  });

  it('back by an hour: it waits for its moment as it now is', () => {
    injector.add(waiting());
    passUntil(2_000);
    clock.stepWallMs(-HOUR_MS);
    passUntil(8_000);
    expect(events).toEqual([]);
    clock.stepWallMs(HOUR_MS - 2_000);
    passUntil(9_000);
    expect(landing()).toMatchObject({ errorMs: expect.closeTo(1_000, -1) });
  });

  it.each([-HOUR_MS, HOUR_MS])('by %i ms moves nothing that is announced', (step) => {
    injector.add(waiting({ announceMs: ms(2_000), exp: START_MS + 20_000 }));
    passUntil(4_000);
    clock.stepWallMs(step);
    passUntil(6_000);
    expect(landing()).toMatchObject({ pts: 5_000 });
    expect(kinds()).toEqual(['announced c 0', 'landed c 0', 'ended c 0']);
  });

  it('ends no open cue before its time', () => {
    injector.add(preparedCue('c', key, { openForMs: ms(5_000), exp: START_MS + 10_000 }));
    passUntil(1_000);
    clock.stepWallMs(HOUR_MS);
    expect(passUntil(5_000)).toHaveLength(4);
    passUntil(8_000);
    expect(kinds()).toEqual(['landed c 0', 'ended c 0']);
  });

  it('that is a slew is followed picture by picture', () => {
    injector.add(waiting());
    for (let i = 0; i < 200; i++) {
      clock.stepWallMs(-1);
      pass();
    }
    // 1 ms of each 40 is taken back: the moment comes 1/39 later.
    const { pts, errorMs } = landing()!;
    expect(pts).toBeCloseTo((5_000 * 40) / 39, -2);
    expect(errorMs).toBeLessThan(45);
  });

  it('on which a relative moment does not depend', () => {
    for (const [id, fire] of [
      ['delay', { kind: 'delay', delayMs: ms(3_000) }],
      ['pts', { kind: 'mediaTime', pts: ms(3_000) }],
    ] as const) {
      injector.add(preparedCue(id, key, { fire, exp: START_MS + 20_000 }));
    }
    passUntil(1_000);
    clock.stepWallMs(HOUR_MS);
    passUntil(4_000);
    expect(kinds()).toEqual(['landed delay 0', 'landed pts 0', 'ended delay 0', 'ended pts 0']);
  });
});
