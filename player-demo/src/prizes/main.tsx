import { render } from 'preact';
import { WithConfig } from '../design/with-config.tsx';
import { takeToken } from '../shared/token.ts';
import { App } from './app.tsx';
import 'uplot/dist/uPlot.min.css';
import './prizes.css';

// Before anything else: a token does not stay in the address bar or its history.
const given = takeToken({ location, history, storage: sessionStorage });

render(
  <WithConfig title="Prizes">{(config) => <App config={config} given={given} />}</WithConfig>,
  document.getElementById('app')!,
);
