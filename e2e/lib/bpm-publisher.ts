import { readFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { bpmMessage, writeAvccNal, writeSeiNal } from '../../h264-sei-parser/src/index.ts';
import { FlvReader } from '../../packet/flv-reader.ts';
import { flvHeader, writeFlvTag } from '../../packet/flv-tag.ts';
import { type AvcFramePacket, type MediaPacket, ptsOf } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';
import { ffmpegPath } from '../../scripts/lib/tools.ts';
import { ensureTestStream, type TestStreamName } from '../../test-streams/catalogue.ts';
import { exitOf, start, Tail } from '../../test-streams/ffmpeg.ts';
import { withoutKey } from '../../test-streams/push.ts';

export interface BpmPublish {
  /** When the picture with this PTS was taken, Unix milliseconds of this machine's clock. */
  captureOf(pts: number): number;
  /** When the frame with this DTS was to be sent, of the same clock: no machine sends it sooner. */
  dueAt(dts: number): number;
  stderr(): readonly string[];
  stop(): Promise<void>;
}

export interface BpmPublishOptions {
  readonly stream: TestStreamName;
  readonly url: string;
  /** From composition to sending: all that the encoder and its network take. */
  readonly captureToSendMs: number;
  /** Frames that the publisher says it has dropped before each keyframe. */
  readonly dropped: number;
  /** The publisher's clock less this machine's: what it says of its times is wrong by that much. Default 0. */
  readonly clockAheadMs?: number;
}

const ENCODE_MS = 70;
const STOP_MS = 3_000;
/** OBS: 4-byte NAL unit lengths, its metrics behind the slices of each keyframe. */
const LENGTH_SIZE = 4;

/**
 * Publishes a test stream in a loop, at its own pace, with the broadcast performance metrics that OBS puts on keyframes:
 * times of this very machine's clock, counters of a session that loses frames.
 */
export async function publishWithBpm(options: BpmPublishOptions): Promise<BpmPublish> {
  const { file } = await ensureTestStream(options.stream);
  const packets: MediaPacket[] = [];
  for (const item of new FlvReader().read(await readFile(file))) {
    if (item.kind === 'packet') packets.push(item.packet);
  }
  const child = start(
    ffmpegPath(),
    [
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning', '-fflags', 'nobuffer'],
      ...['-probesize', '32768', '-analyzeduration', '500000', '-f', 'flv', '-i', 'pipe:0'],
      ...['-c', 'copy', '-f', 'flv', '-flvflags', 'no_duration_filesize', options.url],
    ],
    { stdin: true },
  );
  const said = new Tail(withoutKey(options.url));
  child.stderr?.on('data', (chunk: Buffer) => said.add(chunk));
  const exited = exitOf(child);
  const pipe = child.stdin!;
  // It ends whenever ffmpeg does; `stderr` says why.
  pipe.on('error', () => undefined);
  const startedAt = Date.now();
  const first = packets.find((packet) => packet.kind === 'avc-frame');
  // Keyframes are sent at their DTS, which is that much before their PTS.
  const reorderMs = first?.kind === 'avc-frame' ? first.compositionOffset : 0;
  const captureOf = (pts: number): number => startedAt + pts - reorderMs - options.captureToSendMs;
  const stopping = new AbortController();
  const writing = write(pipe, packets, startedAt, stopping.signal, (packet) =>
    withMetrics(packet, captureOf(ptsOf(packet)) + (options.clockAheadMs ?? 0), options),
  );
  return {
    captureOf,
    dueAt: (dts) => startedAt + dts,
    stderr: () => said.lines(),
    async stop() {
      stopping.abort();
      await writing;
      pipe.end();
      const killTimer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(killTimer);
    },
  };
}

/** Over and over, time stamps running on: how long a test takes is the machine's matter. */
async function write(
  pipe: Writable,
  packets: readonly MediaPacket[],
  startedAt: number,
  signal: AbortSignal,
  change: (packet: AvcFramePacket) => AvcFramePacket,
): Promise<void> {
  pipe.write(flvHeader({ audio: true, video: true }));
  const pictures = packets.filter((packet) => packet.kind === 'avc-frame');
  const lapMs = (pictures.at(-1)!.dts * pictures.length) / (pictures.length - 1);
  for (let lap = 0; ; lap++) {
    for (const given of packets) {
      if (lap > 0 && given.kind !== 'avc-frame' && given.kind !== 'aac-frame') continue;
      const packet = { ...given, dts: ms(given.dts + lap * lapMs) };
      const waitMs = startedAt + packet.dts - Date.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      if (signal.aborted || pipe.destroyed) return;
      pipe.write(writeFlvTag(packet.kind === 'avc-frame' && packet.isKeyframe ? change(packet) : packet));
    }
  }
}

function withMetrics(
  packet: AvcFramePacket,
  compositedMs: number,
  { dropped, captureToSendMs }: BpmPublishOptions,
): AvcFramePacket {
  const time = (event: number, after: number) => ({
    type: 'rfc3339' as const,
    event,
    text: new Date(compositedMs + after).toISOString(),
  });
  const sent = time(4, captureToSendMs);
  const counters = (...deltas: readonly number[]) => deltas.map((delta, i) => ({ tag: i + 1, delta }));
  const nals = [
    bpmMessage({ kind: 'TS', times: [time(1, 0), time(2, 2), time(3, ENCODE_MS), sent] }),
    bpmMessage({ kind: 'SM', times: [sent], counters: counters(25, 0, dropped, 25 - dropped) }),
    bpmMessage({ kind: 'ERM', times: [sent], counters: counters(25, 1, 24) }),
  ].map((message) => writeSeiNal([message]));
  const more = nals.reduce((sum, nal) => sum + LENGTH_SIZE + nal.length, 0);
  const data = new Uint8Array(packet.data.length + more);
  data.set(packet.data);
  let at = packet.data.length;
  for (const nal of nals) at = writeAvccNal(data, at, nal, LENGTH_SIZE);
  return { ...packet, data };
}
