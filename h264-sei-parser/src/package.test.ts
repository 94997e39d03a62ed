import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'h264-sei-parser-dist-'));
  const env = { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}` };
  const cwd = join(ROOT, 'h264-sei-parser');
  await run('tsc', ['-p', 'tsconfig.build.json', '--outDir', folder], { cwd, env, timeout: 60_000 });
  await run(process.execPath, ['finish-declarations.mjs', folder], { cwd, env, timeout: 10_000 });
}, 80_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('what is published imports only its own .js, in the code and in the declarations', async () => {
  const files = await readdir(folder);
  expect(files).toContain('index.js');
  expect(files).toContain('index.d.ts');
  expect(files.filter((file) => file.includes('test'))).toEqual([]);
  for (const file of files) {
    const text = await readFile(join(folder, file), 'utf8');
    for (const [, specifier] of text.matchAll(/(?:\bfrom |\bimport\(|\bimport )['"]([^'"]+)['"]/g)) {
      expect(specifier, file).toMatch(/^\.\/[\w-]+\.js$/);
      expect(files, file).toContain(specifier!.slice(2));
    }
  }
});

test('it needs nothing, and exports what the sources export', async () => {
  const manifest = JSON.parse(await readFile(join(ROOT, 'h264-sei-parser/package.json'), 'utf8'));
  expect(manifest).toMatchObject({ sideEffects: false, type: 'module' });
  expect(manifest.dependencies).toBe(undefined);
  const published = await import(join(folder, 'index.js'));
  expect(Object.keys(published).sort()).toEqual(Object.keys(await import('./index.ts')).sort());
});

test('a bundle for browsers holds what it uses, and not the rest', async () => {
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "sideEffects": false }');
  await writeFile(join(folder, 'use.js'), "export { parseSeiNal } from './index.js';");
  const bundle = async (entry: string): Promise<string> => {
    const built = await build({
      configFile: false,
      root: folder,
      logLevel: 'silent',
      build: { write: false, target: 'es2022', lib: { entry: join(folder, entry), formats: ['es'] } },
    });
    const [{ output }] = built as unknown as [{ output: [{ code: string }] }];
    return output[0].code;
  };
  const [used, whole] = [await bundle('use.js'), await bundle('index.js')];
  expect(whole).toContain('ambient_viewing_environment');
  expect(used).not.toContain('ambient_viewing_environment');
  expect(used.length).toBeLessThan(whole.length / 3);
  expect(whole).not.toMatch(/node:/);
});

test('the examples of the README run', async () => {
  const readme = await readFile(join(ROOT, 'h264-sei-parser/README.md'), 'utf8');
  const [print, insert] = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code!);
  const own = (code: string): string => code.replace("from 'h264-sei-parser'", "from './index.js'");
  const fixture = await readFile(join(ROOT, 'h264-sei-parser/testing/fixtures/openh264.h264'));
  const { nalUnitsOfAnnexB, writeAvcc, writeAnnexB, nalUnitsOfAvcc } = await import('./index.ts');
  const nals = [...nalUnitsOfAnnexB(fixture)]
    .slice(0, 3)
    .map(({ start, end }) => fixture.subarray(start, end));
  const hex = Buffer.from(writeAvcc(nals, 4)).toString('hex');
  await writeFile(
    join(folder, 'insert.js'),
    `const accessUnit = Buffer.from('${hex}', 'hex');\n${own(insert!)}\nconsole.log(Buffer.from(stamped).toString('hex'));`,
  );
  const inserted = await run(process.execPath, ['insert.js'], { cwd: folder, timeout: 20_000 });
  const stamped = Uint8Array.from(Buffer.from(inserted.stdout.trim(), 'hex'));
  const units = [...nalUnitsOfAvcc(stamped, 4)];
  expect(units.map(({ type }) => type)).toEqual([7, 8, 6, 5]);

  await writeFile(
    join(folder, 'video.h264'),
    writeAnnexB(units.map(({ start, end }) => stamped.subarray(start, end))),
  );
  await writeFile(join(folder, 'print.js'), own(print!));
  const printed = await run(process.execPath, ['print.js'], { cwd: folder, timeout: 20_000 });
  expect(printed.stdout).toContain("kind: 'userDataUnregistered'");
  expect(printed.stdout).toContain("text: 'hello'");
  expect(printed.stderr).toBe('');
});
