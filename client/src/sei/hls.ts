import { STAMP_UUID_TEXT } from '../../../cues/wire/index.ts';
import { USER_DATA_UNREGISTERED } from '../../../h264-sei-parser/src/index.ts';
import type { HlsModule, HlsPlayer } from '../types.ts';
import type { SeiListener } from './sample.ts';

/** One sample of `FRAG_PARSING_USERDATA`, which comes for every fragment in turn. */
interface HlsSample {
  readonly payloadType?: unknown;
  /** With dashes, lower case. */
  readonly uuid?: unknown;
  readonly userDataBytes?: unknown;
  /** Seconds, on the timeline of `mediaTime`. */
  readonly pts?: unknown;
}

/** Listens to an hls.js instance, full or light. Returns what stops it. */
export function readHls(hls: HlsPlayer, Hls: HlsModule | undefined, listener: SeiListener): () => void {
  const events = (Hls?.Events ?? {}) as { FRAG_PARSING_USERDATA?: string; DESTROYING?: string };
  const userData = events.FRAG_PARSING_USERDATA ?? 'hlsFragParsingUserdata';
  const destroying = events.DESTROYING ?? 'hlsDestroying';
  const onUserData = (_event: unknown, data: { samples?: readonly HlsSample[] } | null): void => {
    for (const sample of data?.samples ?? []) {
      if (sample.payloadType !== USER_DATA_UNREGISTERED || sample.uuid !== STAMP_UUID_TEXT) continue;
      if (!ArrayBuffer.isView(sample.userDataBytes) || typeof sample.pts !== 'number') {
        listener.problem('ERR_STAMP_FORMAT');
        continue;
      }
      listener.sample({ ptsMs: sample.pts * 1000, data: sample.userDataBytes as Uint8Array });
    }
  };
  const onDestroying = () => listener.gone();
  hls.on(userData, onUserData);
  hls.on(destroying, onDestroying);
  return () => {
    hls.off(userData, onUserData);
    hls.off(destroying, onDestroying);
  };
}
