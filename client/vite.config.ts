import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The package's JavaScript: one file, and the crypto for pages without WebCrypto in a chunk that they load. */
export default defineConfig({
  root: here('.'),
  logLevel: 'warn',
  build: {
    outDir: here('dist'),
    emptyOutDir: true,
    target: 'es2022',
    lib: { entry: here('src/index.ts'), formats: ['es'], fileName: 'index' },
    rollupOptions: { output: { chunkFileNames: '[name].js' } },
  },
});
