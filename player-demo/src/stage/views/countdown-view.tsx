import { useNow } from '../../design/hooks.ts';
import { countdownFace } from '../countdown.ts';
import type { StageLine } from '../use-remote.ts';

/** How long until the frame, as large as the screen allows. */
export function CountdownView({ line, behindMs }: { readonly line: StageLine; readonly behindMs: number }) {
  useNow(100);
  const known = line.now();
  const { told, link } = line;
  if (link === null) {
    return (
      <main class="stage-rest">
        <p class="stage-rest-title">No countdown on this screen</p>
        <p class="stage-rest-more">It needs a ticket from the director.</p>
      </main>
    );
  }
  const face = countdownFace({
    ...{ next: told?.next ?? null, now: known?.unixMs ?? null, errorMs: known?.errorMs ?? null },
    ...{ isLive: link.kind === 'live', behindMs },
  });
  return (
    <main class="stage-count">
      {told?.text && <p class="stage-count-text">{told.text}</p>}
      {face.kind === 'figure' && (
        <>
          <p class={`stage-count-figure ${face.figure.length > 2 ? 'stage-count-long' : ''}`}>
            {face.figure}
          </p>
          <p class="stage-count-unit">{face.unit}</p>
        </>
      )}
      {face.kind === 'now' && <p class="stage-count-figure stage-count-now">Now</p>}
      {face.kind === 'words' && <h1 class="stage-count-title">{face.title}</h1>}
      <p class="stage-count-more">{face.more}</p>
    </main>
  );
}
