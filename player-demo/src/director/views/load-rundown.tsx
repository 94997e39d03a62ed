import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../../design/icons.tsx';
import { Notice } from '../../design/parts.tsx';
import { failureWords } from '../../shared/failure-words.ts';
import { plural } from '../../shared/format.ts';
import type { ApiFailure } from '../../shared/http.ts';
import { type RundownIssue, readIssues } from '../model/rundown.ts';
import type { LoadHow, RundownFile, ShowApi } from '../wire/show-api.ts';
import { IssueTable } from './issue-table.tsx';

export interface LoadRundownProps {
  readonly api: ShowApi;
  readonly onLoaded: () => void;
  readonly onClose: () => void;
}

type Found =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'good' }
  | { readonly kind: 'failed'; readonly failure: ApiFailure; readonly issues: readonly RundownIssue[] };

/** A file or pasted text, checked as a whole before it is loaded. */
export function LoadRundown({ api, onLoaded, onClose }: LoadRundownProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [name, setName] = useState<string | null>(null);
  const [found, setFound] = useState<Found>({ kind: 'nothing' });
  const [replace, setReplace] = useState(false);
  const [unchecked, setUnchecked] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);

  const send = async (how: LoadHow): Promise<void> => {
    setFound({ kind: 'busy' });
    const outcome = await api.load(fileOf(text, name), { ...how, replace, unchecked });
    if (!outcome.ok) {
      const { failure } = outcome;
      const issues = failure.kind === 'refused' ? readIssues(failure.details) : [];
      setFound({ kind: 'failed', failure, issues });
    } else if (how.check === true) setFound({ kind: 'good' });
    else {
      onLoaded();
      dialog.current?.close();
    }
  };

  const empty = text.trim() === '';
  const busy = found.kind === 'busy';
  return (
    <dialog class="dialog dialog-wide" ref={dialog} onClose={onClose} aria-labelledby="load-title">
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!empty && !busy) void send({});
        }}
      >
        <h2 id="load-title">Load a rundown</h2>
        <label class="field">
          <span class="field-name">File, JSON or CSV</span>
          <input
            class="input"
            type="file"
            accept=".json,.csv,application/json,text/csv"
            onChange={async (event) => {
              const file = event.currentTarget.files?.[0];
              if (file === undefined) return;
              setName(file.name);
              setText(await file.text());
              setFound({ kind: 'nothing' });
            }}
          />
        </label>
        <label class="field">
          <span class="field-name">Or its text</span>
          <textarea
            class="input load-text"
            rows={8}
            spellcheck={false}
            value={text}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setName(null);
              setFound({ kind: 'nothing' });
            }}
          />
        </label>
        <div class="load-ways">
          <label class="tick">
            <input
              type="checkbox"
              checked={replace}
              onChange={(event) => setReplace(event.currentTarget.checked)}
            />
            Replace the one loaded although something of it is on air (what has landed stays)
          </label>
          <label class="tick">
            <input
              type="checkbox"
              checked={unchecked}
              onChange={(event) => setUnchecked(event.currentTarget.checked)}
            />
            Load although the interactions cannot be checked now
          </label>
        </div>
        <div aria-live="polite">
          {found.kind === 'good' && (
            <Notice icon="check" tone="good">
              Nothing is wrong with it. It is not loaded yet.
            </Notice>
          )}
          {found.kind === 'failed' && (
            <>
              <Notice icon="warning" tone="bad" code={failureWords(found.failure).code}>
                {found.issues.length === 0
                  ? failureWords(found.failure).text
                  : `${plural(found.issues.length, 'problem')}. Nothing was loaded.`}
              </Notice>
              {found.issues.length > 0 && <IssueTable issues={found.issues} />}
            </>
          )}
        </div>
        <div class="dialog-end">
          <button type="button" class="button button-quiet" onClick={() => dialog.current?.close()}>
            Close <kbd>Esc</kbd>
          </button>
          <button
            type="button"
            class="button"
            aria-disabled={empty || busy}
            onClick={() => !empty && !busy && void send({ check: true })}
          >
            <Icon name="check" /> Check
          </button>
          <button type="submit" class="button button-main" aria-disabled={empty || busy}>
            Load
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** By its name; pasted text by its first sign. */
function fileOf(text: string, name: string | null): RundownFile {
  const isCsv = name === null ? !/^\s*[[{]/.test(text) : /\.csv$/i.test(name);
  return { kind: isCsv ? 'csv' : 'json', text };
}
