import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../scripts/lib/tools.ts';
import { bundleClient } from './test/bundle.ts';

const LIMIT_BYTES = 25_000;
/** For pages without WebCrypto; loaded when the first stamp needs it. */
const LAZY = 'noble.js';
/**
 * For pages with draws, loaded when a viewer's place in a list is checked (what both need is a chunk of its own); and for
 * pages with flash sales, loaded when a viewer has something reserved.
 */
const LAZY_TOO = ['proof.js', 'sha2.js', 'reservations.js'];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'framecue-bundle-'));
  await bundleClient(join(folder, 'client'), true);
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test('is at most 25 kB gzip, without the chunk for pages that lack WebCrypto', async () => {
  const files = (await readdir(join(folder, 'client'))).filter((name) => name !== 'barcode.js');
  expect(files).toContain('index.js');
  expect(files).toContain(LAZY);
  const sizes = await Promise.all(
    files.map(
      async (name) =>
        [name, gzipSync(await readFile(join(folder, 'client', name)), { level: 9 }).length] as const,
    ),
  );
  const loaded = sizes
    .filter(([name]) => name !== LAZY && !LAZY_TOO.includes(name))
    .reduce((sum, [, bytes]) => sum + bytes, 0);
  expect(loaded).toBeGreaterThan(5000);
  expect(loaded).toBeLessThanOrEqual(LIMIT_BYTES);
  // What the README says is not less than what it is, and not much more.
  const said = Number(
    /(\d+) kB gzip, no dependencies/.exec(await readFile(join(ROOT, 'client/README.md'), 'utf8'))![1],
  );
  expect(loaded).toBeLessThanOrEqual(said * 1000);
  expect(loaded).toBeGreaterThan((said - 3) * 1000);
});

test('loads that chunk only when it is needed', async () => {
  const text = await readFile(join(folder, 'client/index.js'), 'utf8');
  expect(text).toMatch(/import\(["'`]\.\/noble\.js["'`]\)/);
  expect(text).not.toMatch(/(?:^|[;\n])\s*import\s*[{*"']/);
});

test('leaves nothing in a page that imports it and does not use it', async () => {
  await mkdir(join(folder, 'unused'));
  await writeFile(
    join(folder, 'unused/entry.js'),
    `import { createFramecue } from '${join(ROOT, 'client/src/index.ts')}';\nexport const a = 1;\n`,
  );
  await build({
    configFile: false,
    root: join(folder, 'unused'),
    logLevel: 'error',
    build: {
      outDir: 'out',
      lib: { entry: join(folder, 'unused/entry.js'), formats: ['es'], fileName: () => 'out.js' },
    },
  });
  expect(await readdir(join(folder, 'unused/out'))).toEqual(['out.js']);
  expect((await readFile(join(folder, 'unused/out/out.js'), 'utf8')).length).toBeLessThan(200);
});

test('makes no globals, and importing it does nothing', async () => {
  const before = Object.getOwnPropertyNames(globalThis).sort();
  const module = (await import(pathToFileURL(join(folder, 'client/index.js')).href)) as object;
  expect(Object.keys(module)).toEqual(['createFramecue']);
  expect(Object.getOwnPropertyNames(globalThis).sort()).toEqual(before);
});
