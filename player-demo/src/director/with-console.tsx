import { useEffect, useState } from 'preact/hooks';
import type { DemoConfig } from '../shared/config.ts';
import { ShowView } from './show-view.tsx';
import { takeConsoleId } from './wire/console-id.ts';
import { WithDirector } from './with-director.tsx';

/** The console, once it knows who directs and which console it is. */
export function WithConsole({
  config,
  given,
}: {
  readonly config: DemoConfig;
  readonly given: string | null;
}) {
  const [self, setSelf] = useState<string | null>(null);
  useEffect(() => {
    void takeConsoleId(sessionStorage).then(setSelf);
  }, []);
  return (
    <WithDirector config={config} given={given} title="Director" action="Open the console">
      {(director, onSignOut, token) =>
        self === null ? null : <ShowView {...{ config, token, director, self, onSignOut }} />
      }
    </WithDirector>
  );
}
