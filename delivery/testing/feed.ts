import { spawn } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import type { MediaPacket } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';
import type { StreamHub } from '../stream-hub.ts';

const AUDIO_FRAME_MS = 22;

/** Pushes packets as fast as `ready` allows, with turns of the event loop between them for the sockets. */
export async function feed(
  hub: StreamHub,
  packets: readonly MediaPacket[],
  ready: () => boolean = () => true,
): Promise<void> {
  for (const packet of packets) {
    hub.push(packet);
    do await turn();
    while (!ready());
  }
}

/** As {@link feed}, in step with a viewer from the start: never so far ahead of them that they fall behind. */
export async function feedInStep(
  hub: StreamHub,
  packets: readonly MediaPacket[],
  viewer: { readonly bytesRead: number },
): Promise<void> {
  const MOST_AHEAD = 100_000;
  const from = viewer.bytesRead;
  let pushed = 0;
  for (const packet of packets) {
    pushed += (packet.kind === 'avc-config' ? packet.record : packet.data).length;
    hub.push(packet);
    do await turn();
    while (viewer.bytesRead - from < pushed - MOST_AHEAD);
  }
}

/** The same packets later on the timeline. */
export const shifted = (packets: readonly MediaPacket[], by: number): MediaPacket[] =>
  packets.map((packet) => ({ ...packet, dts: ms(packet.dts + by) }));

/** The stream over and over on one timeline, its configs at the beginning only. */
export function looped(packets: readonly MediaPacket[], times: number): MediaPacket[] {
  const frames = packets.filter((packet) => packet.kind === 'avc-frame');
  const span = frames.at(-1)!.dts - frames[0]!.dts + (frames[1]!.dts - frames[0]!.dts);
  // Encoders end a little later with sound than with pictures: that would overlap with the next round.
  const soundEnd = frames[0]!.dts + span - AUDIO_FRAME_MS;
  const configs = packets.filter((packet) => packet.kind !== 'avc-frame' && packet.kind !== 'aac-frame');
  const media = packets.filter(
    (packet) => packet.kind === 'avc-frame' || (packet.kind === 'aac-frame' && packet.dts <= soundEnd),
  );
  return [...configs, ...Array.from({ length: times }, (_, n) => shifted(media, n * span)).flat()];
}

/** Runs a program of ffmpeg's to its end. */
export async function run(
  program: 'ffmpeg' | 'ffprobe',
  args: readonly string[],
  input?: Uint8Array,
): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // It may be done before it has read all.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  clearTimeout(timer);
  return { stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), code };
}

/** What ffmpeg has to say against decoding this FLV; empty when nothing. */
export async function decodeErrors(flv: Uint8Array): Promise<string> {
  const { stderr, code } = await run(
    'ffmpeg',
    ['-v', 'error', '-xerror', '-f', 'flv', '-i', 'pipe:0', '-fps_mode', 'passthrough', '-f', 'null', '-'],
    flv,
  );
  return code === 0 ? stderr : `exit code ${code}: ${stderr}`;
}
