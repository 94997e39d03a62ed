import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../packet/clock.ts';

/** One request to mark a cue, which can be made again without marking twice. */
export interface Attempt {
  /** Of the cue, and its Idempotency-Key. */
  readonly id: string;
  /** An earlier process tried this and never learnt what became of it. */
  readonly isRetry: boolean;
  /** The server has answered: the next request like this one is a new cue. */
  answered(): void;
}

/** As long as a shell's loop may take to come again; later the same words mean another cue. */
const RETRY_MS = 60_000;
const NAME = /^([0-9a-f]{16})\.(\d{13})\.(\d{1,10})\.(cli-[0-9a-f]{16})$/;

interface Note {
  readonly hash: string;
  readonly at: number;
  readonly pid: number;
  readonly id: string;
}

/**
 * Notes in `folder` that this request is made, before it is. Where a process that has ended left such a note within a
 * minute (it was killed, or got no answer), this is its retry, under the same id.
 * @param request what makes two requests the same: server, stream and body.
 */
export function beginAttempt(
  request: unknown,
  folder: string,
  clock: Pick<Clock, 'unixMs'> = systemClock,
): Attempt {
  const hash = createHash('sha256').update(JSON.stringify(request)).digest('hex').slice(0, 16);
  const now = clock.unixMs();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const left = notesIn(folder).filter(({ pid }) => !isRunning(pid));
  for (const note of left) if (note.at < now - RETRY_MS) drop(folder, note);
  const earlier = left.find((note) => note.hash === hash && note.at >= now - RETRY_MS && note.at <= now);
  if (earlier !== undefined) drop(folder, earlier);
  const id = earlier?.id ?? `cli-${randomBytes(8).toString('hex')}`;
  const note: Note = { hash, at: earlier?.at ?? now, pid: process.pid, id };
  writeFileSync(join(folder, nameOf(note)), '', { mode: 0o600 });
  return { id, isRetry: earlier !== undefined, answered: () => drop(folder, note) };
}

const nameOf = ({ hash, at, pid, id }: Note): string =>
  `${hash}.${String(Math.floor(at)).padStart(13, '0')}.${pid}.${id}`;

const drop = (folder: string, note: Note): void => rmSync(join(folder, nameOf(note)), { force: true });

function notesIn(folder: string): Note[] {
  return readdirSync(folder).flatMap((name) => {
    const [, hash, at, pid, id] = NAME.exec(name) ?? [];
    return hash === undefined ? [] : [{ hash, at: Number(at), pid: Number(pid), id: id! }];
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
