import type { StreamName } from '../packet/packet.ts';

/** What a publisher asked for. */
export interface PublishTarget {
  readonly stream: StreamName;
  /** The value of `key`, or null where none was sent. Never logged. */
  readonly key: string | null;
}

/** Letters, digits, `_` and `-`: what is the same in an RTMP name, a URL path and a file name. */
const SAFE_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const KEY_MAX_CHARACTERS = 512;

/**
 * Reads the app of `connect` and the name of `publish`: `rtmp://host/APP` and `NAME?key=SECRET`. Encoders that
 * take one URL only put the query behind the app instead. Null where app or name is not safe; what was sent is
 * then not to be shown, for it may hold the key (`NAME&key=SECRET`).
 */
export function parsePublishTarget(app: string, name: string): PublishTarget | null {
  const [appPath, appQuery] = splitQuery(app);
  const [namePath, nameQuery] = splitQuery(name);
  const stream = { app: trimSlashes(appPath), name: trimSlashes(namePath) };
  if (!SAFE_NAME.test(stream.app) || !SAFE_NAME.test(stream.name)) return null;
  return { stream, key: keyOf(nameQuery) ?? keyOf(appQuery) };
}

const splitQuery = (text: string): [path: string, query: string] => {
  const at = text.indexOf('?');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
};

const trimSlashes = (text: string): string => text.replace(/^\/+|\/+$/g, '');

/** Percent escapes are undone, `+` is a plus: keys are often base64, and no form wrote this query. */
function keyOf(query: string): string | null {
  for (const pair of query.split('&', 16)) {
    if (!pair.startsWith('key=')) continue;
    const value = pair.slice('key='.length);
    if (value.length > KEY_MAX_CHARACTERS) return null;
    try {
      return decodeURIComponent(value);
    } catch {
      // A key may hold a percent sign of its own.
      return value;
    }
  }
  return null;
}

/**
 * A refused stream as it may be shown. Somebody who pastes the bare key where `NAME?key=SECRET` belongs makes it
 * the name: a long name without a key is cut.
 */
export function shownName(target: PublishTarget): string {
  const { app, name } = target.stream;
  return target.key === null && name.length > 16 ? `${app}/${name.slice(0, 4)}...` : `${app}/${name}`;
}
