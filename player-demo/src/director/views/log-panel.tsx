import { useCallback, useState } from 'preact/hooks';
import { formatClock, formatCount } from '../../shared/format.ts';
import type { ShowState } from '../model/state.ts';
import type { AsRunLine } from '../model/together.ts';
import { useFeed } from '../use-feeds.ts';
import type { Show } from '../use-show.ts';
import type { ShowApi } from '../wire/show-api.ts';
import { signedMs } from '../words.ts';
import { sheetHead } from './log-sheet.ts';

const LOG_MS = 3_000;

/** What was done and what became of it, by whom, with time code: to read, to print, to keep. */
export function LogPanel({
  show,
  api,
  stream,
}: {
  readonly show: Show;
  readonly api: ShowApi;
  readonly stream: string;
}) {
  const ask = useCallback((signal: AbortSignal) => api.asRun(signal), [api]);
  const feed = useFeed(ask, LOG_MS, api);
  const [said, setSaid] = useState<string | null>(null);
  const lines = newestFirst(feed.value ?? [], show.state.log);

  const csv = async (): Promise<void> => {
    const blob = await api.asRunCsv();
    setSaid(blob === null ? 'The log could not be fetched.' : null);
    if (blob === null) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `as-run ${stream.replace('/', '-')} ${new Date().toISOString().slice(0, 10)}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  const sheet = sheetHead(
    show.state.rundown?.title ?? null,
    stream,
    lines.map(({ at }) => at),
  );

  return (
    <div class="log">
      <p class="log-sheet">
        <strong>{sheet.show}</strong>, {sheet.days}
      </p>
      <div class="log-tools">
        <h3 class="log-title">As-run log of {stream}</h3>
        <button type="button" class="button" onClick={() => print()}>
          Print
        </button>
        <button type="button" class="button" onClick={() => void csv()}>
          Save as CSV
        </button>
        {said !== null && <span role="alert">{said}</span>}
      </div>
      {lines.length === 0 ? (
        <p class="faint tab-none">
          {feed.failure?.kind === 'refused' && feed.failure.status === 404
            ? 'This server keeps no as-run log.'
            : 'Nothing has been done yet.'}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls is reached by key
        <section class="log-scroll" tabIndex={0} aria-label="As-run log, newest first">
          <table class="table">
            <thead>
              <tr>
                {['Time code', 'What', 'Item', 'Frame', 'PTS', 'Off by', 'By', ''].map((name) => (
                  <th key={name} scope="col">
                    {name || <span class="only-read">Remarks</span>}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {lines.map((line) => (
                <Line key={line.seq} line={line} who={whoOf(line, show.state)} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}

function Line({ line, who }: { readonly line: AsRunLine; readonly who: string }) {
  const remarks = [line.reason, line.rehearsal ? 'rehearsal' : null].filter((part) => part !== null);
  return (
    <tr>
      <td class="number">{line.timecode ?? formatClock(line.at)}</td>
      <td>
        <strong>{line.what}</strong>
      </td>
      <td>{line.title ?? line.item ?? line.type ?? ''}</td>
      <td class="number">{line.frame === null ? '' : formatCount(line.frame)}</td>
      <td class="number">{line.pts === null ? '' : formatCount(line.pts)}</td>
      <td class="number">{line.errorMs === null ? '' : signedMs(line.errorMs)}</td>
      <td>{who}</td>
      <td class="soft">{remarks.join(' · ')}</td>
    </tr>
  );
}

/** The console's name while it is here; its token's name, and what trigger it was, otherwise. */
function whoOf({ by, console }: AsRunLine, { presence }: Pick<ShowState, 'presence'>): string {
  const name = presence.find((seat) => seat.console === console)?.name;
  if (name !== undefined) return name;
  return [by, console?.startsWith('trigger:') ? console : null].filter((part) => part !== null).join(', ');
}

/** What the channel has told since the log was asked for stands on top. */
function newestFirst(asked: readonly AsRunLine[], told: readonly AsRunLine[]): readonly AsRunLine[] {
  const bySeq = new Map([...asked, ...told].map((line) => [line.seq, line]));
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq);
}
