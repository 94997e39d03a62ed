/** One picture that was on screen lately, small. */
export interface KeptFrame {
  readonly pts: number;
  readonly picture: HTMLCanvasElement;
}

export interface FrameRing {
  /** Oldest first, up to the picture on screen at `pts`. */
  readonly until: (pts: number) => readonly KeptFrame[];
  readonly stop: () => void;
}

const KEPT = 48;
const WIDTH = 240;
const HEIGHT = 135;

/** Keeps the last second or so of pictures with their PTS, so that a person can say which one they meant. */
export function keepFrames(video: HTMLVideoElement, ptsNow: () => number | null): FrameRing {
  const frames: KeptFrame[] = [];
  let handle = 0;
  let running = true;
  const take = (): void => {
    if (!running) return;
    handle = video.requestVideoFrameCallback(take);
    const pts = ptsNow();
    if (pts === null || pts === frames.at(-1)?.pts) return;
    // The oldest canvas is drawn over: the ring allocates nothing once it is full.
    const picture = frames.length < KEPT ? document.createElement('canvas') : frames.shift()!.picture;
    picture.width = WIDTH;
    picture.height = HEIGHT;
    picture.getContext('2d')?.drawImage(video, 0, 0, WIDTH, HEIGHT);
    frames.push({ pts, picture });
  };
  take();
  return {
    until: (pts) => frames.filter((frame) => frame.pts <= pts),
    stop() {
      running = false;
      video.cancelVideoFrameCallback(handle);
    },
  };
}
