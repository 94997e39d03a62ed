import type { CarriedStamp } from '../../cues/wire/index.ts';
import { parseAacConfig } from '../../packet/aac-config.ts';
import { parseAvcRecord } from '../../packet/avc-record.ts';
import { type AvcFramePacket, type MediaPacket, ptsOf } from '../../packet/packet.ts';
import { type Milliseconds, ms } from '../../packet/time.ts';
import { eventMessage } from '../carriers/event-message.ts';
import { SegmentStamps } from '../carriers/segment-stamps.ts';
import { type AudioFrame, AudioTimeline } from './audio-timeline.ts';
import { fragment, type TrackRun } from './fragment.ts';
import {
  type AudioTrackConfig,
  audioTimescaleOf,
  initSegment,
  VIDEO_TIMESCALE,
  VIDEO_TRACK,
  type VideoTrackConfig,
} from './init-segment.ts';

export interface SegmenterSettings {
  readonly targetMs: number;
  readonly maxSegmentMs: number;
  readonly maxSegmentBytes: number;
  /** Stamps stand as event messages before the fragment too. */
  readonly eventMessages: boolean;
}

/** A media segment, whole: one movie fragment. */
export interface MediaSegment {
  readonly bytes: Buffer;
  readonly durationMs: Milliseconds;
  /** PTS of its first picture. */
  readonly startPts: Milliseconds;
  /** It begins with a keyframe. */
  readonly isIndependent: boolean;
  /** It does not go on from the segment before: another epoch, other configs, or a hole in time. */
  readonly isDiscontinuous: boolean;
  /** The very same object as long as the same one holds. */
  readonly init: InitSegment;
  /** Stamps of its frames, each once. */
  readonly stamps: readonly CarriedStamp[];
}

export interface InitSegment {
  readonly bytes: Uint8Array;
}

interface VideoSample {
  readonly data: Uint8Array;
  readonly isSync: boolean;
  readonly dtsTicks: number;
  readonly ptsTicks: number;
  readonly stamps: readonly string[];
}

const NO_STAMPS: readonly string[] = [];
const TICKS_PER_MS = VIDEO_TIMESCALE / 1000;
const TYPICAL_FRAME_MS = 40;
/** A keyframe this little before the target ends the segment: time stamps are rounded, rates like 29.97 are not. */
const TARGET_TOLERANCE = 0.05;
/** A timeline that goes back farther than this does not go on. */
const BACKWARD_MS = 1_000;
/** Sound after the last picture of all. */
const SOUND_TAIL_MS = 500;
/** A track's samples in one segment, however little they hold. */
const MAX_SAMPLES = 8_192;
/** Of a playlist: EXTINF, rounded to whole seconds, must not exceed the target duration (RFC 8216, 4.3.3.1). */
const ROUNDING_MS = 500;

/**
 * Cuts a stream into media segments: at the first keyframe after the target.
 *
 * A playlist's target duration must never change (RFC 8216, 6.2.1), and how long GOPs will be nobody knows. So
 * the first segment decides (see `targetDuration`), and a later GOP that is longer is cut in two: its second part
 * begins without a keyframe, which players that go on from the first part do not mind, and ends at the next one.
 */
export class Segmenter {
  readonly #settings: SegmenterSettings;
  readonly #emit: (segment: MediaSegment) => void;
  /** What holds from the next keyframe on. */
  #videoConfig: VideoTrackConfig | null = null;
  #audioConfig: AudioTrackConfig | null = null;
  /** What the open segment is made with; its audio may still come while nothing was emitted with it. */
  #video: VideoTrackConfig | null = null;
  #audio: AudioTrackConfig | null = null;
  #audioIsFixed = false;
  #audioTimeline: AudioTimeline | null = null;
  #init: InitSegment | null = null;
  #frames: VideoSample[] = [];
  #frameBytes = 0;
  #sound: AudioFrame[] = [];
  /** Sound before this belongs to nothing that is kept. */
  #soundFrom: Milliseconds = ms(0);
  #frameTicks = TYPICAL_FRAME_MS * TICKS_PER_MS;
  #targetDuration: number | null = null;
  #isDiscontinuous = false;
  #emitted = 0;

  constructor(settings: SegmenterSettings, emit: (segment: MediaSegment) => void) {
    this.#settings = settings;
    this.#emit = emit;
  }

  /** Whole seconds, as EXT-X-TARGETDURATION; fixed by the first segment, null before it. */
  get targetDuration(): number | null {
    return this.#targetDuration;
  }

  /** @throws {FramecueError} ERR_AVCC_RECORD, ERR_AAC_CONFIG for configs that cannot be read. */
  push(packet: MediaPacket): void {
    switch (packet.kind) {
      case 'avc-config':
        this.#videoConfig = null;
        this.#videoConfig = { record: packet.record, parsed: parseAvcRecord(packet.record) };
        return;
      case 'aac-config':
        this.#setAudioConfig(packet.data);
        return;
      case 'avc-frame':
        this.#pushFrame(packet);
        return;
      case 'aac-frame':
        this.#pushSound(packet);
        return;
      case 'script':
        return;
    }
  }

  /** What comes next does not go on from here; configs come first. */
  startEpoch(): void {
    this.#break();
    this.#videoConfig = null;
    this.#audioConfig = null;
  }

  /** Emits what is open; encoders end a little later with sound than with pictures, and that is kept. */
  end(): void {
    this.#cut(this.#endTicks(), SOUND_TAIL_MS * TICKS_PER_MS);
  }

  /** Throws what is open away, whatever state it is in: what follows begins anew, with a keyframe. */
  abandon(): void {
    this.#frames = [];
    this.#frameBytes = 0;
    this.#forgetTracks();
  }

  #setAudioConfig(config: Uint8Array): void {
    const before = this.#audioConfig;
    this.#audioConfig = null;
    this.#audioConfig = { config, parsed: parseAacConfig(config) };
    if (this.#video === null) {
      if (before === null || !sameBytes(before.config, config)) this.#sound = [];
    } else if (!this.#audioIsFixed) {
      this.#useAudio(this.#audioConfig);
    }
  }

  #pushFrame(packet: AvcFramePacket): void {
    if (this.#video !== null && this.#videoConfig === null) this.#break();
    const { isKeyframe } = packet;
    const ptsTicks = ticksOf(ptsOf(packet));
    let dtsTicks = ticksOf(packet.dts);
    const first = this.#frames[0];
    if (first !== undefined) {
      const last = this.#frames.at(-1)!;
      // Decoding times must rise; presentation times, which pictures are known by, are never touched.
      if (dtsTicks <= last.dtsTicks) {
        if (last.dtsTicks - dtsTicks > BACKWARD_MS * TICKS_PER_MS) this.#break();
        else dtsTicks = last.dtsTicks + 1;
      }
    }
    if (this.#frames.length > 0) this.#cutBefore(dtsTicks, isKeyframe, packet.data.length);
    if (this.#frames.length === 0 && !this.#begin(packet, isKeyframe)) return;
    const last = this.#frames.at(-1);
    if (last !== undefined) this.#frameTicks = dtsTicks - last.dtsTicks;
    this.#frames.push({
      data: packet.data,
      isSync: isKeyframe,
      dtsTicks,
      ptsTicks,
      stamps: packet.stamps ?? NO_STAMPS,
    });
    this.#frameBytes += packet.data.length;
  }

  /** Ends the open segment before a frame at `dtsTicks` where it must, or where it should. */
  #cutBefore(dtsTicks: number, isKeyframe: boolean, bytes: number): void {
    const { targetMs, maxSegmentBytes } = this.#settings;
    const last = this.#frames.at(-1)!;
    // Longer than any segment may be: a hole, not a frame that lasts.
    const isHole = () => dtsTicks - last.dtsTicks >= this.#limitTicks();
    if (!isHole() && dtsTicks - this.#frames[0]!.dtsTicks >= this.#limitTicks()) {
      // The last frame turns out to last too long for this segment, and begins the next one.
      this.#frames.pop();
      this.#cut(last.dtsTicks);
      this.#frames = [last];
      this.#frameBytes = last.data.length;
    }
    if (isHole()) {
      this.#break();
      return;
    }
    const first = this.#frames[0]!;
    const isFull = this.#frameBytes + bytes > maxSegmentBytes || this.#frames.length >= MAX_SAMPLES;
    const isLong = dtsTicks - first.dtsTicks >= targetMs * (1 - TARGET_TOLERANCE) * TICKS_PER_MS;
    const isDue = isKeyframe && (isLong || !first.isSync || this.#configsChanged());
    if (isFull || isDue) this.#cut(dtsTicks);
  }

  /** A segment may last less than this. */
  #limitTicks(): number {
    const limitMs =
      this.#targetDuration === null ? this.#settings.maxSegmentMs : this.#targetDuration * 1000 + ROUNDING_MS;
    return limitMs * TICKS_PER_MS;
  }

  /** Makes ready for the first frame of a segment; false when it cannot be one. */
  #begin(packet: AvcFramePacket, isKeyframe: boolean): boolean {
    // Without a keyframe only where the last segment was cut before its GOP ended.
    if (!isKeyframe) return this.#video !== null;
    if (this.#videoConfig === null) return false;
    const fresh = this.#video === null;
    if (fresh) this.#soundFrom = packet.dts;
    if (fresh || this.#configsChanged()) {
      if (this.#emitted > 0) this.#isDiscontinuous = true;
      this.#video = this.#videoConfig;
      this.#audioIsFixed = false;
      this.#useAudio(this.#audioConfig);
    }
    this.#sound = this.#sound.filter((frame) => frame.dts >= this.#soundFrom);
    return true;
  }

  #configsChanged(): boolean {
    if (this.#videoConfig === null || this.#video === null) return false;
    if (!sameBytes(this.#videoConfig.record, this.#video.record)) return true;
    if (this.#audioConfig === null) return false;
    return this.#audio === null || !sameBytes(this.#audioConfig.config, this.#audio.config);
  }

  #useAudio(audio: AudioTrackConfig | null): void {
    const changes = this.#audio !== null && (audio === null || !sameBytes(audio.config, this.#audio.config));
    if (changes) this.#sound = [];
    this.#audio = audio;
    this.#audioTimeline =
      audio === null ? null : new AudioTimeline(audioTimescaleOf(audio), audio.parsed.samplesPerFrame);
  }

  #pushSound({ dts, data }: AudioFrame): void {
    if (this.#audioConfig === null) return;
    if (this.#video !== null) {
      // Of another config than the open segment's: cannot be decoded with it.
      if (this.#audio === null || !sameBytes(this.#audioConfig.config, this.#audio.config)) return;
      if (dts < this.#soundFrom) return;
    }
    this.#sound.push({ dts, data });
    if (this.#sound.length > MAX_SAMPLES) this.#sound.shift();
  }

  /** Where the open segment ends if nothing follows: its last frame lasts as long as the one before did. */
  #endTicks(): number {
    const last = this.#frames.at(-1);
    if (last === undefined) return 0;
    return Math.min(last.dtsTicks + this.#frameTicks, this.#frames[0]!.dtsTicks + this.#limitTicks() - 1);
  }

  /**
   * Emits the open segment, whose last frame lasts until `endTicks`. Sound from then on is the next one's, or, when
   * there is none, this one's still for `tailTicks`.
   */
  #cut(endTicks: number, tailTicks = 0): void {
    const frames = this.#frames;
    const first = frames[0];
    if (first === undefined || this.#video === null) return;
    const durationMs = ms((endTicks - first.dtsTicks) / TICKS_PER_MS);
    const isHere = ({ dts }: AudioFrame) => dts * TICKS_PER_MS < endTicks + tailTicks;
    const sound = this.#sound.filter(isHere);
    this.#sound = this.#sound.filter((frame) => !isHere(frame));
    this.#frames = [];
    this.#frameBytes = 0;
    const runs: TrackRun[] = [videoRun(frames, endTicks)];
    if (this.#audioTimeline !== null) runs.push(this.#audioTimeline.run(sound));
    const isDiscontinuous = this.#isDiscontinuous;
    this.#isDiscontinuous = false;
    this.#audioIsFixed = true;
    this.#emitted++;
    this.#targetDuration ??= Math.max(
      Math.ceil(this.#settings.targetMs / 1000),
      Math.round(durationMs / 1000),
    );
    const collected = new SegmentStamps();
    for (const frame of frames) collected.add(frame.stamps);
    const stamps = collected.all();
    const messages = this.#settings.eventMessages
      ? stamps.map((stamp) => eventMessage(stamp, VIDEO_TIMESCALE)).filter((message) => message !== null)
      : [];
    this.#emit({
      bytes: fragment(this.#emitted, runs, messages),
      durationMs,
      startPts: ms(first.ptsTicks / TICKS_PER_MS),
      isIndependent: first.isSync,
      isDiscontinuous,
      init: this.#currentInit(this.#video),
      stamps,
    });
  }

  #currentInit(video: VideoTrackConfig): InitSegment {
    const bytes = initSegment(video, this.#audio);
    if (this.#init === null || !sameBytes(this.#init.bytes, bytes)) this.#init = { bytes };
    return this.#init;
  }

  /** Ends the timeline here: what follows begins anew, with a keyframe. */
  #break(): void {
    this.end();
    this.#forgetTracks();
  }

  #forgetTracks(): void {
    this.#video = null;
    this.#audio = null;
    this.#audioTimeline = null;
    this.#sound = [];
  }
}

const ticksOf = (time: Milliseconds): number => Math.round(time * TICKS_PER_MS);

function videoRun(frames: readonly VideoSample[], endTicks: number): TrackRun {
  return {
    track: VIDEO_TRACK,
    baseDecodeTime: frames[0]!.dtsTicks,
    samples: frames.map(({ data, isSync, dtsTicks, ptsTicks }, index) => ({
      data,
      isSync,
      duration: (frames[index + 1]?.dtsTicks ?? endTicks) - dtsTicks,
      compositionOffset: ptsTicks - dtsTicks,
    })),
  };
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
