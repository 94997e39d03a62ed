import mpegtsModule from 'mpegts.js';
import type { LossReason } from './link.ts';
import type { OpenOptions, OpenPlayer } from './player.ts';

// The package is CommonJS: bundlers give its `module.exports` as the default, its types say otherwise.
type Mpegts = typeof mpegtsModule.default;
export type MpegtsPlayer = ReturnType<Mpegts['createPlayer']>;
export const Mpegts = mpegtsModule as unknown as Mpegts;

export interface OpenMpegtsOptions extends OpenOptions {
  /** Before the first byte is asked for, so that no SEI is missed. Returns what undoes it. */
  readonly attach: (player: MpegtsPlayer, mpegts: Mpegts) => () => void;
}

/** The lowest latency that was measured to hold: some 220 ms from ingest to picture on a quiet network. */
const LOW_LATENCY = {
  enableStashBuffer: false,
  lazyLoad: false,
  liveSync: true,
  liveSyncMaxLatency: 0.4,
  liveSyncTargetLatency: 0.2,
  liveSyncPlaybackRate: 1.2,
  autoCleanupSourceBuffer: true,
  autoCleanupMaxBackwardDuration: 30,
  autoCleanupMinBackwardDuration: 15,
} as const;

let quiet = false;

/** HTTP-FLV or WS-FLV, by the address. Null where the browser cannot. */
export function openMpegts({ url, video, attach, onLost }: OpenMpegtsOptions): OpenPlayer | null {
  if (!Mpegts.getFeatureList().mseLivePlayback) return null;
  // What goes wrong is said on the page; its own log of every retry would bury what is unexpected.
  if (!quiet) {
    Mpegts.LoggingControl.applyConfig({ enableAll: false, enableError: false });
    quiet = true;
  }
  const player = Mpegts.createPlayer({ type: 'flv', isLive: true, url }, LOW_LATENCY);
  let gone = false;
  const lose = (why: LossReason): void => {
    // Never from inside one of its own events: it goes on using what destroying takes away.
    if (!gone) queueMicrotask(() => !gone && onLost(why));
  };
  const onError = (type: unknown, detail: unknown, info: unknown): void => lose(reasonOf(type, detail, info));
  const onEnd = (): void => lose('ended');
  player.on(Mpegts.Events.ERROR, onError);
  player.on(Mpegts.Events.LOADING_COMPLETE, onEnd);
  player.attachMediaElement(video);
  const detach = attach(player, Mpegts);
  player.load();
  return {
    close() {
      if (gone) return;
      gone = true;
      detach();
      player.off(Mpegts.Events.ERROR, onError);
      player.off(Mpegts.Events.LOADING_COMPLETE, onEnd);
      player.destroy();
    },
  };
}

function reasonOf(type: unknown, detail: unknown, info: unknown): LossReason {
  if (detail === Mpegts.ErrorDetails.NETWORK_STATUS_CODE_INVALID) {
    return (info as { code?: unknown } | undefined)?.code === 404 ? 'not-live' : 'network';
  }
  return type === Mpegts.ErrorTypes.NETWORK_ERROR ? 'network' : 'media';
}
