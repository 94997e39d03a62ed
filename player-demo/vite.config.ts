import { fileURLToPath } from 'node:url';
import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

const page = (name: string): string => fileURLToPath(new URL(`${name}.html`, import.meta.url));

/** The pages, built to `player-demo/dist`; both processes serve them as they are. */
export default defineConfig({
  plugins: [preact()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The pages are served under `default-src 'self'`: nothing inline, no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // mpegts.js and hls.js are large by themselves, and are loaded only where a player needs them.
    chunkSizeWarningLimit: 420,
    rolldownOptions: {
      input: {
        index: page('index'),
        viewer: page('viewer'),
        director: page('director'),
        stage: page('stage'),
        status: page('status'),
        prizes: page('prizes'),
        slate: page('slate'),
        demo: page('demo'),
      },
    },
  },
});
