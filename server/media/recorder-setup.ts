import { join } from 'node:path';
import type { SigningKey } from '../../cues/signing.ts';
import type { StampKey } from '../../cues/wire/index.ts';
import type { InjectorSettings } from '../../injector/injector.ts';
import type { Clock } from '../../packet/clock.ts';
import type { Software } from '../../qa/show/manifest.ts';
import { ShowStore } from '../../qa/show/show-store.ts';
import { softwareOf } from '../../qa/show/software.ts';
import type { Log } from '../../service/log.ts';
import { SETTINGS, type Setting, type SettingKey, type Settings } from '../../service/settings.ts';
import { Recorder, type RecorderOptions } from './recorder.ts';
import type { StreamRegistry } from './stream-registry.ts';

export interface RecorderSources {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly streams: StreamRegistry;
  readonly injector: InjectorSettings;
  readonly signingKeys: readonly SigningKey[];
  readonly upstreamKeys: readonly StampKey[];
}

/** Recorded shows, in the data folder. */
export const showsFolderOf = (settings: Pick<Settings, 'dataDir'>): string => join(settings.dataDir, 'shows');

export function openRecorder(sources: RecorderSources): { recorder: Recorder; store: ShowStore } {
  const { settings, clock, log, streams, injector, signingKeys, upstreamKeys } = sources;
  const store = new ShowStore({
    folder: showsFolderOf(settings),
    quotaBytes: settings.recordQuota,
    deleteOldest: settings.recordDeleteOldest,
    onDeleted: (show) => log.warn({ show }, 'the oldest show was deleted to make room for a recording'),
  });
  let software: Promise<Software> | null = null;
  const about = async (): ReturnType<RecorderOptions['about']> => {
    software ??= softwareOf();
    return {
      software: await software,
      settings: openSettings(settings),
      injector: { ...injector },
      keys: signingKeys.map(({ publicJwk }) => ({ ...publicJwk })),
      ...(upstreamKeys.length === 0 ? {} : { upstreamKeys: upstreamKeys.map((key) => ({ ...key })) }),
    };
  };
  const recorder = new Recorder({
    ...{ store, clock, log, about },
    find: (stream) => streams.find(stream),
    always: settings.record === 'always',
    maxRecordings: settings.maxPublishers,
  });
  return { recorder, store };
}

/** By their names, without secrets. */
function openSettings(settings: Settings): Record<string, unknown> {
  const entries = Object.entries(SETTINGS) as [SettingKey, Setting][];
  return Object.fromEntries(
    entries.filter(([, { secret }]) => secret !== true).map(([key, { name }]) => [name, settings[key]]),
  );
}
