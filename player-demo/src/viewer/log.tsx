import { formatClock } from '../shared/format.ts';
import type { LogEntry } from './state.ts';
import { latenessWords, neverWords, pathWords, typeName } from './words.ts';

/** What became of the last cues on this player, newest first. */
export function Log({ entries }: { readonly entries: readonly LogEntry[] }) {
  return (
    <section class="log" aria-label="Last cues">
      <h3 class="panel-title">Last cues</h3>
      {entries.length === 0 ? (
        <p class="faint log-empty">None so far.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls is reached by key
        <ol class="log-list" tabIndex={0}>
          {entries.map((entry) => (
            <li key={entry.key} class="log-row">
              <time class="faint">{formatClock(entry.at)}</time>
              {entry.kind === 'fired' ? (
                <>
                  <span>{typeName(entry.cue.type)}</span>
                  <span class="log-how">{latenessWords(entry.cue)}</span>
                  <span class="faint">{pathWords(entry.cue)}</span>
                </>
              ) : (
                <>
                  <span>{typeName(entry.outcome.type)}</span>
                  <span class="log-how log-never">{neverWords(entry.outcome)}</span>
                </>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
