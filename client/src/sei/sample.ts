/** One SEI message of ours, as a player hands it out. */
export interface SeiSample {
  /** PTS of its access unit in player time: what `mediaTime * 1000` will be when it is shown. */
  readonly ptsMs: number;
  /** The stamp's text: the payload after the UUID. */
  readonly data: Uint8Array;
}

/** What a reader tells of a player. */
export interface SeiListener {
  sample(sample: SeiSample): void;
  /** The player is being destroyed. */
  gone(): void;
  /** A message that is ours by its UUID and cannot be used. */
  problem(code: string): void;
}
