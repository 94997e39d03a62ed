import { useState } from 'preact/hooks';
import { Chip, Head } from '../design/parts.tsx';
import { PATHS, type PlayPath } from '../players/player.ts';
import { type DemoConfig, streamPath } from '../shared/config.ts';
import { Phone } from './phone.tsx';
import type { TestHooks } from './test-hooks.ts';

export interface AppProps {
  readonly config: DemoConfig;
  /** Null: all three. */
  readonly only: PlayPath | null;
  readonly hooks: TestHooks | null;
}

export function App({ config, only, hooks }: AppProps) {
  const [heard, setHeard] = useState<PlayPath | null>(null);
  const paths = only === null ? PATHS : [only];
  return (
    <>
      <Head title={only === null ? 'One stream, three apps' : 'One app'}>
        <Chip icon="dot">{streamPath(config)}</Chip>
      </Head>
      <main class={only === null ? 'phones' : 'phones phones-one'}>
        {paths.map((path) => (
          <Phone
            key={path}
            config={config}
            path={path}
            hooks={hooks}
            heard={heard === path}
            onHear={(on) => setHeard(on ? path : null)}
          />
        ))}
      </main>
    </>
  );
}

export const onlyOf = (query: URLSearchParams): PlayPath | null =>
  PATHS.find((path) => path === query.get('only')) ?? null;
