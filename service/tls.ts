import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { FramecueError } from '../packet/errors.ts';
import type { Log } from './log.ts';
import { SETTINGS, type Settings } from './settings.ts';

/** Certificate and key from the files that the settings name, for HTTPS, WSS and RTMPS. */
export interface TlsFiles {
  /** @throws {FramecueError} ERR_SETTING when a file cannot be read or the two do not belong together. */
  read(): TlsPair;
  /** Calls `renewed` when the files were replaced, as certificates are every few weeks. Returns what ends it. */
  watch(renewed: (pair: TlsPair) => void, log: Log): () => void;
}

export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

const WATCH_INTERVAL_MS = 30_000;

/** Null without TLS settings. */
export function tlsFilesOf(
  settings: Pick<Settings, 'tlsCert' | 'tlsKey'>,
  watchIntervalMs = WATCH_INTERVAL_MS,
): TlsFiles | null {
  const { tlsCert, tlsKey } = settings;
  if (tlsCert === null || tlsKey === null) return null;
  const read = (): TlsPair => {
    const pair = {
      cert: readNamed(tlsCert, SETTINGS.tlsCert.name),
      key: readNamed(tlsKey, SETTINGS.tlsKey.name),
    };
    try {
      createSecureContext(pair);
    } catch (cause) {
      throw new FramecueError(
        'ERR_SETTING',
        `${SETTINGS.tlsCert.name} and ${SETTINGS.tlsKey.name} are not a certificate and its key (PEM).`,
        { cause, details: { setting: SETTINGS.tlsCert.name } },
      );
    }
    return pair;
  };
  return {
    read,
    watch(renewed, log) {
      const onChange = () => {
        try {
          renewed(read());
          log.info('the TLS certificate was replaced');
        } catch (error) {
          // Seen between the two files: the old pair goes on until both fit.
          log.warn({ err: error }, 'the TLS certificate changed but cannot be used yet');
        }
      };
      for (const path of [tlsCert, tlsKey]) {
        watchFile(path, { interval: watchIntervalMs, persistent: false }, onChange);
      }
      return () => {
        for (const path of [tlsCert, tlsKey]) unwatchFile(path, onChange);
      };
    },
  };
}

function readNamed(path: string, setting: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new FramecueError('ERR_SETTING', `${setting}: ${path} cannot be read.`, {
      cause,
      details: { setting },
    });
  }
}
