import type { AacFramePacket, AvcFramePacket, MediaPacket } from './packet.ts';
import { type Microseconds, type Milliseconds, ms } from './time.ts';

/** Why an epoch began. `overlap`: a track fell behind what was already put out, by more than can be evened out. */
export type EpochReason = 'first-publish' | 'publish' | 'jump-back' | 'jump-forward' | 'overlap';

/** A packet on the output timeline; with `newEpoch`, everything from this packet on has another offset. */
export type PlacedPacket =
  | { readonly packet: MediaPacket; readonly newEpoch: true; readonly reason: EpochReason }
  | { readonly packet: MediaPacket; readonly newEpoch: false; readonly reason: null };

export interface OutputTimelineOptions {
  /** Where the first frame of all goes (its DTS). Not given: the first epoch keeps its own times. */
  readonly startAt?: Milliseconds;
  /** A frame that is this far ahead of its track, beyond the time that really passed, begins an epoch. */
  readonly maxForwardMs?: number;
  /** A frame that is this far behind the latest of its track begins an epoch; less than this is evened out. */
  readonly maxBackwardMs?: number;
}

export interface OutputTimelineCounts {
  readonly epochs: number;
  /** Frames moved a little so that their track does not go back. */
  readonly evenedOut: number;
  /** Frames of the timeline before a jump that came after it, and went where they belonged. */
  readonly stragglers: number;
}

const MAX_FORWARD_MS = 10_000;
const MAX_BACKWARD_MS = 100;
/** The least distance from what was put out last to the next epoch. */
const EPOCH_STEP_MS = 20;
/** How long after a jump, and how near to its old place, a frame of the other track counts as left behind. */
const STRAGGLER_MS = 1000;
/**
 * 12.4 days: an encoder that counts from its own start (or from slightly below zero, which reads as 49.7 days)
 * would meet the end of 32-bit time within the show. From here on even the first epoch is moved.
 */
const HIGH_TIME_MS = 2 ** 30;
/** Where such an epoch begins: the other track's first frame may be a little earlier, and zero is the floor. */
const MOVED_START_MS = 500;

type Frame = AvcFramePacket | AacFramePacket;

interface Track {
  /** Latest DTS from the publisher in this epoch; null before its first frame. */
  latestIn: number | null;
  arrivedUs: number;
  /** Latest DTS put out, in any epoch; -1 before the first frame: times never go below zero. */
  lastOut: number;
}

interface LeftBehind {
  readonly offset: number;
  readonly video: number | null;
  readonly audio: number | null;
  readonly sinceUs: number;
  readonly firstIn: number;
}

/** See `OutputTimeline.state`. */
export interface OutputTimelineState {
  readonly video: Readonly<Track>;
  readonly audio: Readonly<Track>;
  readonly offset: number;
  readonly settled: boolean;
  readonly publishBegins: boolean;
  readonly started: boolean;
  readonly lastOut: number;
  readonly lastPts: number;
  readonly lastArrivedUs: number;
  readonly leftBehind: LeftBehind | null;
}

/**
 * Moves a stream's publishes onto one timeline that never goes back (REFERENCES 2, "A timeline that jumps
 * back"). Within an epoch one offset holds for audio and video alike, so that lip sync is the publisher's own.
 * A new epoch starts at `max(last + 20, last + time that really passed)`, and never before a picture already put
 * out. Pure: the arrival time comes with each packet.
 *
 * Per track, DTS rises (video) or never falls (audio), and no time is negative. A composition offset is touched
 * only where a frame's DTS is evened out, so that its PTS stays.
 */
export class OutputTimeline {
  readonly #startAt: number | null;
  readonly #maxForwardMs: number;
  readonly #maxBackwardMs: number;
  readonly #video: Track = { latestIn: null, arrivedUs: 0, lastOut: -1 };
  readonly #audio: Track = { latestIn: null, arrivedUs: 0, lastOut: -1 };
  #offset = 0;
  /** False from the start of a publish to its first frame: configuration comes before the offset is known. */
  #settled = false;
  #publishBegins = true;
  #started = false;
  #lastOut = -1;
  #lastPts = -1;
  #lastArrivedUs = 0;
  #leftBehind: LeftBehind | null = null;
  #epochs = 0;
  #evenedOut = 0;
  #stragglers = 0;

  constructor(options: OutputTimelineOptions = {}) {
    this.#startAt = options.startAt ?? null;
    this.#maxForwardMs = options.maxForwardMs ?? MAX_FORWARD_MS;
    this.#maxBackwardMs = options.maxBackwardMs ?? MAX_BACKWARD_MS;
  }

  /** Output time less publisher's time in this epoch, in milliseconds. */
  get offset(): Milliseconds {
    return ms(this.#offset);
  }

  get counts(): OutputTimelineCounts {
    return { epochs: this.#epochs, evenedOut: this.#evenedOut, stragglers: this.#stragglers };
  }

  /** All that decides where packets go; `resume` on another one goes on from there. Plain data. */
  get state(): OutputTimelineState {
    return {
      video: { ...this.#video },
      audio: { ...this.#audio },
      offset: this.#offset,
      settled: this.#settled,
      publishBegins: this.#publishBegins,
      started: this.#started,
      lastOut: this.#lastOut,
      lastPts: this.#lastPts,
      lastArrivedUs: this.#lastArrivedUs,
      leftBehind: this.#leftBehind,
    };
  }

  resume(state: OutputTimelineState): void {
    Object.assign(this.#video, state.video);
    Object.assign(this.#audio, state.audio);
    this.#offset = state.offset;
    this.#settled = state.settled;
    this.#publishBegins = state.publishBegins;
    this.#started = state.started;
    this.#lastOut = state.lastOut;
    this.#lastPts = state.lastPts;
    this.#lastArrivedUs = state.lastArrivedUs;
    this.#leftBehind = state.leftBehind;
  }

  /** The next packet is the first of another publish. Needed between publishes, harmless before the first. */
  beginPublish(): void {
    this.#publishBegins = true;
  }

  /** @param arrivedUs when the packet arrived, on the monotonic clock. */
  push(packet: MediaPacket, arrivedUs: Microseconds): PlacedPacket {
    let reason: EpochReason | null = null;
    if (this.#publishBegins) {
      reason = this.#started ? 'publish' : 'first-publish';
      this.#begin();
      this.#leftBehind = null;
      this.#publishBegins = false;
    }
    const isFrame = packet.kind === 'avc-frame' || packet.kind === 'aac-frame';
    if (!isFrame) return placed(this.#placeBeside(packet, arrivedUs), reason);
    const jump = this.#settled ? this.#jumpOf(packet, arrivedUs) : null;
    if (jump === 'straggler') return placed(this.#placeStraggler(packet, arrivedUs), reason);
    if (jump !== null) {
      this.#leftBehind = jump === 'overlap' ? null : this.#whatIsLeft(packet.dts, arrivedUs);
      this.#begin();
      reason = jump;
    }
    if (!this.#settled) this.#settle(packet, arrivedUs);
    return placed(this.#place(packet, this.#offset, arrivedUs), reason);
  }

  #begin(): void {
    this.#epochs++;
    this.#settled = false;
    this.#video.latestIn = null;
    this.#audio.latestIn = null;
  }

  #settle(first: Frame, arrivedUs: number): void {
    const earliest = Math.min(first.dts, ptsOf(first));
    if (this.#started) this.#offset = this.#nextStart(arrivedUs) - first.dts;
    else if (this.#startAt !== null) this.#offset = this.#startAt - first.dts;
    else this.#offset = earliest < 0 || first.dts >= HIGH_TIME_MS ? MOVED_START_MS - earliest : 0;
    this.#settled = true;
    this.#started = true;
  }

  #nextStart(arrivedUs: number): number {
    const passedMs = Math.round((arrivedUs - this.#lastArrivedUs) / 1000);
    return Math.max(this.#lastOut + Math.max(EPOCH_STEP_MS, passedMs), this.#lastPts + EPOCH_STEP_MS);
  }

  #jumpOf(frame: Frame, arrivedUs: number): EpochReason | 'straggler' | null {
    const track = this.#trackOf(frame);
    if (track.latestIn !== null) {
      const step = frame.dts - track.latestIn;
      if (step < -this.#maxBackwardMs) return 'jump-back';
      return step - (arrivedUs - track.arrivedUs) / 1000 > this.#maxForwardMs ? 'jump-forward' : null;
    }
    if (this.#isStraggler(frame, arrivedUs)) return 'straggler';
    // Placed before what its track has put out already: a little is evened out, more needs another offset.
    return frame.dts + this.#offset < track.lastOut - this.#maxBackwardMs ? 'overlap' : null;
  }

  #whatIsLeft(firstIn: number, sinceUs: number): LeftBehind {
    return {
      offset: this.#offset,
      video: this.#video.latestIn,
      audio: this.#audio.latestIn,
      sinceUs,
      firstIn,
    };
  }

  /** A frame that goes on where its track was before the jump, while the other track has jumped already. */
  #isStraggler(frame: Frame, arrivedUs: number): boolean {
    const old = this.#leftBehind;
    if (old === null || arrivedUs - old.sinceUs > STRAGGLER_MS * 1000) return false;
    const oldIn = frame.kind === 'avc-frame' ? old.video : old.audio;
    if (oldIn === null || Math.abs(frame.dts - oldIn) > STRAGGLER_MS) return false;
    return Math.abs(frame.dts - old.firstIn) > Math.abs(frame.dts - oldIn);
  }

  #placeStraggler(frame: Frame, arrivedUs: Microseconds): MediaPacket {
    this.#stragglers++;
    const packet = this.#place(frame, this.#leftBehind!.offset, arrivedUs);
    this.#trackOf(frame).latestIn = null;
    return packet;
  }

  #place(frame: Frame, offset: number, arrivedUs: number): MediaPacket {
    const track = this.#trackOf(frame);
    const isVideo = frame.kind === 'avc-frame';
    const wanted = frame.dts + offset;
    const dts = Math.max(wanted, isVideo ? track.lastOut + 1 : Math.max(0, track.lastOut));
    if (dts !== wanted) this.#evenedOut++;
    track.latestIn = Math.max(frame.dts, track.latestIn ?? frame.dts);
    track.arrivedUs = arrivedUs;
    track.lastOut = dts;
    this.#lastArrivedUs = arrivedUs;
    this.#lastOut = Math.max(this.#lastOut, dts);
    if (!isVideo) return dts === frame.dts ? frame : { ...frame, dts: ms(dts) };
    const pts = Math.max(0, wanted + frame.compositionOffset);
    this.#lastPts = Math.max(this.#lastPts, pts);
    if (dts === frame.dts && pts === ptsOf(frame)) return frame;
    return { ...frame, dts: ms(dts), compositionOffset: ms(pts - dts) };
  }

  /**
   * Configuration and script data: no times of their own that anybody plays. Those near to where the stream is
   * keep their place; those that many encoders send with a time of 0 take the stream's.
   */
  #placeBeside(packet: MediaPacket, arrivedUs: number): MediaPacket {
    let dts: number;
    if (this.#settled) {
      dts = packet.dts + this.#offset;
      if (Math.abs(dts - this.#lastOut) > this.#maxForwardMs) dts = this.#lastOut;
    } else if (this.#started) dts = this.#nextStart(arrivedUs);
    else if (this.#startAt !== null) dts = this.#startAt;
    else dts = packet.dts < HIGH_TIME_MS ? packet.dts : MOVED_START_MS;
    dts = Math.max(0, dts);
    return dts === packet.dts ? packet : { ...packet, dts: ms(dts) };
  }

  #trackOf(frame: Frame): Track {
    return frame.kind === 'avc-frame' ? this.#video : this.#audio;
  }
}

const ptsOf = (frame: Frame): number =>
  frame.kind === 'avc-frame' ? frame.dts + frame.compositionOffset : frame.dts;

const placed = (packet: MediaPacket, reason: EpochReason | null): PlacedPacket =>
  reason === null ? { packet, newEpoch: false, reason } : { packet, newEpoch: true, reason };
