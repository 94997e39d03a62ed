import type { LossReason } from './link.ts';

/** The ways to the same stream. */
export const PATHS = ['flv', 'ws', 'hls'] as const;
export type PlayPath = (typeof PATHS)[number];

export interface OpenOptions {
  readonly url: string;
  readonly video: HTMLVideoElement;
  /** Called at most once; the player is of no use from then on. */
  readonly onLost: (why: LossReason) => void;
}

/** A player at work. `close` ends it for good and lets go of the video element. */
export interface OpenPlayer {
  readonly close: () => void;
}
