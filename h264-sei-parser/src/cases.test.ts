import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CASES } from '../testing/cases.ts';
import { TARGETS } from '../testing/targets.ts';
import { BITSTREAM_ERRORS, type BitstreamErrorCode } from './index.ts';

const codeOf = (problem: string): string => problem.split('@')[0]!;

describe('named bytes', () => {
  it.each(CASES)('$target: $name', ({ target, bytes, problems }) => {
    const found = TARGETS[target](bytes).map(({ code, offset }) => `${code}@${offset}`);
    expect(found).toEqual(problems);
  });

  it('have names of their own', () => {
    const names = CASES.map(({ target, name }) => `${target}: ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('reach every code', () => {
    const reached = new Set(CASES.flatMap(({ problems }) => problems.map(codeOf)));
    expect([...reached].sort()).toEqual(Object.keys(BITSTREAM_ERRORS).sort());
  });

  it('changed anywhere, give nothing but coded errors, with offsets inside the bytes', () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...CASES),
        fc.constantFrom(...(Object.keys(TARGETS) as (keyof typeof TARGETS)[])),
        fc.array(change, { maxLength: 4 }),
        fc.nat(40),
        ({ bytes }, target, changes, cut) => {
          const data = bytes.slice(0, Math.max(0, bytes.length - (cut > 20 ? 0 : cut)));
          for (const [at, value] of changes) if (data.length > 0) data[at % data.length] = value;
          for (const { code, offset, clause } of TARGETS[target](data)) {
            expect(BITSTREAM_ERRORS).toHaveProperty(code);
            expect(offset).toBeGreaterThanOrEqual(0);
            expect(offset).toBeLessThanOrEqual(data.length);
            expect(clause).not.toBe('');
          }
        },
      ),
      { numRuns: 5000 },
    );
  });
});

describe('the README', () => {
  it('lists every code with its clause and text', async () => {
    const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
    const rows = [...readme.matchAll(/^\| `(ERR_\w+)` \| (.+?) \| (.+?) \|$/gm)].map(
      ([, code, clause, text]) => ({
        code,
        clause,
        text,
      }),
    );
    const table = (Object.keys(BITSTREAM_ERRORS) as BitstreamErrorCode[]).map((code) => ({
      code,
      ...BITSTREAM_ERRORS[code],
    }));
    expect(rows).toEqual(table.map(({ code, clause, text }) => ({ code, clause, text })));
  });

  it('names everything that the package exports', async () => {
    const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
    const exported = Object.keys(await import('./index.ts'));
    expect(exported.filter((name) => !readme.includes(`\`${name}`))).toEqual([]);
  });
});
