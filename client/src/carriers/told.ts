import type { CueCarrier } from '../types.ts';

/** By what a stamp's text came, and how far off the moment that it names may be in this player's time. */
export interface Told {
  readonly by: Exclude<CueCarrier, 'feed'>;
  readonly accuracyMs: number;
}

/** In the video itself: exact but for the rounding of a container's time base. */
export const BY_SEI: Told = { by: 'sei', accuracyMs: 1 };

/** Lower is better: what is in the access unit, what travels with it, what is written into a list of files. */
const RANK: Readonly<Record<Told['by'], number>> = { sei: 0, script: 1, emsg: 1, daterange: 2 };

export const isWorse = (a: Told, b: Told): boolean => RANK[a.by] > RANK[b.by];
