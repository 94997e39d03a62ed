import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FramecueError } from '../../packet/errors.ts';
import { type Manifest, readManifest } from './manifest.ts';

export interface ShowStoreOptions {
  readonly folder: string;
  /** For all shows together. */
  readonly quotaBytes: number;
  /** Where the quota is used up, the oldest shows go; else nothing more is recorded. */
  readonly deleteOldest: boolean;
  readonly onDeleted?: (name: string) => void;
}

/** A show in the folder. */
export interface ShowSummary {
  readonly name: string;
  readonly bytes: number;
  /** It is being recorded by this process. */
  readonly recording: boolean;
  readonly stream: string | null;
  readonly startedAt: string | null;
  /** Null while it is recorded, and where its recorder was killed. */
  readonly end: Manifest['end'] | null;
  /** What is wrong with it: a code. */
  readonly problem: string | null;
}

export const SHOW_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** Shows that are deleted at most to make room for one batch. */
const MAX_TRIES = 1_000;

/** The folder of recorded shows, and the room that they may take. */
export class ShowStore {
  readonly folder: string;
  readonly #options: ShowStoreOptions;
  readonly #active = new Set<string>();
  #used: number | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ShowStoreOptions) {
    this.folder = options.folder;
    this.#options = options;
  }

  /** Bytes that all shows take; null until the first recording asked. */
  get usedBytes(): number | null {
    return this.#used;
  }

  get quotaBytes(): number {
    return this.#options.quotaBytes;
  }

  /** Oldest first. */
  async list(): Promise<ShowSummary[]> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const shows: ShowSummary[] = [];
    for (const name of names.filter((each) => SHOW_NAME.test(each))) shows.push(await this.#summaryOf(name));
    return shows.sort((a, b) => (a.startedAt ?? '').localeCompare(b.startedAt ?? ''));
  }

  /**
   * Makes the folder of a new show, its owner's alone.
   * @throws {FramecueError} ERR_SHOW_EXISTS, or ERR_RECORD_DISK.
   */
  async create(name: string): Promise<string> {
    const folder = join(this.folder, name);
    await mkdir(this.folder, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
      throw new FramecueError('ERR_RECORD_DISK', undefined, { cause });
    });
    try {
      await mkdir(folder, { mode: 0o700 });
    } catch (cause) {
      const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
      if (exists) throw new FramecueError('ERR_SHOW_EXISTS', `There is a show named ${name}.`, { cause });
      throw new FramecueError('ERR_RECORD_DISK', undefined, { cause });
    }
    this.#active.add(name);
    return folder;
  }

  /** It is recorded no more: from now on it may be deleted to make room. */
  release(name: string): void {
    this.#active.delete(name);
  }

  /** Takes room for so many bytes, making some where that is allowed; false: there is none. One at a time. */
  takeRoom(bytes: number): Promise<boolean> {
    const taken = this.#turn.then(() => this.#takeRoom(bytes));
    this.#turn = taken.catch(() => undefined);
    return taken;
  }

  async #takeRoom(bytes: number): Promise<boolean> {
    this.#used ??= (await this.list()).reduce((sum, show) => sum + show.bytes, 0);
    for (let tries = 0; this.#used + bytes > this.#options.quotaBytes; tries++) {
      if (!this.#options.deleteOldest || tries === MAX_TRIES || !(await this.#deleteOldest())) return false;
    }
    this.#used += bytes;
    return true;
  }

  async #deleteOldest(): Promise<boolean> {
    const oldest = (await this.list()).find((show) => !show.recording);
    if (oldest === undefined) return false;
    await rm(join(this.folder, oldest.name), { recursive: true, force: true });
    this.#used = Math.max(0, (this.#used ?? 0) - oldest.bytes);
    this.#options.onDeleted?.(oldest.name);
    return true;
  }

  async #summaryOf(name: string): Promise<ShowSummary> {
    const folder = join(this.folder, name);
    const bytes = await bytesIn(folder);
    const base = { name, bytes, recording: this.#active.has(name) };
    try {
      const { stream, startedAt, end = null } = readManifest(folder);
      return { ...base, stream, startedAt, end, problem: null };
    } catch (error) {
      if (!(error instanceof FramecueError)) throw error;
      return { ...base, stream: null, startedAt: null, end: null, problem: error.code };
    }
  }
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  try {
    for (const file of await readdir(folder)) bytes += (await stat(join(folder, file))).size;
  } catch (error) {
    // Deleted in this moment, or no folder: it takes no room then.
    if (!(error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code))))
      throw error;
  }
  return bytes;
}
