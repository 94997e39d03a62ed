import { useCallback, useMemo, useState } from 'preact/hooks';
import { SignIn } from '../design/sign-in.tsx';
import type { DemoConfig } from '../shared/config.ts';
import { forgetToken, keepToken } from '../shared/token.ts';
import { createDirectorApi } from './api.ts';
import { ConsoleView } from './console-view.tsx';

export function App({ config, given }: { readonly config: DemoConfig; readonly given: string | null }) {
  const [token, setToken] = useState(given);
  const [said, setSaid] = useState<string | null>(null);
  const api = useMemo(() => (token === null ? null : createDirectorApi(config, token)), [config, token]);
  const signOut = useCallback((why: string | null) => {
    forgetToken(sessionStorage);
    setSaid(why);
    setToken(null);
  }, []);
  if (api === null) {
    return (
      <SignIn
        key={said}
        title="Director"
        heading="Director's token"
        action="Open the console"
        said={said}
        onToken={(typed) => {
          keepToken(sessionStorage, typed);
          setToken(typed);
        }}
      />
    );
  }
  return <ConsoleView config={config} api={api} onSignOut={signOut} />;
}
