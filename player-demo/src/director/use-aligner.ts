import { useEffect, useRef, useState } from 'preact/hooks';
import { type FrameRing, type KeptFrame, keepFrames } from './frame-ring.ts';
import type { Show } from './use-show.ts';

/** A press that waits to be told which picture it meant. */
export interface MarkedPress {
  readonly nth: number;
  readonly pressedPts: number;
  readonly frames: readonly KeptFrame[];
}

export interface AlignerState {
  readonly marked: MarkedPress | null;
  readonly mark: (mediaTime: number | null) => void;
  /** Of that press alone: a dialog tells of its end later than it is gone, and the next press may have come. */
  readonly close: (of: MarkedPress) => void;
}

/** The first press begins to keep pictures, each one after it marks a moment. */
export function useAligner(show: Show): AlignerState {
  const ring = useRef<FrameRing | null>(null);
  const presses = useRef(0);
  const [marked, setMarked] = useState<AlignerState['marked']>(null);
  useEffect(() => () => ring.current?.stop(), []);
  return {
    marked,
    close: (of) => setMarked((now) => (now === of ? null : now)),
    mark(mediaTime) {
      const video = show.preview.video.current;
      if (video === null) return;
      if (ring.current === null) {
        ring.current = keepFrames(video, show.sample);
        show.runner?.hint(
          'Aligner: watch the picture, and press B at the moment that you see. Do it a few times.',
        );
        return;
      }
      const frames = mediaTime === null ? [] : ring.current.until(mediaTime);
      if (mediaTime === null || frames.length === 0)
        show.runner?.hint('Aligner: there is no picture to mark.');
      else setMarked({ nth: ++presses.current, pressedPts: mediaTime, frames: frames.map(copyOf) });
    },
  };
}

/** The ring goes on drawing into its own pictures. */
function copyOf({ pts, picture }: KeptFrame): KeptFrame {
  const copy = document.createElement('canvas');
  copy.width = picture.width;
  copy.height = picture.height;
  copy.getContext('2d')?.drawImage(picture, 0, 0);
  return { pts, picture: copy };
}
