import { useCallback, useState } from 'preact/hooks';
import { SignIn } from '../design/sign-in.tsx';
import type { DemoConfig } from '../shared/config.ts';
import { forgetToken, keepToken } from '../shared/token.ts';
import { StatusView } from './status-view.tsx';

export function App({ config, given }: { readonly config: DemoConfig; readonly given: string | null }) {
  const [token, setToken] = useState(given);
  const [said, setSaid] = useState<string | null>(null);
  const signOut = useCallback((why: string | null) => {
    forgetToken(sessionStorage);
    setSaid(why);
    setToken(null);
  }, []);
  if (token !== null) return <StatusView config={config} token={token} onSignOut={signOut} />;
  return (
    <SignIn
      key={said}
      title="Status"
      heading="Director's or read token"
      action="Show the status"
      said={said}
      onToken={(typed) => {
        keepToken(sessionStorage, typed);
        setToken(typed);
      }}
    />
  );
}
