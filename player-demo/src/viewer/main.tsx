import { render } from 'preact';
import { WithConfig } from '../design/with-config.tsx';
import { App, onlyOf } from './app.tsx';
import { openTestHooks } from './test-hooks.ts';
import './viewer.css';

const query = new URLSearchParams(location.search);
const only = onlyOf(query);
const hooks = openTestHooks(query);

render(
  <WithConfig title="One stream, three apps">
    {(config) => <App config={config} only={only} hooks={hooks} />}
  </WithConfig>,
  document.getElementById('app')!,
);
