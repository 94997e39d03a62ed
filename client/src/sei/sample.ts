import type { Told } from '../carriers/told.ts';

/** One stamp's text, as a player hands it out: from SEI, or from what travels beside it. */
export interface SeiSample {
  /** PTS of its access unit in player time: what `mediaTime * 1000` will be when it is shown. */
  readonly ptsMs: number;
  /** `ptsMs` is the fire PTS instead (of a clock stamp, there is no difference). */
  readonly isFire?: boolean;
  /** The stamp's text: the payload after the UUID. */
  readonly data: Uint8Array;
  /** Where it was not SEI. */
  readonly told?: Told;
}

/** What a reader tells of a player. */
export interface SeiListener {
  sample(sample: SeiSample): void;
  /** The player is being destroyed. */
  gone(): void;
  /** A message that is ours by its UUID and cannot be used. */
  problem(code: string): void;
}
