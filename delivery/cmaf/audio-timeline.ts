import type { Milliseconds } from '../../packet/time.ts';
import type { FragmentSample, TrackRun } from './fragment.ts';
import { AUDIO_TRACK } from './init-segment.ts';

/** A raw AAC access unit at its time on the stream's timeline. */
export interface AudioFrame {
  readonly dts: Milliseconds;
  readonly data: Uint8Array;
}

/**
 * Lays AAC frames end to end. Their time stamps are rounded to milliseconds, but a frame is a whole number of
 * samples: taken as they are, they would leave holes and overlaps of a few samples that can be heard. So a frame
 * begins where the one before ended, unless its time stamp says that frames are missing.
 */
export class AudioTimeline {
  readonly #rate: number;
  readonly #samplesPerFrame: number;
  /** Where the next frame begins, in samples; null at the beginning. */
  #next: number | null = null;

  constructor(rate: number, samplesPerFrame: number) {
    this.#rate = rate;
    this.#samplesPerFrame = samplesPerFrame;
  }

  /** The frames as one run. A hole inside is bridged by the frame before it, which lasts that much longer. */
  run(frames: readonly AudioFrame[]): TrackRun {
    const starts: number[] = [];
    for (const { dts } of frames) {
      const stamped = Math.round((dts * this.#rate) / 1000);
      // Half a frame is more than rounding gives, and less than a missing frame.
      const missing = this.#next !== null && stamped - this.#next > this.#samplesPerFrame / 2;
      const start = this.#next === null || missing ? stamped : this.#next;
      starts.push(start);
      this.#next = start + this.#samplesPerFrame;
    }
    const samples = frames.map<FragmentSample>(({ data }, index) => ({
      data,
      duration: (starts[index + 1] ?? this.#next!) - starts[index]!,
      compositionOffset: 0,
      isSync: true,
    }));
    return { track: AUDIO_TRACK, baseDecodeTime: starts[0] ?? 0, samples };
  }
}
