import { createFramecue, type StreamTime } from '../../../client/src/index.ts';
import type { LinkState } from '../players/link.ts';
import { openMpegts } from '../players/mpegts.ts';
import { runPlayer } from '../players/runner.ts';
import { serverNowOf } from '../players/server-now.ts';
import { type DemoConfig, streamPath } from '../shared/config.ts';

/** The director's picture, and the PTS that is on it. */
export interface PreviewSession {
  readonly streamTime: () => StreamTime | null;
  /** How far the picture is behind the injector, milliseconds; null while not known. */
  readonly delayMs: () => number | null;
  /** Of the server, Unix milliseconds; this machine's clock until the two have been compared. */
  readonly serverNow: () => number;
  readonly play: () => void;
  readonly stop: () => void;
}

/** HTTP-FLV, the path with the least delay. Cues are read for their clock alone: the console learns of them by API. */
export function startPreview(
  config: DemoConfig,
  video: HTMLVideoElement,
  onLink: (state: LinkState) => void,
  /** Where the picture is to be had; asked before each try, because tickets run out. */
  address: () => Promise<string> = async () => config.flv,
): PreviewSession {
  const framecue = createFramecue({
    eventsUrl: config.events,
    stream: streamPath(config),
    onCue: () => undefined,
    reportShare: 0,
    poll: false,
  });
  const runner = runPlayer({
    video,
    mostBehindS: 3,
    onState: onLink,
    open: async (onLost) =>
      openMpegts({
        url: await address(),
        video,
        onLost,
        attach: (player, mpegts) => framecue.attachMpegts(player, video, mpegts, { path: 'flv' }),
      }),
  });
  return {
    streamTime: () => framecue.streamTime(),
    delayMs: () => framecue.stats().delayMs,
    serverNow: () => serverNowOf(framecue),
    play: runner.play,
    stop() {
      runner.stop();
      framecue.destroy();
    },
  };
}
