import { render } from 'preact';
import { WithConfig } from '../design/with-config.tsx';
import { App } from './app.tsx';
import '../slate/slate.css';
import './stage.css';
import './touch.css';

render(
  <WithConfig title="Stage">{(config) => <App config={config} />}</WithConfig>,
  document.getElementById('app')!,
);
