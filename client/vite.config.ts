import { defineConfig, type Plugin } from 'vite';

const here = (path: string): string => new URL(path, import.meta.url).pathname;

/** Where `tsc -p tsconfig.build.json` leaves one declaration for each source file. */
const DECLARATIONS = here('../node_modules/.cache/framecue-client');
const ENTRY = 'client/src/index';
const IMPORT = /(\bfrom |\bimport\()(['"])(\.{1,2}\/[^'"]+)\.ts\2/g;

/** Adds the declarations that the entry leads to, with `.js` endings: `tsc` leaves those of the sources. */
const declarations = (): Plugin => ({
  name: 'framecue-declarations',
  async generateBundle() {
    const reached = new Set<string>();
    const toVisit = [ENTRY];
    for (let module = toVisit.pop(); module !== undefined; module = toVisit.pop()) {
      if (reached.has(module)) continue;
      reached.add(module);
      const text = await this.fs.readFile(`${DECLARATIONS}/${module}.d.ts`, { encoding: 'utf8' });
      for (const [, , , target] of text.matchAll(IMPORT)) {
        toVisit.push(new URL(target!, `file:///${module}`).pathname.slice(1));
      }
      const source = text.replace(IMPORT, '$1$2$3.js$2');
      this.emitFile({ type: 'asset', fileName: `types/${module}.d.ts`, source });
    }
  },
});

/** The package's JavaScript: one file, and the crypto for pages without WebCrypto in a chunk that they load. */
export default defineConfig({
  root: here('.'),
  logLevel: 'warn',
  plugins: [declarations()],
  build: {
    outDir: here('dist'),
    emptyOutDir: true,
    target: 'es2022',
    lib: { entry: here('src/index.ts'), formats: ['es'], fileName: 'index' },
    rollupOptions: { output: { chunkFileNames: '[name].js' } },
  },
});
