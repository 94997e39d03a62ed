import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FireRequest, Landing, PreparedCue, StampEvent } from '../../cues/cue.ts';
import {
  bpmMessage,
  isPrecisionTimeStamp,
  NalType,
  nalUnitsOfAvcc,
  parsePrecisionTimeStamp,
  parseSeiNal,
  precisionTimeStampMessage,
  type SeiMessage,
  writeSeiNal,
} from '../../h264-sei-parser/src/index.ts';
import { ManualClock } from '../../packet/clock.ts';
import type { AvcFramePacket } from '../../packet/packet.ts';
import { type Milliseconds, ms, unixMs } from '../../packet/time.ts';
import { DEFAULT_INJECTOR_SETTINGS, StreamInjector } from '../injector.ts';
import { DEFAULT_ENCODER_CLOCK_SETTINGS, type EncoderClockSettings } from './encoder-clock.ts';

/** When the picture with PTS 0 was taken, Unix milliseconds. */
const TAKEN_MS = 1_795_000_000_000;
/** From the camera to this process. */
const ON_THE_WAY_MS = 400;

let clock: ManualClock;
let events: StampEvent[];
let injector: StreamInjector;
let index: number;

function start(settings: Partial<EncoderClockSettings> = {}): void {
  clock = new ManualClock((TAKEN_MS + ON_THE_WAY_MS + 40) * 1000, 5_000_000);
  events = [];
  index = 0;
  injector = injectorWith(settings);
}
const injectorWith = (settings: Partial<EncoderClockSettings>): StreamInjector =>
  new StreamInjector(
    'e1',
    clock,
    { ...DEFAULT_INJECTOR_SETTINGS, encoderClock: { ...DEFAULT_ENCODER_CLOCK_SETTINGS, ...settings } },
    (event) => events.push(event),
  );
beforeEach(() => start());

type Says = (pts: number, isKeyframe: boolean) => readonly SeiMessage[];

const rfc3339 = (unix: number): string => new Date(Math.floor(unix)).toISOString();
const timesOf = (takenMs: number): SeiMessage =>
  bpmMessage({
    kind: 'TS',
    times: [0, 3, 55, 60].map((after, i) => ({
      type: 'rfc3339',
      event: i + 1,
      text: rfc3339(takenMs + after),
    })),
  });
/** OBS whose clock is so far ahead of ours. */
const obs =
  (aheadMs = 0, dropped = 0): Says =>
  (pts, isKeyframe) =>
    isKeyframe
      ? [
          timesOf(TAKEN_MS + pts + aheadMs),
          bpmMessage({
            kind: 'SM',
            times: [{ type: 'rfc3339', event: 4, text: rfc3339(TAKEN_MS + pts + aheadMs + 60) }],
            counters: [50, 0, dropped, 50].map((delta, i) => ({ tag: i + 1, delta })),
          }),
        ]
      : [];
const misb =
  (aheadMs = 0, locked = true): Says =>
  (pts) => [precisionTimeStampMessage({ time: (TAKEN_MS + pts + aheadMs) * 1000, locked })];
const nothing: Says = () => [];

/** IBBP at 25 fps, GOPs of 10 pictures, D = 40 ms; each access unit arrives `ON_THE_WAY_MS` after its turn. */
const IBBP = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8];
function play(count: number, says: Says): AvcFramePacket[] {
  const out: AvcFramePacket[] = [];
  for (const end = index + count; index < end; index++) out.push(pass(injector, index, says));
  return out;
}

function pass(to: StreamInjector, i: number, says: Says, advance = true): AvcFramePacket {
  const display = IBBP[i % 10]! + Math.floor(i / 10) * 10;
  const dts = i * 40;
  const pts = (display + 1) * 40;
  const isKeyframe = i % 10 === 0;
  const nals = says(pts, isKeyframe).map((message) => writeSeiNal([message]));
  nals.push(Uint8Array.from([isKeyframe ? 0x65 : 0x41, 0x88, i & 0xff]));
  const data = new Uint8Array(nals.flatMap((nal) => [0, 0, nal.length >> 8, nal.length & 0xff, ...nal]));
  const packet: AvcFramePacket = {
    kind: 'avc-frame',
    dts: ms(dts),
    compositionOffset: ms(pts - dts),
    isKeyframe,
    data,
  };
  const out = to.process(packet) as AvcFramePacket;
  if (advance) clock.advanceMs(40);
  return out;
}

function cue(id: string, fire: FireRequest, more: Partial<PreparedCue> = {}): PreparedCue {
  return {
    id,
    rev: 0,
    type: 'custom',
    bodyText: `{"id":"${id}"}`,
    signatureLine: 'ed25519 k s',
    key: null,
    fire,
    markedAt: clock.unixMs(),
    announceMs: ms(0),
    repeat: 0,
    openForMs: ms(0),
    exp: unixMs(TAKEN_MS + 3_600_000),
    ...more,
  };
}

function landingOf(id: string): Landing {
  const event = events.find((one) => one.kind === 'landed' && one.id === id);
  if (event?.kind !== 'landed') throw new Error(`${id} has not landed`);
  return event.landing;
}

const takenAt = (pts: number) => unixMs(TAKEN_MS + pts);
const imageTimesOf = ({ data }: AvcFramePacket) =>
  [...nalUnitsOfAvcc(data, 4)]
    .filter(({ type }) => type === NalType.sei)
    .flatMap(({ start: from, end }) => parseSeiNal(data.subarray(from, end)))
    .filter(({ payloadType, payload }) => payloadType === 5 && isPrecisionTimeStamp(payload))
    .map(({ payload }) => parsePrecisionTimeStamp(payload));

describe('a cue at a moment of the wall clock', () => {
  it.each([
    ['ahead', 2000, ms(1000), 'scheduled'],
    // It is on its way: taken before the request came, and not here yet.
    ['just now', 240, ms(0), 'scheduled'],
  ])('lands on the picture that was taken then: %s', (_when, aheadMs, announceMs, choice) => {
    play(200, obs());
    const pts = 200 * 40 + aheadMs;
    injector.add(cue('c1', { kind: 'at', at: takenAt(pts) }, { announceMs }));
    play(80, obs());
    expect(landingOf('c1')).toMatchObject({ pts, choice, timing: 'capture' });
    expect(Math.abs(landingOf('c1').errorMs)).toBeLessThan(2);
    expect(landingOf('c1').timingErrorMs).toBeLessThan(10);
  });

  it('that lies between two pictures lands on the later one', () => {
    play(200, obs());
    injector.add(cue('c1', { kind: 'at', at: takenAt(9000 + 20) }));
    play(80, obs());
    expect(landingOf('c1').pts).toBe(9040);
    expect(landingOf('c1').errorMs).toBeCloseTo(20, -1);
  });

  it('that has passed lands on the next picture, and says how far behind', () => {
    play(200, obs());
    const next = 200 * 40 + 40;
    injector.add(cue('c1', { kind: 'at', at: takenAt(next - 500) }));
    play(5, obs());
    expect(landingOf('c1')).toMatchObject({ pts: next, timing: 'capture' });
    expect(landingOf('c1').errorMs).toBeCloseTo(500, -1);
  });

  it.each<[string, Says]>([
    ['sends no capture times', nothing],
    ['has a clock that is far ahead', obs(5000)],
    ['has a clock of last year', obs(-31_536_000_000)],
    ['says that its clock is not locked', misb(0, false)],
  ])('goes by arrival where the encoder %s', (_what, says) => {
    play(200, says);
    const at = unixMs(clock.unixMs() + 1000);
    injector.add(cue('c1', { kind: 'at', at }));
    play(80, says);
    expect(landingOf('c1')).toMatchObject({ pts: 200 * 40 + 40 + 1000, timing: 'stamp' });
    expect(landingOf('c1')).not.toHaveProperty('timingErrorMs');
  });

  it('goes by arrival where that is set, or the request says so', () => {
    play(200, obs());
    const at = unixMs(clock.unixMs() + 1000);
    injector.add(cue('c1', { kind: 'at', at, by: 'arrival' }));
    play(40, obs());
    expect(landingOf('c1')).toMatchObject({ pts: 9040, timing: 'stamp' });

    start({ at: 'arrival' });
    play(200, obs());
    injector.add(cue('c1', { kind: 'at', at }));
    play(40, obs());
    expect(landingOf('c1')).toMatchObject({ pts: 9040, timing: 'stamp' });
  });

  it('goes by capture also of an unlocked clock where that is set', () => {
    start({ at: 'capture' });
    play(200, misb(0, false));
    injector.add(cue('c1', { kind: 'at', at: takenAt(9000) }));
    play(80, misb(0, false));
    expect(landingOf('c1')).toMatchObject({ pts: 9000, timing: 'capture' });
  });

  it('stays where it was announced, whatever the clocks do then', () => {
    play(200, obs());
    injector.add(cue('c1', { kind: 'at', at: takenAt(10_000) }, { announceMs: ms(2000) }));
    play(20, obs());
    const announced = events.find(({ kind }) => kind === 'announced');
    expect(announced).toMatchObject({ firePts: 10_000 });
    clock.stepWallMs(-3000);
    play(80, obs(-3000));
    expect(landingOf('c1')).toMatchObject({ pts: 10_000, timing: 'capture' });
  });

  it('is not moved by a step of our own wall clock: the encoder’s tells when pictures were taken', () => {
    play(200, obs());
    clock.stepWallMs(1000);
    injector.add(cue('c1', { kind: 'at', at: takenAt(9000) }));
    play(80, obs());
    expect(landingOf('c1')).toMatchObject({ pts: 9000, timing: 'capture' });
  });

  it('knows nothing of other requests', () => {
    play(200, obs());
    injector.add(cue('c1', { kind: 'next' }));
    play(1, obs());
    expect(landingOf('c1')).not.toHaveProperty('timing');
  });
});

describe('a cue by capture time, whatever the clock of the encoder', () => {
  it('lands on the first picture that was taken at or after its moment, within the error that it states', () => {
    let byCapture = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: -2_000, max: 300 }),
        fc.double({ min: 0, max: 6, noNaN: true }),
        fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })),
        fc.integer({ min: -350, max: 3_000 }),
        fc.constantFrom(0, 500, 2_000),
        (aheadMs, jitterMs, noise, afterMs, announceMs) => {
          start();
          const says: Says = (pts, isKeyframe) =>
            isKeyframe ? [timesOf(TAKEN_MS + pts + aheadMs + jitterMs * noise.next().value)] : [];
          play(200, says);
          const at = unixMs(clock.unixMs() + afterMs);
          injector.add(cue('c1', { kind: 'at', at }, { announceMs: ms(announceMs) }));
          play(100 + Math.ceil(afterMs / 40), says);
          const { timing, timingErrorMs, pts, choice } = landingOf('c1');
          if (timing !== 'capture') return;
          byCapture++;
          const lateMs = TAKEN_MS + pts + aheadMs - at;
          expect(lateMs).toBeGreaterThanOrEqual(-timingErrorMs! - 3);
          // One that has passed lands on the next picture, however late that is.
          if (choice === 'scheduled') expect(lateMs).toBeLessThanOrEqual(40 + timingErrorMs! + 3);
        },
      ),
      { numRuns: 150 },
    );
    expect(byCapture).toBeGreaterThan(50);
  });
});

describe('the declared delay before the compositor', () => {
  it('is taken off its times', () => {
    start({ captureDelayMs: 120 });
    play(200, obs());
    expect(injector.encoderClock.status.captureToArrivalMs?.least).toBeCloseTo(520, -1);
    injector.add(cue('c1', { kind: 'at', at: takenAt(9000 - 120) }));
    play(60, obs());
    expect(landingOf('c1').pts).toBe(9000);
  });
});

describe('the status', () => {
  it('says absent, and counts nothing, where the encoder says nothing', () => {
    play(50, nothing);
    expect(injector.encoderClock.status).toMatchObject({
      state: 'absent',
      source: null,
      timing: 'stamp',
      readings: 0,
      frames: null,
      encodeMs: null,
      errorMs: null,
    });
  });

  it('tells of OBS what it measures', () => {
    play(500, obs(0, 2));
    expect(injector.encoderClock.status).toMatchObject({
      state: 'locked',
      source: 'bpm',
      timing: 'capture',
      readings: 50,
      discarded: 0,
      malformed: 0,
      steps: 0,
      encodeMs: { last: 55, most: 55 },
      aheadAtLeastMs: 0,
      frames: { rendered: { total: 2500, perSecond: 125 }, dropped: { total: 100, lastMinute: 100 } },
    });
    expect(injector.encoderClock.status.captureToArrivalMs?.least).toBeCloseTo(400, -1);
  });

  it('prefers MISB, and falls back to BPM where that is not locked', () => {
    const both =
      (locked: boolean): Says =>
      (pts, isKeyframe) => [...misb(-30, locked)(pts, isKeyframe), ...obs()(pts, isKeyframe)];
    play(200, both(true));
    expect(injector.encoderClock.status).toMatchObject({ source: 'misb', saysLocked: true });
    play(1, both(false));
    expect(injector.encoderClock.status).toMatchObject({ source: 'bpm', saysLocked: false });
  });

  it('goes on counting over an epoch, and learns the clock anew', () => {
    play(200, obs(0, 1));
    injector.startEpoch('e2');
    expect(injector.encoderClock.status).toMatchObject({ state: 'absent', readings: 20 });
    play(200, obs(0, 1));
    expect(injector.encoderClock.status).toMatchObject({
      state: 'locked',
      readings: 40,
      frames: { dropped: { total: 40 } },
    });
  });

  it('says that the clock stepped, when and how far', () => {
    play(200, obs());
    play(200, obs(2000));
    const { steps, lastStep } = injector.encoderClock.status;
    expect(steps).toBe(1);
    expect(lastStep?.byMs).toBeCloseTo(2000, -1);
  });
});

describe('MISB', () => {
  it('is not written by default: frames differ by their stamps alone', () => {
    const out = play(200, obs());
    expect(out.flatMap(imageTimesOf)).toEqual([]);
  });

  it('is written on keyframes where BPM tells capture time, unlocked until the clock is known', () => {
    start({ writeMisb: 'keyframe' });
    const out = play(200, obs());
    const times = out.filter(({ isKeyframe }) => isKeyframe).map(imageTimesOf);
    expect(times.every(({ length }) => length === 1)).toBe(true);
    expect(out.filter(({ isKeyframe }) => !isKeyframe).flatMap(imageTimesOf)).toEqual([]);
    const locked = times.map(([time]) => time!.locked);
    expect(locked[0]).toBe(false);
    expect(locked.at(-1)).toBe(true);
    const off = Number(times.at(-1)![0]!.time) - (TAKEN_MS + 190 * 40 + 40) * 1000;
    expect(Math.abs(off)).toBeLessThan(2000);
    expect(injector.encoderClock.status.misbWritten).toBe(20);
  });

  it('calls no time locked while nobody vouches for our own clock', () => {
    start({ writeMisb: 'keyframe' });
    injector.encoderClock.vouched = false;
    const before = play(200, obs()).flatMap(imageTimesOf);
    expect(before).toHaveLength(20);
    expect(before.some(({ locked }) => locked)).toBe(false);
    injector.encoderClock.vouched = true;
    expect(play(10, obs()).flatMap(imageTimesOf)).toMatchObject([{ locked: true }]);
  });

  it('is written on every frame where that is set', () => {
    start({ writeMisb: 'frame' });
    const out = play(100, obs());
    expect(out.every((frame) => imageTimesOf(frame).length === 1)).toBe(true);
  });

  it('tells a step of the encoder’s clock as a discontinuity, once', () => {
    start({ writeMisb: 'keyframe' });
    play(200, obs());
    const times = play(200, obs(-2000)).flatMap(imageTimesOf);
    expect(times.filter(({ discontinuity }) => discontinuity)).toMatchObject([
      { reverse: true, locked: false },
    ]);
  });

  it.each<[string, Says]>([
    ['the encoder sends its own', (pts, key) => [...obs()(pts, key), ...(key ? misb()(pts, key) : [])]],
    ['its clock is absurd', obs(-31_536_000_000)],
    ['nobody knows when pictures were taken', nothing],
  ])('is not written where %s', (_what, says) => {
    start({ writeMisb: 'frame' });
    const given = says(40, true).filter(({ payload }) => isPrecisionTimeStamp(payload)).length;
    const out = play(200, says);
    expect(out.flatMap(imageTimesOf)).toHaveLength(given * 20);
  });

  it('is not written while stamping is off', () => {
    start({ writeMisb: 'frame' });
    injector.stampingOn = false;
    expect(play(100, obs()).flatMap(imageTimesOf)).toEqual([]);
    expect(injector.encoderClock.status.state).toBe('locked');
  });
});

describe('an injector that goes on where another was', () => {
  it('puts out the same bytes and lands on the same picture', () => {
    start({ writeMisb: 'frame' });
    play(203, obs());
    const first = injector;
    const second = injectorWith({ writeMisb: 'frame' });
    second.resume(structuredClone(first.state));
    const at: Milliseconds[] = [];
    for (const one of [first, second])
      one.add(cue('c1', { kind: 'at', at: takenAt(9000) }, { announceMs: ms(500) }));
    for (let i = 203; i < 300; i++) {
      const a = pass(first, i, obs(), false);
      const b = pass(second, i, obs(), true);
      expect(b.data).toEqual(a.data);
    }
    for (const event of events) if (event.kind === 'landed') at.push(event.landing.pts);
    expect(at).toEqual([9000, 9000]);
  });
});
