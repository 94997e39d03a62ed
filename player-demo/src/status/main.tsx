import { render } from 'preact';
import { WithConfig } from '../design/with-config.tsx';
import { takeToken } from '../shared/token.ts';
import { App } from './app.tsx';
import './status.css';

// Before anything else: a token does not stay in the address bar or its history.
const given = takeToken({ location, history, storage: sessionStorage });

render(
  <WithConfig title="Status">{(config) => <App config={config} given={given} />}</WithConfig>,
  document.getElementById('app')!,
);
