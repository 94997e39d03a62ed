import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import express, { type Express } from 'express';
import { FramecueError } from '../packet/errors.ts';
import type { StreamName } from '../packet/packet.ts';
import { pageHeaders } from '../service/http-app.ts';

const DIST = fileURLToPath(new URL('../player-demo/dist', import.meta.url));

/** What the pages must know: where the two processes are, and which stream they show. */
export interface PagesConfig {
  readonly media: string;
  readonly events: string;
  readonly stream: StreamName;
  readonly flv: string;
  readonly ws: string;
  readonly hls: string;
}

export function playUrlsOf(
  media: string,
  { app, name }: StreamName,
): Pick<PagesConfig, 'flv' | 'ws' | 'hls'> {
  const base = `${media}/${app}/${name}`;
  return { flv: `${base}.flv`, ws: `${base.replace(/^http/, 'ws')}.flv`, hls: `${base}/index.m3u8` };
}

/** The built pages, and their configuration at `/demo/config.json`. */
export function servePages(app: Express, config: () => PagesConfig | null): void {
  app.get('/demo/config.json', (_req, res) => {
    const found = config();
    if (found === null) throw new FramecueError('ERR_NOT_READY', 'The other process is not known yet.');
    res.set('Cache-Control', 'no-store').json(found);
  });
  app.get('/status', (_req, res) => res.redirect('/status.html'));
  if (!existsSync(DIST)) return;
  app.use(
    pageHeaders,
    express.static(DIST, {
      index: 'index.html',
      // Vite puts a hash into the name of everything below assets/.
      setHeaders: (res, path) => {
        const immutable = path.includes('/assets/');
        res.setHeader('Cache-Control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    }),
  );
}
