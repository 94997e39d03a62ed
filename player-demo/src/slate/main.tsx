import { render } from 'preact';
import { WithConfig } from '../design/with-config.tsx';
import { SlateScreen } from './slate-screen.tsx';
import './slate.css';

render(
  <WithConfig title="Clock slate">{(config) => <SlateScreen config={config} />}</WithConfig>,
  document.getElementById('app')!,
);
