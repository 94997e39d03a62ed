import type { PublisherHealth } from './health.ts';

export type HealthProblemCode =
  | 'no-video'
  | 'video-stalled'
  | 'no-audio'
  | 'audio-stalled'
  | 'keyframe-interval'
  | 'frame-rate-low'
  | 'arrives-slowly'
  | 'arrives-fast'
  | 'gaps'
  | 'jumps'
  | 'jitter'
  | 'av-skew'
  | 'corrupt';

/** `bad`: viewers see or hear it now. `warn`: they may. The text says what is measured and what to do. */
export interface HealthProblem {
  readonly level: 'warn' | 'bad';
  readonly code: HealthProblemCode;
  readonly text: string;
}

type Measured = Omit<PublisherHealth, 'problems'>;

/** An encoder has this long to send its first picture and sound before either is missed. */
const START_MS = 3000;
/** Rates are judged once the window holds enough. */
const SETTLED_MS = 5000;
const STALLED_MS = { warn: 1000, bad: 3000 };
const KEYFRAME_MS = { warn: 4000, bad: 10_000 };
/** Of the declared frame rate. */
const FRAME_RATE = { warn: 0.9, bad: 0.6 };
const SPEED = { warn: 0.93, bad: 0.85, fast: 1.2 };
const GAPS_BAD = 5;
/** A stream that is too slow or too fast is uneven by that alone. */
const JITTER_MS = { warn: 500, bad: 2000 };
const SKEW_MS = { warn: 500, bad: 2000 };
const CORRUPT_BAD = 10;

/** What a broadcast engineer should know, the worst first. */
export function findProblems(health: Measured): HealthProblem[] {
  const problems = [
    ...videoProblems(health),
    ...audioProblems(health),
    ...rateProblems(health),
    ...timingProblems(health),
  ];
  return problems.sort((a, b) => Number(b.level === 'bad') - Number(a.level === 'bad'));
}

function* videoProblems({ video, ageMs }: Measured): Generator<HealthProblem> {
  if (video.frames === 0) {
    if (ageMs > START_MS) yield bad('no-video', 'No picture has come yet.');
    return;
  }
  const age = video.lastPacketAgeMs ?? 0;
  if (age > STALLED_MS.warn) {
    const text = `No picture for ${seconds(age)}: look at the encoder and its uplink.`;
    yield problem(age > STALLED_MS.bad, 'video-stalled', text);
  }
  const interval = Math.max(video.keyframeIntervalMs.last ?? 0, video.sinceKeyframeMs ?? 0);
  if (interval > KEYFRAME_MS.warn) {
    const text = `${seconds(interval)} from keyframe to keyframe: set the keyframe interval to 2 s, or viewers wait to join.`;
    yield problem(interval > KEYFRAME_MS.bad, 'keyframe-interval', text);
  }
}

function* audioProblems({ audio, ageMs }: Measured): Generator<HealthProblem> {
  if (audio.frames === 0) {
    if (ageMs > START_MS) yield warn('no-audio', 'There is no sound track.');
    return;
  }
  const age = audio.lastPacketAgeMs ?? 0;
  if (age > STALLED_MS.warn) {
    yield problem(age > STALLED_MS.bad, 'audio-stalled', `No sound for ${seconds(age)}.`);
  }
}

function* rateProblems({ video, ageMs }: Measured): Generator<HealthProblem> {
  if (ageMs < SETTLED_MS) return;
  const { frameRate, declaredFrameRate, speed } = video;
  if (frameRate !== null && declaredFrameRate !== null) {
    const share = frameRate / declaredFrameRate;
    if (share < FRAME_RATE.warn) {
      const text = `${frameRate.toFixed(1)} pictures per second instead of ${declaredFrameRate.toFixed(1)}: the encoder drops pictures.`;
      yield problem(share < FRAME_RATE.bad, 'frame-rate-low', text);
    }
  }
  if (speed === null) return;
  if (speed < SPEED.warn) {
    const text = `The stream arrives at ${speed.toFixed(2)} of its speed: the uplink or the encoder cannot keep up.`;
    yield problem(speed < SPEED.bad, 'arrives-slowly', text);
  } else if (speed > SPEED.fast) {
    const text = `The stream arrives at ${speed.toFixed(1)} times its speed: push a file in real time (ffmpeg -re).`;
    yield warn('arrives-fast', text);
  }
}

function* timingProblems({ timing, video, corruptInWindow, ageMs }: Measured): Generator<HealthProblem> {
  if (timing.gapsInWindow > 0) {
    const text = `${count(timing.gapsInWindow, 'gap')} in the last 10 s, the longest so far ${seconds(timing.largestGapMs)}: the encoder drops pictures.`;
    yield problem(timing.gapsInWindow >= GAPS_BAD, 'gaps', text);
  }
  if (timing.jumpsInWindow > 0) {
    const text = `The encoder's time jumped ${count(timing.jumpsInWindow, 'time')} in the last 10 s, by ${seconds(timing.largestJumpMs)} at most.`;
    yield bad('jumps', text);
  }
  const speed = video.speed ?? 1;
  const isLive = speed >= SPEED.warn && speed <= SPEED.fast;
  if (timing.jitterMs > JITTER_MS.warn && ageMs > SETTLED_MS && isLive) {
    const text = `Pictures arrive unevenly, by ${seconds(timing.jitterMs)}: the network between encoder and server is unsteady.`;
    yield problem(timing.jitterMs > JITTER_MS.bad, 'jitter', text);
  }
  const skew = Math.abs(timing.avSkewMs ?? 0);
  if (skew > SKEW_MS.warn) {
    const [late, early] = (timing.avSkewMs ?? 0) > 0 ? ['Picture', 'sound'] : ['Sound', 'picture'];
    const text = `${late} comes ${seconds(skew)} after ${early} of the same time: viewers wait for the later one.`;
    yield problem(skew > SKEW_MS.bad, 'av-skew', text);
  }
  if (corruptInWindow > 0) {
    const text = `${count(corruptInWindow, 'corrupt packet')} in the last 10 s, left out.`;
    yield problem(corruptInWindow >= CORRUPT_BAD, 'corrupt', text);
  }
}

const bad = (code: HealthProblemCode, text: string): HealthProblem => ({ level: 'bad', code, text });
const warn = (code: HealthProblemCode, text: string): HealthProblem => ({ level: 'warn', code, text });
const problem = (isBad: boolean, code: HealthProblemCode, text: string): HealthProblem =>
  isBad ? bad(code, text) : warn(code, text);

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
