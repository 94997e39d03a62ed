import { useNow } from '../design/hooks.ts';
import { secondsLeft } from '../shared/format.ts';

const RADIUS = 44;
const AROUND = 2 * Math.PI * RADIUS;

/** Seconds in a ring that runs out. Moments are on the monotonic clock. */
export function StageClock({ closesAt, openedAt }: { readonly closesAt: number; readonly openedAt: number }) {
  const now = useNow(100);
  const whole = Math.max(1, closesAt - openedAt);
  const left = Math.min(1, Math.max(0, (closesAt - now) / whole));
  const seconds = secondsLeft(closesAt - now);
  return (
    <div class="stage-clock" role="timer" aria-label={`${seconds} seconds left`}>
      <svg viewBox="0 0 100 100" aria-hidden="true">
        <circle class="stage-clock-track" cx="50" cy="50" r={RADIUS} />
        <circle
          class="stage-clock-left"
          cx="50"
          cy="50"
          r={RADIUS}
          stroke-dasharray={AROUND}
          stroke-dashoffset={AROUND * (1 - left)}
        />
      </svg>
      <span class="stage-clock-figure">{seconds}</span>
    </div>
  );
}
