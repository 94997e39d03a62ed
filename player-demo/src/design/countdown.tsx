import { useEffect, useRef } from 'preact/hooks';
import { secondsLeft } from '../shared/format.ts';
import { useNow } from './hooks.ts';

export interface CountdownProps {
  /** On the monotonic clock, milliseconds. */
  readonly closesAt: number;
  /** The whole window, milliseconds. */
  readonly durationMs: number;
  readonly label?: string;
}

/** The time that is left: a bar that shrinks, and whole seconds in words. */
export function Countdown({ closesAt, durationMs, label = 'left' }: CountdownProps) {
  const now = useNow(100);
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = bar.current;
    if (element === null) return;
    const left = Math.max(0, closesAt - performance.now());
    const from = durationMs > 0 ? Math.min(1, left / durationMs) : 0;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const frames = [{ transform: `scaleX(${from})` }, { transform: 'scaleX(0)' }];
    const animation = element.animate(frames, {
      duration: left,
      easing: still ? `steps(${Math.max(1, secondsLeft(left))}, end)` : 'linear',
      fill: 'both',
    });
    return () => animation.cancel();
  }, [closesAt, durationMs]);
  const seconds = secondsLeft(closesAt - now);
  return (
    <div class="countdown">
      <span class="countdown-text" role="timer">
        <strong>{seconds} s</strong> {label}
      </span>
      <div class="countdown-track">
        <div class="countdown-bar" ref={bar} />
      </div>
    </div>
  );
}
