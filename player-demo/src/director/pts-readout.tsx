import { useEffect, useRef } from 'preact/hooks';
import type { StreamTime } from '../../../client/src/index.ts';
import { formatCount, formatMediaTime } from '../shared/format.ts';

/** The PTS of the picture on screen, written straight into the page with each picture. */
export function PtsReadout({ read }: { readonly read: () => StreamTime | null }) {
  const clock = useRef<HTMLSpanElement>(null);
  const pts = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    let frame = 0;
    let last: number | null | undefined;
    const write = (): void => {
      frame = requestAnimationFrame(write);
      const now = read()?.pts ?? null;
      if (now === last || clock.current === null || pts.current === null) return;
      last = now;
      clock.current.textContent = now === null ? '--:--.---' : formatMediaTime(now);
      pts.current.textContent = now === null ? 'not known' : formatCount(now);
    };
    write();
    return () => cancelAnimationFrame(frame);
  }, [read]);
  return (
    <div class="pts">
      <span class="pts-clock" ref={clock} />
      <span class="pts-exact">
        PTS <span ref={pts} />
      </span>
    </div>
  );
}
