import { render } from 'preact';
import { WithConfig } from '../design/with-config.tsx';
import { takeToken } from '../shared/token.ts';
import './styles/console.css';
import { WithConsole } from './with-console.tsx';

// Before anything else: a token does not stay in the address bar or its history.
const given = takeToken({ location, history, storage: sessionStorage });

render(
  <WithConfig title="Director">{(config) => <WithConsole config={config} given={given} />}</WithConfig>,
  document.getElementById('app')!,
);
