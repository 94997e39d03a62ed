import { readFileSync } from 'node:fs';
import { KeySet } from '../../cues/key-set.ts';
import { type StampVerify, stampVerifier } from '../../cues/stamp-verify.ts';
import type { StampKey } from '../../cues/wire/index.ts';
import { FramecueError } from '../../packet/errors.ts';

/** Public keys of framecue servers upstream, and what checks signatures by them. */
export interface UpstreamKeys {
  readonly keys: readonly StampKey[];
  readonly verify: StampVerify;
}

const SETTING = 'FRAMECUE_UPSTREAM_KEYS';
/** Published behind our own, of which there are 16 at most: clients take 32. */
const MAX_KEYS = 16;

/** @throws {FramecueError} ERR_SETTING for a file that cannot be read or holds no Ed25519 public keys. */
export function loadUpstreamKeys(paths: readonly string[] | null): UpstreamKeys | null {
  if (paths === null) return null;
  const keys = paths.flatMap(readKeys);
  if (keys.length > MAX_KEYS) throw invalid(`${keys.length} keys where ${MAX_KEYS} are the most`);
  return { keys, verify: stampVerifier({ keys }) };
}

function readKeys(path: string): StampKey[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw invalid(`${path} cannot be read`, cause);
  }
  try {
    const { keys } = KeySet.parse(JSON.parse(text));
    stampVerifier({ keys });
    return keys;
  } catch (cause) {
    throw invalid(`${path} is no set of Ed25519 public keys`, cause);
  }
}

const invalid = (what: string, cause?: unknown): FramecueError =>
  new FramecueError('ERR_SETTING', `${SETTING}: ${what}.`, { cause, details: { setting: SETTING } });
