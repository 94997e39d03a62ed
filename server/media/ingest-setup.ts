import { createRtmpIngest, type RtmpIngest } from '../../ingest/rtmp-server.ts';
import { systemClock } from '../../packet/clock.ts';
import { streamKeyOf } from '../../packet/packet.ts';
import { isStreamAllowed, SETTINGS, type Settings } from '../../service/settings.ts';
import type { TlsFiles } from '../../service/tls.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { ProcessContext } from '../process.ts';
import type { StreamRegistry } from './stream-registry.ts';

/** Publishers with the right key, on streams of the settings, into the registry. */
export function openIngest(
  settings: Settings,
  tokens: TokenRegistry,
  tls: TlsFiles | null,
  streams: StreamRegistry,
  log: ProcessContext['log'],
): Promise<RtmpIngest> {
  return createRtmpIngest({
    host: settings.rtmpHost ?? settings.host,
    port: settings.rtmpPort,
    portSetting: SETTINGS.rtmpPort.name,
    ...(tls === null || settings.rtmpsPort === null
      ? {}
      : { tls: { ...tls.read(), port: settings.rtmpsPort, portSetting: SETTINGS.rtmpsPort.name } }),
    authorize({ stream, key }) {
      if (!isStreamAllowed(settings.streams, streamKeyOf(stream)))
        return { ok: false, code: 'ERR_PUBLISH_NAME' };
      const holder = key === null ? null : tokens.find(key);
      return holder?.rights.has('publish') === true ? { ok: true } : { ok: false, code: 'ERR_PUBLISH_KEY' };
    },
    handlers: {
      onPublish: ({ stream }) => streams.beginPublish(stream),
      onPacket: (stream, packet) => streams.push(stream, packet),
      onEnd: (stream) => streams.endPublish(stream),
    },
    clock: systemClock,
    settings: { silentMs: settings.publishSilentMs, maxPublishers: settings.maxPublishers },
    log,
  });
}
