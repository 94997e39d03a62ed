import type { StreamName } from '../packet/packet.ts';

/** What a play URL asks for. */
export type PlayTarget =
  | { readonly kind: 'flv'; readonly stream: StreamName }
  /** What comes, ahead of a programme delay. */
  | { readonly kind: 'preview'; readonly stream: StreamName; readonly ticket: string | null }
  | { readonly kind: 'hls-playlist'; readonly stream: StreamName }
  | { readonly kind: 'hls-file'; readonly stream: StreamName; readonly file: string }
  /** The path of a play URL, around a name that no stream can have. */
  | { readonly kind: 'malformed' };

/** `/APP/NAME.flv`, `/APP/NAME/preview.flv`, `/APP/NAME/index.m3u8`, and the files that the playlist names. */
const PLAY_PATH =
  /^\/([^/]+)\/(?:([^/]+)\.flv|([^/]+)\/(?:(preview\.flv)|(index\.m3u8)|((?:init|seg)-[0-9a-z]{1,12}-\d{1,12}\.(?:mp4|m4s))))$/;
/** Those that publishers may use (FRAMECUE_STREAMS), after percent-decoding. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const MAX_PATH = 512;

/**
 * Takes a request target apart. Null: not a play URL, for others to answer. Names are looked up, never joined into
 * a file's path; the strictness is for clear errors and clean logs.
 * @param target as in the request line; of the query only a preview's ticket is read.
 */
export function parsePlayPath(target: string): PlayTarget | null {
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  if (path.length > MAX_PATH) return null;
  const match = PLAY_PATH.exec(path);
  if (match === null) return null;
  const [, app, flvName, hlsName, preview, playlist, file] = match;
  const stream = streamOf(app!, flvName ?? hlsName!);
  if (stream === null) return { kind: 'malformed' };
  if (flvName !== undefined) return { kind: 'flv', stream };
  if (preview !== undefined) {
    const ticket = query === -1 ? null : new URLSearchParams(target.slice(query)).get('ticket');
    return { kind: 'preview', stream, ticket };
  }
  if (playlist !== undefined) return { kind: 'hls-playlist', stream };
  return { kind: 'hls-file', stream, file: file! };
}

function streamOf(app: string, name: string): StreamName | null {
  try {
    const stream = { app: decodeURIComponent(app), name: decodeURIComponent(name) };
    return NAME.test(stream.app) && NAME.test(stream.name) ? stream : null;
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
