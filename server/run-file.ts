import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StreamName } from '../packet/packet.ts';

/** `.framecue/run.json`: what scripts need of a server that runs. Its shape is relied on outside this project. */
export interface RunFile {
  readonly pids: { readonly media: number; readonly events: number; readonly publisher: number | null };
  readonly rtmpUrl: string;
  readonly streamKey: string;
  readonly media: string;
  readonly events: string;
  readonly stream: StreamName;
  readonly outputs: { readonly flv: string; readonly ws: string; readonly hls: string };
  readonly pages: {
    readonly viewer: string;
    readonly director: string;
    readonly stage: string;
    readonly prizes: string;
    readonly status: string;
    /** Director and viewers on one page: only where anybody gets a viewer token (FRAMECUE_DEMO). */
    readonly demo?: string;
  };
  /** Where grants go; only where FRAMECUE_REWARDS_URL says so. */
  readonly rewards?: string;
  readonly tokens: { readonly director: string; readonly treasurer: string; readonly viewer: string };
}

export const runFilePath = (dataDir: string): string => join(dataDir, 'run.json');

/** Whole or not at all; only its owner may read it. */
export function writeRunFile(dataDir: string, run: RunFile): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const draft = `${runFilePath(dataDir)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, runFilePath(dataDir));
}

export const removeRunFile = (dataDir: string): void => rmSync(runFilePath(dataDir), { force: true });
