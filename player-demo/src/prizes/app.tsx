import { useCallback, useState } from 'preact/hooks';
import { SignIn } from '../design/sign-in.tsx';
import type { DemoConfig } from '../shared/config.ts';
import { forgetToken, keepToken } from '../shared/token.ts';
import { PrizesView } from './prizes-view.tsx';

export function App({ config, given }: { readonly config: DemoConfig; readonly given: string | null }) {
  const [token, setToken] = useState(given);
  const [said, setSaid] = useState<string | null>(null);
  const signOut = useCallback((why: string | null) => {
    forgetToken(sessionStorage);
    setSaid(why);
    setToken(null);
  }, []);
  if (token !== null) return <PrizesView events={config.events} token={token} onSignOut={signOut} />;
  return (
    <SignIn
      key={said}
      title="Prizes"
      heading="Treasurer's or read token"
      action="Show the prizes"
      said={said}
      onToken={(typed) => {
        keepToken(sessionStorage, typed);
        setToken(typed);
      }}
    >
      <p class="soft">
        A read token looks. Measures take the director's; pools and dead letters the treasurer's.
      </p>
    </SignIn>
  );
}
