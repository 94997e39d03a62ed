import { formatCount, formatSigned, formatSpan, plural } from '../shared/format.ts';
import { type Headline, levelsIn } from './facts.ts';
import type { ClockReport, ClockState, FramesReport, Problem } from './report.ts';
import { formatAge, NOT_KNOWN } from './words.ts';

export const CLOCK_WORDS: { readonly [state in ClockState]: string } = {
  absent: 'Absent',
  locking: 'Locking',
  locked: 'Locked',
  drifting: 'Drifting',
  stepped: 'Stepped',
  absurd: 'Wrong',
  contradicted: 'Contradicted',
};

const SOURCE_WORDS = { bpm: 'OBS metrics', misb: 'MISB' } as const;

/** The four figures of the encoder's clock. */
export interface ClockFigures {
  readonly state: Headline;
  readonly delay: Headline;
  readonly drift: Headline;
  readonly lost: Headline;
}

/** A step is told for that long. */
const STEP_TOLD_MS = 600_000;
/** Viewers see it stutter. */
const LOST_BAD = 0.05;

/** True where the encoder says nothing at all: the section says how to change that. */
export const saysNothing = ({ state, frames }: ClockReport): boolean => state === 'absent' && frames === null;

export function clockFigures(clock: ClockReport, problems: readonly Problem[]): ClockFigures {
  const level = levelsIn(problems);
  return {
    state: {
      value: CLOCK_WORDS[clock.state],
      note: stateNote(clock),
      level: level('clock-drifting', 'clock-stepped', 'clock-absurd', 'clock-contradicted'),
    },
    delay: {
      value: clock.delay.least === null ? NOT_KNOWN : formatSpan(clock.delay.least),
      note: delayNote(clock),
      level: level('clock-absurd', 'clock-contradicted'),
    },
    drift: { ...driftWords(clock), level: level('clock-drifting') },
    lost: {
      ...lostWords(clock.frames),
      level: level('frames-dropped', 'frames-skipped', 'frames-lagged'),
    },
  };
}

function stateNote(clock: ClockReport): string {
  const { state, errorMs, source, saysLocked } = clock;
  const from = source === null ? '' : ` from ${SOURCE_WORDS[source]}`;
  switch (state) {
    case 'absent':
      return 'no capture times any more';
    case 'locking':
      return saysLocked === false ? 'the encoder says that it is not locked' : `learning it${from}`;
    case 'stepped':
      return `${stepWords(clock) ?? 'it jumped'}, learning it again`;
    case 'absurd':
      return absurdWords(clock);
    case 'contradicted':
      return contradictedWords(clock);
    case 'locked':
    case 'drifting':
      return `capture time${from}${errorMs === null ? '' : `, ± ${formatSpan(Math.max(1, errorMs))}`}${checkWords(clock)}`;
  }
}

const stepWords = ({ lastStep }: ClockReport): string | null =>
  lastStep === null
    ? null
    : `jumped ${formatSpan(Math.abs(lastStep.byMs))} ${lastStep.byMs < 0 ? 'back' : 'forward'}`;

/** Whether pictures come before they were taken, or hours after. */
function absurdWords({ delay, aheadAtLeastMs }: ClockReport): string {
  const least = delay.least ?? 0;
  if (least > 0) return `${formatAge(least)} behind this server`;
  return `${formatAge1(Math.max(aheadAtLeastMs, -least))} or more ahead of this server`;
}

/** By what, and how far off it is then. */
function contradictedWords({ contradiction }: ClockReport): string {
  if (contradiction === null) return 'not believed';
  const { by, aheadMs } = contradiction;
  const off = formatAge1(Math.abs(aheadMs));
  if (by === 'arrival') return `${off} or more ahead: pictures come before they can have been sent`;
  return `${off} ${aheadMs > 0 ? 'ahead' : 'behind'}, by the production latency`;
}

function checkWords({ check }: ClockReport): string {
  if (check === 'confirmed') return ', confirmed by the production latency';
  return check === 'unconfirmed' ? ', not confirmed' : '';
}

/** What the wall-clock moment of a cue means now. */
export const timingWords = ({ timing }: Pick<ClockReport, 'timing'>): string =>
  ({
    capture: 'A cue at a wall-clock moment lands on the picture that was taken then.',
    latency:
      'A cue at a wall-clock moment lands on the picture that was taken then, by its arrival and the production latency.',
    stamp: 'A cue at a wall-clock moment lands on the picture that arrives here then.',
  })[timing];

const formatAge1 = (ms: number): string => (ms < 10_000 ? formatSpan(ms) : formatAge(ms));

function delayNote({ encodeMs, delay }: ClockReport): string {
  if (delay.least === null) return 'no capture times';
  const encoding = encodeMs === null ? '' : `${formatSpan(encodeMs)} of it encoding, `;
  return `${encoding}clock difference included`;
}

/** Milliseconds an hour say more than parts per million: 1 ppm is 3.6 ms an hour. */
const MS_AN_HOUR = 3.6;

function driftWords({ driftPpm, driftErrorPpm, movedMs, state }: ClockReport): Omit<Headline, 'level'> {
  if (driftPpm === null || state === 'absent') return { value: NOT_KNOWN, note: 'after a minute' };
  const moved = movedMs === null ? '' : `, ${formatSpan(Math.abs(movedMs))} so far`;
  if (Math.abs(driftPpm) <= (driftErrorPpm ?? 0) || Math.abs(driftPpm) < 1) {
    return { value: 'None', note: `within ± ${formatCount(driftErrorPpm ?? 1)} ppm${moved}` };
  }
  const perHour = formatSpan(Math.abs(driftPpm) * MS_AN_HOUR);
  return { value: `${formatSigned(driftPpm)} ppm`, note: `${perHour} an hour${moved}` };
}

function lostWords(frames: FramesReport | null): Omit<Headline, 'level'> {
  if (frames === null) return { value: NOT_KNOWN, note: 'the encoder does not count' };
  const { dropped, skipped, lagged } = frames;
  const total = dropped.total + skipped.total + lagged.total;
  const minute = dropped.lastMinute + skipped.lastMinute + lagged.lastMinute;
  if (minute === 0)
    return { value: 'None', note: total === 0 ? 'none so far' : `last minute, ${formatCount(total)} so far` };
  const parts = [
    [dropped.lastMinute, 'network'],
    [skipped.lastMinute, 'encoder'],
    [lagged.lastMinute, 'rendering'],
  ] as const;
  const reasons = parts.filter(([count]) => count > 0).map(([count, by]) => `${by} ${formatCount(count)}`);
  return { value: formatCount(minute), note: `last minute: ${reasons.join(', ')}` };
}

/** What is wrong with the encoder's clock, and with its frames. @param at the server's clock, Unix milliseconds */
export function* clockProblems(clock: ClockReport, at: number): Generator<Problem> {
  const { state, driftPpm, movedMs, lastStep, frames } = clock;
  if (state === 'absurd') {
    const text = `The encoder's clock is wrong: ${absurdWords(clock)}.`;
    yield { level: 'warn', code: 'clock-absurd', text };
  }
  if (state === 'contradicted') {
    const text = `The encoder's clock is not believed: ${contradictedWords(clock)}.`;
    yield { level: 'warn', code: 'clock-contradicted', text };
  }
  if (state === 'drifting') {
    const rate = driftPpm === null ? '' : ` by ${formatSpan(Math.abs(driftPpm) * MS_AN_HOUR)} an hour`;
    const moved = movedMs === null ? '' : `, ${formatSpan(Math.abs(movedMs))} so far`;
    yield {
      level: 'warn',
      code: 'clock-drifting',
      text: `The encoder's clock and this server's drift apart${rate}${moved}.`,
    };
  }
  if (lastStep !== null && at - lastStep.at < STEP_TOLD_MS) {
    const text = `The encoder's clock ${stepWords(clock)}, ${formatAge(at - lastStep.at)} ago.`;
    yield { level: 'warn', code: 'clock-stepped', text };
  }
  if (frames !== null) yield* lostProblems(frames);
}

function* lostProblems({ dropped, skipped, lagged, rendered }: FramesReport): Generator<Problem> {
  const kinds = [
    ['frames-dropped', dropped, 'dropped', 'the network is congested'],
    ['frames-skipped', skipped, 'skipped', 'it cannot encode fast enough'],
    ['frames-lagged', lagged, 'missed', 'it cannot render fast enough'],
  ] as const;
  for (const [code, { lastMinute }, verb, why] of kinds) {
    if (lastMinute === 0) continue;
    const isBad = lastMinute >= LOST_BAD * Math.max(1, rendered.lastMinute);
    const text = `The encoder ${verb} ${plural(lastMinute, 'frame')} in the last minute: ${why}.`;
    yield { level: isBad ? 'bad' : 'warn', code, text };
  }
}
