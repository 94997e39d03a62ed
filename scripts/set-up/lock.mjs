import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmdirSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';

const BEAT_MS = 2_000;
/** A holder that has not beaten for so long is gone, also where its process id says nothing (a container). */
const SILENT_MS = 60_000;
const GUARD_SILENT_MS = 10_000;

/**
 * @typedef {{ pid: number, host: string, started: string, token: string }} Holder
 * @typedef {{ holder: Holder, silentMs: number }} Seen
 */

/**
 * Takes the lock if it is free or stale.
 * @param {string} file
 * @returns {{ kind: 'taken', release: () => void } | { kind: 'held', holder: Holder | null }}
 */
export function tryLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = {
    pid: process.pid,
    host: hostname(),
    started: processStart(process.pid) ?? '',
    token: randomUUID(),
  };
  for (let attempt = 0; attempt < 3; attempt++) {
    if (create(file, mine)) return { kind: 'taken', release: hold(file, mine) };
    const seen = look(file);
    if (seen === null) continue;
    if (!isStale(seen)) return { kind: 'held', holder: seen.holder };
    removeStale(file, seen.holder.token);
  }
  return { kind: 'held', holder: null };
}

/**
 * Whether a lock was left behind: its process is gone (or its id now belongs to another process), or, where
 * that cannot be told because it was taken in another container or machine, its file has long not been touched.
 * @param {Seen} seen
 * @param {{ host?: string, startOf?: (pid: number) => string | null }} [here]
 */
export function isStale({ holder, silentMs }, { host = hostname(), startOf = processStart } = {}) {
  if (silentMs > SILENT_MS) return true;
  if (holder.host !== host) return false;
  const started = startOf(holder.pid);
  return started === null || (holder.started !== '' && started !== '' && started !== holder.started);
}

/**
 * Something that tells this life of a process id from others ('' where the system does not say); null when no
 * such process runs.
 * @param {number} pid
 * @returns {string | null}
 */
export function processStart(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return null;
  }
  if (process.platform !== 'linux') return '';
  try {
    // Field 22 of proc(5) stat; the name in field 2 may hold spaces and brackets, so count from its end.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/**
 * @param {string} file
 * @param {Holder} holder
 */
function create(file, holder) {
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {Seen | null} null when the lock is gone
 */
function look(file) {
  try {
    const silentMs = Date.now() - statSync(file).mtimeMs;
    const text = readFileSync(file, 'utf8');
    try {
      return { holder: JSON.parse(text), silentMs };
    } catch {
      // Seen between its creation and its first byte, or cut short by a full disk: only silence can tell.
      return { holder: { pid: 0, host: '', started: '', token: text }, silentMs };
    }
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Removes a stale lock under a guard, so that of two who found it stale none removes the other's fresh one.
 * @param {string} file
 * @param {string} token
 */
function removeStale(file, token) {
  const guard = `${file}.guard`;
  try {
    mkdirSync(guard);
  } catch {
    const silentMs = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (silentMs > GUARD_SILENT_MS) rmdirQuietly(guard);
    return;
  }
  try {
    if (look(file)?.holder.token === token) unlinkSync(file);
  } finally {
    rmdirQuietly(guard);
  }
}

/** @param {string} directory */
function rmdirQuietly(directory) {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
  }
}

/**
 * @param {string} file
 * @param {Holder} holder
 * @returns {() => void} gives the lock back
 */
function hold(file, holder) {
  const beat = setInterval(() => {
    const at = new Date();
    try {
      utimesSync(file, at, at);
    } catch (error) {
      // Somebody removed the whole folder: nothing to keep fresh any more.
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
    }
  }, BEAT_MS);
  beat.unref();
  return () => {
    clearInterval(beat);
    if (look(file)?.holder.token === holder.token) unlinkSync(file);
  };
}
