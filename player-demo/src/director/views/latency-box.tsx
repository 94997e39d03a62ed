import { useState } from 'preact/hooks';
import { Fact } from '../../design/parts.tsx';
import { failureWords } from '../../shared/failure-words.ts';
import { formatCount, formatSigned, formatSpan } from '../../shared/format.ts';
import type { LatencyReport } from '../model/health.ts';
import type { Feed } from '../use-feeds.ts';
import type { LatencyChange, ShowApi } from '../wire/show-api.ts';

const STATES: { readonly [state in LatencyReport['slate']['state']]: string } = {
  off: 'The slate is not looked for.',
  searching: 'Looking for the slate in the pictures.',
  reading: 'The slate is being read.',
  unreadable: 'A slate is seen and cannot be read: no figure is given.',
};

/** From lens to ingest: measured from the slate, declared, and which of the two is used. */
export function LatencyBox({ feed, api }: { readonly feed: Feed<LatencyReport>; readonly api: ShowApi }) {
  const [said, setSaid] = useState<string | null>(null);
  const { value, failure } = feed;
  const change = async (wanted: LatencyChange): Promise<void> => {
    const outcome = await api.changeLatency(wanted);
    setSaid(outcome.ok ? null : failureWords(outcome.failure).text);
  };
  return (
    <section class="timing-box" aria-label="Production latency">
      <h3 class="panel-title">Production latency</h3>
      {value === null ? (
        <p class="faint">
          {failure?.kind === 'refused' && failure.status === 404
            ? 'This server does not measure it.'
            : 'Not known.'}
        </p>
      ) : (
        <>
          <p class="soft">{STATES[value.slate.state]}</p>
          <dl class="facts">
            <Fact name="Measured">{measuredWords(value)}</Fact>
            <Fact name="Readings">{formatCount(value.slate.readings)}</Fact>
            <Fact name="Spread">
              {value.slate.spreadMs === null ? '–' : formatSpan(value.slate.spreadMs)}
            </Fact>
            <Fact name="Drift">
              {value.slate.driftPpm === null ? '–' : `${formatSigned(value.slate.driftPpm)} ppm`}
            </Fact>
            <Fact name="Declared">
              {value.declared === null ? 'no' : withError(value.declared.ms, value.declared.errorMs)}
            </Fact>
            <Fact name="In use">
              {value.applied === null
                ? 'none'
                : `${withError(value.applied.ms, value.applied.errorMs)}, ${value.applied.source}${value.applied.pinned ? ', pinned' : ''}`}
            </Fact>
          </dl>
          <div class="timing-tools">
            <button
              type="button"
              class="button"
              aria-pressed={value.slate.state !== 'off'}
              onClick={() => void change({ do: 'slate', on: value.slate.state === 'off' })}
            >
              {value.slate.state === 'off' ? 'Look for the slate' : 'Stop looking'}
            </button>
            <button
              type="button"
              class="button"
              disabled={value.slate.latencyMs === null}
              onClick={() => void change({ do: 'apply', source: 'measured', pin: false })}
            >
              Apply
            </button>
            <button
              type="button"
              class="button"
              disabled={value.slate.latencyMs === null}
              onClick={() => void change({ do: 'apply', source: 'measured', pin: true })}
            >
              Apply and pin
            </button>
            <button
              type="button"
              class="button button-quiet"
              disabled={value.applied === null}
              onClick={() => void change({ do: 'clear' })}
            >
              Use none
            </button>
          </div>
          {said !== null && (
            <p class="timing-said" role="alert">
              {said}
            </p>
          )}
        </>
      )}
    </section>
  );
}

const withError = (ms: number, errorMs: number | null): string =>
  errorMs === null ? formatSpan(ms) : `${formatSpan(ms)} ± ${formatSpan(Math.ceil(errorMs))}`;

function measuredWords({ slate }: LatencyReport): string {
  if (slate.latencyMs === null) return 'nothing yet';
  const sure = slate.confidence === null ? '' : `, ${Math.round(slate.confidence * 100)} % sure`;
  return `${withError(slate.latencyMs, slate.errorMs ?? slate.spreadMs)}${sure}`;
}
