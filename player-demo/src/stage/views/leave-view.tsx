import { useEffect, useRef, useState } from 'preact/hooks';
import { useNow } from '../../design/hooks.ts';
import { Icon } from '../../design/icons.tsx';
import { formatClock, secondsLeft } from '../../shared/format.ts';
import type { Leave } from '../told.ts';
import { outcomeOf } from '../touch.ts';
import type { StageLine } from '../use-remote.ts';

const HOLD_MS = 1_500;
const SECOND_STEP_MS = 5_000;

/** The button that takes what the director gives leave for: a tap, or held down where it gives prizes. */
export function LeaveView({ line, leave }: { readonly line: StageLine; readonly leave: Leave }) {
  const now = useNow(100);
  const [heldSince, setHeldSince] = useState<number | null>(null);
  const [stepAt, setStepAt] = useState<number | null>(null);
  const hold = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const { touch, link, isShown } = line;
  const mine = touch.kind !== 'idle' && touch.leave === leave.id ? touch : null;
  const clock = line.now();
  const busy = mine !== null && mine.kind !== 'refused';
  const ready = isShown && link?.kind === 'live' && !busy;
  const stepped = stepAt !== null && now - stepAt < SECOND_STEP_MS;
  const letGo = (): void => {
    clearTimeout(hold.current);
    setHeldSince(null);
  };
  useEffect(() => letGo, [leave.id]);
  useEffect(() => {
    if (!ready) letGo();
  }, [ready]);

  const held = heldSince === null ? 0 : Math.min(1, (now - heldSince) / HOLD_MS);
  const label = leave.label ?? 'Start';
  const how = !isShown
    ? 'Touch counts on the shown screen alone'
    : link?.kind !== 'live'
      ? 'Connection lost: wait'
      : busy
        ? mine.kind === 'unknown'
          ? 'No answer yet: looking'
          : 'Sent'
        : heldSince !== null
          ? 'Keep holding'
          : leave.prize
            ? stepped
              ? 'Once more to confirm'
              : 'Press and hold'
            : 'Touch to start';

  return (
    <main class="stage-leave">
      <button
        type="button"
        class="leave-button"
        aria-disabled={!ready}
        onPointerDown={(event) => {
          line.wake();
          if (!ready || event.button > 0) return;
          if (!leave.prize) return;
          setHeldSince(performance.now());
          clearTimeout(hold.current);
          hold.current = setTimeout(() => {
            setHeldSince(null);
            line.send(leave.id);
          }, HOLD_MS);
        }}
        onPointerUp={letGo}
        onPointerLeave={letGo}
        onPointerCancel={letGo}
        onContextMenu={(event) => event.preventDefault()}
        onClick={(event) => {
          line.wake();
          if (!ready) return;
          if (!leave.prize) line.send(leave.id);
          // By key or assistive technology there is nothing to hold: two steps.
          else if (event.detail === 0) {
            if (stepped) line.send(leave.id);
            else setStepAt(performance.now());
          }
        }}
      >
        <span class="leave-fill" style={{ transform: `scaleX(${held})` }} />
        <span class="leave-label">{label}</span>
        <span class="leave-how">{how}</span>
      </button>
      <p class="leave-note" role="status">
        {mine?.kind === 'refused' ? (
          <span class="leave-refused">
            <Icon name="cross" size={28} /> Not taken: {mine.text}
          </span>
        ) : clock === null ? (
          'The director gives leave for one touch.'
        ) : (
          `The director gives leave for one touch, for ${secondsLeft(leave.until - clock.unixMs)} s.`
        )}
      </p>
    </main>
  );
}

const SHOWN_MS = 8_000;

/** What a touch on this stage came to; for a few seconds once that is settled. */
export function OutcomeCard({ line }: { readonly line: StageLine }) {
  const now = useNow(250);
  const { told, touch, screen } = line;
  const taken = told?.taken ?? null;
  const key = taken === null ? null : `${taken.leave} ${taken.state}`;
  // What was settled before this page was loaded is no news.
  const seen = useRef<{ key: string | null; at: number } | null>(null);
  if (seen.current === null && told !== null) seen.current = { key, at: Number.NEGATIVE_INFINITY };
  else if (seen.current !== null && seen.current.key !== key) seen.current = { key, at: now };

  if (touch.kind === 'refused' && told?.leave?.id !== touch.leave) {
    return (
      <div class="outcome outcome-bad" role="alert">
        <Icon name="cross" size={40} />
        <div>
          <p class="outcome-title">Not taken</p>
          <p>{touch.text}</p>
        </div>
      </div>
    );
  }
  if (taken === null || told?.leave != null) return null;
  const outcome = outcomeOf(taken, formatClock);
  const settled = outcome.tone !== 'wait';
  if (settled && now - (seen.current?.at ?? Number.NEGATIVE_INFINITY) > SHOWN_MS) return null;
  return (
    <div class={`outcome outcome-${outcome.tone}`} role="status">
      <Icon name={outcome.tone === 'good' ? 'check' : outcome.tone === 'bad' ? 'cross' : 'clock'} size={40} />
      <div>
        <p class="outcome-title">{outcome.title}</p>
        <p>
          {outcome.more}
          {taken.screen === screen ? '' : ' By another screen.'}
        </p>
      </div>
    </div>
  );
}
