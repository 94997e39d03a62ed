import { type ApiOutcome, request } from './http.ts';
import { isObject, textOf } from './json.ts';

/** `/demo/config.json`: where the servers and the stream are. */
export interface DemoConfig {
  /** Base URLs without a slash at the end. */
  readonly media: string;
  readonly events: string;
  readonly stream: { readonly app: string; readonly name: string };
  /** Absolute play URLs. */
  readonly flv: string;
  readonly ws: string;
  readonly hls: string;
}

export const loadConfig = (signal?: AbortSignal): Promise<ApiOutcome<DemoConfig>> =>
  request({ url: '/demo/config.json', read: readConfig, ...(signal === undefined ? {} : { signal }) });

export const streamPath = ({ stream }: DemoConfig): string => `${stream.app}/${stream.name}`;

export function readConfig(value: unknown): DemoConfig | null {
  if (!isObject(value) || !isObject(value.stream)) return null;
  const media = baseUrl(value.media);
  const events = baseUrl(value.events);
  const app = textOf(value.stream.app);
  const name = textOf(value.stream.name);
  const flv = playUrl(value.flv, ['http:', 'https:']);
  const ws = playUrl(value.ws, ['ws:', 'wss:']);
  const hls = playUrl(value.hls, ['http:', 'https:']);
  if (media === null || events === null || app === null || name === null) return null;
  if (flv === null || ws === null || hls === null) return null;
  return { media, events, stream: { app, name }, flv, ws, hls };
}

function playUrl(value: unknown, protocols: readonly string[]): string | null {
  const text = textOf(value);
  if (text === null || !URL.canParse(text)) return null;
  return protocols.includes(new URL(text).protocol) ? text : null;
}

function baseUrl(value: unknown): string | null {
  return playUrl(value, ['http:', 'https:'])?.replace(/\/+$/, '') ?? null;
}
