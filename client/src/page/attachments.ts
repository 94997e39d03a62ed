import type { CueScheduler } from '../scheduler/scheduler.ts';
import { PlayerTimeline } from '../scheduler/timeline.ts';
import type { CuePath, FramecueMode, FramecueStatus, StreamTime } from '../types.ts';
import { DISPLAY_AHEAD_MS, watchFrames } from './frames.ts';

interface Attachment {
  readonly video: HTMLVideoElement;
  readonly timeline: PlayerTimeline;
  readonly poll: () => void;
  readonly detach: () => void;
}

export interface AttachmentsOptions {
  readonly scheduler: CueScheduler;
  readonly nowMs: () => number;
  /** A picture has been shown, and the scheduler has been told. */
  readonly onShown: () => void;
  /** A player has come or gone. */
  readonly onChange: () => void;
}

export interface Player {
  readonly video: HTMLVideoElement;
  readonly path: () => Exclude<CuePath, 'events'>;
  /** Begins to read its SEI; returns what stops it. */
  readonly read: (timeline: PlayerTimeline, gone: () => void) => () => void;
}

/** The players of a page, newest last. */
export class Attachments {
  readonly #options: AttachmentsOptions;
  readonly #attachments: Attachment[] = [];
  /** Of players that are gone. */
  #framesBefore = 0;
  #stampsBefore = 0;

  constructor(options: AttachmentsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#attachments.length;
  }

  get framesSeen(): number {
    return this.#attachments.reduce((sum, a) => sum + a.timeline.framesSeen, this.#framesBefore);
  }

  get stampsSeen(): number {
    return this.#attachments.reduce((sum, a) => sum + a.timeline.stampsSeen, this.#stampsBefore);
  }

  /** The newest one counts: a page that attaches another player means to use it. */
  get current(): PlayerTimeline | null {
    return this.#attachments.at(-1)?.timeline ?? null;
  }

  /** Returns what detaches it. */
  attach({ video, path, read }: Player): () => void {
    const { scheduler, nowMs, onShown, onChange } = this.#options;
    // A new player in the same element takes the old one's place.
    for (const { detach } of this.#attachments.filter((a) => a.video === video)) detach();
    const timeline = new PlayerTimeline(nowMs(), path);
    // First of all: a player that is none throws here, and nothing has been set up yet.
    const stopReading = read(timeline, () => detach());
    scheduler.addTimeline(timeline);
    const watch = watchFrames(video, timeline, nowMs, () => {
      scheduler.pictureShown();
      onShown();
    });
    const detach = () => {
      const at = this.#attachments.indexOf(attachment);
      if (at < 0) return;
      this.#attachments.splice(at, 1);
      this.#framesBefore += timeline.framesSeen;
      this.#stampsBefore += timeline.stampsSeen;
      stopReading();
      watch.stop();
      scheduler.removeTimeline(timeline);
      onChange();
    };
    const attachment: Attachment = { video, timeline, poll: watch.poll, detach };
    this.#attachments.push(attachment);
    onChange();
    return detach;
  }

  detachAll(): void {
    for (const { detach } of [...this.#attachments]) detach();
  }

  /** Where no frames are presented, the playback positions are read. */
  poll(): void {
    for (const { poll } of [...this.#attachments]) poll();
  }

  get status(): FramecueStatus {
    const timeline = this.current;
    if (timeline === null) return { mode: 'no-frames', path: null };
    return { mode: modeOf(timeline, this.#options.nowMs()), path: timeline.path() };
  }

  streamTime(): StreamTime | null {
    for (const { timeline } of this.#attachments.toReversed()) {
      const { shown } = timeline;
      const stream = shown === null ? null : timeline.toStream(shown.ptsMs);
      if (stream !== null) return { pts: stream.ptsMs, epoch: stream.epoch, presentedAt: shown!.atMs };
    }
    return null;
  }

  /** The PTS, on the stream's timeline, that was on screen at a moment just past. */
  streamPtsAt(atMs: number): number | null {
    const now = this.streamTime();
    if (now === null) return null;
    const sinceMs = now.presentedAt - atMs;
    // A frame's callback comes before its frame is on screen: whoever acts in it acts on that frame.
    return sinceMs <= DISPLAY_AHEAD_MS ? now.pts : Math.round(now.pts - sinceMs * (this.current?.rate ?? 1));
  }
}

function modeOf(timeline: PlayerTimeline, nowMs: number): FramecueMode {
  const state = timeline.state(nowMs);
  switch (state) {
    case 'running':
      return timeline.stampsRunning(nowMs) ? 'frames' : 'no-stamps';
    case 'stopped':
      return 'no-frames';
    default:
      return state;
  }
}
