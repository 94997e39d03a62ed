import type { z } from 'zod';
import { FramecueError } from '../packet/errors.ts';
import { nearestName } from './nearest-name.ts';
import { SETTINGS, type Setting } from './settings-table.ts';

export { type ProcessName, SETTINGS, type Setting } from './settings-table.ts';

type Table = typeof SETTINGS;
export type SettingKey = keyof Table;

/** Every setting's value; null where it is unset and has no default. */
export type Settings = {
  readonly [Key in SettingKey]: Table[Key] extends Setting<infer Schema, infer Default>
    ? z.output<Schema> | (Default extends null ? null : never)
    : never;
};

export interface LoadedSettings {
  readonly settings: Settings;
  /** Sentences for the log: names that are not known, each with the name that was probably meant. */
  readonly warnings: readonly string[];
}

export type Environment = { readonly [name: string]: string | undefined };

const PREFIX = 'FRAMECUE_';

/** Which setting an environment variable is; for messages that name the setting (`listen`, README). */
export const settingNameOf = (key: SettingKey): string => SETTINGS[key].name;

/**
 * Reads all settings at once. An empty variable counts as unset, as compose files write it.
 * @throws {FramecueError} ERR_SETTING that names every setting whose value does not fit.
 */
export function loadSettings(env: Environment): LoadedSettings {
  const values: Record<string, unknown> = {};
  const wrong: { readonly setting: string; readonly problem: string }[] = [];
  for (const [key, entry] of Object.entries(SETTINGS) as [SettingKey, Setting][]) {
    const given = env[entry.name];
    const text = given === undefined || given === '' ? entry.default : given;
    if (text === null) {
      values[key] = null;
      continue;
    }
    const parsed = entry.schema.safeParse(text);
    if (parsed.success) values[key] = parsed.data;
    else wrong.push({ setting: entry.name, problem: parsed.error.issues[0]?.message ?? 'not valid' });
  }
  const settings = values as Settings;
  if (wrong.length === 0) wrong.push(...contradictions(settings));
  if (wrong.length > 0) {
    throw new FramecueError(
      'ERR_SETTING',
      wrong.map(({ setting, problem }) => `${setting}: ${problem}.`).join(' '),
      { details: { setting: wrong[0]!.setting, settings: wrong } },
    );
  }
  return { settings, warnings: unknownNames(env) };
}

function contradictions(settings: Settings) {
  const wrong: { setting: string; problem: string }[] = [];
  if (settings.tlsCert !== null && settings.tlsKey === null) {
    wrong.push({ setting: SETTINGS.tlsKey.name, problem: `is needed with ${SETTINGS.tlsCert.name}` });
  }
  if (settings.tlsKey !== null && settings.tlsCert === null) {
    wrong.push({ setting: SETTINGS.tlsCert.name, problem: `is needed with ${SETTINGS.tlsKey.name}` });
  }
  if (settings.rtmpsPort !== null && settings.tlsCert === null) {
    wrong.push({ setting: SETTINGS.tlsCert.name, problem: `is needed with ${SETTINGS.rtmpsPort.name}` });
  }
  return wrong;
}

function unknownNames(env: Environment): string[] {
  const known = Object.values(SETTINGS).map((entry): string => entry.name);
  const warnings: string[] = [];
  for (const name of Object.keys(env)) {
    if (!name.startsWith(PREFIX) || known.includes(name)) continue;
    const nearest = nearestName(name, known);
    warnings.push(
      nearest === null
        ? `There is no setting ${name}; it has no effect.`
        : `There is no setting ${name}; it has no effect. Is ${nearest} meant?`,
    );
  }
  return warnings;
}

/** Whether `stream` (`app/name`) is one that may be published. */
export const isStreamAllowed = (allowed: Settings['streams'], stream: string): boolean =>
  allowed.some((entry) => (entry.endsWith('/*') ? stream.startsWith(entry.slice(0, -1)) : stream === entry));
