import { useMemo } from 'preact/hooks';
import { formatSpan } from '../shared/format.ts';
import { CLOCK_WORDS, clockFigures, saysNothing, timingWords } from './clock.ts';
import { Figure } from './figures.tsx';
import type { Sample } from './history.ts';
import type { ClockReport, Problem } from './report.ts';
import { Sparkline } from './sparkline.tsx';

export interface ClockSectionProps {
  readonly clock: ClockReport;
  readonly problems: readonly Problem[];
  readonly samples: readonly Sample[];
}

/** The encoder's clock: its health in one word, how far behind capture the server is, drift, lost frames. */
export function ClockSection({ clock, problems, samples }: ClockSectionProps) {
  const delays = useMemo(() => samples.map(({ at, delayMs }) => ({ at, value: delayMs })), [samples]);
  if (saysNothing(clock)) return <AbsentClock />;
  const { state, delay, drift, lost } = clockFigures(clock, problems);
  return (
    <section class="figures clock" aria-label="Encoder clock">
      <Figure name="Encoder clock" headline={state}>
        <p class="figure-note clock-timing">{timingWords(clock)}</p>
      </Figure>
      <Figure name="Capture to arrival" headline={delay}>
        <Sparkline points={delays} label="Capture to arrival" format={formatSpan} />
      </Figure>
      <Figure name="Clock drift" headline={drift} />
      <Figure name="Frames lost" headline={lost} />
    </section>
  );
}

function AbsentClock() {
  return (
    <section class="clock-absent" aria-label="Encoder clock">
      <div>
        <h3 class="figure-name">Encoder clock</h3>
        <p class="figure-value">{CLOCK_WORDS.absent}</p>
      </div>
      <p class="soft">
        The encoder does not say when pictures were taken, so a cue at a wall-clock moment goes by their
        arrival here. That is fine for cues that are marked by hand. OBS 31 and newer sends capture times and
        dropped frames where its stream uses Multitrack Video (enhanced broadcasting); custom RTMP alone sends
        none. Hardware encoders: switch on MISB ST 0604 time stamps.
      </p>
    </section>
  );
}
