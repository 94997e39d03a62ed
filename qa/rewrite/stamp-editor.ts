import type { PreparedCue, StampEvent } from '../../cues/cue.ts';
import { BitstreamError } from '../../h264-sei-parser/src/index.ts';
import { StreamInjector } from '../../injector/injector.ts';
import type { Clock } from '../../packet/clock.ts';
import { ms, type UnixMilliseconds, unixMs, unixUs, us } from '../../packet/time.ts';
import {
  type Edit,
  type EditedFrame,
  type FrameEditor,
  type FrameFraming,
  growthOf,
  NO_EDITS,
  newCounts,
} from './edit.ts';
import { withFraming } from './nal-framing.ts';
import { walk } from './nal-walk.ts';
import { removals, STAMP_UUID } from './strip-editor.ts';

export interface StampOptions {
  readonly epoch: string;
  /** When the first access unit passes; the clock then runs with the DTS. */
  readonly startAt: UnixMilliseconds;
  readonly everyFrame: boolean;
  /** Called with the PTS of the first access unit. */
  readonly cuesFor?: (firstPts: number) => readonly TimedCue[];
  readonly onEvent?: (event: StampEvent) => void;
}

/** A cue and the PTS from which the injector has to hold it. */
export interface TimedCue {
  readonly cue: PreparedCue;
  readonly from: number;
}

/** A slice that says no more than that it is one: the injector is asked for stamps, and the picture is not copied. */
const stub = (header: number): Uint8Array => Uint8Array.of(0, 0, 0, 2, header, 0x80);
const KEY_STUB = stub(0x65);
const DELTA_STUB = stub(0x41);
const LENGTH_BYTES = 4;
const UUIDS = [STAMP_UUID];

/** The injector over a file's access units: where its stamps go in, as edits. */
export class StampEditor implements FrameEditor {
  readonly counts = newCounts();
  readonly #options: StampOptions;
  readonly #clock: FileClock;
  readonly #injector: StreamInjector;
  #waiting: TimedCue[] = [];
  #started = false;

  constructor(options: StampOptions) {
    this.#options = options;
    this.#clock = new FileClock(options.startAt);
    this.#injector = new StreamInjector(
      options.epoch,
      this.#clock,
      { clockStampEveryFrame: options.everyFrame, maxCues: Number.MAX_SAFE_INTEGER },
      (event) => options.onEvent?.(event),
    );
  }

  get epoch(): string {
    return this.#options.epoch;
  }

  edit({ dts, pts, isKeyframe, data }: EditedFrame, framing: FrameFraming): readonly Edit[] {
    const { counts } = this;
    counts.frames++;
    if (!this.#started) this.#start(dts, pts);
    this.#clock.moveTo(dts);
    this.#addCues(pts);
    const walked = walk(data, framing);
    const injected = this.#injector.process({
      kind: 'avc-frame',
      dts: ms(dts),
      compositionOffset: ms(pts - dts),
      isKeyframe,
      data: isKeyframe ? KEY_STUB : DELTA_STUB,
    });
    if (!walked.isWhole || injected.kind !== 'avc-frame') {
      counts.passedUntouched++;
      return NO_EDITS;
    }
    const { edits: removed, messages } = removals(data, walked, framing, UUIDS);
    counts.removedBefore += messages;
    const stamps = injected.data.subarray(0, injected.data.length - KEY_STUB.length);
    if (stamps.length === 0 && removed.length === 0) return NO_EDITS;
    try {
      const insert = this.#framed(stamps, framing);
      const edits = joined(removed, { at: walked.firstSliceAt, remove: 0, insert });
      counts.growth += growthOf(edits);
      return edits;
    } catch (error) {
      if (!(error instanceof BitstreamError)) throw error;
      // A stamp longer than one or two length bytes can say.
      counts.passedUntouched++;
      return NO_EDITS;
    }
  }

  #start(dts: number, pts: number): void {
    this.#started = true;
    this.#clock.begin(dts);
    this.#waiting = [...(this.#options.cuesFor?.(pts) ?? [])].sort((a, b) => a.from - b.from);
  }

  #addCues(pts: number): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.from <= pts)
      this.#injector.add(this.#waiting.shift()!.cue);
  }

  /** The injector writes 4-byte lengths. */
  #framed(stamps: Uint8Array, framing: FrameFraming): Uint8Array {
    const parts: Uint8Array[] = [];
    let count = 0;
    for (let at = 0; at < stamps.length; ) {
      const length =
        stamps[at]! * 0x100_0000 + stamps[at + 1]! * 0x1_0000 + stamps[at + 2]! * 0x100 + stamps[at + 3]!;
      const end = at + LENGTH_BYTES + length;
      if (framing !== LENGTH_BYTES) parts.push(withFraming(stamps.subarray(at + LENGTH_BYTES, end), framing));
      count++;
      at = end;
    }
    this.counts.messages += count;
    return framing === LENGTH_BYTES ? stamps : Buffer.concat(parts);
  }
}

function joined(removed: readonly Edit[], insertion: Edit): readonly Edit[] {
  if (insertion.insert.length === 0) return removed;
  if (removed.length === 0) return [insertion];
  return [...removed, insertion].sort((a, b) => a.at - b.at);
}

/** Runs with the DTS, from a moment that is given: the same file gives the same stamps. */
class FileClock implements Clock {
  readonly #startMs: number;
  #firstDts = 0;
  #elapsedMs = 0;

  constructor(startAt: UnixMilliseconds) {
    this.#startMs = startAt;
  }

  begin(dts: number): void {
    this.#firstDts = dts;
  }

  /** Never back, as time itself. */
  moveTo(dts: number): void {
    this.#elapsedMs = Math.max(this.#elapsedMs, dts - this.#firstDts);
  }

  monotonicUs = () => us(this.#elapsedMs * 1000);
  unixUs = () => unixUs((this.#startMs + this.#elapsedMs) * 1000);
  unixMs = () => unixMs(this.#startMs + this.#elapsedMs);
}
