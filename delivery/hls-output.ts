import type { Carrier } from '../cues/wire/index.ts';
import type { Clock } from '../packet/clock.ts';
import { type ErrorCode, FramecueError } from '../packet/errors.ts';
import { type MediaPacket, ptsOf } from '../packet/packet.ts';
import { DateRanges } from './carriers/date-ranges.ts';
import { type PlaylistSegment, writePlaylist } from './cmaf/playlist.ts';
import { ProgramClock } from './cmaf/program-clock.ts';
import { type InitSegment, type MediaSegment, Segmenter } from './cmaf/segmenter.ts';
import type { ProtocolCounters } from './counters.ts';
import { HlsAudience } from './hls-audience.ts';
import type { HlsSettings } from './settings.ts';

export interface HlsOutputOptions {
  readonly clock: Clock;
  readonly settings: HlsSettings;
  readonly counters: ProtocolCounters;
  readonly carriers?: readonly Carrier[];
}

export interface HlsStats {
  /** Segments made. */
  readonly segments: number;
  /** Kept, in the playlist and behind it. */
  readonly keptSegments: number;
  readonly keptBytes: number;
  /** Whole seconds; null before the first segment. */
  readonly targetDuration: number | null;
  /** Configs that could not be read; HLS rests until the next. */
  readonly configErrors: number;
  readonly lastConfigError: ErrorCode | null;
  /** Requests that wait for the first segment. */
  readonly waiting: number;
}

interface KeptSegment extends PlaylistSegment {
  readonly bytes: Buffer;
  readonly init: KeptInit;
  /** Since the first segment of all, this one's own not counted. */
  readonly discontinuitiesBefore: number;
}

interface KeptInit {
  readonly segment: InitSegment;
  readonly uri: string;
}

/** What a request for a file of the stream gets; null where there is no such file (any more). */
export interface HlsFile {
  readonly bytes: Uint8Array;
  readonly kind: 'init' | 'segment';
}

/** One stream as HLS: a window of segments in memory, and the playlist that lists them. */
export class HlsOutput {
  readonly settings: HlsSettings;
  readonly counters: ProtocolCounters;
  readonly audience: HlsAudience;
  readonly #segmenter: Segmenter;
  readonly #programClock: ProgramClock;
  /** Null where they are switched off. */
  readonly #dateRanges: DateRanges | null;
  /**
   * Part of every file's name: files are cached for ever, so a stream that begins again must not use their names
   * again.
   */
  readonly #run: string;
  /**
   * The number of the first segment. Seconds since 1970: a stream that begins again goes on above the numbers
   * that players have seen, for segments are not made faster than one a second.
   */
  readonly #firstNumber: number;
  /** Oldest first: those behind the window, then the window. */
  #kept: KeptSegment[] = [];
  #keptBytes = 0;
  #made = 0;
  #inits = 0;
  #discontinuities = 0;
  #allIndependent = true;
  #ended = false;
  #playlist: Buffer | null = null;
  #configErrors = 0;
  #lastConfigError: ErrorCode | null = null;
  readonly #waiting = new Set<() => void>();

  constructor({ clock, settings, counters, carriers = [] }: HlsOutputOptions) {
    this.settings = settings;
    this.counters = counters;
    this.audience = new HlsAudience(clock, counters);
    const eventMessages = carriers.includes('emsg');
    this.#segmenter = new Segmenter({ ...settings, eventMessages }, (segment) => this.#keep(segment));
    this.#dateRanges = carriers.includes('daterange') ? new DateRanges() : null;
    this.#programClock = new ProgramClock(clock);
    const now = clock.unixMs();
    this.#run = now.toString(36);
    this.#firstNumber = Math.floor(now / 1000);
  }

  push(packet: MediaPacket): void {
    if (packet.kind === 'avc-frame') this.#programClock.observe(packet.dts, ptsOf(packet));
    try {
      this.#segmenter.push(packet);
    } catch (error) {
      // FLV viewers get the stream as it is; a config that we cannot read stops nobody but us.
      if (!(error instanceof FramecueError)) throw error;
      this.#configErrors++;
      this.#lastConfigError = error.code;
    }
  }

  startEpoch(): void {
    this.#segmenter.startEpoch();
    this.#programClock.startEpoch();
  }

  /** Adds what is open and closes the playlist; players play to its end and stop asking. */
  end(): void {
    try {
      this.#segmenter.end();
    } finally {
      this.#ended = true;
      this.#playlist = null;
      this.#wake();
    }
  }

  /** After a fault that nobody expected: throws away what is open, and goes on with the next keyframe. */
  abandon(): void {
    this.#segmenter.abandon();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The playlist; null before the first segment. */
  playlist(): Buffer | null {
    if (this.#kept.length === 0) return null;
    this.#playlist ??= Buffer.from(this.#write());
    return this.#playlist;
  }

  /** @param name as the playlist names it. */
  file(name: string): HlsFile | null {
    for (const segment of this.#kept) {
      if (segment.uri === name) return { bytes: segment.bytes, kind: 'segment' };
      if (segment.initUri === name) return { bytes: segment.init.segment.bytes, kind: 'init' };
    }
    return null;
  }

  /**
   * Calls back once, when the first segment is there or the stream has ended. Returns what calls it off, or null
   * when too many wait already.
   */
  whenReady(ready: () => void): (() => void) | null {
    if (this.#waiting.size >= this.settings.maxWaiting) return null;
    this.#waiting.add(ready);
    return () => this.#waiting.delete(ready);
  }

  sweep(): void {
    this.audience.sweep((this.#segmenter.targetDuration ?? 0) * 1000);
  }

  stats(): HlsStats {
    return {
      segments: this.#made,
      keptSegments: this.#kept.length,
      keptBytes: this.#keptBytes,
      targetDuration: this.#segmenter.targetDuration,
      configErrors: this.#configErrors,
      lastConfigError: this.#lastConfigError,
      waiting: this.#waiting.size,
    };
  }

  #keep(segment: MediaSegment): void {
    const init = this.#initOf(segment.init);
    const kept: KeptSegment = {
      uri: `seg-${this.#run}-${this.#firstNumber + this.#made}.m4s`,
      durationMs: segment.durationMs,
      date: this.#programClock.dateOf(segment.startPts, segment.durationMs),
      isDiscontinuous: segment.isDiscontinuous,
      initUri: init.uri,
      init,
      bytes: segment.bytes,
      discontinuitiesBefore: this.#discontinuities,
    };
    this.#dateRanges?.add(
      {
        number: this.#firstNumber + this.#made,
        startPts: segment.startPts,
        durationMs: segment.durationMs,
        date: kept.date,
      },
      segment.stamps,
    );
    this.#made++;
    if (segment.isDiscontinuous) this.#discontinuities++;
    this.#kept.push(kept);
    this.#keptBytes += kept.bytes.length;
    if (!segment.isIndependent) this.#allIndependent = false;
    this.#forget();
    this.#playlist = null;
    this.#wake();
  }

  #initOf(segment: InitSegment): KeptInit {
    const last = this.#kept.at(-1)?.init;
    if (last?.segment === segment) return last;
    return { segment, uri: `init-${this.#run}-${this.#inits++}.mp4` };
  }

  #forget(): void {
    const { windowSegments, keptSegments, maxTotalBytes } = this.settings;
    while (
      this.#kept.length > windowSegments + keptSegments ||
      (this.#keptBytes > maxTotalBytes && this.#kept.length > 1)
    ) {
      this.#keptBytes -= this.#kept.shift()!.bytes.length;
    }
  }

  #write(): string {
    const segments = this.#kept.slice(-this.settings.windowSegments);
    const mediaSequence = this.#firstNumber + this.#made - segments.length;
    return writePlaylist({
      targetDuration: this.#segmenter.targetDuration ?? 1,
      mediaSequence,
      discontinuitySequence: segments[0]?.discontinuitiesBefore ?? 0,
      independentSegments: this.#allIndependent,
      ended: this.#ended,
      segments,
      dateRanges: this.#dateRanges?.lines(mediaSequence) ?? [],
    });
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const ready of waiting) ready();
  }
}
