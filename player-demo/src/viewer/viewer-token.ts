import { type ApiOutcome, request } from '../shared/http.ts';
import { isObject, numberOf, parseJson, textOf } from '../shared/json.ts';

/** A viewer of the demo: the token that a customer's own backend would give, and who it names. */
export interface ViewerToken {
  readonly token: string;
  readonly viewer: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

const EARLY_MS = 30_000;

/** Without checking the signature: only the server can, and only it has to. */
export function readViewerToken(token: string): ViewerToken | null {
  const part = token.split('.')[1];
  if (part === undefined) return null;
  const claims = parseJson(decodeBase64Url(part));
  if (!isObject(claims)) return null;
  const viewer = textOf(claims.sub);
  const exp = numberOf(claims.exp);
  return viewer === null || exp === null ? null : { token, viewer, expiresAt: exp * 1000 };
}

/**
 * One viewer for each player, kept for this tab, so that a page that is loaded again is the same viewer and its
 * second answer is known as a repeat.
 */
export function createViewerTokens(
  eventsUrl: string,
  place: string,
  storage: Pick<Storage, 'getItem' | 'setItem'>,
  now: () => number = Date.now,
): () => Promise<ViewerToken> {
  const key = `framecue.viewer.${place}`;
  let underWay: Promise<ViewerToken> | null = null;

  const kept = (): ViewerToken | null => {
    const text = storage.getItem(key);
    const token = text === null ? null : readViewerToken(text);
    return token !== null && token.expiresAt - EARLY_MS > now() ? token : null;
  };

  const ask = async (): Promise<ViewerToken> => {
    const outcome: ApiOutcome<ViewerToken> = await request({
      url: `${eventsUrl}/api/v1/demo/viewer-token`,
      method: 'POST',
      body: {},
      read: (value) => (isObject(value) ? readViewerToken(textOf(value.token) ?? '') : null),
    });
    if (!outcome.ok) throw new Error('the server gave no viewer token', { cause: outcome.failure });
    storage.setItem(key, outcome.value.token);
    return outcome.value;
  };

  return () => {
    const token = kept();
    if (token !== null) return Promise.resolve(token);
    underWay ??= ask().finally(() => {
      underWay = null;
    });
    return underWay;
  };
}

function decodeBase64Url(text: string): string {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
  } catch {
    return '';
  }
}
