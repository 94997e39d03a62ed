import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSourceTree } from './lib/import-graph.ts';
import { isTestCode } from './lib/import-rules.ts';
import { ROOT } from './lib/tools.ts';

// Vitest turns TypeScript into JavaScript in its own way and accepts what Node's type stripping refuses, so every
// file that people or other processes start is started here by Node itself.

/** What must be among the entries, so that a search gone blind does not pass. */
const KNOWN = ['bench', 'demo', 'framecue', 'start', 'test'].map((name) => `scripts/${name}.ts`);
const LIMIT_MS = 30_000;

/**
 * Files that are started by themselves: the scripts, what package.json starts, and every file that says so by
 * its first line, by its name, or by asking whether it is the one that was started.
 */
function findEntries(): string[] {
  const scripts = readdirSync(join(ROOT, 'scripts')).map((name) => `scripts/${name}`);
  const manifest: { scripts: Record<string, string>; bin: Record<string, string> } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  );
  const inManifest = [...Object.values(manifest.scripts), ...Object.values(manifest.bin)].flatMap(
    (line) => line.match(/[\w./-]+\.ts\b/g) ?? [],
  );
  const marked = [...readSourceTree(ROOT)].flatMap(([path, text]) =>
    text.startsWith('#!') || path.endsWith('-main.ts') || /\bimport\.meta\.main\b/.test(text) ? [path] : [],
  );
  const all = [...scripts, ...inManifest, ...marked];
  // What a tool is given to read is not started.
  const isEntry = (path: string) => /(?<!\.config)\.ts$/.test(path) && !isTestCode(path);
  return [...new Set(all)].filter(isEntry).sort();
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function startNatively(args: readonly string[]): Promise<Ended> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS'));
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      args,
      { cwd: ROOT, env, timeout: LIMIT_MS },
      (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

/** Names of the commands in a usage text, such as commander writes. */
function commandsIn(help: string): string[] {
  const [, list = ''] = help.split(/^Commands:\n/m);
  const names = list.split(/\n(?! )/)[0]!.matchAll(/^ {2}([a-z][\w-]*)/gm);
  return [...names].map((match) => match[1]!).filter((name) => name !== 'help');
}

const entries = findEntries();

test('the entry files are found', () => {
  expect(entries).toEqual(expect.arrayContaining(KNOWN));
});

describe('Node starts', () => {
  test.each(entries)(
    '%s --help',
    async (entry) => {
      const ended = await startNatively([entry, '--help']);
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      expect(ended.stdout.trim()).not.toBe('');
      // Commands may load their parts only when they are called.
      for (const command of commandsIn(ended.stdout)) {
        const one = await startNatively([entry, command, '--help']);
        expect(one, `${command}: ${one.stderr}`).toMatchObject({ code: 0 });
        expect(one.stdout, command).toMatch(/usage/i);
      }
    },
    240_000,
  );
});

test('commands are read from a usage text', () => {
  const help =
    'Usage: x [options]\n\nOptions:\n  -h\n\nCommands:\n  inspect [o] <s>  reads\n                   more\n  stamp <in>  writes\n  help [command]\n\nMore:\n  other\n';
  expect(commandsIn(help)).toEqual(['inspect', 'stamp']);
  expect(commandsIn('Usage: x')).toEqual([]);
});
