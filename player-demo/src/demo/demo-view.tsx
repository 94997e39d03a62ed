import { useState } from 'preact/hooks';
import { Chip, Head } from '../design/parts.tsx';
import type { DirectorApi } from '../director/api.ts';
import { createChime } from '../director/chime.ts';
import { SoundButton } from '../director/sound-button.tsx';
import type { SignOut } from '../director/with-director.tsx';
import { PATHS, type PlayPath } from '../players/player.ts';
import { type DemoConfig, streamPath } from '../shared/config.ts';
import { Phone } from '../viewer/phone.tsx';
import type { TestHooks } from '../viewer/test-hooks.ts';
import { Strip } from './strip.tsx';
import { usePhones } from './use-phones.ts';

export interface DemoViewProps {
  readonly config: DemoConfig;
  readonly api: DirectorApi;
  readonly hooks: TestHooks | null;
  readonly onSignOut: SignOut;
}

const chime = createChime(localStorage);

/** The director and three viewers on one page. */
export function DemoView({ config, api, hooks, onSignOut }: DemoViewProps) {
  const phones = usePhones();
  const [heard, setHeard] = useState<PlayPath | null>(null);
  return (
    <>
      <Head title="One cue, three apps">
        <Chip icon="dot">{streamPath(config)}</Chip>
        <SoundButton chime={chime} />
      </Head>
      <main class="demo">
        <Strip api={api} chime={chime} phones={phones} onSignOut={onSignOut} />
        <div class="phones">
          {PATHS.map((path) => (
            <Phone
              key={path}
              config={config}
              path={path}
              hooks={hooks}
              heard={heard === path}
              onHear={(on) => setHeard(on ? path : null)}
              watch={phones.watch}
              compact
            />
          ))}
        </div>
      </main>
    </>
  );
}
