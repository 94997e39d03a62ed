import { useEffect, useRef } from 'preact/hooks';
import { useLatest } from '../design/hooks.ts';
import { type DemoConfig, streamPath } from '../shared/config.ts';
import { useScreenAwake } from '../stage/use-screen-awake.ts';
import { drawScreen } from './draw.ts';
import { contentOf } from './state.ts';
import { useSlate } from './use-slate.ts';
import './slate.css';

/** The clock slate over the whole screen: a page of its own, and a mode of the stage screen. */
export function SlateScreen({ config }: { readonly config: DemoConfig }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { now, words } = useSlate(config);
  const latestWords = useLatest(words);
  const stream = streamPath(config);
  useScreenAwake();

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d', { alpha: false, desynchronized: false });
    if (!element || !context) return;
    let frame = 0;
    const draw = (): void => {
      frame = requestAnimationFrame(draw);
      const width = Math.round(element.clientWidth * devicePixelRatio);
      const height = Math.round(element.clientHeight * devicePixelRatio);
      if (element.width !== width || element.height !== height) {
        element.width = width;
        element.height = height;
      }
      const content = contentOf(now(), Date.now());
      const slate = content.valid ? `slate ${content.session}` : 'not valid';
      drawScreen(context, content, latestWords.current, `${stream} · ${slate} · UTC`);
    };
    frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [now, latestWords, stream]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'f' || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      toggleFullScreen();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  return (
    <main class="slate">
      <canvas
        ref={canvas}
        class="slate-canvas"
        role="img"
        aria-label="Clock slate: the server's time as a code"
      >
        The server's time as a code.
      </canvas>
      <p class="slate-status" role="status">
        {words.title}. {words.more}
      </p>
      <button type="button" class="slate-full" onClick={toggleFullScreen}>
        Full screen <kbd>F</kbd>
      </button>
    </main>
  );
}

function toggleFullScreen(): void {
  // Refused where the browser does not allow it: the page is as good without.
  const done =
    document.fullscreenElement === null
      ? document.documentElement.requestFullscreen()
      : document.exitFullscreen();
  done.catch(() => undefined);
}
