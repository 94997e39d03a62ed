import { isBuiltin } from 'node:module';
import { cyclesOf, type Edge, edgesOf, reachableFrom, type SourceTree } from './import-graph.ts';

export interface Violation {
  readonly rule:
    | 'direction'
    | 'unknown-folder'
    | 'browser'
    | 'pure'
    | 'one-file'
    | 'test-code'
    | 'cycle'
    | 'missing';
  /** A sentence with file and line. */
  readonly text: string;
}

/** From bytes to wiring: each rank may import all before it; those of one rank do not know each other. */
const RANKS = [
  ['h264-sei-parser'],
  ['packet'],
  ['cues', 'service', 'draws'],
  ['ingest', 'injector', 'delivery', 'director', 'events', 'rewards'],
  ['qa', 'ops'],
  ['server'],
  ['scripts'],
] as const;

const BELOW_ROOMS = ['h264-sei-parser', 'packet', 'cues', 'service', 'draws'];

/** Folders beside that line, with all that each may import. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  // Runs before anything is installed.
  'scripts/set-up.mjs': ['scripts/set-up'],
  'scripts/set-up': ['scripts/set-up.mjs'],
  'scripts/lib/tools.ts': ['packet'],
  'test-streams': ['h264-sei-parser', 'packet', 'cues', 'scripts/lib/tools.ts'],
  client: ['h264-sei-parser', 'cues/wire', 'draws'],
  // What the bytes go through, from the parser to the readers of outputs.
  fuzz: ['h264-sei-parser', 'packet', 'cues', 'injector', 'delivery', 'qa', 'client', 'scripts/lib/tools.ts'],
  mutants: ['scripts/lib/tools.ts'],
  'player-demo': ['h264-sei-parser', 'cues/wire', 'cues/slate', 'draws', 'client', 'test-streams/barcode.ts'],
};

/** What those at the end of the line may import beside all ranks before them. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  qa: ['test-streams'],
  ops: ['test-streams'],
  scripts: ['scripts/lib/tools.ts', 'test-streams', 'client'],
};

/** Whole-system tests see everything. */
const SEES_ALL = 'e2e';

/** The order inside a folder, where DESIGN gives one. */
const INNER_RANKS: Readonly<Record<string, readonly string[]>> = {
  events: ['ledger', 'interactions', 'http'],
};

/** What runs in browsers, whoever imports it. What lies beside these `src` folders builds them. */
const BROWSER = [
  'client/src',
  'player-demo/src',
  'h264-sei-parser/src',
  'cues/wire',
  'cues/slate',
  'draws',
  'test-streams/barcode.ts',
];

/** No sockets, files or processes: what they compute depends on their arguments alone. */
const PURE = ['h264-sei-parser/src', 'cues', 'draws', 'injector'];
const OUTSIDE_WORLD =
  /^(?:node:)?(?:fs|net|tls|dgram|dns|http|https|http2|child_process|cluster|worker_threads|sqlite|readline)(?:\/|$)/;

/** What works without any package installed. */
const ALONE = ['h264-sei-parser/src', 'scripts/set-up', 'scripts/set-up.mjs'];

/** Peers that stay behind one file. */
const ONE_FILE = ['node-media-server'];
const TEST_TOOLS = ['vitest', 'fast-check', 'playwright-core'];

const PACKAGES = {
  'h264-sei-parser': 'h264-sei-parser/src/index.ts',
  'framecue-client': 'client/src/index.ts',
};

const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Code that runs only in tests: test files, and what test files share. */
export const isTestCode = (path: string): boolean =>
  isIn(path, SEES_ALL) ||
  /\.test\.[cm]?[jt]sx?$/.test(path) ||
  /(?:^|\/)(?:test|testing|test-support|fixtures)\//.test(path) ||
  /(?:^|\/)(?:testing|fixtures|conformance)\.ts$/.test(path);

/** What proves the project over many runs of its own: built of tests' parts, and part of nothing that is served. */
const PROOFS = ['events/simulation'];
const isProof = (path: string): boolean => PROOFS.some((folder) => isIn(path, folder));

/** The folder whose rules hold for a file; null for files at the root; undefined for a folder without rules. */
function unitOf(path: string): string | null | undefined {
  if (!path.includes('/')) return null;
  const units = [...Object.keys(BESIDE), ...RANKS.flat(), SEES_ALL];
  return units.find((unit) => isIn(path, unit));
}

function allowedFor(unit: string, isTest: boolean): readonly string[] {
  const rank = RANKS.findIndex((units) => (units as readonly string[]).includes(unit));
  const ranked = rank < 0 ? BESIDE[unit]! : [...RANKS.slice(0, rank).flat(), ...(ALSO[unit] ?? [])];
  // Tests of the browser's side may play the server's part with the same bytes.
  const forTests = ['test-streams', 'scripts/lib/tools.ts', ...(rank < 0 ? BELOW_ROOMS : [])];
  return [unit, ...ranked, ...(isTest ? forTests : [])];
}

/** Everything in the tree that goes against the import direction (docs/architecture.md). */
export function checkImports(tree: SourceTree): Violation[] {
  const edges = edgesOf(tree, PACKAGES);
  return [
    ...[...tree.keys()].flatMap(checkFolder),
    ...edges.flatMap((edge) => [...checkEdge(edge), ...checkInner(edge), ...checkKindOfCode(edge)]),
    ...checkBrowser(tree, edges),
    ...ONE_FILE.flatMap((name) => checkOneFile(name, edges)),
    ...cyclesOf(edges).map(
      (files): Violation => ({ rule: 'cycle', text: `in a circle: ${files.join(' -> ')}` }),
    ),
  ];
}

const at = ({ from, line, specifier }: Edge): string => `${from}:${line} imports '${specifier}'`;

function checkFolder(path: string): Violation[] {
  if (unitOf(path) !== undefined) return [];
  const text = `${path} is in a folder without a rank: give it one in scripts/lib/import-rules.ts`;
  return [{ rule: 'unknown-folder', text }];
}

function checkEdge(edge: Edge): Violation[] {
  if (edge.isExternal) return [];
  if (edge.isMissing) return [{ rule: 'missing', text: `${at(edge)}, which is not there` }];
  const unit = unitOf(edge.from);
  if (unit === null || unit === undefined || unit === SEES_ALL) return [];
  const allowed = allowedFor(unit, isTestCode(edge.from));
  if (allowed.some((place) => isIn(edge.to, place) && unitOf(edge.to) === unitOf(`${place}/x`))) return [];
  return [{ rule: 'direction', text: `${at(edge)}: ${unit} may import only ${allowed.join(', ')}` }];
}

function checkInner(edge: Edge): Violation[] {
  const [folder = '', from = ''] = edge.from.split('/');
  const order = INNER_RANKS[folder];
  if (order === undefined || edge.isExternal || !isIn(edge.to, folder) || isTestCode(edge.from)) return [];
  const to = edge.to.split('/')[1] ?? '';
  const isUpward = order.includes(from) && order.includes(to) && order.indexOf(to) > order.indexOf(from);
  if (!isUpward) return [];
  return [{ rule: 'direction', text: `${at(edge)}: inside ${folder}, ${order.join(' <- ')}` }];
}

function checkKindOfCode(edge: Edge): Violation[] {
  if (isTestCode(edge.from) || isProof(edge.from)) return [];
  const isTool = TEST_TOOLS.some((name) => isIn(edge.to, name));
  // The end-to-end benchmarks drive a browser as the tests do.
  const isBench = isIn(edge.from, 'scripts') && isIn(edge.to, 'playwright-core');
  const isConfig = !edge.from.includes('/');
  if (!edge.isExternal && (isTestCode(edge.to) || isProof(edge.to))) {
    return [{ rule: 'test-code', text: `${at(edge)}, which is for tests only` }];
  }
  if (edge.isExternal && isTool && !isBench && !isConfig) {
    return [{ rule: 'test-code', text: `${at(edge)}, a tool of tests` }];
  }
  const isAlone = ALONE.some((place) => isIn(edge.from, place));
  if (isAlone && edge.isExternal && !isBuiltin(edge.to)) {
    return [{ rule: 'pure', text: `${at(edge)}, and it has to work without any package` }];
  }
  const isPure = PURE.some((folder) => isIn(edge.from, folder));
  if (isPure && edge.isExternal && OUTSIDE_WORLD.test(edge.to)) {
    return [{ rule: 'pure', text: `${at(edge)}: this folder does no input or output` }];
  }
  return [];
}

function checkBrowser(tree: SourceTree, edges: readonly Edge[]): Violation[] {
  const isBrowser = (path: string): boolean =>
    BROWSER.some((place) => isIn(path, place)) && !isTestCode(path);
  const starts = [...tree.keys()].filter(isBrowser);
  const ways = reachableFrom(starts, edges);
  return edges.flatMap((edge): Violation[] => {
    const way = ways.get(edge.from);
    const isNode = edge.isExternal && isBuiltin(edge.to);
    // A type from Node is of no harm to the page, but a sign that a file of the browser's is none.
    if (way === undefined || !isNode || (edge.kind === 'type' && !isBrowser(edge.from))) return [];
    const how = way.length > 1 ? ` (${way.join(' -> ')})` : '';
    return [{ rule: 'browser', text: `${at(edge)}, and it runs in browsers${how}` }];
  });
}

function checkOneFile(name: string, edges: readonly Edge[]): Violation[] {
  const users = edges.filter((edge) => edge.isExternal && isIn(edge.to, name));
  const files = new Set(users.map(({ from }) => from));
  if (files.size <= 1) return [];
  return [
    { rule: 'one-file', text: `${name} is imported by ${[...files].join(', ')}: keep it behind one file` },
  ];
}
