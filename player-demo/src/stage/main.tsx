import { render } from 'preact';
import { WithConfig } from '../design/with-config.tsx';
import { App } from './app.tsx';
import { takeAsked } from './screen-id.ts';
import '../slate/slate.css';
import './stage.css';
import './touch.css';

// Before anything else: a ticket does not stay in the address bar or its history.
const asked = takeAsked(location, history, localStorage);

render(
  <WithConfig title="Stage">{(config) => <App config={config} asked={asked} />}</WithConfig>,
  document.getElementById('app')!,
);
