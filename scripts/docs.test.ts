import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CUE_STATES } from '../cues/states.ts';
import { MISS_REASONS } from '../director/fate.ts';
import { REPAIRS } from '../ingest/tidy-frame.ts';
import { rewritesOf } from '../injector/counters.ts';
import { LINT_CODES } from '../injector/lint-codes.ts';
import { ERRORS } from '../packet/errors.ts';
import { V8_FLAGS } from '../server/v8-flags.ts';
import { loadSettings, SETTINGS } from '../service/settings.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const PAGES = globSync(['*.md', 'docs/**/*.md', '*/README.md'], { cwd: ROOT });

/** Rows of a table whose first cell is a name in code style: that name, and the cells behind it. */
function rowsOf(page: string, name: RegExp): Map<string, string[]> {
  const rows = new Map<string, string[]>();
  for (const line of page.split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    const found = cells[1]?.match(/^`([^`]+)`$/)?.[1];
    if (found !== undefined && name.test(found)) rows.set(found, cells.slice(2, -1));
  }
  return rows;
}

describe('the settings table of the README', () => {
  const rows = rowsOf(read('README.md'), /^FRAMECUE_/);

  it('has every setting, its default and its meaning as the code has them', () => {
    const expected = Object.values(SETTINGS).map((s) => [
      s.name,
      [s.processes.join(', '), s.default === null ? '' : `\`${s.default}\``, s.meaning],
    ]);
    expect([...rows]).toEqual(expected);
  });
});

describe('docs/errors.md', () => {
  it('has every code, its status, whether it is worth a retry, and its text', () => {
    const expected = Object.entries(ERRORS).map(([code, e]) => [
      code,
      [String(e.status), e.retryable ? 'yes' : 'no', e.text],
    ]);
    expect([...rowsOf(read('docs/errors.md'), /^ERR_/)]).toEqual(expected);
  });
});

describe('docs/lint.md', () => {
  const page = read('docs/lint.md');

  it('has every code, its severity, what to do, and its clause', () => {
    const expected = Object.entries(LINT_CODES).map(([code, e]) => [code, [e.severity, e.text, e.clause]]);
    expect([...rowsOf(page, /^[A-Z_]+$/)]).toEqual(expected);
  });

  it('has every reason for which a frame is changed, in the injector and before it', () => {
    const reasons = [...Object.keys(rewritesOf(undefined)), ...REPAIRS];
    expect([...rowsOf(page, /^[a-z-]+$/).keys()]).toEqual(reasons);
  });
});

describe('docs/director.md', () => {
  const page = read('docs/director.md');

  it('says what each state of a cue means', () => {
    expect([...rowsOf(page, /^[a-z]+$/).keys()]).toEqual(expect.arrayContaining([...CUE_STATES]));
  });

  it('names codes, reasons, settings and keys that exist', () => {
    const codes = page.match(/\bERR_[A-Z_]+/g) ?? [];
    expect(codes.filter((code) => !(code in ERRORS))).toEqual([]);
    const known = { ...MISS_REASONS, CLOCK_STEPPED: '' };
    const reasons = [...page.matchAll(/\(`([A-Z]+_[A-Z_]+)`\)/g)].map((match) => match[1]!);
    expect(reasons.filter((reason) => !(reason in known))).toEqual([]);
    const names: readonly string[] = Object.values(SETTINGS).map(({ name }) => name);
    const named = page.match(/\bFRAMECUE_[A-Z_]+/g) ?? [];
    expect(named.filter((name) => !names.includes(name))).toEqual([]);
    const keys = [...read('docs/console.md').matchAll(/^\| (`[^|]+`) \|/gm)].map((match) => match[1]!);
    const pressed = [...page.matchAll(/`([A-Z]|Space|Enter|Esc|Shift Backspace)`/g)].map((match) => match[0]);
    expect(pressed.length).toBeGreaterThan(10);
    expect(pressed.filter((key) => !keys.some((row) => row.includes(key)))).toEqual([]);
  });
});

describe('docker-compose.yml', () => {
  const text = read('docker-compose.yml').replaceAll(/\$\{DOMAIN[^}]*\}/g, 'example.org');
  const compose = parse(text, { merge: true }) as {
    services: Record<string, { environment?: Record<string, string>; command?: string[] }>;
  };

  it.each(['media', 'events'] as const)('gives %s settings and flags that exist and fit', (name) => {
    const { environment, command } = compose.services[name]!;
    const { settings, warnings } = loadSettings(environment!);
    expect(warnings).toEqual([]);
    expect(settings.host).toBe('0.0.0.0');
    const [node, ...args] = command!;
    const entry = args.pop()!;
    expect(node).toBe('node');
    expect(existsSync(join(ROOT, entry))).toBe(true);
    expect(args).toEqual(V8_FLAGS[name]);
  });

  it('serves both through the proxy, and only through it', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['events', 'media', 'proxy']);
    expect(text).toContain(`reverse_proxy media:${SETTINGS.mediaPort.default}`);
    expect(text).toContain(`reverse_proxy events:${SETTINGS.eventsPort.default}`);
  });
});

describe('docs/invariants.md', () => {
  const rows = read('docs/invariants.md')
    .split('\n')
    .filter((line) => /^\| [A-Z]\d+ \|/.test(line))
    .map((line) => {
      const [, id, promise, code, test, metric] = line
        .split(' | ')
        .join('|')
        .split('|')
        .map((c) => c.trim());
      return { id: id!, promise: promise!, code: code!, test: test!, metric: metric! };
    });
  const sources = globSync('{server,service,ingest,delivery,director,events}/**/*.ts', { cwd: ROOT }).map(
    read,
  );

  it('numbers each promise once', () => {
    expect(rows.length).toBeGreaterThan(10);
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
  });

  it.each(rows)('$id names code, a test that exists, and metrics that exist', ({ code, test, metric }) => {
    expect(code).toMatch(/\]\(\.\.\//);
    const quoted = [...test.matchAll(/\]\(\.\.\/([^)]+)\) "([^"]+)"/g)];
    expect(quoted.length).toBeGreaterThan(0);
    for (const [, file, title] of quoted) expect(read(file!)).toContain(title);
    for (const [, name] of metric.matchAll(/`([^`]+)`/g)) {
      expect(sources.some((source) => source.includes(`'${name}'`))).toBe(true);
    }
  });
});

describe('docs/threat-model.md', () => {
  const [, ...sections] = read('docs/threat-model.md').split(/^## /m);

  it.each(sections.map((text) => ({ name: text.slice(0, text.indexOf('\n')), text })))(
    '$name: names code, tests that exist, and what is left',
    ({ text }) => {
      const quoted = [...text.matchAll(/\]\(\.\.\/([^)]+)\) "([^"]+)"/g)];
      expect(quoted.length).toBeGreaterThan(0);
      for (const [, file, title] of quoted) expect(read(file!)).toContain(title);
      expect(text).toContain('**Accepted**');
    },
  );
});

describe('the ten lines of the README', () => {
  it('are those that client/example.test.ts runs in a browser', () => {
    const block = /<!-- This block is run [^>]*-->\n(```js\n[\s\S]*?```)/.exec(read('client/README.md'))![1]!;
    expect(read('README.md')).toContain(block);
  });
});

describe('the links of the docs', () => {
  it.each(PAGES)('%s points at files that are there', (page) => {
    const broken = [...read(page).matchAll(/\]\((?!https?:|mailto:)([^)#\s]+)[^)]*\)/g)]
      .map((match) => match[1]!)
      .filter((target) => !existsSync(join(ROOT, dirname(page), target)));
    expect(broken).toEqual([]);
  });

  it.each(PAGES)('%s points at headings that are there', (page) => {
    const broken = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*\.md)?#([^)\s]+)\)/g)]
      .filter(([, file, anchor]) => {
        const target = file === undefined ? page : join(dirname(page), file);
        return existsSync(join(ROOT, target)) && !anchorsOf(read(target)).has(anchor!);
      })
      .map(([link]) => link);
    expect(broken).toEqual([]);
  });
});

/** As GitHub makes them of headings. */
function anchorsOf(page: string): Set<string> {
  const headings = page.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading]) =>
      heading!
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('the commands of the README', () => {
  it('are scripts of package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read('README.md').matchAll(/npm (?:run )?([a-z][a-z:-]*)/g)].map((m) => m[1]!);
    const builtIn = new Set(['install', 'ci', 'pack', 'i']);
    expect(named.filter((name) => !builtIn.has(name) && scripts[name] === undefined)).toEqual([]);
  });
});
