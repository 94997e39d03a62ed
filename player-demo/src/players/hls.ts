import Hls, { type ErrorData, ErrorTypes, Events } from 'hls.js/light';
import type { LossReason } from './link.ts';
import type { OpenOptions, OpenPlayer } from './player.ts';

export { Hls };

export interface OpenHlsOptions extends OpenOptions {
  /** Before the playlist is asked for, so that no SEI is missed. Returns what undoes it. */
  readonly attach: (hls: Hls, hlsClass: typeof Hls) => () => void;
}

const LOW_LATENCY = {
  lowLatencyMode: true,
  // Two whole segments behind the edge: one less and a late playlist empties the buffer.
  liveSyncDurationCount: 2,
  liveMaxLatencyDurationCount: 5,
  maxLiveSyncPlaybackRate: 1.1,
  backBufferLength: 15,
  maxBufferLength: 12,
  // A worker is started from a blob: URL, which the pages' content security policy does not let in.
  enableWorker: false,
} as const;

/** HLS through Media Source Extensions. Null where the browser cannot. */
export function openHls({ url, video, attach, onLost }: OpenHlsOptions): OpenPlayer | null {
  if (!Hls.isSupported()) return null;
  const hls = new Hls(LOW_LATENCY);
  let gone = false;
  let recovered = false;
  const lose = (why: LossReason): void => {
    if (!gone) queueMicrotask(() => !gone && onLost(why));
  };
  hls.on(Events.ERROR, (_event, data) => {
    if (!data.fatal) return;
    if (data.type === ErrorTypes.MEDIA_ERROR && !recovered) {
      recovered = true;
      hls.recoverMediaError();
      return;
    }
    lose(reasonOf(data));
  });
  const detach = attach(hls, Hls);
  hls.attachMedia(video);
  hls.loadSource(url);
  return {
    close() {
      if (gone) return;
      gone = true;
      detach();
      hls.destroy();
    },
  };
}

function reasonOf(data: ErrorData): LossReason {
  if (data.type !== ErrorTypes.NETWORK_ERROR) return 'media';
  return data.response?.code === 404 ? 'not-live' : 'network';
}
