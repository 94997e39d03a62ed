import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { ClockReading } from '../../packet/held-clock.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import { type Exit, exitOf, ffmpegFailed, start, Tail } from '../../test-streams/ffmpeg.ts';
import { withoutKey } from '../../test-streams/push.ts';
import { FlvStream, type ReplayOutput } from './replay-output.ts';

const STALL_MS = 15_000;
const END_MS = 10_000;
/** Waits this short are not worth a timer. */
const TICK_MS = 2;

export interface RtmpOutputOptions {
  readonly url: string;
  readonly ffmpeg: string;
  readonly clock: Clock;
  /** A server that takes nothing for so long has failed. */
  readonly stallMs?: number;
}

/** In real time into an RTMP server, by ffmpeg, which copies what it is given: the packets at their recorded pace. */
export class RtmpOutput implements ReplayOutput {
  readonly #clock: Clock;
  readonly #child: ChildProcess;
  readonly #ended: Promise<Exit>;
  readonly #said: Tail;
  readonly #stallMs: number;
  readonly #stream = new FlvStream((bytes) => this.#put(bytes));
  #exit: Exit | null = null;
  /** Recorded moment of the first packet, and when it was written here. */
  #first: { readonly recordedUs: number; readonly writtenUs: number } | null = null;
  #dueUs = 0;
  #isFull = false;

  constructor({ url, ffmpeg, clock, stallMs = STALL_MS }: RtmpOutputOptions) {
    this.#clock = clock;
    this.#stallMs = stallMs;
    this.#said = new Tail(withoutKey(url));
    this.#child = start(
      ffmpeg,
      [
        ...[
          '-hide_banner',
          '-nostats',
          '-loglevel',
          'warning',
          '-fflags',
          'nobuffer',
          '-f',
          'flv',
          '-i',
          'pipe:0',
        ],
        ...['-map', '0:v:0', '-map', '0:a:0?', '-c', 'copy', '-copyts'],
        ...['-rw_timeout', String(stallMs * 1000), '-f', 'flv', '-flvflags', 'no_duration_filesize', url],
      ],
      { stdin: true },
    );
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#said.add(chunk));
    // A pipe that breaks is told by how ffmpeg ended.
    this.#child.stdin?.on('error', () => undefined);
    this.#ended = exitOf(this.#child).then((exit) => {
      this.#exit = exit;
      return exit;
    });
  }

  write(packet: MediaPacket, at: ClockReading): void {
    this.#first ??= { recordedUs: at.monotonicUs, writtenUs: this.#clock.monotonicUs() };
    this.#dueUs = this.#first.writtenUs + (at.monotonicUs - this.#first.recordedUs);
    this.#stream.write(packet);
  }

  ready(): Promise<void> | null {
    if (this.#exit !== null) return Promise.reject(this.#failed(this.#exit));
    const waitMs = (this.#dueUs - this.#clock.monotonicUs()) / 1000;
    if (this.#isFull) return this.#drained();
    return waitMs < TICK_MS ? null : new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  async close(): Promise<void> {
    if (this.#exit === null) {
      this.#stream.end();
      this.#child.stdin?.end();
    }
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    const exit = await this.#ended;
    clearTimeout(timer);
    if (exit.code !== 0) throw this.#failed(exit);
  }

  #put(bytes: Uint8Array): void {
    if (this.#exit !== null) return;
    if (this.#child.stdin?.write(bytes) === false) this.#isFull = true;
  }

  async #drained(): Promise<void> {
    const { stdin } = this.#child;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), this.#stallMs);
    });
    const drained = new Promise<'drained'>((resolve) => stdin?.once('drain', () => resolve('drained')));
    const how = await Promise.race([late, drained, this.#ended]);
    clearTimeout(timer);
    this.#isFull = false;
    if (how === 'late') {
      this.#child.kill('SIGKILL');
      throw new FramecueError('ERR_TIMEOUT', 'The RTMP server takes nothing.');
    }
    if (how !== 'drained') throw this.#failed(how);
  }

  #failed(exit: Exit): FramecueError {
    return ffmpegFailed(exit, this.#said);
  }
}
