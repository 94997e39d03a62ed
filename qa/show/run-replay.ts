import type { Landing, StampEvent } from '../../cues/cue.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { ClockReading } from '../../packet/held-clock.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import type { ShowRecord } from './entry.ts';
import { LateStart, type ReplayOutput } from './replay-output.ts';
import { type MakePath, Replayer, type ReplaySink } from './replayer.ts';
import { RunFileWriter } from './run-file.ts';
import { type RunHead, RunLister } from './run-lines.ts';

/** Where the output begins; the path sees everything before it all the same, so that its state is the same. */
export type ReplayFrom =
  | { readonly kind: 'start' }
  /** At the last keyframe before this cue's first stamp. */
  | { readonly kind: 'cue'; readonly id: string }
  /** At the last keyframe before so much time of the recording. */
  | { readonly kind: 'time'; readonly ms: number };

export interface ReplayOptions {
  readonly head: RunHead;
  readonly records: Iterable<ShowRecord> | AsyncIterable<ShowRecord>;
  readonly makePath: MakePath;
  readonly from: ReplayFrom;
  readonly outputs: readonly ReplayOutput[];
  /** The run's listing. */
  readonly runFile: string | null;
  /** Sees what the replay does, beside the outputs. */
  readonly sink?: ReplaySink;
  readonly onProgress?: (progress: ReplayProgress) => void;
  readonly signal?: AbortSignal;
}

export interface ReplayProgress {
  readonly units: number;
  /** Of the recording. */
  readonly recordedMs: number;
}

export interface ReplayResult extends ReplayProgress {
  readonly packets: number;
  readonly epochs: number;
  readonly landings: readonly { readonly id: string; readonly rev: number; readonly landing: Landing }[];
  /** Records that the recording lacks. */
  readonly gaps: number;
  /** Errors in the path; each such frame passed unstamped. */
  readonly faults: number;
  /** It was told to stop. */
  readonly stopped: boolean;
}

/** How long it works before it lets others in: progress, Ctrl-C. */
const SLICE_MS = 20;
const MAX_LANDINGS = 100_000;

/**
 * Plays a show from its first record to its last.
 * @throws {FramecueError} whatever reading it throws, ERR_SHOW_EMPTY, ERR_CUE_UNKNOWN where `from` names a cue that
 *   is not in it, ERR_OUTPUT_WRITE.
 */
export async function runReplay(options: ReplayOptions): Promise<ReplayResult> {
  const { head, records, makePath, from, outputs, runFile, sink, onProgress, signal } = options;
  const listing = runFile === null ? null : new RunFileWriter(runFile);
  listing?.write(head);
  const lister = new RunLister((line) => listing?.write(line));
  const late = new LateStart(from.kind === 'start', (packet, at) => {
    for (const output of outputs) output.write(packet, at);
  });
  const told = new Told();
  const landings: { id: string; rev: number; landing: Landing }[] = [];
  const replayer = new Replayer(makePath, {
    start(state) {
      if (epochOf(state)) told.epochs++;
      late.know(configsOf(state));
      lister.start(state);
      sink?.start?.(state);
    },
    epoch(epoch, path) {
      told.epochs++;
      lister.epoch(epoch);
      sink?.epoch?.(epoch, path);
    },
    event(event) {
      if (from.kind === 'cue' && event.id === from.id && isStamp(event)) late.begin();
      if (event.kind === 'landed' && landings.length < MAX_LANDINGS) landings.push(event);
      lister.event(event);
      sink?.event?.(event);
    },
    output(packet, at) {
      told.note(packet, at);
      if (from.kind === 'time' && told.recordedMs >= from.ms) late.begin();
      lister.packet(packet);
      late.write(packet, at);
      sink?.output?.(packet, at);
    },
    fault(error) {
      told.faults++;
      sink?.fault?.(error);
    },
  });
  let sliceEnds = performance.now() + SLICE_MS;
  try {
    for await (const record of records) {
      if (signal?.aborted === true) break;
      if (record.kind === 'gap') {
        told.gaps += record.records;
        lister.gap(record.records);
      }
      replayer.feed(record);
      for (const output of outputs) await output.ready();
      if (performance.now() < sliceEnds) continue;
      onProgress?.({ units: told.units, recordedMs: told.recordedMs });
      await new Promise((resolve) => setImmediate(resolve));
      sliceEnds = performance.now() + SLICE_MS;
    }
    replayer.finish();
    for (const output of outputs) await output.close();
  } catch (error) {
    // Ctrl-C in a terminal ends the tool behind an output too: that it ended is no news then.
    if (signal?.aborted !== true || !(error instanceof FramecueError)) throw error;
  } finally {
    listing?.close();
  }
  const stopped = signal?.aborted === true;
  if (!stopped) checkIsWhole(told, from, late.open);
  const { units, packets, epochs, gaps, faults, recordedMs } = told;
  return { units, packets, epochs, gaps, faults, recordedMs, landings, stopped };
}

/** The part of a path's state that an output goes on from; of other builds, too. */
interface KnownState {
  readonly configs?: readonly MediaPacket[];
  readonly injector?: { readonly epoch?: unknown } | null;
}

const epochOf = (state: unknown): boolean => (state as KnownState | null)?.injector?.epoch !== undefined;

const CONFIGS: ReadonlySet<MediaPacket['kind']> = new Set(['avc-config', 'aac-config', 'script']);

function configsOf(state: unknown): MediaPacket[] {
  const configs = (state as KnownState | null)?.configs;
  return Array.isArray(configs) ? configs.filter((config: MediaPacket) => CONFIGS.has(config.kind)) : [];
}

const isStamp = ({ kind }: StampEvent): boolean => kind === 'announced' || kind === 'landed';

function checkIsWhole(told: Told, from: ReplayFrom, isOpen: boolean): void {
  if (told.units === 0) throw new FramecueError('ERR_SHOW_EMPTY');
  if (isOpen) return;
  if (from.kind === 'cue') {
    throw new FramecueError('ERR_CUE_UNKNOWN', `No picture of the show carries a cue ${from.id}.`);
  }
  throw new FramecueError('ERR_SHOW_EMPTY', 'The show is over before the moment to begin from.');
}

class Told {
  units = 0;
  packets = 0;
  epochs = 0;
  gaps = 0;
  faults = 0;
  #firstUs: number | null = null;
  #lastUs = 0;

  get recordedMs(): number {
    return this.#firstUs === null ? 0 : (this.#lastUs - this.#firstUs) / 1000;
  }

  note(packet: MediaPacket, at: ClockReading): void {
    if (packet.kind === 'avc-frame') this.units++;
    this.packets++;
    this.#firstUs ??= at.monotonicUs;
    this.#lastUs = at.monotonicUs;
  }
}
