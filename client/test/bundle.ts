import { join } from 'node:path';
import { build } from 'vite';
import { ROOT } from '../../scripts/lib/tools.ts';

/** Builds the library as its package does, into another folder. @param minify as an application's bundler would */
export async function bundleClient(outDir: string, minify: boolean): Promise<void> {
  await build({
    configFile: false,
    root: join(ROOT, 'client'),
    logLevel: 'warn',
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      minify,
      lib: {
        entry: { index: join(ROOT, 'client/src/index.ts'), barcode: join(ROOT, 'test-streams/barcode.ts') },
        formats: ['es'],
      },
      rollupOptions: { output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' } },
    },
  });
}
