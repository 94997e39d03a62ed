import { render } from 'preact';
import { Icon } from '../design/icons.tsx';
import { Head } from '../design/parts.tsx';
import './home.css';

const PAGES = [
  {
    href: '/demo.html',
    name: 'Demo',
    text: 'Press one key, and a question opens on the same picture in three apps.',
  },
  {
    href: '/viewer.html',
    name: 'Viewer',
    text: 'The same stream by HTTP-FLV, WS-FLV and HLS. Each opens the question on its own frame.',
  },
  {
    href: '/director.html',
    name: 'Director',
    text: 'Mark cues on the frame you see, by button or by key, and watch them land.',
  },
  { href: '/stage.html', name: 'Stage', text: 'The running result, for the big screen.' },
  {
    href: '/status.html',
    name: 'Status',
    text: 'Whether the stream is healthy, and what to do where it is not.',
  },
  {
    href: '/prizes.html',
    name: 'Prizes',
    text: 'Pools and budgets, rights and grants, the way out, boxes and measures, and who did what.',
  },
] as const;

render(
  <>
    <Head title="Frame-accurate cues for live video" />
    <main class="home">
      <ul class="home-list">
        {PAGES.map(({ href, name, text }) => (
          <li key={href}>
            <a class="home-link" href={href}>
              <span class="home-name">{name}</span>
              <span class="soft">{text}</span>
              <Icon name="arrow" size={20} />
            </a>
          </li>
        ))}
      </ul>
    </main>
  </>,
  document.getElementById('app')!,
);
