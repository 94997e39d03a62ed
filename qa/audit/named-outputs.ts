import { STREAM_PATTERN } from '../../cues/wire/index.ts';
import type { NamedOutput } from './messages.ts';

/** What an output may be called by whoever names it. */
export const LABEL_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
/** The server's own. */
export const OWN_OUTPUTS = ['flv', 'ws', 'hls'] as const;
export type OwnOutput = (typeof OWN_OUTPUTS)[number];

const SCHEMES = ['http:', 'https:', 'ws:', 'wss:'];
const MAX_URL = 2_048;
const MAX_LABEL = 64;
/** `[APP/NAME][@LABEL]=URL`, or the URL alone. */
const ENTRY = /^(?:([^=@:]*)(?:@([^=:]*))?=)?((?:https?|wss?):\/\/.*)$/;

/** Null for anything but an address that can be read: http, https, ws or wss. */
export function outputUrl(text: string): URL | null {
  const url = text.length > MAX_URL ? null : URL.parse(text);
  if (url === null || !SCHEMES.includes(url.protocol) || url.hostname === '') return null;
  // Written out, every character beyond ASCII is up to nine of them.
  return url.href.length > MAX_URL ? null : url;
}

/** Host and path: query and user may be secrets, and are told to nobody. */
export const placeOf = ({ host, pathname }: URL): string => `${host}${pathname}`;

/** The name of an output that nobody has given one. */
export const labelOf = (url: URL): string =>
  placeOf(url)
    .replaceAll(/[^A-Za-z0-9._:/-]/g, '_')
    .slice(0, MAX_LABEL);

/** One item of FRAMECUE_AUDIT_URLS; null where it is none. @param mainStream for an item that names no stream. */
export function readNamedOutput(item: string, mainStream: string): NamedOutput | null {
  const [, stream = '', label, text] = ENTRY.exec(item.trim()) ?? [];
  const url = outputUrl(text ?? '');
  if (url === null || (stream !== '' && !STREAM_PATTERN.test(stream))) return null;
  if (label !== undefined && !isFreeLabel(label)) return null;
  return { stream: stream === '' ? mainStream : stream, label: label ?? labelOf(url), url: url.href };
}

export const isFreeLabel = (label: string): boolean =>
  LABEL_PATTERN.test(label) && !(OWN_OUTPUTS as readonly string[]).includes(label);

/** What a master playlist says of one rendition. */
export interface RenditionFacts {
  readonly height: number | null;
  /** Bits per second. */
  readonly bandwidth: number;
}

/** `720p`, or `720p-1800k` where several have that height, or `1800k` without one; each name once. */
export function renditionNames(renditions: readonly RenditionFacts[]): string[] {
  const plain = renditions.map(({ height, bandwidth }) =>
    height === null ? kbits(bandwidth) : `${height}p`,
  );
  const names = renditions.map(({ height, bandwidth }, at) => {
    const isAlone = plain.filter((name) => name === plain[at]).length === 1;
    return isAlone || height === null ? plain[at]! : `${height}p-${kbits(bandwidth)}`;
  });
  return names.map((name, at) => {
    const before = names.slice(0, at).filter((other) => other === name).length;
    return before === 0 ? name : `${name}-${before + 1}`;
  });
}

const kbits = (bandwidth: number): string => `${Math.round(bandwidth / 1000)}k`;
