import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OUTPUT_PROBLEMS } from '../../cues/output-receipt.ts';

test('docs/audit.md has every problem of an output, in the words of the code', () => {
  const page = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z][A-Z_]+)` \| (.*) \|$/gm)].map((match) => [match[1], match[2]]);
  expect(rows).toEqual(Object.entries(OUTPUT_PROBLEMS));
});
