import { describe, expect, test } from 'vitest';
import { ROOT } from '../scripts/lib/tools.ts';
import type { Mutant } from './lib/mutant.ts';
import { patched, testMissing } from './lib/sources.ts';
import { MUTANTS } from './table/index.ts';

describe('the table of planted faults', () => {
  test('has names of their own, twenty and more', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
    expect(MUTANTS.length).toBeGreaterThan(20);
  });

  test.each(MUTANTS)('$name can still be planted, and its test is there', (mutant) => {
    expect(patched(ROOT, mutant)).toMatchObject({ kind: 'patched' });
    expect(testMissing(ROOT, mutant)).toBeNull();
    expect(mutant.replace).not.toBe(mutant.find);
  });

  test('says what is stale', () => {
    const mutant: Mutant = { ...MUTANTS[0]!, find: 'no such text' };
    expect(patched(ROOT, mutant)).toMatchObject({ kind: 'stale', why: expect.stringContaining('0 times') });
    expect(patched(ROOT, { ...mutant, file: 'no/such/file.ts' })).toMatchObject({ kind: 'stale' });
    expect(testMissing(ROOT, { ...mutant, test: { ...mutant.test, name: 'no such test' } })).toContain(
      'no such test',
    );
  });
});
