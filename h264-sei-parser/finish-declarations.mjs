// tsc writes `.js` into what it compiles, but leaves the sources' `.ts` in the declarations: readers of the package
// have no `.ts`. Part of `npm run build`; takes the output folder, `dist` where it is left out.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const folder = process.argv[2] ?? 'dist';
for (const file of await readdir(folder)) {
  if (!file.endsWith('.d.ts')) continue;
  const path = join(folder, file);
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replaceAll(/((?:from|import\() ?)'(\.[^']*)\.ts'/g, "$1'$2.js'"));
}
