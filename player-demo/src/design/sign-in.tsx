import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { cleanToken } from '../shared/token.ts';
import { Head, Notice } from './parts.tsx';

export interface SignInProps {
  /** Of the page. */
  readonly title: string;
  readonly heading: string;
  /** On the button. */
  readonly action: string;
  /** Why the token before was not taken. */
  readonly said: string | null;
  readonly onToken: (token: string) => void;
  /** What it is for, where the page does not say so by itself. */
  readonly children?: ComponentChildren;
}

/** Asks for a token. */
export function SignIn({ title, heading, action, said, onToken, children }: SignInProps) {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState<string | null>(said);
  const field = useRef<HTMLInputElement>(null);
  // Nothing else can be done here: ready to be typed into, again after a token that was not taken.
  useEffect(() => field.current?.focus(), []);
  return (
    <>
      <Head title={title} />
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
          <h2>{heading}</h2>
          {children}
          <p class="soft">
            <code>npm run demo</code> and <code>npm start</code> print it, in the address of the page behind
            <code>#token=</code>. It is kept for this tab only.
          </p>
          <label class="field">
            <span class="field-name">Token</span>
            <input
              ref={field}
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
            {action}
          </button>
        </form>
      </main>
    </>
  );
}
