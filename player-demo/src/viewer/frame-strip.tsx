import type { FiredCue } from '../../../client/src/index.ts';
import { verdictOf } from './words.ts';

const BEFORE = 2;
const CELLS = 10;
const CELL = 14;
const GAP = 3;
/** Later than this, a strip of frames shows nothing. */
const MOST_LATE_MS = 1000;

/**
 * Frames in a row as on a strip of film: the marked one is filled, the one on screen at the opening has the
 * frame around it. Both are one and the same when the cue opened exactly. The words beside it say the same.
 */
export function FrameStrip({ cue }: { readonly cue: FiredCue }) {
  if (verdictOf(cue) === 'no-frame' || cue.frames === null || cue.lateMs > MOST_LATE_MS) return null;
  const last = CELLS - 1 - BEFORE;
  const shown = BEFORE + Math.min(Math.max(cue.frames, 0), last);
  const beyond = cue.frames > last;
  const width = CELLS * (CELL + GAP) - GAP;
  return (
    <svg
      class="strip"
      viewBox={`-2 -2 ${width + 4} 24`}
      preserveAspectRatio="xMaxYMid meet"
      aria-hidden="true"
    >
      {Array.from({ length: CELLS }, (_, index) => (
        <rect
          key={index}
          class={index === BEFORE ? 'strip-marked' : 'strip-frame'}
          x={index * (CELL + GAP)}
          y={2}
          width={CELL}
          height={16}
          rx={3}
        />
      ))}
      <rect class="strip-shown" x={shown * (CELL + GAP) - 2} y={0} width={CELL + 4} height={20} rx={5} />
      {beyond && (
        <path
          class="strip-break"
          d={`M${(shown - 1) * (CELL + GAP) + 1} 20l4-20M${(shown - 1) * (CELL + GAP) + 8} 20l4-20`}
        />
      )}
    </svg>
  );
}
