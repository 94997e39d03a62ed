import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { FramecueError } from '../../packet/errors.ts';

/** The checkout's root folder. */
export const ROOT = resolve(import.meta.dirname, '..', '..');

type Environment = Readonly<Record<string, string | undefined>>;
type ToolName = 'ffmpeg' | 'ffprobe' | 'chromium' | 'strace';

interface Tool {
  /** The environment variable that names it. */
  readonly setting?: `FRAMECUE_${string}`;
  readonly names: readonly string[];
}

const TOOLS: Readonly<Record<ToolName, Tool>> = {
  ffmpeg: { setting: 'FRAMECUE_FFMPEG', names: ['ffmpeg'] },
  ffprobe: { setting: 'FRAMECUE_FFPROBE', names: ['ffprobe'] },
  chromium: {
    setting: 'FRAMECUE_CHROMIUM',
    names: ['chromium', 'google-chrome-stable', 'google-chrome', 'chromium-browser'],
  },
  strace: { names: ['strace'] },
};

export interface LookUp {
  readonly root?: string;
  readonly environment?: Environment;
}

/** Absolute path of ffmpeg. @throws {FramecueError} ERR_TOOL_MISSING that says what to run */
export const ffmpegPath = (from?: LookUp): string => find('ffmpeg', from) ?? missing('ffmpeg');

/** Absolute path of ffprobe. @throws {FramecueError} ERR_TOOL_MISSING that says what to run */
export const ffprobePath = (from?: LookUp): string => find('ffprobe', from) ?? missing('ffprobe');

/** Absolute path of a Chrome or Chromium. @throws {FramecueError} ERR_TOOL_MISSING that says what to run */
export const chromiumPath = (from?: LookUp): string => find('chromium', from) ?? missing('chromium');

/** Absolute path of strace; null where there is none, as off Linux, or where tracing is not allowed. */
export function stracePath({ root = ROOT, environment = process.env }: LookUp = {}): string | null {
  const noted = readNotes(root);
  // Set-up looked and found none that works: PATH would only bring the broken one back.
  return noted !== null ? present(noted.strace) : find('strace', { root, environment });
}

/**
 * The settings under which a child process finds the tools that set-up found, for its environment. What is
 * missing is left out.
 */
export function toolEnvironment(from: LookUp = {}): Record<string, string> {
  const entries = (Object.keys(TOOLS) as ToolName[]).flatMap((name) => {
    const setting = TOOLS[name].setting;
    const path = setting === undefined ? null : find(name, from);
    return setting === undefined || path === null ? [] : [[setting, path] as const];
  });
  return Object.fromEntries(entries);
}

/** The setting, then what set-up noted in `.framecue/tools.json`, then PATH. */
function find(name: ToolName, { root = ROOT, environment = process.env }: LookUp = {}): string | null {
  const { setting, names } = TOOLS[name];
  const given = setting === undefined ? '' : (environment[setting] ?? '');
  if (given !== '') {
    const path = (/[\\/]/.test(given) ? null : onPath([given], environment)) ?? resolve(given);
    if (isProgram(path)) return path;
    throw new FramecueError('ERR_TOOL_MISSING', `${setting} names ${path}, which is not a program`);
  }
  return present(readNotes(root)?.[name]) ?? onPath(names, environment);
}

function missing(name: ToolName): never {
  throw new FramecueError(
    'ERR_TOOL_MISSING',
    `${name} was not found: run \`node scripts/set-up.mjs --for test\`, or name one in ${TOOLS[name].setting}`,
  );
}

function readNotes(root: string): Readonly<Partial<Record<string, unknown>>> | null {
  try {
    const notes: unknown = JSON.parse(readFileSync(join(root, '.framecue', 'tools.json'), 'utf8'));
    return typeof notes === 'object' ? (notes as Record<string, unknown> | null) : null;
  } catch {
    // Not set up yet, or a cut file, which the next set-up writes anew: PATH is left.
    return null;
  }
}

const present = (path: unknown): string | null => (typeof path === 'string' && isProgram(path) ? path : null);

function onPath(names: readonly string[], environment: Environment): string | null {
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const ending = process.platform === 'win32' ? '.exe' : '';
  const files = names.flatMap((name) => folders.map((folder) => resolve(folder, `${name}${ending}`)));
  return files.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not ours to run.
    return false;
  }
}
