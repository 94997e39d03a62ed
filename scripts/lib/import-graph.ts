import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type ImportReference, listImports } from './import-lexer.ts';

/** Source texts by path from the root, with forward slashes. */
export type SourceTree = ReadonlyMap<string, string>;

export interface Edge extends ImportReference {
  readonly from: string;
  /** A file of the tree, a path in it that is no file (`isMissing`), or a module's name (`isExternal`). */
  readonly to: string;
  readonly isExternal: boolean;
  readonly isMissing: boolean;
}

const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx)$/;
const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.framecue', 'coverage', 'out']);

/** All source files below `root`, without what is built, fetched or generated. */
export function readSourceTree(root: string): SourceTree {
  const tree = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) visit(path);
      else if (entry.isFile() && SOURCE.test(entry.name))
        tree.set(path, readFileSync(join(root, path), 'utf8'));
    }
  };
  visit('');
  return tree;
}

/**
 * What every file refers to. Names of our own packages lead to their entry files.
 * @param packages entry file by package name
 */
export function edgesOf(tree: SourceTree, packages: Readonly<Record<string, string>>): Edge[] {
  return [...tree].flatMap(([from, text]) =>
    listImports(text).map((reference) => {
      const path = reference.specifier.replace(/[?#].*$/, '');
      const own = Object.hasOwn(packages, path) ? packages[path]! : null;
      const isRelative = /^\.{1,2}\//.test(path);
      const to = own ?? (isRelative ? posix.join(posix.dirname(from), path) : path);
      const isExternal = own === null && !isRelative;
      return {
        ...reference,
        from,
        to,
        isExternal,
        isMissing: !isExternal && SOURCE.test(to) && !tree.has(to),
      };
    }),
  );
}

/**
 * Groups of files that wait for each other when loaded (strongly connected parts of the static imports), each as
 * one way round, such as a, b, a.
 */
export function cyclesOf(edges: readonly Edge[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to, kind, isExternal } of edges) {
    if (kind === 'static' && !isExternal) next.set(from, [...(next.get(from) ?? []), to]);
  }
  // Depth first; a step to a file that is still on the way closes a cycle. Every group has at least one such.
  const done = new Set<string>();
  const way: string[] = [];
  const isOnWay = new Set<string>();
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    if (isOnWay.has(file)) {
      cycles.push([...way.slice(way.indexOf(file)), file]);
      return;
    }
    if (done.has(file)) return;
    way.push(file);
    isOnWay.add(file);
    for (const other of next.get(file) ?? []) visit(other);
    way.pop();
    isOnWay.delete(file);
    done.add(file);
  };
  for (const file of next.keys()) visit(file);
  return cycles;
}

/**
 * How each file that is loaded together with one of `starts` comes to be loaded: the files on the way to it.
 * Types leave no trace at run time and are not followed.
 */
export function reachableFrom(starts: readonly string[], edges: readonly Edge[]): Map<string, string[]> {
  const next = new Map<string, string[]>();
  for (const { from, to, kind, isExternal } of edges) {
    if (kind !== 'type' && !isExternal) next.set(from, [...(next.get(from) ?? []), to]);
  }
  const ways = new Map(starts.map((start) => [start, [start]]));
  const open = [...starts];
  for (let file = open.shift(); file !== undefined; file = open.shift()) {
    for (const other of next.get(file) ?? []) {
      if (ways.has(other)) continue;
      ways.set(other, [...ways.get(file)!, other]);
      open.push(other);
    }
  }
  return ways;
}
