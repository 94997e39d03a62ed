import type { OutputReport } from './outputs.ts';
import {
  type ClockReport,
  type MediaReport,
  type PublisherEvent,
  readReport,
  type StreamReport,
} from './report.ts';

/** An answer of the media process as it comes over HTTP: one healthy stream with B-frames, 1 s GOPs and sound. */
export const HEALTHY_JSON = {
  at: 1_795_243_371_839,
  streams: [
    {
      stream: 'live/main',
      live: true,
      epoch: 'mwq1jo2z-ea2ae4',
      frame: 229,
      stamping: { on: true },
      publisher: {
        remote: '127.0.0.1:40618',
        encrypted: false,
        encoder: 'Lavf59.27.100',
        since: 1_795_243_362_667,
        receivedBytes: 509_368,
        drops: { beforeConfig: 0, beforeKeyframe: 2, corrupt: 0 },
      },
      health: {
        ageMs: 9173.161,
        video: {
          codec: 'avc1.64001e',
          profile: 'High',
          level: '3.0',
          width: 640,
          height: 360,
          declaredFrameRate: 25,
          frameRate: 25,
          arrivalFrameRate: 24.964,
          speed: 1.0072,
          bitsPerSecond: 417_725.58,
          frames: 229,
          keyframes: 10,
          gopFrames: { last: 25, max: 26 },
          keyframeIntervalMs: { last: 1000, max: 1040 },
          sinceKeyframeMs: 120,
          hasBFrames: true,
          reorderDepth: 1,
          lastPacketAgeMs: 35.011,
        },
        audio: {
          codec: 'mp4a.40.2',
          sampleRate: 48_000,
          channels: 2,
          bitsPerSecond: 128_284.6,
          frames: 430,
          lastPacketAgeMs: 2.509,
        },
        timing: {
          gaps: 0,
          gapsInWindow: 0,
          largestGapMs: 0,
          jumps: 0,
          jumpsInWindow: 0,
          largestJumpMs: 0,
          jitterMs: 110.136,
          avSkewMs: 0.51,
        },
        corrupt: 0,
        corruptInWindow: 0,
        problems: [],
      },
      viewers: { flv: 2, ws: 1, hls: 1200, total: 1203 },
      injector: {
        heldCues: 0,
        clockStamps: 10,
        cueStamps: 4,
        foreignStampsRemoved: 0,
        passedUntouched: 0,
      },
    },
  ],
  recentEvents: [
    {
      kind: 'refused',
      stream: 'live/other',
      remote: '127.0.0.1:40630',
      code: 'ERR_PUBLISH_KEY',
      text: 'The stream key is wrong.',
      at: 1_795_243_363_753,
      times: 3,
    },
  ],
};

const counted = (total: number, lastMinute: number) => ({ total, lastMinute, perSecond: 0 });

/** `encoderClock` of a stream whose encoder sends OBS metrics, in order. */
export const LOCKED_JSON = {
  state: 'locked',
  readings: 312,
  discarded: 0,
  steps: 0,
  errorMs: 4.2,
  captureToArrivalMs: { last: 431.2, least: 412.4 },
  aheadAtLeastMs: 0,
  behindAtMostMs: 342.4,
  movedMs: 6.4,
  source: 'bpm',
  timing: 'capture',
  check: 'unconfirmed',
  contradiction: null as { readonly by: string; readonly aheadMs: number; readonly boundMs: number } | null,
  saysLocked: null,
  driftPpm: 11.6,
  driftErrorPpm: 4,
  encodeMs: { last: 70, most: 82 },
  captureDelayMs: 0,
  malformed: 0,
  lastStep: null as { readonly byMs: number; readonly at: number } | null,
  frames: {
    rendered: counted(18_720, 1800),
    lagged: counted(0, 0),
    dropped: counted(0, 0),
    output: counted(18_720, 1800),
    input: counted(18_720, 1800),
    skipped: counted(0, 0),
    encoded: counted(18_720, 1800),
  } as { readonly [kind: string]: ReturnType<typeof counted> } | null,
  frameCountRestarts: 0,
  misbWritten: 0,
};

/** `encoderClock` of an encoder that says nothing. */
export const ABSENT_JSON = {
  ...LOCKED_JSON,
  state: 'absent',
  readings: 0,
  errorMs: null,
  captureToArrivalMs: null,
  behindAtMostMs: null,
  movedMs: 0,
  source: null,
  timing: 'stamp',
  check: null,
  driftPpm: null,
  driftErrorPpm: null,
  encodeMs: null,
  frames: null,
};

/** Frames lost in the last minute: for want of network, of time to encode, of time to render. */
export const lostJson = (dropped: number, skipped: number, lagged: number) => ({
  ...LOCKED_JSON.frames,
  dropped: counted(dropped + 10, dropped),
  skipped: counted(skipped, skipped),
  lagged: counted(lagged, lagged),
});

/** The encoder's clock as it is read from the answer. */
export function clockWith(changes: Partial<Record<keyof typeof LOCKED_JSON, unknown>> = {}): ClockReport {
  const encoderClock = { ...LOCKED_JSON, ...changes };
  return readReport({ ...HEALTHY_JSON, streams: [{ ...HEALTHY_JSON.streams[0], encoderClock }] })!.streams[0]!
    .clock!;
}

export const report = (): MediaReport => readReport(HEALTHY_JSON)!;

type Health = NonNullable<StreamReport['health']>;

/** The healthy stream with changes to its parts. */
export function streamWith(
  changes: Partial<StreamReport> = {},
  health: { readonly [K in keyof Health]?: Health[K] | Partial<Health[K]> } = {},
): StreamReport {
  const stream = report().streams[0]!;
  const own = stream.health!;
  return {
    ...stream,
    health: {
      ...own,
      ...(health as Partial<Health>),
      video: { ...own.video, ...health.video },
      audio: { ...own.audio, ...health.audio },
      timing: { ...own.timing, ...health.timing },
    },
    ...changes,
  };
}

/** An output that is read, and whose newest cue was seen. */
export const outputOf = (name: string, changes: Partial<OutputReport> = {}): OutputReport => ({
  ...{ name, isRead: true, problem: null, lastPictureAgeMs: 12 },
  last: { seen: 'sei', since: report().at - 60_000, delayMs: 2, problem: null },
  ...changes,
});

export const eventOf = (changes: Partial<PublisherEvent> = {}): PublisherEvent => ({
  at: report().at - 30_000,
  kind: 'ended',
  stream: 'live/main',
  remote: '10.0.0.7:50000',
  code: null,
  text: 'The encoder stopped.',
  times: 1,
  ...changes,
});
