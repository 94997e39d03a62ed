import { describe, expect, it } from 'vitest';
import { clockFigures, clockProblems, saysNothing, timingWords } from './clock.ts';
import { ABSENT_JSON, clockWith, lostJson, report, streamWith } from './fixtures.ts';
import { remarksOn } from './remarks.ts';
import { readReport } from './report.ts';
import { judge } from './verdict.ts';

const { at } = report();
const problemsOf = (clock: ReturnType<typeof clockWith>) => [...clockProblems(clock, at)];
const figuresOf = (clock: ReturnType<typeof clockWith>) => clockFigures(clock, problemsOf(clock));

describe('the figures of the encoder’s clock', () => {
  it('say in four places what a locked one does', () => {
    expect(figuresOf(clockWith())).toEqual({
      state: {
        value: 'Locked',
        note: 'capture time from OBS metrics, ± 4\u202fms, not confirmed',
        level: null,
      },
      delay: {
        value: '412\u202fms',
        note: '70\u202fms of it encoding, clock difference included',
        level: null,
      },
      drift: { value: '+12 ppm', note: '42\u202fms an hour, 6\u202fms so far', level: null },
      lost: { value: 'None', note: 'none so far', level: null },
    });
    expect(problemsOf(clockWith())).toEqual([]);
  });

  it('say nothing where the encoder does not', () => {
    expect(saysNothing(clockWith(ABSENT_JSON))).toBe(true);
    expect(saysNothing(clockWith())).toBe(false);
    const lost = clockWith({ ...ABSENT_JSON, frames: lostJson(0, 0, 0) });
    expect(saysNothing(lost)).toBe(false);
    expect(figuresOf(lost)).toMatchObject({
      state: { value: 'Absent' },
      delay: { value: '–' },
      drift: { value: '–' },
      lost: { value: 'None', note: 'last minute, 10 so far' },
    });
  });

  it.each([
    ['learning', { state: 'locking', errorMs: null }, 'learning it from OBS metrics'],
    ['unlocked', { state: 'locking', saysLocked: false }, 'the encoder says that it is not locked'],
    [
      'ahead',
      { state: 'absurd', captureToArrivalMs: { least: -5400, last: 0 } },
      '5.4\u202fs or more ahead of this server',
    ],
    [
      'of last year',
      { state: 'absurd', captureToArrivalMs: { least: 31_536_000_000, last: 0 } },
      '365 d behind this server',
    ],
    [
      'MISB',
      { source: 'misb', errorMs: 0.3, check: 'confirmed' },
      'capture time from MISB, ± 1\u202fms, confirmed by the production latency',
    ],
    ['unconfirmed', { errorMs: 4 }, 'capture time from OBS metrics, ± 4\u202fms, not confirmed'],
    [
      'contradicted by the latency',
      { state: 'contradicted', contradiction: { by: 'latency', aheadMs: -2000, boundMs: 210 } },
      '2.0\u202fs behind, by the production latency',
    ],
    [
      'contradicted by arrival',
      { state: 'contradicted', contradiction: { by: 'arrival', aheadMs: 1900, boundMs: 30 } },
      '1.9\u202fs or more ahead: pictures come before they can have been sent',
    ],
    ['contradicted by who knows what', { state: 'contradicted' }, 'not believed'],
    ['gone', { state: 'absent' }, 'no capture times any more'],
    [
      'stepped',
      { state: 'stepped', lastStep: { byMs: -2000, at: 0 } },
      'jumped 2.0\u202fs back, learning it again',
    ],
  ])('say of one that is %s why', (_what, changes, note) =>
    expect(figuresOf(clockWith(changes)).state.note).toBe(note),
  );

  it('say what the moment of a cue means', () => {
    expect(timingWords(clockWith({ timing: 'capture' }))).toContain('was taken then.');
    expect(timingWords(clockWith({ timing: 'latency' }))).toContain('production latency');
    expect(timingWords(clockWith({ timing: 'stamp' }))).toContain('arrives here');
  });

  it('call no drift what is within its error, and none before a minute is over', () => {
    expect(figuresOf(clockWith({ driftPpm: 11, driftErrorPpm: 20 })).drift).toMatchObject({
      value: 'None',
      note: 'within ± 20 ppm, 6\u202fms so far',
    });
    expect(figuresOf(clockWith({ driftPpm: null })).drift).toMatchObject({
      value: '–',
      note: 'after a minute',
    });
  });
});

describe('the problems of the encoder', () => {
  it.each([
    [
      { state: 'drifting', driftPpm: -120, movedMs: -64 },
      'clock-drifting',
      "The encoder's clock and this server's drift apart by 432\u202fms an hour, 64\u202fms so far.",
      'restart OBS',
    ],
    [
      { lastStep: { byMs: 1500, at: at - 40_000 } },
      'clock-stepped',
      "The encoder's clock jumped 1.5\u202fs forward, 40 s ago.",
      'by arrival',
    ],
    [
      { state: 'absurd', captureToArrivalMs: { least: -900, last: -880 }, aheadAtLeastMs: 970 },
      'clock-absurd',
      "The encoder's clock is wrong: 970\u202fms or more ahead of this server.",
      'NTP',
    ],
    [
      { state: 'contradicted', contradiction: { by: 'latency', aheadMs: 2000, boundMs: 210 } },
      'clock-contradicted',
      "The encoder's clock is not believed: 2.0\u202fs ahead, by the production latency.",
      'slate',
    ],
    [
      { frames: lostJson(12, 0, 0) },
      'frames-dropped',
      'The encoder dropped 12 frames in the last minute: the network is congested.',
      'bit rate',
    ],
    [
      { frames: lostJson(0, 1, 0) },
      'frames-skipped',
      'The encoder skipped 1 frame in the last minute: it cannot encode fast enough.',
      'faster preset',
    ],
    [
      { frames: lostJson(0, 0, 7) },
      'frames-lagged',
      'The encoder missed 7 frames in the last minute: it cannot render fast enough.',
      'sources',
    ],
  ])('%o: says what, why and what to do', (changes, code, text, advice) => {
    const problems = problemsOf(clockWith(changes));
    expect(problems).toEqual([{ code, level: 'warn', text }]);
    expect(remarksOn(streamWith(), problems)[0]?.advice).toContain(advice);
  });

  it('are bad from one frame in twenty on', () => {
    expect(problemsOf(clockWith({ frames: lostJson(89, 0, 0) }))[0]?.level).toBe('warn');
    expect(problemsOf(clockWith({ frames: lostJson(90, 0, 0) }))[0]?.level).toBe('bad');
  });

  it('forget a step after ten minutes, and frames lost before the last one', () => {
    expect(problemsOf(clockWith({ lastStep: { byMs: 1500, at: at - 600_000 } }))).toEqual([]);
    expect(problemsOf(clockWith({ frames: lostJson(0, 0, 0) }))).toEqual([]);
  });

  it('are part of the verdict', () => {
    const evidence = { connected: true, at, samples: [], events: [] };
    const clock = clockWith({ state: 'drifting' });
    expect(judge(streamWith({ clock }, { ageMs: 60_000 }), evidence)).toMatchObject({
      kind: 'look',
      problems: [{ code: 'clock-drifting' }],
    });
    expect(judge(streamWith({ clock: clockWith(ABSENT_JSON) }), evidence).kind).toBe('healthy');
  });
});

describe('the answer of the server', () => {
  const clockOf = (encoderClock: unknown) => {
    const { streams } = report();
    return readReport({ at, streams: [{ stream: streams[0]!.name, live: true, encoderClock }] })!.streams[0]!
      .clock;
  };

  it('may say nothing of it, or something new', () => {
    expect(clockOf(undefined)).toBeNull();
    expect(clockOf({ state: 'quantum' })).toBeNull();
    expect(clockOf({ state: 'locked' })).toMatchObject({
      source: null,
      errorMs: null,
      frames: null,
      lastStep: null,
    });
  });
});
