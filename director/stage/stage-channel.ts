import type { RequestHandler } from 'express';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { Log } from '../../service/log.ts';
import { EventStream } from '../event-stream.ts';
import type { ScreenState } from './shapes.ts';

export interface StageChannelOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly instance: string;
  /** Over all streams. */
  readonly maxScreens: number;
  readonly queueBytes: number;
  readonly stateOf: (stream: string) => ScreenState;
  readonly beatMs?: number;
}

const BEAT_MS = 2_000;
const STALL_MS = 10_000;
const RETRY_MS = 1_000;

interface Connection {
  readonly stream: string;
  readonly out: EventStream;
  /** Whether whoever opened it may still look. */
  readonly isGood: () => boolean;
}

/**
 * What screens follow: server-sent events, `stage` with the whole of it at once and after each change, `beat` every
 * two seconds. One that does not read is cut and begins anew.
 */
export class StageChannel {
  readonly #options: StageChannelOptions;
  readonly #connections = new Set<Connection>();
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(options: StageChannelOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#beat(), options.beatMs ?? BEAT_MS);
    this.#timer.unref();
  }

  /** Behind its right. */
  open(stream: string, isGood: () => boolean, ...[req, res]: Parameters<RequestHandler>): void {
    const { maxScreens, stateOf } = this.#options;
    if (this.#closed) throw new FramecueError('ERR_NOT_READY');
    if (this.#connections.size >= maxScreens) {
      throw new FramecueError('ERR_OVERLOADED', 'As many stage screens are connected as can be.', {
        details: { limit: maxScreens, retryAfterMs: 5_000 },
      });
    }
    const out = new EventStream(req, res, STALL_MS);
    const connection: Connection = { stream, out, isGood };
    this.#connections.add(connection);
    out.onClose(() => {
      out.end();
      this.#connections.delete(connection);
    });
    out.retry(RETRY_MS);
    out.event('stage', JSON.stringify(stateOf(stream)));
  }

  /** @param stateOf is asked where a screen of the stream is there to be told. */
  tell(stream: string, stateOf: () => ScreenState): void {
    let data: string | null = null;
    for (const connection of this.#connections) {
      if (connection.stream !== stream) continue;
      data ??= JSON.stringify(stateOf());
      this.#send(connection, 'stage', data);
    }
  }

  /** A ticket was made void: who came by it goes now. */
  checkAll(): void {
    for (const { out, isGood } of this.#connections) if (!isGood()) out.end();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const { out } of this.#connections) out.end();
  }

  #beat(): void {
    this.checkAll();
    const { clock, instance } = this.#options;
    const data = JSON.stringify({ at: clock.unixMs(), instance });
    for (const connection of this.#connections) {
      // Asked before anything is written: what has just been written waits for a moment in any case.
      if (!connection.out.ended && connection.out.hasStalled()) this.#cut(connection);
      else this.#send(connection, 'beat', data);
    }
  }

  #send(connection: Connection, event: string, data: string): void {
    const { out } = connection;
    if (out.ended) return;
    out.event(event, data);
    if (out.waitingBytes > this.#options.queueBytes) this.#cut(connection);
  }

  #cut({ stream, out }: Connection): void {
    const { waitingBytes } = out;
    this.#options.log.warn({ stream, waitingBytes }, 'a stage screen does not read and is cut');
    out.cut();
  }
}
