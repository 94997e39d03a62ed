import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../scripts/lib/tools.ts';

const read = (path: string): string => readFileSync(join(ROOT, 'client', path), 'utf8');

const readme = read('README.md');
const types = read('src/types.ts');
const sources = readdirSync(join(ROOT, 'client/src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => read(`src/${name}`))
  .join('\n');

/** First cells of the table under a heading, without what stands in brackets after a name. */
function table(heading: string): string[] {
  const section = readme.split(`## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\| `(\w+)/gm)].map(([, name]) => name!);
}

const fieldsOf = (name: string): string[] => {
  const body = new RegExp(`export interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(types)![1]!;
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, field]) => field!);
};

describe('the README says', () => {
  test('every option, and no other', () => {
    const options = fieldsOf('FramecueOptions');
    expect(options.length).toBeGreaterThan(8);
    expect(table('What you give').sort()).toEqual(options.sort());
  });

  test('every member of what is returned', () => {
    const members = fieldsOf('Framecue');
    expect(members.length).toBeGreaterThan(5);
    for (const member of members) expect(readme).toMatch(new RegExp(`\`${member}[.(\`]`));
  });

  test('every code, and no other', () => {
    const codes = new Set(sources.match(/ERR_CLIENT_[A-Z_]+/g));
    codes.delete('ERR_CLIENT_');
    expect(table('Codes').sort()).toEqual([...codes].sort());
  });

  test.each([
    ['maxDelayMs', 'DEFAULT_MAX_DELAY_MS', '30,000'],
    ['reportShare', 'DEFAULT_REPORT_SHARE', '0.1'],
    ['poll', 'DEFAULT_FALLBACK_MS', '2,500'],
    ['poll', 'DEFAULT_SAFETY_MS', '15,000'],
  ])('the default of %s (%s)', (option, constant, text) => {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${option}`))!;
    expect(row).toContain(text);
    const value = new RegExp(`${constant} = ([\\d._]+);`).exec(sources)![1]!.replaceAll('_', '');
    expect(text.replaceAll(',', '')).toBe(value);
  });
});
