import { useEffect, useRef } from 'preact/hooks';
import type { PlayPath } from '../players/player.ts';
import { formatSpan } from '../shared/format.ts';
import { PLAYERS, verdictOf } from '../viewer/words.ts';
import type { Lane } from './opening.ts';
import { laterMs } from './snapshot.ts';

/** The picture that a player showed when it opened. */
export function Shot({ path, lane }: { readonly path: PlayPath; readonly lane: Lane }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { name } = PLAYERS[path];
  const opened = lane.kind === 'opened' ? lane : null;
  const snapshot = opened?.snapshot ?? null;
  const later = opened === null || snapshot === null ? 0 : laterMs(snapshot, opened.cue.playerShownPts);
  const exact = opened !== null && later === 0 && verdictOf(opened.cue) === 'exact';
  useEffect(() => {
    const target = canvas.current;
    if (target === null || snapshot === null) return;
    target.width = snapshot.canvas.width;
    target.height = snapshot.canvas.height;
    target.getContext('2d')?.drawImage(snapshot.canvas, 0, 0);
  }, [snapshot]);
  return (
    <li class="shot">
      {snapshot === null ? (
        <span class="shot-none" aria-hidden="true" />
      ) : (
        <canvas
          class={exact ? 'shot-picture shot-exact' : 'shot-picture'}
          ref={canvas}
          role="img"
          aria-label={`Picture in ${name}`}
        />
      )}
      <span class="shot-name">{later === 0 ? name : `${name}, taken ${formatSpan(later)} later`}</span>
    </li>
  );
}
