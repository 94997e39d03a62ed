import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FramecueError } from '../../packet/errors.ts';
import { exitOf, start, Tail } from '../../test-streams/ffmpeg.ts';

const LOOK_MS = 2_000;
/** Without a byte written for so long, it hangs. */
const STALL_MS = 120_000;

export interface OtherBuildOptions {
  /** The root of the other checkout, set up. */
  readonly folder: string;
  /** Arguments of `framecue replay`, the show first. */
  readonly args: readonly string[];
  /** Where its listing goes, and its output. */
  readonly runFile: string;
  readonly flv: string;
  readonly signal?: AbortSignal;
}

/**
 * Has another checkout of this project replay a show: its own command, its own Node, its own packages.
 * @throws {FramecueError} ERR_SOURCE_OPEN where there is no such checkout, ERR_TOOL_FAILED with its last words,
 *   ERR_TIMEOUT.
 */
export async function replayByOtherBuild(options: OtherBuildOptions): Promise<void> {
  const { args, runFile, flv, signal } = options;
  const folder = resolve(options.folder);
  const command = join(folder, 'scripts', 'framecue.ts');
  if (!existsSync(command)) {
    throw new FramecueError(
      'ERR_SOURCE_OPEN',
      `${folder} is no checkout of framecue: it has no scripts/framecue.ts.`,
    );
  }
  const itsPackages = join(folder, 'node_modules', '.bin');
  if (!existsSync(itsPackages)) {
    throw new FramecueError(
      'ERR_SOURCE_OPEN',
      `${folder} has no packages yet: run npm start there once, or npm ci.`,
    );
  }
  const itsNode = join(itsPackages, 'node');
  const node = existsSync(itsNode) ? itsNode : process.execPath;
  const child = start(node, [
    ...['--disable-warning=ExperimentalWarning', command, 'replay', ...args],
    ...['--run', runFile, '--out', flv],
  ]);
  const said = new Tail();
  child.stderr?.on('data', (chunk: Buffer) => said.add(chunk));
  const stop = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  let size = -1;
  let sameForMs = 0;
  const watch = setInterval(() => {
    const now = sizeOf(flv) + sizeOf(runFile);
    sameForMs = now === size ? sameForMs + LOOK_MS : 0;
    size = now;
    if (sameForMs >= STALL_MS) child.kill('SIGKILL');
  }, LOOK_MS);
  const exit = await exitOf(child);
  clearInterval(watch);
  signal?.removeEventListener('abort', stop);
  if (sameForMs >= STALL_MS) throw new FramecueError('ERR_TIMEOUT', 'The other build stopped replaying.');
  // 1: it differs from the recorded run, which is for the comparison to say.
  const isWhole = (exit.code === 0 || exit.code === 1) && sizeOf(runFile) > 0 && sizeOf(flv) > 0;
  if (isWhole) return;
  const lines = said.lines();
  const last = lines.find((line) => /^(?:framecue|error):/.test(line)) ?? lines.at(-1) ?? '';
  const how = exit.failure?.message ?? exit.signal ?? `exit code ${exit.code}`;
  throw new FramecueError(
    'ERR_TOOL_FAILED',
    `The build in ${folder} could not replay the show (${how})${last === '' ? '' : `: ${last}`}`,
  );
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
