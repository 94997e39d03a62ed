import type { StreamName } from '../packet/packet.ts';

export type Protocol = 'flv' | 'ws' | 'hls';
export const PROTOCOLS: readonly Protocol[] = ['flv', 'ws', 'hls'];

/** Why a viewer of HTTP-FLV or WS-FLV is gone. */
export type LeaveReason =
  /** They closed the connection, or it broke. */
  | 'left'
  /** ERR_VIEWER_STALLED: they read nothing for too long. */
  | 'stalled'
  /** No keyframe came in time after they joined. */
  | 'no-keyframe'
  | 'stream-ended'
  | 'server-closing';

/** Of one stream and protocol. All but `viewers` and `queuedBytes` only grow. */
export interface ProtocolCounters {
  /** Connected now; with HLS: who fetched the playlist lately. */
  viewers: number;
  /** Viewers that ever joined; with HLS: playlist requests. */
  joins: number;
  /** Given to sockets, headers of HTTP not counted. */
  bytesOut: number;
  /** Video frames that viewers who were behind did not get. */
  framesDropped: number;
  /** Times that a viewer who was behind went on at a later keyframe. */
  skips: number;
  /** Viewers cut with ERR_VIEWER_STALLED. */
  stalledCuts: number;
  /** Viewers to whom no keyframe came in time. */
  keyframeTimeouts: number;
  /** The most bytes that ever waited for one viewer, in our queue and the socket's. */
  queuePeakBytes: number;
}

export const newCounters = (): ProtocolCounters => ({
  viewers: 0,
  joins: 0,
  bytesOut: 0,
  framesDropped: 0,
  skips: 0,
  stalledCuts: 0,
  keyframeTimeouts: 0,
  queuePeakBytes: 0,
});

/** Rare events, for logs; what happens with every frame is in the counters. */
export interface DeliveryObserver {
  viewerJoined?(stream: StreamName, protocol: Protocol): void;
  viewerLeft?(stream: StreamName, protocol: Protocol, reason: LeaveReason): void;
  /** HLS failed in a way that nobody expected, and goes on with the next keyframe; `failures` so far. */
  hlsFailed?(stream: StreamName, error: unknown, failures: number): void;
  viewerSkipped?(stream: StreamName, protocol: Protocol, framesDropped: number): void;
}
