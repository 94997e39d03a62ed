import type { StreamName } from '../packet/packet.ts';
import type { Settings } from '../service/settings.ts';

/** A host that a browser on this machine can open, for an address that a server is bound to. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::' || host === '') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** This server's own port, as a program on this machine reaches it. */
export const httpBase = (settings: Settings, port: number): string =>
  `${settings.tlsCert === null ? 'http' : 'https'}://${reachableHost(settings.host)}:${port}`;

export const mediaUrlOf = (settings: Settings, port: number): string =>
  settings.mediaUrl ?? httpBase(settings, port);

export const eventsUrlOf = (settings: Settings, port: number): string =>
  settings.eventsUrl ?? httpBase(settings, port);

/** The server URL that a publisher types in, with the app. */
export function rtmpUrlOf(settings: Settings, port: number, stream: StreamName): string {
  const base = settings.rtmpUrl ?? `rtmp://${reachableHost(settings.rtmpHost ?? settings.host)}:${port}`;
  return `${base}/${stream.app}`;
}

/** The stream that pages and run.json name: the first of the streams that may be published. */
export function mainStreamOf(settings: Settings): StreamName {
  const [app, name] = settings.streams[0]!.split('/') as [string, string];
  return { app, name: name === '*' ? 'main' : name };
}
