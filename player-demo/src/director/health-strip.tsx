import { useState } from 'preact/hooks';
import { Icon } from '../design/icons.tsx';
import { Chip, Fact } from '../design/parts.tsx';
import { failureWords } from '../shared/failure-words.ts';
import { formatBitrate, formatCount, formatFps, formatSpan } from '../shared/format.ts';
import type { ApiFailure, ApiOutcome } from '../shared/http.ts';
import type { StreamHealth } from '../shared/media-api.ts';

export interface HealthStripProps {
  readonly health: StreamHealth | null;
  /** The newest question was not answered: what stands here may be over. */
  readonly failure: ApiFailure | null;
  readonly delayMs: number | null;
  readonly switchOn: () => Promise<ApiOutcome<true>>;
}

/** Whether the stream is in order, at a glance; what is not, in words. */
export function HealthStrip({ health, failure, delayMs, switchOn }: HealthStripProps) {
  if (failure !== null) {
    const gone = failure.kind === 'refused' && failure.status === 404;
    return (
      <section class="health" aria-label="Stream health">
        <div class="health-line">
          <Chip tone="bad" icon="broken">
            {gone ? 'Not live' : 'Not known'}
          </Chip>
          <span class="soft">
            {gone ? 'Nobody publishes this stream at the moment.' : failureWords(failure).text}
          </span>
        </div>
      </section>
    );
  }
  if (health === null) return <p class="health faint">Asking for the state of the stream.</p>;
  const bad = health.problems.some((problem) => problem.bad);
  return (
    <section class="health" aria-label="Stream health">
      <div class="health-line">
        {health.live ? (
          <Chip tone={bad ? 'bad' : 'good'} icon={bad ? 'warning' : 'dot'}>
            {bad ? 'Live, in trouble' : 'Live'}
          </Chip>
        ) : (
          <Chip tone="bad" icon="broken">
            Not live
          </Chip>
        )}
        {health.stampingOn === false && <StampingOff switchOn={switchOn} />}
        <dl class="facts">
          <Fact name="Pictures">
            {health.frameRate === null ? '–' : `${formatFps(health.frameRate)} fps`}
          </Fact>
          <Fact name="Bit rate">{health.kbitPerS === null ? '–' : formatBitrate(health.kbitPerS)}</Fact>
          <Fact name="Keyframes">
            {health.keyframeIntervalMs === null ? '–' : `each ${formatSpan(health.keyframeIntervalMs)}`}
          </Fact>
          <Fact name="B-frames">{health.bFrames === null ? '–' : health.bFrames ? 'yes' : 'no'}</Fact>
          <Fact name="Sound">{health.audio ?? 'none'}</Fact>
          <Fact name="Picture">{[health.size, health.codec].filter(Boolean).join(', ') || '–'}</Fact>
          <Fact name="Preview">{delayMs === null ? '–' : `${formatSpan(delayMs)} behind`}</Fact>
          {health.viewers !== null && <Fact name="Players">{formatCount(health.viewers)}</Fact>}
        </dl>
      </div>
      {health.problems.length > 0 && (
        <ul class="health-problems">
          {health.problems.map((problem) => (
            <li key={problem.text} class={problem.bad ? 'health-bad' : 'health-warn'}>
              <Icon name="warning" size={16} />
              {problem.text}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Without stamps no cue can land. Switching it off is for the API: on the console it would be one slip away. */
function StampingOff({ switchOn }: { readonly switchOn: () => Promise<ApiOutcome<true>> }) {
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const press = async (): Promise<void> => {
    const outcome = await switchOn();
    setFailure(outcome.ok ? null : outcome.failure);
  };
  return (
    <>
      <Chip tone="bad" icon="warning">
        Stamping is off
      </Chip>
      <button type="button" class="button" onClick={() => void press()}>
        Switch it on
      </button>
      {failure !== null && <span class="health-bad">{failureWords(failure).text}</span>}
    </>
  );
}
