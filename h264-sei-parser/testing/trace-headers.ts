import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One NAL unit as ffmpeg's `trace_headers` prints it: syntax elements in order, with their values. */
export interface TracedNal {
  readonly fields: readonly (readonly [name: string, value: number])[];
}

/** One packet of ffmpeg's parser. */
export interface TracedPacket {
  readonly nalUnits: readonly TracedNal[];
}

const FIELD = /^\[trace_headers @ [^\]]+\] \d+ +(\S+) +[01]* = (-?\d+)$/;

/** What ffmpeg reads in a raw byte stream, packet by packet. */
export async function traceHeaders(file: string, format: 'h264' | 'hevc'): Promise<TracedPacket[]> {
  const args = ['-hide_banner', '-f', format, '-i', file, '-c', 'copy', '-bsf:v', 'trace_headers'];
  const { stderr } = await run('ffmpeg', [...args, '-f', 'null', '-'], {
    timeout: 60_000,
    maxBuffer: 1 << 28,
  });
  const packets: { nalUnits: { fields: [string, number][] }[] }[] = [];
  for (const line of stderr.split('\n')) {
    if (line.includes('] Packet: ')) packets.push({ nalUnits: [] });
    const found = FIELD.exec(line);
    const packet = packets.at(-1);
    // Before the first packet: the extradata that ffmpeg made of the stream's own parameter sets.
    if (found === null || packet === undefined) continue;
    const [, name, value] = found as unknown as [string, string, string];
    if (name === 'forbidden_zero_bit') packet.nalUnits.push({ fields: [] });
    packet.nalUnits.at(-1)!.fields.push([name, Number(value)]);
  }
  return packets;
}

export interface ProbedPacket {
  readonly bytes: number;
  readonly offset: number;
  readonly isKeyframe: boolean;
}

/** ffprobe's packets of a raw byte stream. */
export async function probePackets(file: string, format: 'h264' | 'hevc'): Promise<ProbedPacket[]> {
  const args = ['-v', 'error', '-f', format, '-show_packets', '-of', 'json', file];
  const { stdout } = await run('ffprobe', args, { timeout: 60_000, maxBuffer: 1 << 28 });
  const { packets } = JSON.parse(stdout) as { packets: { size: string; pos?: string; flags: string }[] };
  return packets.map(({ size, pos, flags }) => ({
    bytes: Number(size),
    offset: Number(pos ?? -1),
    isKeyframe: flags.startsWith('K'),
  }));
}
