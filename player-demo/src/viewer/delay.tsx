import { useEffect, useState } from 'preact/hooks';
import { formatSpan } from '../shared/format.ts';

/** How far this picture is behind the injector. */
export function Delay({ read, running }: { readonly read: () => number | null; readonly running: boolean }) {
  const [delay, setDelay] = useState<number | null>(null);
  useEffect(() => {
    if (!running) return setDelay(null);
    const timer = setInterval(() => setDelay(read()), 500);
    return () => clearInterval(timer);
  }, [running]);
  return (
    <span class="delay">
      {delay === null ? (
        <span class="faint">delay not known</span>
      ) : (
        <>
          <strong>{formatSpan(delay)}</strong> <span class="faint">behind</span>
        </>
      )}
    </span>
  );
}
