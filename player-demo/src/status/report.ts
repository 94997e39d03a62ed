import { booleanOf, isObject, type JsonObject, listOf, numberOf, textOf } from '../shared/json.ts';
import { type OutputReport, readAudit } from './outputs.ts';
import { readServerClock, type ServerClockReport } from './server-clock.ts';

/** What `GET /api/v1/status` says. Null: the server does not know, or does not tell. Spans are milliseconds. */
export interface MediaReport {
  /** The server's clock, Unix milliseconds; all other moments are on it too. */
  readonly at: number;
  /** Null: the server does not tell. */
  readonly serverClock?: ServerClockReport | null;
  readonly streams: readonly StreamReport[];
  /** Newest first. */
  readonly events: readonly PublisherEvent[];
}

export interface StreamReport {
  /** `app/name` */
  readonly name: string;
  readonly live: boolean;
  readonly epoch: string | null;
  readonly frame: number | null;
  readonly stampingOn: boolean | null;
  readonly publisher: PublisherReport | null;
  readonly health: HealthReport | null;
  /** Null: the server does not tell. */
  readonly clock: ClockReport | null;
  /** Null where there is none. */
  readonly programmeDelay: ProgrammeDelayReport | null;
  readonly viewers: ViewersReport;
  readonly stamps: StampsReport;
  readonly bitstream: BitstreamReport;
  /** Those that the server reads back. */
  readonly outputs: readonly OutputReport[];
}

/** Between arrival and the injector: what viewers are behind the director's preview. */
export interface ProgrammeDelayReport {
  readonly setMs: number;
  readonly nowMs: number;
  /** Pictures that wait. */
  readonly frames: number;
  /** Packets that left before their time, for want of room. */
  readonly early: number;
}

export interface PublisherReport {
  /** `address:port` */
  readonly remote: string | null;
  readonly encrypted: boolean;
  readonly encoder: string | null;
  readonly since: number | null;
  readonly receivedBytes: number | null;
  /** Frames before the first configuration or keyframe: nobody could have decoded them. */
  readonly beforeStart: number | null;
  readonly corrupt: number | null;
}

export interface HealthReport {
  readonly ageMs: number;
  readonly video: VideoReport;
  readonly audio: AudioReport;
  readonly timing: TimingReport;
  readonly problems: readonly Problem[];
}

export interface LastAndMost {
  readonly last: number | null;
  readonly max: number | null;
}

export interface VideoReport {
  readonly codec: string | null;
  readonly profile: string | null;
  readonly level: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly declaredFrameRate: number | null;
  /** Per second of media time. */
  readonly frameRate: number | null;
  /** Media time that arrives per real time: 1 is live. */
  readonly speed: number | null;
  readonly bitsPerSecond: number | null;
  readonly frames: number | null;
  readonly gopFrames: LastAndMost;
  readonly keyframeIntervalMs: LastAndMost;
  readonly sinceKeyframeMs: number | null;
  readonly hasBFrames: boolean | null;
  readonly reorderDepth: number | null;
}

export interface AudioReport {
  readonly codec: string | null;
  readonly sampleRate: number | null;
  readonly channels: number | null;
  readonly bitsPerSecond: number | null;
  readonly frames: number | null;
}

export interface TimingReport {
  readonly gaps: number | null;
  readonly gapsInWindow: number | null;
  readonly largestGapMs: number | null;
  readonly jumps: number | null;
  readonly largestJumpMs: number | null;
  readonly jitterMs: number | null;
  /** Positive: video arrives later than audio of the same time. */
  readonly avSkewMs: number | null;
}

/** `bad`: viewers see or hear it now. `warn`: they may. */
export interface Problem {
  readonly level: 'warn' | 'bad';
  readonly code: string;
  readonly text: string;
}

export interface ViewersReport {
  readonly flv: number | null;
  readonly ws: number | null;
  readonly hls: number | null;
  readonly total: number | null;
}

export interface StampsReport {
  readonly clock: number | null;
  readonly cue: number | null;
  readonly heldCues: number | null;
  readonly foreignRemoved: number | null;
  /** Pictures that went on without their stamp because stamping failed. */
  readonly passedUntouched: number | null;
}

/** What is odd about the frames, and what was changed in them. */
export interface BitstreamReport {
  /** The worst first. */
  readonly lint: readonly LintReport[];
  /** By reason: in the injector, and before it. */
  readonly rewrites: { readonly [reason: string]: number };
  readonly repairs: { readonly [reason: string]: number };
}

export interface LintReport {
  readonly code: string;
  readonly severity: 'info' | 'warn' | 'bad';
  readonly text: string;
  readonly count: number;
  readonly lastAt: number;
}

export const CLOCK_STATES = [
  'absent',
  'locking',
  'locked',
  'drifting',
  'stepped',
  'absurd',
  'contradicted',
] as const;
export type ClockState = (typeof CLOCK_STATES)[number];

/** What the encoder says of its clock and its frames (OBS BPM, MISB ST 0604). */
export interface ClockReport {
  readonly state: ClockState;
  readonly source: 'misb' | 'bpm' | null;
  /** By what the wall-clock moment of a cue is turned into a picture now. */
  readonly timing: 'capture' | 'latency' | 'stamp';
  /** What the production latency says of it; null where the server says nothing of that. */
  readonly check: 'confirmed' | 'unconfirmed' | 'contradicted' | null;
  /** How far it is ahead (negative: behind) of what contradicts it. */
  readonly contradiction: { readonly by: 'arrival' | 'latency'; readonly aheadMs: number } | null;
  /** How far off a capture time can be, by the encoder's own clock. */
  readonly errorMs: number | null;
  /** From capture by the encoder's clock to arrival by the server's. */
  readonly delay: { readonly last: number | null; readonly least: number | null };
  readonly encodeMs: number | null;
  /** What the server can prove: the encoder's clock is ahead by at least this. */
  readonly aheadAtLeastMs: number;
  readonly driftPpm: number | null;
  readonly driftErrorPpm: number | null;
  readonly movedMs: number | null;
  /** False: the encoder itself says that its clock is not locked. */
  readonly saysLocked: boolean | null;
  readonly lastStep: { readonly byMs: number; readonly at: number } | null;
  readonly frames: FramesReport | null;
}

/** Frames that the encoder lost, and all that it counts them among. */
export interface FramesReport {
  /** For want of network, of time to encode, of time to render. */
  readonly dropped: FrameCount;
  readonly skipped: FrameCount;
  readonly lagged: FrameCount;
  readonly rendered: FrameCount;
}

export interface FrameCount {
  readonly total: number;
  readonly lastMinute: number;
}

export interface PublisherEvent {
  readonly at: number;
  readonly kind: 'refused' | 'ended';
  readonly stream: string | null;
  readonly remote: string | null;
  readonly code: string | null;
  readonly text: string;
  readonly times: number;
}

export function readReport(value: unknown): MediaReport | null {
  if (!isObject(value)) return null;
  const at = numberOf(value.at);
  const streams = listOf(value.streams, readStream);
  if (at === null || streams === null) return null;
  return {
    ...{ at, streams, serverClock: readServerClock(value.clock) },
    events: listOf(value.recentEvents, readEvent) ?? [],
  };
}

const part = (object: JsonObject, name: string): JsonObject => {
  const value = object[name];
  return isObject(value) ? value : {};
};

function readStream(value: unknown): StreamReport | null {
  if (!isObject(value)) return null;
  const name = textOf(value.stream);
  const live = booleanOf(value.live);
  if (name === null || live === null) return null;
  const viewers = part(value, 'viewers');
  const injector = part(value, 'injector');
  return {
    name,
    live,
    epoch: textOf(value.epoch),
    frame: numberOf(value.frame),
    stampingOn: booleanOf(part(value, 'stamping').on),
    publisher: isObject(value.publisher) ? readPublisher(value.publisher) : null,
    health: isObject(value.health) ? readHealth(value.health) : null,
    clock: isObject(value.encoderClock) ? readClock(value.encoderClock) : null,
    programmeDelay: isObject(value.programmeDelay) ? readDelay(value.programmeDelay) : null,
    viewers: {
      flv: numberOf(viewers.flv),
      ws: numberOf(viewers.ws),
      hls: numberOf(viewers.hls),
      total: numberOf(viewers.total),
    },
    stamps: {
      clock: numberOf(injector.clockStamps),
      cue: numberOf(injector.cueStamps),
      heldCues: numberOf(injector.heldCues),
      foreignRemoved: numberOf(injector.foreignStampsRemoved),
      passedUntouched: numberOf(injector.passedUntouched),
    },
    bitstream: {
      lint: listOf(injector.lint, readLint) ?? [],
      rewrites: readCounts(part(injector, 'rewrites')),
      repairs: readCounts(part(part(value, 'publisher'), 'repairs')),
    },
    outputs: readAudit(value.audit),
  };
}

function readLint(value: unknown): LintReport | null {
  if (!isObject(value)) return null;
  const code = textOf(value.code);
  const text = textOf(value.text);
  const lastAt = numberOf(value.lastAt);
  if (code === null || text === null || lastAt === null) return null;
  const severity = value.severity === 'info' || value.severity === 'bad' ? value.severity : 'warn';
  return { code, severity, text, count: numberOf(value.count) ?? 1, lastAt };
}

function readCounts(object: JsonObject): { readonly [reason: string]: number } {
  return Object.fromEntries(
    Object.entries(object).flatMap(([reason, value]) => {
      const count = numberOf(value);
      return count === null ? [] : [[reason, count]];
    }),
  );
}

function readPublisher(value: JsonObject): PublisherReport {
  const drops = part(value, 'drops');
  const beforeConfig = numberOf(drops.beforeConfig);
  const beforeKeyframe = numberOf(drops.beforeKeyframe);
  return {
    remote: textOf(value.remote),
    encrypted: value.encrypted === true,
    encoder: textOf(value.encoder),
    since: numberOf(value.since),
    receivedBytes: numberOf(value.receivedBytes),
    beforeStart: beforeConfig === null || beforeKeyframe === null ? null : beforeConfig + beforeKeyframe,
    corrupt: numberOf(drops.corrupt),
  };
}

function readHealth(value: JsonObject): HealthReport {
  const video = part(value, 'video');
  const audio = part(value, 'audio');
  const timing = part(value, 'timing');
  return {
    ageMs: numberOf(value.ageMs) ?? 0,
    video: {
      codec: textOf(video.codec),
      profile: textOf(video.profile),
      level: textOf(video.level),
      width: numberOf(video.width),
      height: numberOf(video.height),
      declaredFrameRate: numberOf(video.declaredFrameRate),
      frameRate: numberOf(video.frameRate),
      speed: numberOf(video.speed),
      bitsPerSecond: numberOf(video.bitsPerSecond),
      frames: numberOf(video.frames),
      gopFrames: readLastAndMost(part(video, 'gopFrames')),
      keyframeIntervalMs: readLastAndMost(part(video, 'keyframeIntervalMs')),
      sinceKeyframeMs: numberOf(video.sinceKeyframeMs),
      hasBFrames: booleanOf(video.hasBFrames),
      reorderDepth: numberOf(video.reorderDepth),
    },
    audio: {
      codec: textOf(audio.codec),
      sampleRate: numberOf(audio.sampleRate),
      channels: numberOf(audio.channels),
      bitsPerSecond: numberOf(audio.bitsPerSecond),
      frames: numberOf(audio.frames),
    },
    timing: {
      gaps: numberOf(timing.gaps),
      gapsInWindow: numberOf(timing.gapsInWindow),
      largestGapMs: numberOf(timing.largestGapMs),
      jumps: numberOf(timing.jumps),
      largestJumpMs: numberOf(timing.largestJumpMs),
      jitterMs: numberOf(timing.jitterMs),
      avSkewMs: numberOf(timing.avSkewMs),
    },
    problems: listOf(value.problems, readProblem) ?? [],
  };
}

function readClock(value: JsonObject): ClockReport | null {
  const state = CLOCK_STATES.find((known) => known === value.state);
  if (state === undefined) return null;
  const delay = part(value, 'captureToArrivalMs');
  const step = part(value, 'lastStep');
  const byMs = numberOf(step.byMs);
  const at = numberOf(step.at);
  return {
    state,
    source: value.source === 'misb' || value.source === 'bpm' ? value.source : null,
    timing: value.timing === 'capture' || value.timing === 'latency' ? value.timing : 'stamp',
    check: CHECKS.find((known) => known === value.check) ?? null,
    contradiction: isObject(value.contradiction) ? readContradiction(value.contradiction) : null,
    errorMs: numberOf(value.errorMs),
    delay: { last: numberOf(delay.last), least: numberOf(delay.least) },
    encodeMs: numberOf(part(value, 'encodeMs').last),
    aheadAtLeastMs: numberOf(value.aheadAtLeastMs) ?? 0,
    driftPpm: numberOf(value.driftPpm),
    driftErrorPpm: numberOf(value.driftErrorPpm),
    movedMs: numberOf(value.movedMs),
    saysLocked: booleanOf(value.saysLocked),
    lastStep: byMs === null || at === null ? null : { byMs, at },
    frames: isObject(value.frames) ? readFrames(value.frames) : null,
  };
}

function readDelay(value: JsonObject): ProgrammeDelayReport | null {
  const setMs = numberOf(value.setMs);
  const nowMs = numberOf(value.nowMs);
  if (setMs === null || nowMs === null) return null;
  return { setMs, nowMs, frames: numberOf(value.frames) ?? 0, early: numberOf(value.early) ?? 0 };
}

const CHECKS = ['confirmed', 'unconfirmed', 'contradicted'] as const;

function readContradiction(value: JsonObject): ClockReport['contradiction'] {
  const aheadMs = numberOf(value.aheadMs);
  const { by } = value;
  return aheadMs === null || (by !== 'arrival' && by !== 'latency') ? null : { by, aheadMs };
}

function readFrames(value: JsonObject): FramesReport {
  const count = (name: string): FrameCount => {
    const counted = part(value, name);
    return { total: numberOf(counted.total) ?? 0, lastMinute: numberOf(counted.lastMinute) ?? 0 };
  };
  return {
    dropped: count('dropped'),
    skipped: count('skipped'),
    lagged: count('lagged'),
    rendered: count('rendered'),
  };
}

const readLastAndMost = (value: JsonObject): LastAndMost => ({
  last: numberOf(value.last),
  max: numberOf(value.max),
});

function readProblem(value: unknown): Problem | null {
  if (!isObject(value)) return null;
  const text = textOf(value.text);
  // A level that is not known here is taken for the worse one.
  const level = value.level === 'warn' ? 'warn' : 'bad';
  return text === null ? null : { level, code: textOf(value.code) ?? '', text };
}

function readEvent(value: unknown): PublisherEvent | null {
  if (!isObject(value)) return null;
  const at = numberOf(value.at);
  const text = textOf(value.text);
  if (at === null || text === null || (value.kind !== 'refused' && value.kind !== 'ended')) return null;
  return {
    at,
    text,
    kind: value.kind,
    stream: textOf(value.stream),
    remote: textOf(value.remote),
    code: textOf(value.code),
    times: numberOf(value.times) ?? 1,
  };
}
