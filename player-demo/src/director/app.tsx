import type { DemoConfig } from '../shared/config.ts';
import { ConsoleView } from './console-view.tsx';
import { WithDirector } from './with-director.tsx';

export function App({ config, given }: { readonly config: DemoConfig; readonly given: string | null }) {
  return (
    <WithDirector config={config} given={given} title="Director" action="Open the console">
      {(api, onSignOut) => <ConsoleView config={config} api={api} onSignOut={onSignOut} />}
    </WithDirector>
  );
}
