/** Who did something: a token's name, and which console or trigger it came by. */
export interface Who {
  readonly by: string;
  /** Id of a console, `trigger:NAME`, or null: a script. */
  readonly console: string | null;
}

/**
 * What was done, or what became of a cue. Actions by people and triggers first; from `announced` on, what happened
 * to cues by themselves.
 */
export const AS_RUN_KINDS = [
  'mark',
  'arm',
  'take',
  'edit',
  'cancel',
  'void',
  'panic',
  'skip',
  'reset',
  'load',
  'unload',
  'control',
  'mode',
  'stamping',
  'latency',
  'stage',
  'trigger',
  'start',
  'stop',
  'announced',
  'landed',
  'ended',
  'missed',
  'uncertain',
  'voided',
] as const;
export type AsRunKind = (typeof AS_RUN_KINDS)[number];

/** One row of the as-run log. Moments are Unix milliseconds, PTS the output timeline's. */
export interface AsRunRow {
  /** Counts up within the log; the cursor of its pages. */
  readonly seq: number;
  readonly at: number;
  /** HH:MM:SS:FF of the server's wall clock and time zone, at the stream's frame rate, without drop frames. */
  readonly timecode: string;
  readonly what: AsRunKind;
  readonly cue: string | null;
  /** Item of the rundown. */
  readonly item: string | null;
  /** The cue's type. */
  readonly type: string | null;
  readonly title: string | null;
  readonly by: string | null;
  readonly console: string | null;
  readonly epoch: string | null;
  readonly pts: number | null;
  readonly frame: number | null;
  readonly errorMs: number | null;
  readonly state: string | null;
  /** A code, or what more there is to say in a few words. */
  readonly reason: string | null;
  readonly rehearsal: boolean;
}

/** What is given to the log; it adds the rest. */
export type NewAsRunRow = Pick<AsRunRow, 'what'> &
  Partial<Omit<AsRunRow, 'seq' | 'timecode' | 'what'>> & {
    /** Two rows of one key are one: the log may be told again after a crash. */
    readonly key?: string;
  };
