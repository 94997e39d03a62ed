import { STAMP_UUID_TEXT } from '../../../cues/wire/index.ts';
import { sameUuid, USER_DATA_UNREGISTERED, uuidFromText } from '../../../h264-sei-parser/src/index.ts';
import { type BufferedVideo, ScriptReader } from '../carriers/script.ts';
import type { MpegtsModule, MpegtsPlayer } from '../types.ts';
import type { SeiListener } from './sample.ts';

const STAMP_UUID = uuidFromText(STAMP_UUID_TEXT);

/** What `SEI_ARRIVED` carries, at demux time, long before the frame is shown. */
interface MpegtsSei {
  readonly type?: unknown;
  readonly uuid?: unknown;
  readonly user_data?: unknown;
  /** `dts + cts - base`, milliseconds. */
  readonly pts?: unknown;
}

/** Listens to an mpegts.js player that plays in `video`. Returns what stops it. */
export function readMpegts(
  player: MpegtsPlayer,
  mpegts: MpegtsModule | undefined,
  listener: SeiListener,
  video: BufferedVideo,
): () => void {
  const events = (mpegts?.Events ?? {}) as {
    SEI_ARRIVED?: string;
    SCRIPTDATA_ARRIVED?: string;
    DESTROYING?: string;
  };
  const seiArrived = events.SEI_ARRIVED ?? 'sei_arrived';
  const destroying = events.DESTROYING ?? 'destroying';
  const onSei = (sei: MpegtsSei | null): void => {
    if (sei?.type !== USER_DATA_UNREGISTERED || !isBytes(sei.uuid) || !sameUuid(sei.uuid, STAMP_UUID)) return;
    if (!isBytes(sei.user_data) || typeof sei.pts !== 'number' || !Number.isFinite(sei.pts)) {
      listener.problem('ERR_STAMP_FORMAT');
      return;
    }
    listener.sample({ ptsMs: sei.pts, data: sei.user_data });
  };
  const scriptArrived = events.SCRIPTDATA_ARRIVED ?? 'scriptdata_arrived';
  const onDestroying = () => listener.gone();
  player.on(seiArrived, onSei);
  const script = new ScriptReader(player, video, listener);
  const onScript = (data: unknown): void => script.take(data);
  player.on(scriptArrived, onScript);
  player.on(destroying, onDestroying);
  return () => {
    player.off(seiArrived, onSei);
    player.off(scriptArrived, onScript);
    script.stop();
    player.off(destroying, onDestroying);
  };
}

/** Not `instanceof`: with a worker, or in a frame of its own, arrays come from another realm. */
const isBytes = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';

/** `ws` or `flv`, as soon as the player says what it loads. */
export function mpegtsPath(player: MpegtsPlayer): 'flv' | 'ws' {
  const { statisticsInfo } = player as { statisticsInfo?: { url?: unknown } | null };
  const url = statisticsInfo?.url;
  return typeof url === 'string' && /^wss?:/i.test(url) ? 'ws' : 'flv';
}
