import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Finding } from './engine.ts';
import { hashOf } from './random.ts';

export const CRASHERS = join(import.meta.dirname, '..', 'crashers');

export interface Crasher {
  readonly file: string;
  readonly target: string;
  readonly input: Uint8Array;
}

/** `TARGET-HASH.bin`, and beside it what broke. Gives the path. */
export function saveCrasher({ target, input, what, stack }: Finding, folder: string = CRASHERS): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${target}-${hashOf(input).toString(16).padStart(8, '0')}.bin`);
  writeFileSync(file, input);
  // Places, not paths: who reads it has the project elsewhere.
  const places = stack.replaceAll(/(?:file:\/\/)?\/\S*\/(?=[\w-]+\/[\w./-]+:\d+)/g, '');
  const hex = Buffer.from(input.subarray(0, 512)).toString('hex');
  writeFileSync(`${file.slice(0, -4)}.txt`, `${what}\n\n${places}\n\n${input.length} bytes: ${hex}\n`);
  return file;
}

/** All that are kept, in order. */
export function readCrashers(folder: string = CRASHERS): Crasher[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.bin'))
    .sort()
    .map((name) => readCrasher(join(folder, name)));
}

export function readCrasher(file: string): Crasher {
  const name = basename(file);
  const target = name.slice(0, name.lastIndexOf('-'));
  return { file, target, input: new Uint8Array(readFileSync(file)) };
}
