import { type PlayerTimeline, STALLED_MS } from '../scheduler/timeline.ts';

/** A frame ahead of the playback position by more than this belongs to what was played before. */
const AHEAD_MS = 500;
/** `expectedDisplayTime` lies a refresh or two ahead; further is a clock gone wrong. */
export const DISPLAY_AHEAD_MS = 50;
/** Without a presented frame for this long, the position counts: at once in a hidden tab, where frames stop... */
const FRAMELESS_HIDDEN_MS = 250;
/** ...but while the page is seen, frames are late rather than absent. */
const FRAMELESS_MS = STALLED_MS;

export interface FrameWatch {
  /** Reads the playback position where no frames are presented; call it a few times a second. */
  poll(): void;
  stop(): void;
}

/**
 * Tells a timeline what its video shows: by `requestVideoFrameCallback`; by the playback position in a hidden tab;
 * and by the position at each repaint where a browser has no such callback.
 * @param onShown after each change of the picture
 */
export function watchFrames(
  video: HTMLVideoElement,
  timeline: PlayerTimeline,
  nowMs: () => number,
  onShown: () => void,
): FrameWatch {
  const page = video.ownerDocument;
  const hasFrames = typeof video.requestVideoFrameCallback === 'function';
  let handle: number;
  /** When a frame came last, or was to be expected anew. */
  let framesSinceMs = nowMs();
  let loading = false;

  const onFrame = (now: number, frame: VideoFrameCallbackMetadata): void => {
    handle = video.requestVideoFrameCallback(onFrame);
    const ptsMs = frame.mediaTime * 1000;
    if (loading || ptsMs > video.currentTime * 1000 + AHEAD_MS) return;
    framesSinceMs = now;
    timeline.paused = video.paused;
    const atMs = Math.min(frame.expectedDisplayTime, now + DISPLAY_AHEAD_MS);
    timeline.presented(ptsMs, atMs, frame.presentedFrames);
    onShown();
  };
  const expectFrames = () => {
    framesSinceMs = nowMs();
  };
  const readRate = () => {
    timeline.rate = video.playbackRate > 0 ? video.playbackRate : 1;
  };
  const listeners: readonly [EventTarget, string, () => void][] = [
    [
      video,
      // The media element's load algorithm: another source, another time.
      'emptied',
      () => {
        loading = true;
        timeline.reset(nowMs());
        expectFrames();
      },
    ],
    [
      video,
      'loadedmetadata',
      () => {
        loading = false;
        expectFrames();
      },
    ],
    [
      video,
      'pause',
      () => {
        timeline.paused = true;
      },
    ],
    [
      video,
      'play',
      () => {
        timeline.resumed(nowMs());
        expectFrames();
      },
    ],
    [video, 'seeked', expectFrames],
    [video, 'ratechange', readRate],
    [page, 'visibilitychange', expectFrames],
  ];
  for (const [target, name, listener] of listeners) target.addEventListener(name, listener);
  timeline.paused = video.paused;
  readRate();

  const poll = (): void => {
    timeline.hidden = page.visibilityState === 'hidden';
    if (loading || video.paused || video.seeking || video.readyState < HAVE_CURRENT_DATA) return;
    if (hasFrames && nowMs() - framesSinceMs < (timeline.hidden ? FRAMELESS_HIDDEN_MS : FRAMELESS_MS)) return;
    const ptsMs = video.currentTime * 1000;
    if (timeline.shown?.ptsMs === ptsMs) return;
    timeline.paused = false;
    timeline.positioned(ptsMs, nowMs());
    onShown();
  };
  /** The picture for the position is on screen, or comes with this repaint. */
  const onRepaint = (): void => {
    handle = requestAnimationFrame(onRepaint);
    poll();
  };
  handle = hasFrames ? video.requestVideoFrameCallback(onFrame) : requestAnimationFrame(onRepaint);

  return {
    poll,
    stop() {
      for (const [target, name, listener] of listeners) target.removeEventListener(name, listener);
      if (hasFrames) video.cancelVideoFrameCallback(handle);
      else cancelAnimationFrame(handle);
    },
  };
}

/** `HTMLMediaElement.HAVE_CURRENT_DATA`: there is a picture for the position. */
const HAVE_CURRENT_DATA = 2;
