import { render } from 'preact';
import { WithConfig } from '../design/with-config.tsx';
import { WithDirector } from '../director/with-director.tsx';
import { takeToken } from '../shared/token.ts';
import { openTestHooks } from '../viewer/test-hooks.ts';
import { DemoView } from './demo-view.tsx';
import '../viewer/viewer.css';
import './demo.css';

const TITLE = 'One cue, three apps';

const WHY = (
  <p>
    This page marks cues. The first line that <code>npm run demo</code> prints opens it with the token.
  </p>
);

// Before anything else: a token does not stay in the address bar or its history.
const given = takeToken({ location, history, storage: sessionStorage });
const hooks = openTestHooks(new URLSearchParams(location.search));

render(
  <WithConfig title={TITLE}>
    {(config) => (
      <WithDirector config={config} given={given} title={TITLE} action="Open the page" why={WHY}>
        {(api, signOut) => <DemoView config={config} api={api} hooks={hooks} onSignOut={signOut} />}
      </WithDirector>
    )}
  </WithConfig>,
  document.getElementById('app')!,
);
