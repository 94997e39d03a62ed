import { CARRIERS, type Carrier } from '../cues/wire/index.ts';

/** How streams reach their viewers. Spans are milliseconds, sizes are bytes. */
export interface DeliverySettings {
  /** Between the headers and the rest of the GOP that a joining viewer gets, so that players lose no stamp. */
  readonly joinSpacingMs: number;
  /** How long a viewer who joined may wait for a first keyframe. */
  readonly keyframeWaitMs: number;
  /** How long audio may wait, to be written together with the next video frame. Video waits for nothing. */
  readonly audioHoldMs: number;
  /** When above 0: how long anything may be gathered, to be written at once. */
  readonly holdMs: number;
  /** What may wait for one viewer, in our queue and the socket's; never less than one GOP. */
  readonly viewerQueueBytes: number;
  /** A viewer whose socket took nothing for this long is cut. */
  readonly viewerStallMs: number;
  /** Past either, the GOP cache is empty until the next keyframe. */
  readonly gopMaxBytes: number;
  readonly gopMaxPackets: number;
  readonly hls: HlsSettings | null;
  /** What repeats the stamps beside the SEI, for players behind a server that drops it. */
  readonly carriers: readonly Carrier[];
}

export interface HlsSettings {
  /** A segment ends at the first keyframe after this. */
  readonly targetMs: number;
  /** Segments that the playlist shows. */
  readonly windowSegments: number;
  /** Segments that are kept behind the window, for players that are late. */
  readonly keptSegments: number;
  /** Where no keyframe comes, a segment ends without one before this. */
  readonly maxSegmentMs: number;
  readonly maxSegmentBytes: number;
  /** All segments that are kept, window and behind; the oldest go first. */
  readonly maxTotalBytes: number;
  /** How long a request for the playlist may wait for the first segment. */
  readonly firstSegmentWaitMs: number;
  /** How many requests may wait so at a time. */
  readonly maxWaiting: number;
}

export interface DeliveryLimits {
  /** HTTP-FLV and WS-FLV viewers of all streams together. */
  readonly viewers: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_HLS_SETTINGS: HlsSettings = {
  targetMs: 2_000,
  windowSegments: 6,
  keptSegments: 6,
  maxSegmentMs: 10_000,
  maxSegmentBytes: 32 * MIB,
  maxTotalBytes: 256 * MIB,
  firstSegmentWaitMs: 5_000,
  maxWaiting: 1_000,
};

export const DEFAULT_DELIVERY_SETTINGS: DeliverySettings = {
  joinSpacingMs: 30,
  keyframeWaitMs: 20_000,
  audioHoldMs: 40,
  holdMs: 0,
  viewerQueueBytes: 2 * MIB,
  viewerStallMs: 30_000,
  gopMaxBytes: 32 * MIB,
  gopMaxPackets: 4_096,
  hls: DEFAULT_HLS_SETTINGS,
  carriers: CARRIERS,
};
