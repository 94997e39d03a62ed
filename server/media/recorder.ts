import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { type StreamName, streamKeyOf } from '../../packet/packet.ts';
import type { ShowStore } from '../../qa/show/show-store.ts';
import type { SegmentFile } from '../../qa/show/show-writer.ts';
import type { Log } from '../../service/log.ts';
import {
  Recording,
  type RecordingEnd,
  type RecordingOptions,
  type RecordingStatus,
  type Tappable,
} from './recording.ts';

export interface RecorderOptions {
  readonly store: ShowStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly about: RecordingOptions['about'];
  readonly find: (stream: StreamName) => Tappable | undefined;
  /** Every stream is recorded from its first publish on. */
  readonly always: boolean;
  /** Recordings at a time. */
  readonly maxRecordings: number;
  /** How long `close` waits for the disk. */
  readonly closeMs?: number;
  readonly openFile?: (path: string) => Promise<SegmentFile>;
}

export interface StartOptions {
  readonly name?: string;
  /** Ends by itself after this long. */
  readonly forMs?: number;
}

export interface RecorderCounts {
  readonly bytes: number;
  readonly lost: number;
  readonly ended: Readonly<Partial<Record<RecordingEnd, number>>>;
}

/** The recordings of this process, one for a stream at a time. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #running = new Map<string, Running>();
  /** The one before, for whoever asks how it ended. */
  readonly #last = new Map<string, RecordingStatus>();
  #bytesBefore = 0;
  #lostBefore = 0;
  readonly #ended: Partial<Record<RecordingEnd, number>> = {};
  #closed = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /**
   * Records a stream from now on, also one that nobody has published yet.
   * @throws {FramecueError} ERR_RECORDING_RUNNING, ERR_SHOW_EXISTS, ERR_OVERLOADED, ERR_RECORD_DISK, ERR_NOT_READY.
   */
  async start(stream: StreamName, { name, forMs }: StartOptions = {}): Promise<RecordingStatus> {
    const running = this.#begin(stream, name ?? this.#newName(stream));
    try {
      await running.recording.ready;
    } catch (error) {
      await running.recording.end('disk', error instanceof FramecueError ? error : null);
      throw error;
    }
    if (forMs !== undefined && !running.recording.ended) {
      running.timer = setTimeout(() => void running.recording.end('time-over'), forMs);
      running.timer.unref();
    }
    return running.recording.status;
  }

  /** @throws {FramecueError} ERR_RECORDING_NONE. */
  async stop(stream: StreamName): Promise<RecordingStatus> {
    const running = this.#running.get(streamKeyOf(stream));
    if (running === undefined) throw new FramecueError('ERR_RECORDING_NONE');
    await running.recording.end('stopped');
    return running.recording.status;
  }

  /** The recording that runs, or the last one that ran; null where there was none. */
  status(stream: StreamName): RecordingStatus | null {
    const key = streamKeyOf(stream);
    return this.#running.get(key)?.recording.status ?? this.#last.get(key) ?? null;
  }

  running(): RecordingStatus[] {
    return Array.from(this.#running.values(), ({ recording }) => recording.status);
  }

  get counts(): RecorderCounts {
    let [bytes, lost] = [this.#bytesBefore, this.#lostBefore];
    for (const { recording } of this.#running.values()) {
      bytes += recording.status.bytes;
      lost += recording.lost;
    }
    return { bytes, lost, ended: this.#ended };
  }

  /** A publish begins; to be called before the stream hears of it. */
  publishBegins(live: Tappable): void {
    const running = this.#running.get(streamKeyOf(live.stream));
    if (running !== undefined) {
      // A stream that was forgotten comes as another one.
      if (live.tap !== running.recording) running.recording.attach(live);
      return;
    }
    if (!this.#options.always || this.#closed) return;
    try {
      this.#begin(live.stream, this.#newName(live.stream), live);
    } catch (error) {
      this.#options.log.error({ err: error, stream: streamKeyOf(live.stream) }, 'the stream is not recorded');
    }
  }

  /** The publisher has been away for too long: what is always recorded ends here, and begins anew when it returns. */
  streamEnded(stream: StreamName): void {
    const running = this.#running.get(streamKeyOf(stream));
    if (running?.byItself === true) void running.recording.end('stream-ended');
  }

  /** After the streams were closed. */
  async close(): Promise<void> {
    this.#closed = true;
    const ended = Array.from(this.#running.values(), ({ recording }) => recording.end('server-closing'));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#options.closeMs ?? CLOSE_MS);
    });
    // A disk that hangs must not keep the server from stopping: such a show is as a killed recorder leaves it.
    await Promise.race([Promise.all(ended), late]);
    clearTimeout(timer);
  }

  #begin(stream: StreamName, name: string, publishing?: Tappable): Running {
    const { store, clock, about, openFile, find, log, maxRecordings } = this.#options;
    const key = streamKeyOf(stream);
    if (this.#closed) throw new FramecueError('ERR_NOT_READY');
    if (this.#running.has(key)) {
      const { name: other } = this.#running.get(key)!.recording;
      throw new FramecueError('ERR_RECORDING_RUNNING', `${key} is being recorded already, as ${other}.`, {
        details: { name: other },
      });
    }
    if (this.#running.size >= maxRecordings) {
      throw new FramecueError(
        'ERR_OVERLOADED',
        `${maxRecordings} streams are being recorded: no more are taken.`,
      );
    }
    const recording = new Recording({
      ...{ name, stream, store, clock, about },
      onEnded: (ended) => this.#onEnded(ended),
      ...(openFile === undefined ? {} : { openFile }),
    });
    const running: Running = {
      recording,
      byItself: publishing !== undefined,
      timer: undefined,
      warnings: undefined,
    };
    this.#running.set(key, running);
    const live = publishing ?? find(stream);
    if (live !== undefined) recording.attach(live);
    running.warnings = setInterval(() => this.#warnOfLoss(running), WARN_MS);
    running.warnings.unref();
    log.info({ stream: key, show: name }, 'recording begins');
    return running;
  }

  #onEnded(recording: Recording): void {
    const key = streamKeyOf(recording.stream);
    const running = this.#running.get(key);
    if (running?.recording !== recording) return;
    clearTimeout(running.timer);
    clearInterval(running.warnings);
    this.#warnOfLoss(running);
    this.#running.delete(key);
    const { status } = recording;
    const { reason, bytes, lost, records, name } = status;
    this.#last.delete(key);
    this.#last.set(key, status);
    // Any name may be allowed (`live/*`), and be recorded without ever being published.
    if (this.#last.size > MAX_LAST) this.#last.delete(this.#last.keys().next().value!);
    this.#bytesBefore += bytes;
    this.#lostBefore += lost;
    if (reason !== null) this.#ended[reason] = (this.#ended[reason] ?? 0) + 1;
    const facts = { stream: key, show: name, reason, bytes, records, lost };
    if (recording.error === null) this.#options.log.info(facts, 'recording ended');
    else this.#options.log.error({ ...facts, err: recording.error }, 'recording ended early; video goes on');
  }

  /** At most once a second: the disk may be slow for long. */
  #warnOfLoss(running: Running): void {
    const { recording } = running;
    if (recording.lost === (running.toldLost ?? 0)) return;
    running.toldLost = recording.lost;
    this.#options.log.error(
      { stream: streamKeyOf(recording.stream), show: recording.name, lost: recording.lost },
      'the disk is too slow for the recording: records are left out',
    );
  }

  #newName({ app, name }: StreamName): string {
    const time = new Date(this.#options.clock.unixMs()).toISOString().replace(/[-:]/g, '').replace('.', '');
    return `${app}-${name}-${time}`.replace(/[^A-Za-z0-9._-]/g, '_');
  }
}

const WARN_MS = 1_000;
/** Streams of which it is known how their last recording ended. */
const MAX_LAST = 256;
const CLOSE_MS = 5_000;

interface Running {
  readonly recording: Recording;
  /** By FRAMECUE_RECORD=always. */
  readonly byItself: boolean;
  timer: NodeJS.Timeout | undefined;
  warnings: NodeJS.Timeout | undefined;
  toldLost?: number;
}
