import { readId3, STAMP_UUID_TEXT } from '../../../cues/wire/index.ts';
import { USER_DATA_UNREGISTERED } from '../../../h264-sei-parser/src/index.ts';
import { DateRangeReader, type HlsDetails } from '../carriers/date-ranges.ts';
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

/** One sample of `FRAG_PARSING_METADATA`: ID3, from an `emsg` box. */
interface HlsMetadata {
  readonly data?: unknown;
  /** `presentation_time`, seconds on the timeline of `mediaTime`. */
  readonly pts?: unknown;
}

/** Listens to an hls.js instance, full or light. Returns what stops it. */
export function readHls(hls: HlsPlayer, Hls: HlsModule | undefined, listener: SeiListener): () => void {
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
  const onMetadata = (_event: unknown, data: { samples?: readonly HlsMetadata[] } | null): void => {
    for (const sample of data?.samples ?? []) {
      if (!ArrayBuffer.isView(sample.data) || typeof sample.pts !== 'number') continue;
      const text = readId3(sample.data as Uint8Array);
      if (text === null) continue;
      listener.sample({
        ptsMs: sample.pts * 1000,
        isFire: true,
        data: new TextEncoder().encode(text),
        told: { by: 'emsg', accuracyMs: 1 },
      });
    }
  };
  const ranges = new DateRangeReader(listener);
  let details: HlsDetails | null = null;
  const onLevel = (_event: unknown, data: { details?: HlsDetails } | null): void => {
    details = data?.details ?? details;
    ranges.take(details);
  };
  const onOffsets = (_event: unknown, data: { timestampOffsets?: unknown } | null): void => {
    ranges.offsetsFound(data?.timestampOffsets);
    ranges.take(details);
  };
  const onDestroying = () => listener.gone();
  // biome-ignore lint/suspicious/noExplicitAny: hls.js types its listeners by event name
  const listeners: readonly (readonly [event: string, named: string, run: (...args: any[]) => void])[] = [
    ['FRAG_PARSING_USERDATA', 'hlsFragParsingUserdata', onUserData],
    ['FRAG_PARSING_METADATA', 'hlsFragParsingMetadata', onMetadata],
    ['LEVEL_UPDATED', 'hlsLevelUpdated', onLevel],
    ['LEVEL_PTS_UPDATED', 'hlsLevelPtsUpdated', onLevel],
    ['INIT_PTS_FOUND', 'hlsInitPtsFound', onOffsets],
    ['DESTROYING', 'hlsDestroying', onDestroying],
  ];
  const events = (Hls?.Events ?? {}) as Readonly<Record<string, string | undefined>>;
  const bound = listeners.map(([event, named, run]) => [events[event] ?? named, run] as const);
  for (const [event, run] of bound) hls.on(event, run);
  return () => {
    for (const [event, run] of bound) hls.off(event, run);
  };
}
