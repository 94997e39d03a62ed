import type { ComponentChildren } from 'preact';
import { useCallback, useMemo, useState } from 'preact/hooks';
import { SignIn } from '../design/sign-in.tsx';
import type { DemoConfig } from '../shared/config.ts';
import { forgetToken, keepToken } from '../shared/token.ts';
import { createDirectorApi, type DirectorApi } from './api.ts';

/** Ends the session; with a reason where the token was not taken. */
export type SignOut = (why: string | null) => void;

export interface WithDirectorProps {
  readonly config: DemoConfig;
  readonly given: string | null;
  /** Of the page. */
  readonly title: string;
  /** On the button that signs in. */
  readonly action: string;
  /** What the token is for, where the page does not say so by itself. */
  readonly why?: ComponentChildren;
  readonly children: (api: DirectorApi, signOut: SignOut, token: string) => ComponentChildren;
}

/** Asks for the director's token where there is none, and then shows the page. */
export function WithDirector({ config, given, title, action, why, children }: WithDirectorProps) {
  const [token, setToken] = useState(given);
  const [said, setSaid] = useState<string | null>(null);
  const api = useMemo(() => (token === null ? null : createDirectorApi(config, token)), [config, token]);
  const signOut = useCallback((why: string | null) => {
    forgetToken(sessionStorage);
    setSaid(why);
    setToken(null);
  }, []);
  if (api !== null && token !== null) return <>{children(api, signOut, token)}</>;
  return (
    <SignIn
      key={said}
      title={title}
      heading="Director's token"
      action={action}
      said={said}
      onToken={(typed) => {
        keepToken(sessionStorage, typed);
        setToken(typed);
      }}
    >
      {why}
    </SignIn>
  );
}
