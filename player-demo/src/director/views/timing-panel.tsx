import type { IconName } from '../../design/icons.tsx';
import { Chip, Fact, type Tone } from '../../design/parts.tsx';
import { formatSigned, formatSpan } from '../../shared/format.ts';
import type { DirectorApi } from '../api.ts';
import { HealthStrip } from '../health-strip.tsx';
import type { ClockHealth, Grade } from '../model/health.ts';
import type { Feed } from '../use-feeds.ts';
import type { Show } from '../use-show.ts';
import type { ShowApi } from '../wire/show-api.ts';
import { AlignerTable } from './aligner-table.tsx';
import { LatencyBox } from './latency-box.tsx';

const GRADES: {
  readonly [grade in Grade]: { readonly tone: Tone; readonly icon: IconName; readonly word: string };
} = {
  good: { tone: 'good', icon: 'check', word: 'Good' },
  fair: { tone: 'plain', icon: 'ring', word: 'Fair' },
  poor: { tone: 'bad', icon: 'warning', word: 'Poor' },
  unknown: { tone: 'plain', icon: 'warning', word: 'Not known' },
};

export interface TimingPanelProps {
  readonly show: Show;
  readonly api: ShowApi;
  readonly director: DirectorApi;
  readonly onAlign: () => void;
}

/** Whether the times can be trusted: publisher, clocks, production latency, press delay. */
export function TimingPanel({ show, api, director, onAlign }: TimingPanelProps) {
  const { stream, clocks, preview } = show;
  const playing = preview.link.kind === 'playing';
  return (
    <div class="timing">
      <section class="timing-box timing-publisher" aria-label="Publisher">
        <h3 class="panel-title">Publisher</h3>
        <HealthStrip
          health={stream.value?.health ?? null}
          failure={stream.failure}
          switchOn={() => director.setStamping(true)}
          delayMs={playing ? (preview.session()?.delayMs() ?? null) : null}
        />
      </section>
      <section class="timing-box" aria-label="Clocks">
        <h3 class="panel-title">Clocks</h3>
        <Clock name="Media" feed={clocks.media} />
        <Clock name="Events" feed={clocks.events} />
      </section>
      <LatencyBox feed={show.latency} api={api} />
      <AlignerTable show={show} api={api} onAlign={onAlign} />
    </div>
  );
}

function Clock({ name, feed }: { readonly name: string; readonly feed: Feed<ClockHealth> }) {
  const { value } = feed;
  if (value === null) {
    return (
      <p class="clock-line">
        <strong>{name}</strong>{' '}
        <span class="faint">{feed.failure === null ? 'asking' : 'not told by this server'}</span>
      </p>
    );
  }
  const look = GRADES[value.grade];
  const step = value.steps.at(-1);
  return (
    <div class="clock-line">
      <strong>{name}</strong>
      <Chip tone={look.tone} icon={look.icon}>
        {look.word}
      </Chip>
      <dl class="facts">
        <Fact name="Off by">
          {value.offsetMs === null ? 'not known' : `${formatSigned(value.offsetMs)} ms`}
        </Fact>
        <Fact name="Within">
          {value.errorMs === null ? 'not known' : `± ${formatSpan(Math.ceil(value.errorMs))}`}
        </Fact>
        <Fact name="Told by">{value.source}</Fact>
        {step !== undefined && <Fact name="Last step">{`${formatSigned(step.byMs)} ms`}</Fact>}
      </dl>
      {value.advice !== null && value.grade !== 'good' && <p class="soft clock-advice">{value.advice}</p>}
    </div>
  );
}
