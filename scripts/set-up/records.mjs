import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * What set-up found, kept in `.framecue/`: `tools.json` for other code (tool name to absolute path), `set-up.json`
 * for set-up itself, so that a second run need not try every tool again.
 *
 * @typedef {'node' | 'ffmpeg' | 'ffprobe' | 'chromium' | 'strace'} ToolName
 * @typedef {{ path: string, size: number, mtimeMs: number, setting: string }} Seen what a tool looked like when it worked
 * @typedef {{ seen: Partial<Record<ToolName, Seen>>, without: Partial<Record<ToolName, string>>, pages: string }} State
 */

/** @param {string} root */
export function openRecords(root) {
  const toolsFile = join(root, '.framecue', 'tools.json');
  const stateFile = join(root, '.framecue', 'set-up.json');
  /** @type {Partial<Record<ToolName, string>>} */
  const tools = readJson(toolsFile) ?? {};
  /** @type {State} */
  const state = { seen: {}, without: {}, pages: '', ...readJson(stateFile) };

  const save = () => {
    writeJson(toolsFile, tools);
    writeJson(stateFile, state);
  };

  return {
    tools,
    state,

    /**
     * Whether a tool was found to work and has not changed since, nor the setting that names it.
     * @param {ToolName} name
     * @param {string} [setting] the value of the tool's setting, '' for none
     */
    isKnown(name, setting = '') {
      const seen = state.seen[name];
      if (seen === undefined || seen.path !== tools[name] || seen.setting !== setting) return false;
      const now = statSync(seen.path, { throwIfNoEntry: false });
      return now !== undefined && now.size === seen.size && now.mtimeMs === seen.mtimeMs;
    },

    /**
     * @param {ToolName} name
     * @param {string} path
     * @param {string} [setting]
     */
    keep(name, path, setting = '') {
      const { size, mtimeMs } = statSync(path);
      tools[name] = path;
      state.seen[name] = { path, size, mtimeMs, setting };
      delete state.without[name];
      save();
    },

    /**
     * Notes that a tool that is not strictly needed could not be had.
     * @param {ToolName} name
     * @param {string} useless the path of one that does not work, '' where there is none
     */
    doWithout(name, useless) {
      delete tools[name];
      delete state.seen[name];
      state.without[name] = useless;
      save();
    },

    /** @param {string} stamp */
    keepPages(stamp) {
      state.pages = stamp;
      save();
    },
  };
}

/** @typedef {ReturnType<typeof openRecords>} Records */

/**
 * @param {string} file
 * @returns {any} null when there is none, or a cut one
 */
function readJson(file) {
  if (!existsSync(file)) return null;
  try {
    const value = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' ? value : null;
  } catch (error) {
    // Only a memory of earlier runs: a damaged one is found out again.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * @param {string} file
 * @param {unknown} value
 */
function writeJson(file, value) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(draft, file);
}
