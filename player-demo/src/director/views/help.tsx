import { useEffect, useRef } from 'preact/hooks';
import { KEY_LINES, type KeyLine } from '../model/commands.ts';

const GROUPS: readonly (readonly [KeyLine['group'], string])[] = [
  ['show', 'The show'],
  ['round', 'Rounds and questions'],
  ['safety', 'Safety and control'],
  ['page', 'This page'],
];

/** The keys, from the table that they are read from. */
export function Help({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="dialog dialog-wide" ref={dialog} onClose={onClose} aria-labelledby="help-title">
      <div class="dialog-form">
        <h2 id="help-title">Keys</h2>
        <div class="help">
          {GROUPS.map(([group, title]) => (
            <section key={group}>
              <h3 class="panel-title">{title}</h3>
              <dl class="help-list">
                {KEY_LINES.filter((line) => line.group === group).map(({ command, keys, what }) => (
                  <div key={command} class="help-line">
                    <dt>
                      {keys.map((key) => (
                        <kbd key={key}>{key}</kbd>
                      ))}
                    </dt>
                    <dd>{what}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
        <div class="dialog-end">
          <button type="button" class="button button-main" onClick={() => dialog.current?.close()}>
            Close <kbd>Esc</kbd>
          </button>
        </div>
      </div>
    </dialog>
  );
}
