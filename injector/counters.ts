/** Why a stamp of a trusted upstream did not go on. */
export type UpstreamRefusal =
  | 'malformed'
  | 'bad-signature'
  | 'unknown-key'
  | 'other-stream'
  | 'expired'
  | 'too-many'
  | 'no-room';

/** Counts since the injector was made; read by metrics. */
export interface InjectorCounters {
  frames: number;
  keyframes: number;
  clockStamps: number;
  cueStamps: number;
  stampBytes: number;
  /** Stamps that came with a frame and were taken out; those of a trusted upstream that went on are not among them. */
  foreignStampsRemoved: number;
  /** Stamps of a trusted upstream: those that went on under our line 1, those that did not, by reason. */
  upstream: { kept: number; clockReplaced: number; refused: Record<UpstreamRefusal, number> };
  /** SEI NAL units that were given another place. */
  seiMoved: number;
  seiBehindBufferingPeriod: number;
  /** Access unit delimiters that were made the first NAL unit. */
  delimiterFirst: number;
  /** Stamps that were due and waited for a later access unit, for want of room in this one. */
  stampsPostponed: number;
  /** Stamps that the stream's NAL unit lengths cannot tell. */
  stampsTooLong: number;
  /** Frames that passed untouched because stamping them failed. */
  passedUntouched: number;
  /** By error code. */
  errors: Record<string, number>;
}

export const newCounters = (): InjectorCounters => ({
  frames: 0,
  keyframes: 0,
  clockStamps: 0,
  cueStamps: 0,
  stampBytes: 0,
  foreignStampsRemoved: 0,
  upstream: {
    kept: 0,
    clockReplaced: 0,
    refused: {
      malformed: 0,
      'bad-signature': 0,
      'unknown-key': 0,
      'other-stream': 0,
      expired: 0,
      'too-many': 0,
      'no-room': 0,
    },
  },
  seiMoved: 0,
  seiBehindBufferingPeriod: 0,
  delimiterFirst: 0,
  stampsPostponed: 0,
  stampsTooLong: 0,
  passedUntouched: 0,
  errors: {},
});

/** Everything that the injector changes beside its own stamps. */
export type RewriteReason =
  | 'sei-moved'
  | 'sei-behind-buffering-period'
  | 'delimiter-first'
  | 'foreign-stamp-removed'
  | 'upstream-stamp-rewritten'
  | 'upstream-clock-removed';

export const rewritesOf = (counters: InjectorCounters | undefined): Record<RewriteReason, number> => ({
  'sei-moved': counters?.seiMoved ?? 0,
  'sei-behind-buffering-period': counters?.seiBehindBufferingPeriod ?? 0,
  'delimiter-first': counters?.delimiterFirst ?? 0,
  'foreign-stamp-removed': counters?.foreignStampsRemoved ?? 0,
  'upstream-stamp-rewritten': counters?.upstream.kept ?? 0,
  'upstream-clock-removed': counters?.upstream.clockReplaced ?? 0,
});
