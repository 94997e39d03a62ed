import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';

/** What a patch makes of its file, or why it cannot be applied. */
export type Patched =
  | { readonly kind: 'patched'; readonly text: string }
  | { readonly kind: 'stale'; readonly why: string };

export function patched(root: string, { file, find, replace }: Mutant): Patched {
  const text = readIf(join(root, file));
  if (text === null) return { kind: 'stale', why: `${file} is not there` };
  const parts = text.split(find);
  if (parts.length !== 2) {
    return { kind: 'stale', why: `its text stands ${parts.length - 1} times in ${file}, not once` };
  }
  return { kind: 'patched', text: parts.join(replace) };
}

/** Null: there is a test of that name, as far as the file's text tells. */
export function testMissing(root: string, { test }: Mutant): string | null {
  const text = readIf(join(root, test.file));
  if (text === null) return `${test.file} is not there`;
  // `catches a late cue` stands there as `catches $name` and `a late cue`.
  const words = test.name.trim().split(' ');
  const isThere = words.some(
    (_, at) => text.includes(words.slice(0, at).join(' ')) && text.includes(words.slice(at).join(' ')),
  );
  return isThere ? null : `no test in ${test.file} is named so: ${test.name}`;
}

function readIf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Moved or renamed: the table says where it used to be.
    return null;
  }
}
