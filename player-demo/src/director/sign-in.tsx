import { useState } from 'preact/hooks';
import { Head, Notice } from '../design/parts.tsx';
import { cleanToken } from './token.ts';

/** Asks for the director's token. @param said why the one before was not taken. */
export function SignIn({
  said,
  onToken,
}: {
  readonly said: string | null;
  readonly onToken: (token: string) => void;
}) {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState<string | null>(said);
  return (
    <>
      <Head title="Director" />
      <main class="lone">
        <form
          class="panel lone-card"
          onSubmit={(event) => {
            event.preventDefault();
            const token = cleanToken(text);
            if (token === null) setWrong('That is no token: letters, digits and . _ ~ + / - = only.');
            else onToken(token);
          }}
        >
          <h2>Director's token</h2>
          <p class="soft">
            <code>npm run demo</code> and <code>npm start</code> print it. It is kept for this tab only.
          </p>
          <label class="field">
            <span class="field-name">Token</span>
            <input
              class="input"
              type="password"
              autocomplete="off"
              spellcheck={false}
              required
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          {wrong !== null && (
            <div role="alert">
              <Notice icon="warning" tone="bad">
                {wrong}
              </Notice>
            </div>
          )}
          <button type="submit" class="button button-main">
            Open the console
          </button>
        </form>
      </main>
    </>
  );
}
