import type { NalLengthSize } from '../h264-sei-parser/src/index.ts';
import { parseAacConfig } from '../packet/aac-config.ts';
import { parseAvcRecord } from '../packet/avc-record.ts';
import type { Clock } from '../packet/clock.ts';
import { FramecueError } from '../packet/errors.ts';
import { FlvTagType, type IgnoredTag, parseTagBody } from '../packet/flv-tag.ts';
import type { AvcFramePacket, MediaPacket } from '../packet/packet.ts';
import { type Milliseconds, ms, RtmpTimeUnwrapper } from '../packet/time.ts';
import { HealthMeter, type PublisherHealth } from './health.ts';
import { readMetadata } from './rtmp-session.ts';
import { type Repair, type TidyFrame, tidyFrame } from './tidy-frame.ts';

/** What did not go on, and why. */
export interface DropCounts {
  /** Frames before the first configuration of their track. */
  readonly beforeConfig: number;
  readonly beforeKeyframe: number;
  /** Tags that could not be read, and frames whose NAL units do not add up. */
  readonly corrupt: number;
}

/** Configuration and metadata further than this from the stream's time take the stream's. */
const BESIDE_MS = 10_000;
/** What is this near to zero is at the start of its timeline. */
const START_MS = 10_000;
const WRAP = 2 ** 32;

/**
 * From one publisher's RTMP messages to packets with 32-bit wraps removed: reads tags, holds back what cannot
 * be decoded yet, leaves out what is corrupt, measures the rest.
 */
export class Publisher {
  readonly #clock: Clock;
  readonly #deliver: (packet: MediaPacket) => void;
  readonly #health: HealthMeter;
  /** One for both tracks: they pass the wrap at their own packets, and must come out on the same side of it. */
  readonly #unwrapper = new RtmpTimeUnwrapper();
  #lastFrameDts: Milliseconds | null = null;
  #lastMediaUs: number;
  #nalLengthSize: NalLengthSize | null = null;
  #hasAudioConfig = false;
  #hasKeyframe = false;
  #beforeConfig = 0;
  #beforeKeyframe = 0;
  #corrupt = 0;
  readonly #repairs: Record<Repair, number> = {
    'annex-b': 0,
    'empty-nal': 0,
    padding: 0,
    'keyframe-flag': 0,
  };
  #lastCorrupt: FramecueError | null = null;
  #encoder: string | null;

  constructor(clock: Clock, encoder: string | null, deliver: (packet: MediaPacket) => void) {
    this.#clock = clock;
    this.#encoder = encoder;
    this.#deliver = deliver;
    this.#health = new HealthMeter(clock);
    this.#lastMediaUs = clock.monotonicUs();
  }

  /** What the encoder calls itself; `onMetaData` knows better than `connect`. */
  get encoder(): string | null {
    return this.#encoder;
  }

  /** A picture that can be decoded has gone on. */
  get isLive(): boolean {
    return this.#hasKeyframe;
  }

  /** When the last audio or video message came, readable or not. */
  get lastMediaUs(): number {
    return this.#lastMediaUs;
  }

  /** The latest reason for which a tag was left out. */
  get lastCorrupt(): FramecueError | null {
    return this.#lastCorrupt;
  }

  get drops(): DropCounts {
    return {
      beforeConfig: this.#beforeConfig,
      beforeKeyframe: this.#beforeKeyframe,
      corrupt: this.#corrupt,
    };
  }

  /** Frames that were put right on their way in, by what was wrong. */
  get repairs(): Readonly<Record<Repair, number>> {
    return { ...this.#repairs };
  }

  health(): PublisherHealth {
    return this.#health.snapshot();
  }

  /**
   * Takes one message. `body` is copied.
   * @throws {FramecueError} ERR_PUBLISH_CODEC: this publisher cannot go on.
   */
  receive(type: FlvTagType, timestamp32: number, body: Uint8Array): void {
    if (type !== FlvTagType.script) this.#lastMediaUs = this.#clock.monotonicUs();
    try {
      const tag = parseTagBody(type, body, ms(timestamp32));
      if (tag.kind !== 'ignored') this.#accept(tag, timestamp32);
    } catch (error) {
      if (!isCorruption(error)) throw error;
      this.#leaveOut(error);
    }
  }

  #accept(tag: Exclude<MediaPacket | IgnoredTag, IgnoredTag>, timestamp32: number): void {
    switch (tag.kind) {
      case 'avc-config': {
        const record = parseAvcRecord(tag.record);
        this.#nalLengthSize = record.nalLengthSize;
        this.#health.videoConfig(record);
        this.#deliver({ ...tag, dts: this.#besideFrames(timestamp32) });
        break;
      }
      case 'aac-config':
        this.#health.audioConfig(parseAacConfig(tag.data));
        this.#hasAudioConfig = true;
        this.#deliver({ ...tag, dts: this.#besideFrames(timestamp32) });
        break;
      case 'script':
        this.#noteMetadata(tag.data);
        this.#deliver({ ...tag, dts: this.#besideFrames(timestamp32) });
        break;
      case 'avc-frame':
        this.#acceptVideo({ ...tag, dts: this.#frameTime(timestamp32) });
        break;
      case 'aac-frame': {
        const frame = { ...tag, dts: this.#frameTime(timestamp32) };
        this.#health.audioFrame(frame);
        if (this.#hasAudioConfig) this.#deliver(frame);
        else this.#beforeConfig++;
        break;
      }
      default:
        tag satisfies never;
    }
  }

  #acceptVideo(received: AvcFramePacket): void {
    if (this.#nalLengthSize === null) {
      this.#health.videoFrame(received);
      this.#beforeConfig++;
      return;
    }
    const tidy = this.#tidy(received, this.#nalLengthSize);
    const { frame } = tidy;
    this.#health.videoFrame(frame);
    if (!this.#hasKeyframe && !frame.isKeyframe) {
      this.#beforeKeyframe++;
      return;
    }
    for (const repair of tidy.repairs) this.#repairs[repair]++;
    this.#hasKeyframe = true;
    this.#deliver(frame);
  }

  /** A frame that cannot be put right has arrived all the same, and is measured. */
  #tidy(received: AvcFramePacket, lengthSize: NalLengthSize): TidyFrame {
    try {
      return tidyFrame(received, lengthSize);
    } catch (error) {
      this.#health.videoFrame(received);
      throw error;
    }
  }

  #frameTime(timestamp32: number): Milliseconds {
    // Sound that begins just before a picture at 0 reads as 49.7 days after it.
    const isBelowZero = timestamp32 >= WRAP - START_MS;
    if (isBelowZero && this.#lastFrameDts !== null && this.#lastFrameDts < START_MS) {
      return ms(timestamp32 - WRAP);
    }
    this.#lastFrameDts = this.#unwrapper.unwrap(timestamp32);
    return this.#lastFrameDts;
  }

  /**
   * Many encoders send configuration and metadata with a time of 0, in the middle of the stream too: those are
   * kept away from the unwrapper, which would take them for a wrap, and go where the stream is.
   */
  #besideFrames(timestamp32: number): Milliseconds {
    const last = this.#lastFrameDts;
    if (last === null) return ms(timestamp32);
    const unwrapped = timestamp32 + Math.round((last - timestamp32) / WRAP) * WRAP;
    return Math.abs(unwrapped - last) <= BESIDE_MS ? ms(unwrapped) : last;
  }

  #noteMetadata(data: Uint8Array): void {
    const metadata = readMetadata(data);
    if (metadata === null) return;
    this.#encoder = metadata.encoder ?? this.#encoder;
    if (metadata.frameRate !== null) this.#health.declaredFrameRate(metadata.frameRate);
  }

  #leaveOut(error: FramecueError): void {
    this.#corrupt++;
    this.#lastCorrupt = error;
    this.#health.corruptTag();
  }
}

const CORRUPTION = new Set(['ERR_FLV_TAG', 'ERR_AVCC_RECORD', 'ERR_AAC_CONFIG', 'ERR_MEDIA_CORRUPT']);

const isCorruption = (error: unknown): error is FramecueError =>
  error instanceof FramecueError && CORRUPTION.has(error.code);
