import { describe, expect, test } from 'vitest';
import { cyclesOf, edgesOf, reachableFrom, readSourceTree } from './lib/import-graph.ts';
import { type ImportReference, listImports } from './lib/import-lexer.ts';
import { checkImports, type Violation } from './lib/import-rules.ts';
import { pureTests } from './lib/test-projects.ts';
import { ROOT } from './lib/tools.ts';

/** What a test could leave behind in its process; files it would have to name. */
const LEAVES_THINGS =
  /^(?:node:)?(?:net|tls|dgram|dns|http|https|http2|child_process|cluster|worker_threads|sqlite)(?:\/|$)|^(?:playwright-core|ws|express)$/;
/** What changes the process for whoever comes next, however well it is put back. */
const CHANGES_PROCESS =
  /\bvi\.(?:mock|doMock|stubEnv|stubGlobal|resetModules)\b|\bprocess\.(?:chdir|on|once)\b/;

describe('this project', () => {
  const tree = readSourceTree(ROOT);
  const edges = edgesOf(tree, { 'h264-sei-parser': 'h264-sei-parser/src/index.ts' });

  test('keeps the import direction', () => {
    expect(checkImports(tree).map(({ rule, text }) => `${rule}: ${text}`)).toEqual([]);
  });

  test('was really read', () => {
    // Were the walk or the lexer blind, the test above would hold for nothing.
    const linesWithFrom = [...tree.values()].flatMap(
      (text) => text.match(/^(?:import|export) .* from '.*';$/gm) ?? [],
    );
    expect(tree.has('packet/packet.ts')).toBe(true);
    expect([...tree.keys()].filter((path) => path.includes('node_modules'))).toEqual([]);
    expect(edges.length).toBeGreaterThanOrEqual(linesWithFrom.length);
  });

  test('lets only those tests share a process that leave nothing in it', () => {
    const outside = edges.filter(
      ({ isExternal, kind, to }) => isExternal && kind !== 'type' && LEAVES_THINGS.test(to),
    );
    const wrong = pureTests(ROOT).flatMap((file) => {
      const ways = reachableFrom([file], edges);
      const reached = outside.filter(({ from }) => ways.has(from));
      const changes = CHANGES_PROCESS.exec(tree.get(file)!);
      return [
        ...reached.map(({ from, to }) => `${[...ways.get(from)!, to].join(' > ')}`),
        ...(changes === null ? [] : [`${file}: ${changes[0]}`]),
      ];
    });
    expect(wrong, 'to be named in STARTS_SOMETHING of scripts/lib/test-projects.ts').toEqual([]);
    expect(pureTests(ROOT).length).toBeGreaterThan(100);
  });
});

const seen = (source: string): string[] =>
  listImports(source).map(({ kind, specifier }: ImportReference) => `${kind} ${specifier}`);

describe('the lexer finds', () => {
  test.each([
    ["import a from './a.ts';", ['static ./a.ts']],
    ['import a from "./a.ts"', ['static ./a.ts']],
    ["import './a.css';", ['static ./a.css']],
    ["import a, { b as c, type D } from './a.ts';", ['static ./a.ts']],
    ["import * as a from './a.ts';", ['static ./a.ts']],
    ["import {\n  a,\n  // from './no.ts'\n  b,\n} from './a.ts';", ['static ./a.ts']],
    ["import type { A } from './a.ts';", ['type ./a.ts']],
    ["import type A from './a.ts';", ['type ./a.ts']],
    ["import type * as A from './a.ts';", ['type ./a.ts']],
    // With verbatimModuleSyntax this still loads the module.
    ["import { type A } from './a.ts';", ['static ./a.ts']],
    ["import type from './a.ts';", ['static ./a.ts']],
    ["import type, { b } from './a.ts';", ['static ./a.ts']],
    ["import data from './a.json' with { type: 'json' };", ['static ./a.json']],
    ["export { a } from './a.ts';", ['static ./a.ts']],
    ["export { a as 'b c' } from './a.ts';", ['static ./a.ts']],
    ["export * from './a.ts';", ['static ./a.ts']],
    ["export * as a from './a.ts';", ['static ./a.ts']],
    ["export type { A } from './a.ts';", ['type ./a.ts']],
    ["export type * from './a.ts';", ['type ./a.ts']],
    ["const a = await import('./a.ts');", ['dynamic ./a.ts']],
    ['const a = import(`./a.ts`);', ['dynamic ./a.ts']],
    ["const a = require('node:fs');", ['dynamic node:fs']],
    ["import a = require('./a.ts');", ['dynamic ./a.ts']],
    ["type A = import('./a.ts').A;", ['dynamic ./a.ts']],
    ["new Worker(new URL('./a.ts', import.meta.url));", ['url ./a.ts']],
    ["import a from './a.ts'; import b from './b.ts';", ['static ./a.ts', 'static ./b.ts']],
    ["export { a }; import b from './b.ts';", ['static ./b.ts']],
    ["const r = /import 'x'/; import a from './a.ts';", ['static ./a.ts']],
    ["const half = all / 2; import a from './a.ts'; const b = c / d;", ['static ./a.ts']],
    ["const s = '\\'; import \"x\"'; import a from './a.ts';", ['static ./a.ts']],
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a source text
      "const s = `${a ? `import '${b}'` : { c: 1 }.c} import 'x'`; import a from './a.ts';",
      ['static ./a.ts'],
    ],
    ["const x = <p>Don't import</p>;\nimport a from './a.ts';", ['static ./a.ts']],
    ["const x = <a href='/b'>c</a>; import('./a.ts');", ['dynamic ./a.ts']],
  ])('%s', (source, expected) => {
    expect(seen(source)).toEqual(expected);
  });

  test.each([
    "// import a from './a.ts';",
    "/* import a from './a.ts'; */",
    'const s = "import a from \'./a.ts\'";',
    "const s = `import a from './a.ts'`;",
    "object.import('./a.ts');",
    'const o = { import: 1, from: 2 };',
    'console.log(import.meta.url);',
    "new URL('./page.html', import.meta.url);",
    "new URL('./a.ts', base);",
    'export const a = 1;',
    "export type A = 'x';",
    "const from = 'y'; const type = from;",
    'import(name);',
  ])('nothing in %s', (source) => {
    expect(seen(source)).toEqual([]);
  });

  test('lines', () => {
    const source = "/* a\n b */\nimport a from\n  './a.ts';\nconst s = `\n`;\nimport './b.ts';";
    expect(listImports(source).map(({ line }) => line)).toEqual([4, 7]);
  });
});

const check = (files: Readonly<Record<string, string>>): Violation[] =>
  checkImports(new Map(Object.entries(files)));

describe('the checker finds', () => {
  const empty = {
    'h264-sei-parser/src/index.ts': '',
    'packet/packet.ts': '',
    'packet/packet.test.ts': '',
    'cues/cue.ts': '',
    'cues/wire/index.ts': '',
    'service/log.ts': '',
    'draws/verify.ts': '',
    'injector/queue.ts': '',
    'delivery/hub.ts': '',
    'delivery/testing.ts': '',
    'events/ledger/store.ts': '',
    'events/interactions/judge.ts': '',
    'events/http/routes.ts': '',
    'qa/inspect.ts': '',
    'ops/drill.ts': '',
    'server/media.ts': '',
    'scripts/demo.ts': '',
    'scripts/lib/tools.ts': '',
    'scripts/set-up/main.mjs': '',
    'client/src/index.ts': '',
    'client/src/page.ts': '',
    'player-demo/src/viewer.tsx': '',
    'player-demo/vite.config.ts': '',
    'test-streams/barcode.ts': '',
    'test-streams/encode.ts': '',
    'events/simulation/world.ts': '',
    'events/test-support/manual-time.ts': '',
  };

  const planted: readonly [file: string, specifier: string, rule: Violation['rule']][] = [
    // upwards
    ['packet/packet.ts', '../cues/cue.ts', 'direction'],
    ['h264-sei-parser/src/index.ts', '../../packet/packet.ts', 'direction'],
    ['cues/cue.ts', '../injector/queue.ts', 'direction'],
    ['delivery/hub.ts', '../server/media.ts', 'direction'],
    ['server/media.ts', '../scripts/demo.ts', 'direction'],
    ['packet/packet.ts', '../scripts/lib/tools.ts', 'direction'],
    // brothers
    ['injector/queue.ts', '../delivery/hub.ts', 'direction'],
    ['events/http/routes.ts', '../../delivery/hub.ts', 'direction'],
    ['cues/cue.ts', '../service/log.ts', 'direction'],
    ['service/log.ts', '../cues/cue.ts', 'direction'],
    ['draws/verify.ts', '../cues/cue.ts', 'direction'],
    ['cues/cue.ts', '../draws/verify.ts', 'direction'],
    ['qa/inspect.ts', '../ops/drill.ts', 'direction'],
    // inside a folder
    ['events/ledger/store.ts', '../http/routes.ts', 'direction'],
    ['events/interactions/judge.ts', '../http/routes.ts', 'direction'],
    // the browser's side
    ['client/src/index.ts', '../../packet/packet.ts', 'direction'],
    ['client/src/index.ts', '../../cues/cue.ts', 'direction'],
    ['client/src/index.ts', '../../player-demo/src/viewer.tsx', 'direction'],
    ['player-demo/src/viewer.tsx', '../../delivery/hub.ts', 'direction'],
    ['player-demo/src/viewer.tsx', '../../test-streams/encode.ts', 'direction'],
    ['delivery/hub.ts', '../client/src/index.ts', 'direction'],
    ['delivery/hub.ts', 'framecue-client', 'direction'],
    ['delivery/hub.ts', '../test-streams/encode.ts', 'direction'],
    ['client/src/page.ts', 'node:fs', 'browser'],
    ['client/src/page.ts', 'path', 'browser'],
    ['player-demo/src/viewer.tsx', 'node:util', 'browser'],
    ['cues/wire/index.ts', 'node:crypto', 'browser'],
    ['draws/verify.ts', 'node:crypto', 'browser'],
    ['h264-sei-parser/src/index.ts', 'node:buffer', 'browser'],
    ['test-streams/barcode.ts', 'node:zlib', 'browser'],
    // the rest
    ['injector/queue.ts', 'node:net', 'pure'],
    ['cues/cue.ts', 'node:fs/promises', 'pure'],
    ['h264-sei-parser/src/index.ts', 'zod', 'pure'],
    ['scripts/set-up/main.mjs', 'commander', 'pure'],
    ['scripts/set-up/main.mjs', '../lib/tools.ts', 'direction'],
    ['delivery/hub.ts', './testing.ts', 'test-code'],
    ['delivery/hub.ts', '../packet/packet.test.ts', 'test-code'],
    ['delivery/hub.ts', 'vitest', 'test-code'],
    ['events/events.ts', 'fast-check', 'test-code'],
    ['events/events.ts', './simulation/world.ts', 'test-code'],
    ['delivery/hub.ts', './gone.ts', 'missing'],
  ];
  test.each(planted)('%s importing %s: %s', (file, specifier, rule) => {
    const found = check({ ...empty, [file]: `\nimport { a } from '${specifier}';` });
    expect(found.map((one) => one.rule)).toContain(rule);
    expect(found.find((one) => one.rule === rule)?.text).toContain(`${file}:2`);
  });

  test.each(['export * from', 'import type { A } from', 'await import(', "import ''; import"])(
    'the wrong direction in the form "%s"',
    (form) => {
      const end = form.endsWith('(') ? ')' : '';
      const found = check({ ...empty, 'injector/queue.ts': `${form} '../delivery/hub.ts'${end};` });
      expect(found.map((one) => one.rule)).toContain('direction');
    },
  );

  test('Node behind a file that a page loads', () => {
    const found = check({
      ...empty,
      'client/src/index.ts': "import '../../cues/wire/index.ts';",
      'cues/wire/index.ts': "export * from '../../packet/packet.ts';",
      'packet/packet.ts': "import { hrtime } from 'node:process';",
    });
    expect(found).toEqual([
      { rule: 'browser', text: expect.stringContaining('cues/wire/index.ts -> packet/packet.ts') },
    ]);
  });

  test('a second file with node-media-server', () => {
    const one = { ...empty, 'ingest/rtmp.ts': "import S from 'node-media-server/src/session.js';" };
    expect(check(one)).toEqual([]);
    const two = { ...one, 'ingest/other.ts': "import C from 'node-media-server/src/core/context.js';" };
    expect(check(two)).toEqual([{ rule: 'one-file', text: expect.stringContaining('ingest/other.ts') }]);
  });

  test('a folder without a rank', () => {
    const found = check({ ...empty, 'extras/thing.ts': '' });
    expect(found).toEqual([{ rule: 'unknown-folder', text: expect.stringContaining('extras/thing.ts') }]);
  });

  test('circles, but not those of types or of later loading', () => {
    const circle = (back: string) =>
      check({
        'delivery/a.ts': "import './b.ts';",
        'delivery/b.ts': "import './c.ts';",
        'delivery/c.ts': back,
      });
    expect(circle("import { a } from './a.ts';")).toEqual([
      {
        rule: 'cycle',
        text: 'in a circle: delivery/a.ts -> delivery/b.ts -> delivery/c.ts -> delivery/a.ts',
      },
    ]);
    expect(circle("import type { a } from './a.ts';")).toEqual([]);
    expect(circle("await import('./a.ts');")).toEqual([]);
  });

  test('every circle once', () => {
    const tree = new Map([
      ['delivery/a.ts', "import './b.ts'; import './a.ts';"],
      ['delivery/b.ts', "import './c.ts'; import './d.ts';"],
      ['delivery/c.ts', "import './d.ts';"],
      ['delivery/d.ts', "import './c.ts';"],
    ]);
    expect(cyclesOf(edgesOf(tree, {})).map((files) => files.join(' '))).toEqual([
      'delivery/c.ts delivery/d.ts delivery/c.ts',
      'delivery/a.ts delivery/a.ts',
    ]);
  });

  test.each([
    ['injector/queue.ts', '../packet/packet.ts'],
    ['injector/queue.ts', '../cues/wire/index.ts'],
    ['injector/queue.ts', '../h264-sei-parser/src/index.ts'],
    ['service/log.ts', 'node:fs'],
    ['events/http/routes.ts', '../ledger/store.ts'],
    ['server/media.ts', '../delivery/hub.ts'],
    ['scripts/demo.ts', '../test-streams/encode.ts'],
    ['scripts/demo.ts', './lib/tools.ts'],
    ['scripts/set-up.mjs', './set-up/main.mjs'],
    ['scripts/set-up/main.mjs', 'node:fs'],
    ['test-streams/encode.ts', '../scripts/lib/tools.ts'],
    ['client/src/index.ts', '../../cues/wire/index.ts'],
    ['client/src/index.ts', '../../draws/verify.ts'],
    ['events/http/routes.ts', '../../draws/verify.ts'],
    ['events/simulation/world.ts', 'fast-check'],
    ['events/simulation/world.ts', '../test-support/manual-time.ts'],
    ['client/src/index.test.ts', 'node:fs'],
    ['client/src/index.test.ts', '../../packet/packet.ts'],
    ['player-demo/src/viewer.tsx', '../../client/src/index.ts'],
    ['player-demo/src/viewer.tsx', '../../test-streams/barcode.ts'],
    ['player-demo/src/viewer.tsx', './viewer.css'],
    ['player-demo/vite.config.ts', 'node:url'],
    ['client/finish-types.ts', 'node:fs'],
    ['delivery/hub.test.ts', './testing.ts'],
    ['delivery/hub.test.ts', '../test-streams/encode.ts'],
    ['e2e/one-cue.test.ts', '../server/media.ts'],
    ['vitest.config.ts', 'node:os'],
  ])('nothing wrong with %s importing %s', (file, specifier) => {
    expect(check({ ...empty, [file]: `import { a } from '${specifier}';` })).toEqual([]);
  });
});
