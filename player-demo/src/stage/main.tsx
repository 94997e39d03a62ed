import { render } from 'preact';
import { WithConfig } from '../design/with-config.tsx';
import { App } from './app.tsx';
import './stage.css';

render(
  <WithConfig title="Stage">{(config) => <App config={config} />}</WithConfig>,
  document.getElementById('app')!,
);
