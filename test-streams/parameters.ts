/** What a test stream is made of, and what follows from that. */
import { FramecueError } from '../packet/errors.ts';

/** Pictures per second as a fraction: 30000/1001 is not 29.97. */
export interface FrameRate {
  readonly num: number;
  readonly den: number;
}

export interface TestStreamParameters {
  /** `25`, `30`, `30000/1001`, ... */
  readonly fps: string;
  /** Most B-frames in a row; 0 for none. */
  readonly bFrames: number;
  /** B-frames may refer to B-frames; false by default. */
  readonly bPyramid?: boolean;
  /** Length; made a whole number of GOPs, so that keyframes stay evenly spaced when the stream is looped. */
  readonly seconds: number;
  /** From one keyframe to the next; made a whole number of pictures. */
  readonly gopSeconds: number;
  /** Pixels, even. */
  readonly width: number;
  readonly height: number;
  /** Of the video; audio adds {@link AUDIO_KBPS}. */
  readonly bitrateKbps: number;
}

export interface TestStreamShape {
  readonly rate: FrameRate;
  /** Pictures in the file; they carry the numbers 0 to `frames - 1`. */
  readonly frames: number;
  readonly gopFrames: number;
  readonly durationSeconds: number;
}

export const AUDIO_KBPS = 96;
export const AUDIO_RATE = 48_000;

/** @throws {FramecueError} ERR_SETTING when a value is out of its range. */
export function shapeOf(parameters: TestStreamParameters): TestStreamShape {
  const { bFrames, seconds, gopSeconds, width, height, bitrateKbps } = parameters;
  const rate = parseRate(parameters.fps);
  const perSecond = rate.num / rate.den;
  check('bFrames', bFrames, Number.isInteger(bFrames) && bFrames >= 0 && bFrames <= 16);
  check('width', width, Number.isInteger(width) && width % 2 === 0 && width >= 160 && width <= 3840);
  check('height', height, Number.isInteger(height) && height % 2 === 0 && height >= 90 && height <= 2160);
  check('bitrateKbps', bitrateKbps, bitrateKbps >= 50 && bitrateKbps <= 100_000);
  check('gopSeconds', gopSeconds, gopSeconds > 0 && gopSeconds <= 60);
  check('seconds', seconds, seconds > 0 && seconds <= 24 * 3600);
  const gopFrames = Math.max(1, Math.round(gopSeconds * perSecond));
  const frames = gopFrames * Math.max(1, Math.round((seconds * perSecond) / gopFrames));
  return { rate, frames, gopFrames, durationSeconds: frames / perSecond };
}

/** @throws {FramecueError} ERR_SETTING unless it is `n` or `n/m`, from 1 to 120 pictures a second. */
export function parseRate(fps: string): FrameRate {
  const [, num, den = '1'] = /^(\d{1,9})(?:\/(\d{1,9}))?$/.exec(fps) ?? [];
  const rate = { num: Number(num), den: Number(den) };
  check('fps', fps, rate.num / rate.den >= 1 && rate.num / rate.den <= 120);
  return rate;
}

function check(name: string, value: unknown, good: boolean): void {
  if (!good) throw new FramecueError('ERR_SETTING', `test stream: ${name} cannot be ${value}`);
}
