import { Chip } from '../design/parts.tsx';
import {
  errorWords,
  GRADE_WORDS,
  type ServerClockGrade,
  type ServerClockReport,
  stepWords,
} from './server-clock.ts';
import type { VerdictKind } from './verdict.ts';
import { VerdictSign } from './verdict-sign.tsx';

const SIGN_OF: { readonly [grade in ServerClockGrade]: VerdictKind } = {
  good: 'healthy',
  fair: 'look',
  poor: 'trouble',
  unknown: 'unknown',
};

/** The server's own clock: one word, its bound, what to do. @param at the server's clock, Unix milliseconds */
export function ServerClockSection({
  clock,
  at,
}: {
  readonly clock: ServerClockReport;
  readonly at: number;
}) {
  const kind = SIGN_OF[clock.grade];
  const error = errorWords(clock);
  const step = stepWords(clock, at);
  return (
    <section class={`panel server-clock verdict-${kind}`} aria-labelledby="server-clock-title">
      <header class="panel-head">
        <h2 class="panel-title" id="server-clock-title">
          Server clock
        </h2>
        {step !== null && (
          <Chip tone="bad" icon="broken">
            Stepped
          </Chip>
        )}
      </header>
      <div class="server-clock-body">
        <p class="server-clock-grade">
          <VerdictSign kind={kind} size={26} />
          <strong>{GRADE_WORDS[clock.grade]}</strong>
        </p>
        <div>
          {error !== null && <p>{error.charAt(0).toUpperCase() + error.slice(1)}.</p>}
          <p class="soft">{clock.advice}</p>
          {step !== null && <p class="soft">{step}</p>}
        </div>
      </div>
    </section>
  );
}
