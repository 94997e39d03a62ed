import { formatBitrate, formatCount, formatFps, formatSpan, plural } from '../shared/format.ts';
import { repairsLine, rewritesLine } from './bitstream.ts';
import { outputLine } from './outputs.ts';
import { delayWords } from './programme-delay.ts';
import type { Problem, StreamReport, VideoReport } from './report.ts';
import {
  countWords,
  formatAge,
  formatBytes,
  formatInterval,
  formatMoment,
  intervalWords,
  NOT_KNOWN,
  profileWords,
  sizeWords,
  skewWords,
  soundWords,
  videoWords,
} from './words.ts';

/** One figure with its name; `level` where a problem is about it. */
export interface FactLine {
  readonly name: string;
  readonly value: string;
  readonly level: Problem['level'] | null;
}

export interface FactGroup {
  readonly title: string;
  readonly facts: readonly FactLine[];
  /** In a row of its own: how many there are is not known beforehand. */
  readonly isWide?: boolean;
}

/** A large figure at the top of a card, with what belongs to it. */
export interface Headline {
  readonly value: string;
  readonly note: string;
  readonly level: Problem['level'] | null;
}

export interface Headlines {
  readonly bitRate: Headline;
  readonly pictures: Headline;
  readonly keyframes: Headline;
  readonly sound: Headline;
}

type Levels = (...codes: readonly string[]) => Problem['level'] | null;

/** The worst level of the problems with any of these codes. */
export const levelsIn =
  (problems: readonly Problem[]): Levels =>
  (...codes) => {
    const found = problems.filter(({ code }) => codes.includes(code));
    return found.some(({ level }) => level === 'bad') ? 'bad' : found.length > 0 ? 'warn' : null;
  };

const told = <T>(value: T | null, words: (value: T) => string): string =>
  value === null ? NOT_KNOWN : words(value);

/** The four figures that an engineer looks for first. Null while nobody publishes. */
export function headlinesOf({ health }: StreamReport, problems: readonly Problem[]): Headlines | null {
  if (health === null) return null;
  const { video, audio } = health;
  const level = levelsIn(problems);
  const { last, max } = video.keyframeIntervalMs;
  const isStalled = problems.some(({ code }) => code === 'video-stalled');
  return {
    bitRate: {
      value: told(video.bitsPerSecond, (bits) => formatBitrate(bits / 1000)),
      note: [sizeWords(video), profileWords(video)].filter((part) => part !== null).join(', '),
      level: level('no-video', 'video-stalled', 'arrives-slowly', 'arrives-fast'),
    },
    pictures: {
      // Measured by time stamps: with none coming, the rate of the last ones stands still.
      value: told(isStalled ? 0 : video.frameRate, (rate) => `${formatFps(rate)} fps`),
      note: pictureNote(health),
      level: level('no-video', 'video-stalled', 'frame-rate-low', 'gaps', 'jumps'),
    },
    keyframes: {
      value: last === null ? soFarWords(video) : formatInterval(last),
      note:
        last === null
          ? 'no second keyframe yet'
          : `longest ${intervalWords(max, video.gopFrames.max) ?? NOT_KNOWN}`,
      level: level('keyframe-interval'),
    },
    sound: {
      value:
        audio.frames === 0 ? 'No sound' : told(audio.bitsPerSecond, (bits) => formatBitrate(bits / 1000)),
      note: soundWords(audio) ?? 'the encoder sends none',
      level: level('no-audio', 'audio-stalled'),
    },
  };
}

/** `25 declared, B-frames, no gaps` */
function pictureNote({ video, timing }: NonNullable<StreamReport['health']>): string {
  const parts: string[] = [];
  if (video.declaredFrameRate !== null) parts.push(`${formatFps(video.declaredFrameRate)} declared`);
  if (video.hasBFrames !== null) parts.push(video.hasBFrames ? 'B-frames' : 'no B-frames');
  if (timing.gaps !== null) parts.push(timing.gaps === 0 ? 'no gaps' : plural(timing.gaps, 'gap'));
  return parts.join(', ');
}

/** Everything that is measured, in groups. @param at the server's clock, Unix milliseconds */
export function factsOf(stream: StreamReport, problems: readonly Problem[], at: number): FactGroup[] {
  const level = levelsIn(problems);
  const groups = [stampFacts(stream, level)];
  if (stream.health !== null) groups.unshift(pictureFacts(stream.health, level), arrivalFacts(stream, level));
  if (stream.live && stream.outputs.length > 0) {
    groups.push({ title: 'Outputs read back', facts: stream.outputs.map(outputLine), isWide: true });
  }
  if (stream.publisher !== null)
    groups.splice(stream.health === null ? 0 : 2, 0, publisherFacts(stream.publisher, at, level));
  return groups;
}

const line = (name: string, value: string, level: FactLine['level'] = null): FactLine => ({
  name,
  value,
  level,
});

/** For the first GOP, which has no length yet. */
const soFarWords = ({ sinceKeyframeMs }: VideoReport): string =>
  told(sinceKeyframeMs, (ms) => `over ${formatInterval(ms)}`);

function pictureFacts({ video }: NonNullable<StreamReport['health']>, level: Levels): FactGroup {
  const bFrames = video.hasBFrames === null ? NOT_KNOWN : video.hasBFrames ? 'yes' : 'none';
  return {
    title: 'Picture',
    facts: [
      line('Size', sizeWords(video) ?? NOT_KNOWN, level('no-video')),
      line('Codec', videoWords(video) ?? NOT_KNOWN, level('profile')),
      line('B-frames', bFrames),
      line('Reorder depth', told(video.reorderDepth, formatCount)),
      line(
        'Keyframe interval',
        intervalWords(video.keyframeIntervalMs.last, video.gopFrames.last) ?? soFarWords(video),
        level('keyframe-interval'),
      ),
    ],
  };
}

function arrivalFacts({ health, publisher }: StreamReport, level: Levels): FactGroup {
  const { video, timing } = health!;
  return {
    title: 'Arrival',
    facts: [
      line('Speed', told(video.speed, speedWords), level('arrives-slowly', 'arrives-fast', 'video-stalled')),
      line('Jitter', told(timing.jitterMs, formatSpan), level('jitter')),
      line('Picture and sound', told(timing.avSkewMs, skewWords), level('av-skew')),
      line(
        'Gaps in time stamps',
        told(timing.gaps, (gaps) => countWords(gaps, 'longest', timing.largestGapMs)),
        level('gaps'),
      ),
      line(
        'Jumps in time stamps',
        told(timing.jumps, (jumps) => countWords(jumps, 'largest', timing.largestJumpMs)),
        level('jumps'),
      ),
      line(
        'Corrupt packets',
        told(publisher?.corrupt ?? null, (n) => countWords(n, '', null)),
        level('corrupt'),
      ),
    ],
  };
}

const speedWords = (speed: number): string => `${speed.toFixed(2)} × real time`;

function publisherFacts(
  { encoder, remote, encrypted, since, receivedBytes, beforeStart }: NonNullable<StreamReport['publisher']>,
  at: number,
  level: Levels,
): FactGroup {
  return {
    title: 'Publisher',
    facts: [
      line('Encoder', encoder ?? 'gives no name'),
      line('Address', `${remote ?? NOT_KNOWN}, ${encrypted ? 'RTMPS' : 'RTMP'}`),
      line(
        'Connected',
        told(since, (from) => `${formatMoment(from, at)}, for ${formatAge(at - from)}`),
        level('comes-and-goes'),
      ),
      line('Received', told(receivedBytes, formatBytes)),
      line(
        'Dropped at the start',
        told(beforeStart, (frames) => (frames === 0 ? 'none' : `${formatCount(frames)} before the keyframe`)),
      ),
    ],
  };
}

function stampFacts(
  { stamps, stampingOn, epoch, frame, viewers, bitstream, programmeDelay }: StreamReport,
  level: Levels,
): FactGroup {
  const facts = [
    line('Stamping', stampingOn === null ? NOT_KNOWN : stampingOn ? 'on' : 'off', level('stamping-off')),
    line('Stamps written', `${told(stamps.clock, formatCount)} clock, ${told(stamps.cue, formatCount)} cue`),
    line('Epoch', epoch ?? NOT_KNOWN),
    line('Frames in the epoch', told(frame, formatCount)),
    line(
      'Viewers',
      `${told(viewers.flv, formatCount)} FLV, ${told(viewers.ws, formatCount)} WS, ${told(viewers.hls, formatCount)} HLS`,
    ),
  ];
  if (programmeDelay !== null)
    facts.push(line('Programme delay', delayWords(programmeDelay), level('delay-short')));
  // Rare, and then worth a line.
  if ((stamps.heldCues ?? 0) > 0) facts.push(line('Cues in work', formatCount(stamps.heldCues!)));
  if ((stamps.passedUntouched ?? 0) > 0)
    facts.push(line('Stamping failed on', formatCount(stamps.passedUntouched!), level('stamping-failed')));
  if ((stamps.foreignRemoved ?? 0) > 0)
    facts.push(line('Foreign stamps removed', formatCount(stamps.foreignRemoved!)));
  const rewrites = rewritesLine(bitstream);
  if (rewrites !== null) facts.push(line('Changed in frames', rewrites));
  const repairs = repairsLine(bitstream);
  if (repairs !== null) facts.push(line('Put right on arrival', repairs));
  return { title: 'Stamps and viewers', facts };
}
