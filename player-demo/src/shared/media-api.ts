import { type QuestionData, readQuestion } from './cue-data.ts';
import { type OutputSeen, readOutputs } from './cue-outputs.ts';
import { booleanOf, given, isObject, listOf, momentOf, numberOf, textOf } from './json.ts';

/** Where a cue landed. PTS and spans are milliseconds. */
export interface Landing {
  readonly pts: number;
  /** Null where a stamp that was read back is all that is known. */
  readonly frame: number | null;
  /** The wall clock at which the fire PTS passed the injector, Unix milliseconds; null where not told. */
  readonly fireAtMs: number | null;
  readonly markToStampMs: number | null;
  readonly errorMs: number | null;
  readonly choice: string | null;
  /** How a wall-clock moment became a picture: `capture`, with how far off that can be, or `stamp`. */
  readonly timing?: string | null;
  readonly timingErrorMs?: number | null;
  /** What reading the outputs back has shown so far, the server's own first. */
  readonly outputs?: readonly OutputSeen[];
}

export const CUE_STATES = [
  'accepted',
  'armed',
  'taken',
  'announced',
  'landed',
  'uncertain',
  'ended',
  'cancelled',
  'missed',
] as const;
export type CueState = (typeof CUE_STATES)[number];

export interface Cue {
  readonly id: string;
  readonly type: string;
  readonly state: CueState;
  readonly ref: string | null;
  readonly reason: { readonly code: string; readonly text: string } | null;
  readonly interaction: string | null;
  readonly question: QuestionData | null;
  readonly durationMs: number | null;
  /** Unix milliseconds. */
  readonly markedAt: number;
  /** The PTS that was asked for; null where none was. */
  readonly askedPts: number | null;
  readonly landing: Landing | null;
  /** What a console or a rundown calls it; viewers never see it. */
  readonly title?: string;
  /** The rundown's item that it came from. */
  readonly item?: string;
  /** It gives prizes: consoles ask twice. */
  readonly prize?: boolean;
  readonly rehearsal?: boolean;
  /** Unix milliseconds. */
  readonly alignAt?: number;
  /** The name of the token that marked it. */
  readonly by?: string;
  /** Taken back after it had been announced or landed. */
  readonly voided?: Voided;
}

export interface Voided {
  /** Unix milliseconds. */
  readonly at: number;
  readonly by: string | null;
  /** The picture that told the players; false until then. */
  readonly told: boolean;
}

export function readCue(value: unknown): Cue | null {
  if (!isObject(value)) return null;
  const id = textOf(value.id);
  const type = textOf(value.type);
  const state = CUE_STATES.find((known) => known === value.state);
  const markedAt = momentOf(value.markedAt);
  if (id === null || type === null || state === undefined || markedAt === null) return null;
  const { reason, fire } = value;
  return {
    id,
    type,
    state,
    markedAt,
    ref: textOf(value.ref),
    reason: isObject(reason)
      ? { code: textOf(reason.code) ?? '', text: textOf(reason.text) ?? 'No reason was given.' }
      : null,
    interaction: isObject(value.data) ? textOf(value.data.interaction) : null,
    question: readQuestion(value.data),
    durationMs: numberOf(value.durationMs),
    askedPts: isObject(fire) && fire.kind === 'mediaTime' ? numberOf(fire.pts) : null,
    landing: readLanding(value.landing),
    ...given('title', textOf(value.title)),
    ...given('item', textOf(value.item)),
    ...given('prize', booleanOf(value.prize)),
    ...given('rehearsal', booleanOf(value.rehearsal)),
    ...given('alignAt', momentOf(value.alignAt)),
    ...given('by', textOf(value.by)),
    ...given('voided', readVoided(value.voided)),
  };
}

function readVoided(value: unknown): Voided | null {
  if (!isObject(value)) return null;
  const at = momentOf(value.at);
  return at === null ? null : { at, by: textOf(value.by), told: isObject(value.landing) };
}

function readLanding(value: unknown): Landing | null {
  if (!isObject(value)) return null;
  const pts = numberOf(value.pts);
  if (pts === null) return null;
  const fireAtUs = numberOf(value.fireAtUs);
  return {
    pts,
    frame: numberOf(value.frame),
    fireAtMs: fireAtUs === null ? null : fireAtUs / 1000,
    markToStampMs: numberOf(value.markToStampMs),
    errorMs: numberOf(value.errorMs),
    choice: textOf(value.choice),
    timing: textOf(value.timing),
    timingErrorMs: numberOf(value.timingErrorMs),
    outputs: readOutputs(value.outputs),
  };
}

export const readCues = (value: unknown): readonly Cue[] | null =>
  listOf(isObject(value) ? value.cues : value, readCue);

/** What the health strip shows of a stream. Null: not known yet. */
export interface StreamHealth {
  readonly live: boolean;
  readonly epoch: string | null;
  readonly viewers: number | null;
  readonly stampingOn: boolean | null;
  readonly frameRate: number | null;
  readonly kbitPerS: number | null;
  readonly keyframeIntervalMs: number | null;
  readonly size: string | null;
  readonly codec: string | null;
  readonly audio: string | null;
  readonly bFrames: boolean | null;
  readonly problems: readonly HealthProblem[];
}

export interface HealthProblem {
  readonly bad: boolean;
  readonly text: string;
}

export function readStream(value: unknown): StreamHealth | null {
  if (!isObject(value)) return null;
  const live = booleanOf(value.live);
  if (live === null) return null;
  const health = isObject(value.health) ? value.health : {};
  const video = isObject(health.video) ? health.video : {};
  const audio = isObject(health.audio) ? health.audio : {};
  const bits = numberOf(video.bitsPerSecond);
  const audioBits = numberOf(audio.bitsPerSecond) ?? 0;
  const interval = isObject(video.keyframeIntervalMs) ? video.keyframeIntervalMs.last : null;
  return {
    live,
    epoch: textOf(value.epoch),
    viewers: viewersOf(value.viewers),
    stampingOn: isObject(value.stamping) ? booleanOf(value.stamping.on) : booleanOf(value.stamping),
    frameRate: numberOf(video.frameRate),
    kbitPerS: bits === null ? null : (bits + audioBits) / 1000,
    keyframeIntervalMs: numberOf(interval),
    size: numberOf(video.width) === null ? null : `${video.width} × ${video.height}`,
    codec: [textOf(video.profile), textOf(video.level)].filter((part) => part !== null).join(' ') || null,
    audio: audioWords(audio),
    bFrames: booleanOf(video.hasBFrames),
    problems: listOf(health.problems, readProblem) ?? [],
  };
}

function readProblem(value: unknown): HealthProblem | null {
  const text = isObject(value) ? textOf(value.text) : null;
  return text === null ? null : { text, bad: isObject(value) && value.level === 'bad' };
}

/** A number, or numbers by output. */
function viewersOf(value: unknown): number | null {
  if (!isObject(value)) return numberOf(value);
  const total = numberOf(value.total);
  if (total !== null) return total;
  const numbers = Object.values(value).filter((entry) => typeof entry === 'number');
  return numbers.length === 0 ? null : numbers.reduce((sum, entry) => sum + entry, 0);
}

function audioWords(audio: { readonly [name: string]: unknown }): string | null {
  const codec = textOf(audio.codec);
  if (codec === null) return null;
  const rate = numberOf(audio.sampleRate);
  const channels = numberOf(audio.channels);
  const name = codec.startsWith('mp4a') ? 'AAC' : codec;
  const parts = [name, rate === null ? null : `${rate / 1000} kHz`];
  if (channels !== null)
    parts.push(channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels} channels`);
  return parts.filter((part) => part !== null).join(', ');
}
