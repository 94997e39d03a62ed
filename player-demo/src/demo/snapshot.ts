/** A picture of a player, small. */
export interface Snapshot {
  readonly canvas: HTMLCanvasElement;
  /** On the player's timeline, milliseconds; null where the browser does not tell. */
  readonly mediaMs: number | null;
}

/** For 160 pixels on a screen with two dots a pixel. */
const WIDTH = 320;

/**
 * What the player shows now; null while it shows nothing. On a busy machine that is now and then one picture
 * further than the one that was told of: hence the time of what was taken.
 */
export function snapshotOf(video: HTMLVideoElement): Snapshot | null {
  const { videoWidth, videoHeight, readyState } = video;
  if (videoWidth === 0 || readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = Math.round((WIDTH * videoHeight) / videoWidth);
  const frame = frameOf(video);
  canvas.getContext('2d')?.drawImage(frame ?? video, 0, 0, canvas.width, canvas.height);
  frame?.close();
  return { canvas, mediaMs: frame === null ? null : frame.timestamp / 1000 };
}

function frameOf(video: HTMLVideoElement): VideoFrame | null {
  // Only in secure contexts.
  if (typeof VideoFrame === 'undefined') return null;
  try {
    return new VideoFrame(video);
  } catch {
    // The decoder let go of it in this very moment: the element still shows it.
    return null;
  }
}

/** Two times of one picture: players round differently. */
const SAME_PICTURE_MS = 2;

/** How much later the snapshot is than the picture that was told of; 0 where they are the same, as far as known. */
export function laterMs({ mediaMs }: Snapshot, shownMs: number | null): number {
  if (mediaMs === null || shownMs === null) return 0;
  const off = mediaMs - shownMs;
  return Math.abs(off) <= SAME_PICTURE_MS ? 0 : off;
}
