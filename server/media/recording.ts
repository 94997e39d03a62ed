import type { Clock } from '../../packet/clock.ts';
import { type ErrorCode, FramecueError } from '../../packet/errors.ts';
import type { ClockReading } from '../../packet/held-clock.ts';
import { type StreamName, streamKeyOf } from '../../packet/packet.ts';
import type { StreamInput, StreamOutcome, StreamTap } from '../../qa/show/entry.ts';
import { type Manifest, writeManifest } from '../../qa/show/manifest.ts';
import { encodeInput, encodeOther, encodeOutput, SHOW_FORMAT } from '../../qa/show/record-format.ts';
import type { ShowStore } from '../../qa/show/show-store.ts';
import { type SegmentFile, ShowWriter } from '../../qa/show/show-writer.ts';
import type { LiveStreamState } from './live-stream.ts';

export type RecordingEnd =
  | 'stopped'
  | 'time-over'
  | 'stream-ended'
  | 'server-closing'
  /** The room for recordings is used up. */
  | 'quota'
  /** The disk cannot be written. */
  | 'disk'
  /** A mistake of ours: something could not be written down. */
  | 'fault';

/** As the API shows it. */
export interface RecordingStatus {
  readonly name: string;
  readonly stream: string;
  /** `waiting`: no packet has come yet. */
  readonly state: 'waiting' | 'recording' | 'ended';
  readonly startedAt: number;
  readonly durationMs: number;
  /** Null while it goes on. */
  readonly reason: RecordingEnd | null;
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
  readonly packets: number;
  readonly cues: number;
  readonly records: number;
  readonly bytes: number;
  readonly segments: number;
  /** Records that the disk was too slow for. */
  readonly lost: number;
}

/** What a recording needs of a live stream. */
export interface Tappable {
  readonly stream: StreamName;
  readonly state: LiveStreamState | null;
  tap: StreamTap | null;
}

export interface RecordingOptions {
  readonly name: string;
  readonly stream: StreamName;
  readonly store: ShowStore;
  readonly clock: Clock;
  /** Of the manifest: all that is the same for every recording of this server. */
  readonly about: () => Promise<
    Pick<Manifest, 'software' | 'settings' | 'injector' | 'keys' | 'upstreamKeys'>
  >;
  readonly onEnded: (recording: Recording) => void;
  readonly openFile?: (path: string) => Promise<SegmentFile>;
}

/** One show that is being recorded: taps one stream, whether it has been published yet or not. */
export class Recording implements StreamTap {
  readonly name: string;
  readonly stream: StreamName;
  /** Resolves once its folder and manifest are on the disk. @throws {FramecueError} ERR_SHOW_EXISTS, ERR_RECORD_DISK. */
  readonly ready: Promise<void>;
  readonly #options: RecordingOptions;
  readonly #writer: ShowWriter;
  readonly #startedAt: number;
  readonly #cues = new Set<string>();
  #manifest: Manifest | null = null;
  #folder: string | null = null;
  #live: Tappable | null = null;
  #packets = 0;
  #endedAt: number | null = null;
  #reason: RecordingEnd | null = null;
  #error: FramecueError | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: RecordingOptions) {
    this.#options = options;
    this.name = options.name;
    this.stream = options.stream;
    this.#startedAt = options.clock.unixMs();
    this.ready = this.#begin();
    // Whoever started it awaits it; what is written before that waits for it too, and fails with it.
    this.ready.catch(() => undefined);
    const { store, openFile } = options;
    this.#writer = new ShowWriter({
      folder: `${store.folder}/${options.name}`,
      takeRoom: (bytes) => this.ready.then(() => store.takeRoom(bytes)),
      onFailed: (code, cause) => {
        const error = cause instanceof FramecueError ? cause : new FramecueError(code, undefined, { cause });
        void this.end(code === 'ERR_RECORD_QUOTA' ? 'quota' : 'disk', error);
      },
      ...(openFile === undefined ? {} : { openFile }),
    });
  }

  get ended(): boolean {
    return this.#endedAt !== null;
  }

  get error(): FramecueError | null {
    return this.#error;
  }

  get lost(): number {
    return this.#writer.counts.lost;
  }

  get status(): RecordingStatus {
    const { clock } = this.#options;
    const { records, bytes, segments, lost } = this.#writer.counts;
    const now = this.#endedAt ?? clock.unixMs();
    return {
      name: this.name,
      stream: streamKeyOf(this.stream),
      state: this.ended ? 'ended' : this.#packets === 0 ? 'waiting' : 'recording',
      startedAt: this.#startedAt,
      durationMs: Math.max(0, now - this.#startedAt),
      reason: this.#reason,
      error: this.#error === null ? null : { code: this.#error.code, message: this.#error.message },
      packets: this.#packets,
      cues: this.#cues.size,
      ...{ records, bytes, segments, lost },
    };
  }

  /** From here on it records this stream, which it had not seen, or which was forgotten and is made anew. */
  attach(live: Tappable): void {
    if (this.ended) return;
    this.#live = live;
    this.#put({ kind: 'start', state: live.state, ...this.#now() });
    live.tap = this;
  }

  input(input: StreamInput, at: ClockReading, after: number | null): void {
    if (input.kind === 'packet') this.#packets++;
    else if (input.kind === 'schedule') this.#cues.add(input.cue.id);
    this.#writer.write(encodeInput(input, at, after), at);
  }

  outcome(outcome: StreamOutcome, at: ClockReading): void {
    if (outcome.kind === 'output') this.#writer.write(encodeOutput(outcome.packet, at), at);
    else this.#put({ ...outcome, ...at });
  }

  broke(cause: unknown): void {
    void this.end('fault', new FramecueError('ERR_INTERNAL', undefined, { cause }));
  }

  /** Takes no more, and writes what waits. Resolves when it is on the disk, or cannot be. */
  end(reason: RecordingEnd, error: FramecueError | null = null): Promise<void> {
    if (this.#closing !== null) return this.#closing;
    if (this.#live?.tap === this) this.#live.tap = null;
    this.#reason = reason;
    this.#error = error;
    this.#endedAt = this.#options.clock.unixMs();
    this.#put({ kind: 'end', reason, ...this.#now() });
    this.#closing = this.#close();
    return this.#closing;
  }

  async #begin(): Promise<void> {
    const { store, stream, about } = this.#options;
    const folder = await store.create(this.name);
    try {
      const manifest: Manifest = {
        format: SHOW_FORMAT,
        name: this.name,
        stream: streamKeyOf(stream),
        startedAt: new Date(this.#startedAt).toISOString(),
        ...(await about()),
      };
      await writeManifest(folder, manifest);
      this.#manifest = manifest;
      this.#folder = folder;
    } catch (cause) {
      store.release(this.name);
      throw new FramecueError('ERR_RECORD_DISK', undefined, { cause });
    }
  }

  async #close(): Promise<void> {
    const { store, onEnded } = this.#options;
    try {
      await this.#writer.close();
      const { records, segments, bytes, lost } = this.#writer.counts;
      if (this.#manifest !== null && this.#folder !== null) {
        await writeManifest(this.#folder, {
          ...this.#manifest,
          end: {
            endedAt: new Date(this.#endedAt!).toISOString(),
            reason: this.#reason!,
            ...{ records, segments, bytes, packets: this.#packets, cues: this.#cues.size, lost },
          },
        });
      }
    } catch (cause) {
      // It stays as a killed recorder leaves it: what is on the disk can be read.
      this.#error ??= new FramecueError('ERR_RECORD_DISK', undefined, { cause });
    }
    if (this.#folder !== null) store.release(this.name);
    onEnded(this);
  }

  #put(record: Parameters<typeof encodeOther>[0]): void {
    this.#writer.write(encodeOther(record), record);
  }

  #now(): ClockReading {
    const { clock } = this.#options;
    return { monotonicUs: clock.monotonicUs(), unixUs: clock.unixUs() };
  }
}
