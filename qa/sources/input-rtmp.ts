import { FramecueError } from '../../packet/errors.ts';
import { exitOf, ffmpegFailed, start, Tail } from '../../test-streams/ffmpeg.ts';
import { type ByteInput, type InputOptions, pipeInput } from './input.ts';

const KILL_AFTER_MS = 2000;
const ADVICE =
  'framecue itself does not play over RTMP: give http://HOST:PORT/APP/NAME.flv, ws://, or /APP/NAME/index.m3u8.';

/** What stands behind the question mark lets people publish, or play. */
const withoutKey = (address: string): string => address.split('?')[0]!;
const hidden = (text: string, address: string): string => text.replaceAll(address, withoutKey(address));

/**
 * RTMP by ffmpeg, which plays it and hands the same packets on as FLV: nothing is decoded, and time stamps stay.
 * What ffmpeg's own reader drops (script data that it does not know) does not arrive here.
 */
export async function rtmpInput(address: string, options: InputOptions): Promise<ByteInput> {
  // Without `-fflags nobuffer`, which would drop the packets that ffmpeg looks at first.
  const args = ['-nostdin', '-hide_banner', '-loglevel', 'warning', '-i', address];
  const output = ['-map', '0:v?', '-map', '0:a?', '-c', 'copy', '-copyts', '-f', 'flv', '-flvflags'];
  const child = start(
    options.ffmpeg ?? process.env.FRAMECUE_FFMPEG ?? 'ffmpeg',
    [...args, ...output, 'no_duration_filesize+no_sequence_end', 'pipe:1'],
    { stdout: true },
  );
  const said = new Tail();
  child.stderr?.on('data', (chunk: Uint8Array) => said.add(chunk));
  const ended = exitOf(child);
  let closing = false;
  const stop = (): void => {
    closing = true;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    child.kill('SIGTERM');
    const last = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    last.unref();
    child.once('close', () => clearTimeout(last));
  };
  if (child.stdout === null) throw new FramecueError('ERR_TOOL_FAILED', 'ffmpeg could not be started.');
  const input = pipeInput(child.stdout, address, options, false, stop);
  return {
    address,
    totalBytes: null,
    isLive: true,
    get bytesRead() {
      return input.bytesRead;
    },
    async *chunks() {
      yield* input.chunks();
      const exit = await ended;
      if (closing || exit.code === 0) return;
      if (exit.failure !== null) {
        throw new FramecueError('ERR_TOOL_MISSING', 'RTMP sources need ffmpeg, which could not be started.', {
          cause: exit.failure,
        });
      }
      if (input.bytesRead === 0) {
        const reason = (said.lines().at(-1) ?? 'ffmpeg says nothing').replace(/\.$/, '');
        throw new FramecueError(
          'ERR_SOURCE_OPEN',
          `${withoutKey(address)} cannot be played: ${hidden(reason, address)}. ${ADVICE}`,
        );
      }
      throw ffmpegFailed(exit, said);
    },
    async close() {
      stop();
      await input.close();
      await ended;
    },
  };
}
