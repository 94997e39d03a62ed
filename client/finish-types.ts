import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The last step of the build. `tsc` leaves `.ts` endings in declarations, and emits one for every source file:
 * endings become `.js`, and declarations that the package's entry does not lead to are taken out.
 */
const root = fileURLToPath(new URL('./dist/types/', import.meta.url));
const entry = join(root, 'client/src/index.d.ts');
const IMPORT = /(\bfrom |\bimport\()(['"])(\.{1,2}\/[^'"]+)\.ts\2/g;

const reached = new Set<string>();
const toVisit = [entry];
for (let path = toVisit.pop(); path !== undefined; path = toVisit.pop()) {
  if (reached.has(path)) continue;
  reached.add(path);
  const text = readFileSync(path, 'utf8');
  for (const [, , , target] of text.matchAll(IMPORT)) {
    const declaration = resolve(dirname(path), `${target}.d.ts`);
    if (!existsSync(declaration)) throw new Error(`${path} imports ${target}.ts, which has no declaration`);
    toVisit.push(declaration);
  }
  writeFileSync(path, text.replace(IMPORT, '$1$2$3.js$2'));
}

for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
  const path = join(root, name);
  if (statSync(path).isFile() && !reached.has(path)) rmSync(path);
}
