import { EpochAnchor, type EpochAnchorState } from '../cues/anchor.ts';
import type { PreparedCue, StampEvent } from '../cues/cue.ts';
import { PresentationOrder, type PresentationOrderState } from '../cues/next-frame.ts';
import { formatClockStamp, formatCueStamp } from '../cues/wire/index.ts';
import {
  BitstreamError,
  type NalLengthSize,
  userDataMessage,
  writeSeiNal,
} from '../h264-sei-parser/src/index.ts';
import type { Clock } from '../packet/clock.ts';
import { type AvcFramePacket, type MediaPacket, ptsOf } from '../packet/packet.ts';
import { type Milliseconds, type UnixMicroseconds, unixMsToUs } from '../packet/time.ts';
import { insertStamps, STAMP_UUID } from './access-unit.ts';
import {
  type CueEntry,
  type CueStep,
  type FirePoint,
  type FrameMoment,
  newEntry,
  stepOf,
} from './cue-entry.ts';
import { FrameRate, type FrameRateState } from './frame-rate.ts';

export interface InjectorSettings {
  /** A clock stamp on every access unit instead of on keyframes only. */
  readonly clockStampEveryFrame: boolean;
  /** Cues held at once, waiting or open. */
  readonly maxCues: number;
}

/** Counts since the injector was made; read by metrics. */
export interface InjectorCounters {
  frames: number;
  keyframes: number;
  clockStamps: number;
  cueStamps: number;
  stampBytes: number;
  foreignStampsRemoved: number;
  /** Frames that passed untouched because stamping them failed. */
  passedUntouched: number;
  /** By error code. */
  errors: Record<string, number>;
}

/**
 * Stamps one stream. Pure and synchronous: packets in, packets out, in the same call and order. Whatever goes
 * wrong in here, the frame passes untouched and is counted; a cue that could not be written waits for the next one.
 */
export class StreamInjector {
  readonly counters: InjectorCounters = {
    frames: 0,
    keyframes: 0,
    clockStamps: 0,
    cueStamps: 0,
    stampBytes: 0,
    foreignStampsRemoved: 0,
    passedUntouched: 0,
    errors: {},
  };
  /** The switch of DESIGN "The stamp": off, every packet passes as it came. */
  stampingOn = true;

  readonly #clock: Clock;
  readonly #settings: InjectorSettings;
  readonly #emit: (event: StampEvent) => void;
  readonly #encoder = new TextEncoder();
  readonly #cues = new Map<string, CueEntry>();
  #epoch: EpochState;
  #lengthSize: NalLengthSize = 4;

  /** @param emit called within `process`, after the access unit was written; must not throw and must not block. */
  constructor(epoch: string, clock: Clock, settings: InjectorSettings, emit: (event: StampEvent) => void) {
    this.#clock = clock;
    this.#settings = settings;
    this.#emit = emit;
    this.#epoch = newEpoch(epoch, clock);
  }

  get epoch(): string {
    return this.#epoch.id;
  }

  /** The first picture in presentation order that had not passed when the last access unit came; null before one. */
  get nextPts(): Milliseconds | null {
    return this.#epoch.nextPts;
  }

  /** Access units of this epoch so far, in decode order. */
  get frame(): number {
    return this.#epoch.frame;
  }

  get heldCues(): number {
    return this.#cues.size;
  }

  /** The wall clock at which a PTS of this epoch passes, or null before its first access unit. */
  wallOf(pts: Milliseconds): UnixMicroseconds | null {
    return this.#epoch.anchor.known ? this.#epoch.anchor.wallOf(pts) : null;
  }

  /** All that decides what comes out, for a replay that begins here. Plain data, byte arrays among it. */
  get state(): InjectorState {
    const { id, order, anchor, rate, frame, nextPts } = this.#epoch;
    return {
      lengthSize: this.#lengthSize,
      stampingOn: this.stampingOn,
      cues: Array.from(this.#cues.values(), (entry) => ({ ...entry })),
      epoch: { id, frame, nextPts, order: order.state, anchor: anchor.state, rate: rate.state },
    };
  }

  /** Goes on where another injector was; to be called before the first packet. */
  resume({ lengthSize, stampingOn, cues, epoch }: InjectorState): void {
    this.#lengthSize = lengthSize;
    this.stampingOn = stampingOn;
    this.#epoch = newEpoch(epoch.id, this.#clock);
    this.#epoch.frame = epoch.frame;
    this.#epoch.nextPts = epoch.nextPts;
    this.#epoch.order.resume(epoch.order);
    this.#epoch.anchor.resume(epoch.anchor);
    this.#epoch.rate.resume(epoch.rate);
    this.#cues.clear();
    for (const entry of cues) this.#cues.set(entry.cue.id, { ...entry });
  }

  /** A new timeline begins. Cues are dropped: their owner gives those that still hold anew, with the next `rev`. */
  startEpoch(id: string): void {
    this.#epoch = newEpoch(id, this.#clock);
    this.#cues.clear();
  }

  /** Takes a cue; the next access unit sees it. False when too many are held. A higher `rev` replaces a lower one. */
  add(cue: PreparedCue): boolean {
    const held = this.#cues.get(cue.id);
    if (held !== undefined && held.cue.rev >= cue.rev) return true;
    if (held === undefined && this.#cues.size >= this.#settings.maxCues) return false;
    this.#cues.set(cue.id, newEntry(cue));
    return true;
  }

  /** Takes a cue back. False when it has landed or is not held. */
  withdraw(id: string): boolean {
    const entry = this.#cues.get(id);
    if (entry === undefined || entry.state === 'landed') return false;
    return this.#cues.delete(id);
  }

  process(packet: MediaPacket): MediaPacket {
    if (packet.kind === 'avc-config') {
      const byte = packet.record[4];
      if (byte !== undefined) this.#lengthSize = ((byte & 3) + 1) as NalLengthSize;
      return packet;
    }
    if (packet.kind !== 'avc-frame') return packet;
    try {
      return this.#stamp(packet);
    } catch (error) {
      this.counters.passedUntouched++;
      const code = error instanceof BitstreamError ? error.code : 'ERR_INTERNAL';
      this.counters.errors[code] = (this.counters.errors[code] ?? 0) + 1;
      return packet;
    }
  }

  #stamp(packet: AvcFramePacket): AvcFramePacket {
    const epoch = this.#epoch;
    const pts = ptsOf(packet);
    const { isKeyframe } = packet;
    epoch.anchor.observe(packet.dts, pts);
    epoch.rate.observe(packet.dts);
    const next = epoch.order.arrive({ dts: packet.dts, pts, isKeyframe });
    const frame = epoch.frame++;
    epoch.nextPts = next.pts;
    this.counters.frames++;
    if (isKeyframe) this.counters.keyframes++;
    const at = this.#clock.unixUs();

    const moment: FrameMoment = { pts, isKeyframe, next, frameMs: epoch.rate.frameMs };
    const steps: { entry: CueEntry; step: CueStep }[] = [];
    const stamps: string[] = [];
    if (this.stampingOn) {
      if (isKeyframe || this.#settings.clockStampEveryFrame) {
        stamps.push(formatClockStamp({ epoch: epoch.id, at, pts }));
      }
      for (const entry of this.#cues.values()) {
        const step = stepOf(entry, moment, epoch.anchor);
        if (step.kind === 'none') continue;
        steps.push({ entry, step });
        if (step.kind !== 'end') stamps.push(this.#cueText(entry.cue, step, pts, at));
      }
    }
    const nals = stamps.map((text) => this.#nalOf(text));
    const cueStamps = nals.length;
    const { data, foreignRemoved } = insertStamps(packet.data, this.#lengthSize, nals);
    // Written: from here on nothing throws, and the cues may move on.
    this.counters.foreignStampsRemoved += foreignRemoved;
    const withCue = steps.filter(({ step }) => step.kind !== 'end').length;
    this.counters.cueStamps += withCue;
    this.counters.clockStamps += cueStamps - withCue;
    for (const nal of nals) this.counters.stampBytes += nal.length + this.#lengthSize;
    for (const { entry, step } of steps) this.#advance(entry, step, { frame, at, pts });
    this.#expire(at, pts);
    if (data === packet.data) return packet;
    return stamps.length === 0 ? { ...packet, data } : { ...packet, data, stamps };
  }

  #cueText(
    cue: PreparedCue,
    { kind, fire }: Extract<CueStep, { readonly fire: FirePoint }>,
    pts: Milliseconds,
    at: UnixMicroseconds,
  ): string {
    const fireIn = fire.pts - pts;
    const head = { epoch: this.#epoch.id, at, pts, fireIn, fireAt: fire.at };
    // Nothing leaks early: the key travels from the landing on. With B-frames a picture that is shown after the moment
    // passes before it; until the cue has landed it can be taken back, and nobody may be able to open it then.
    const keyed = kind !== 'announce' && fireIn <= 0 && cue.key !== null ? { ...head, key: cue.key } : head;
    return formatCueStamp(keyed, cue.bodyText, cue.signatureLine);
  }

  #nalOf(text: string): Uint8Array {
    return writeSeiNal([userDataMessage(STAMP_UUID, this.#encoder.encode(text))]);
  }

  #advance(entry: CueEntry, step: CueStep, { frame, at, pts }: Passed): void {
    const { cue } = entry;
    const { id, rev } = cue;
    switch (step.kind) {
      case 'none':
        return;
      case 'end':
        this.#cues.delete(id);
        this.#emit({ kind: 'ended', id, rev });
        return;
      case 'announce':
        entry.fire = step.fire;
        if (step.first) {
          entry.state = 'announcing';
          entry.repeatsLeft = cue.repeat;
          this.#emit({ kind: 'announced', id, rev, epoch: this.#epoch.id, firePts: step.fire.pts });
        } else if (entry.repeatsLeft > 0) {
          entry.repeatsLeft--;
        }
        return;
      case 'copy':
        if (entry.repeatsLeft > 0) entry.repeatsLeft--;
        entry.opened ||= pts >= step.fire.pts;
        return;
      case 'land':
        entry.fire = step.fire;
        entry.state = 'landed';
        entry.opened = pts >= step.fire.pts;
        entry.repeatsLeft = cue.repeat;
        this.#closeReferred(cue);
        this.#emit({
          kind: 'landed',
          id,
          rev,
          landing: {
            epoch: this.#epoch.id,
            pts: step.picture,
            frame,
            stampedAtUs: at,
            fireAtUs: step.fire.at,
            markToStampMs: (at - unixMsToUs(cue.markedAt)) / 1000,
            errorMs: step.errorMs,
            choice: step.choice,
            outputs: {},
          },
        });
        return;
      default:
        step satisfies never;
    }
  }

  /** A lock or cancel ends the opening cue's copies on keyframes; a reveal comes after its lock. */
  #closeReferred(cue: PreparedCue): void {
    if (cue.ref === undefined || cue.type === 'interaction.open') return;
    const opened = this.#cues.get(cue.ref);
    if (opened?.state === 'landed') opened.closed = true;
  }

  /** No client fires a cue after `exp`, so none is stamped after it. */
  #expire(at: UnixMicroseconds, pts: Milliseconds): void {
    for (const [id, { cue, state }] of this.#cues) {
      if (at <= unixMsToUs(cue.exp)) continue;
      this.#cues.delete(id);
      const { rev } = cue;
      if (state === 'landed') this.#emit({ kind: 'ended', id, rev });
      else {
        const text = `Its moment had not come when it expired (PTS ${pts}).`;
        this.#emit({ kind: 'missed', id, rev, code: 'EXPIRED', text });
      }
    }
  }
}

/** See `StreamInjector.state`. */
export interface InjectorState {
  readonly lengthSize: NalLengthSize;
  readonly stampingOn: boolean;
  readonly cues: readonly CueEntry[];
  readonly epoch: {
    readonly id: string;
    readonly frame: number;
    readonly nextPts: Milliseconds | null;
    readonly order: PresentationOrderState;
    readonly anchor: EpochAnchorState;
    readonly rate: FrameRateState;
  };
}

/** An access unit that was written. */
interface Passed {
  readonly frame: number;
  readonly at: UnixMicroseconds;
  readonly pts: Milliseconds;
}

interface EpochState {
  readonly id: string;
  readonly order: PresentationOrder;
  readonly anchor: EpochAnchor;
  readonly rate: FrameRate;
  frame: number;
  nextPts: Milliseconds | null;
}

const newEpoch = (id: string, clock: Clock): EpochState => ({
  id,
  order: new PresentationOrder(),
  anchor: new EpochAnchor(clock),
  rate: new FrameRate(),
  frame: 0,
  nextPts: null,
});

export const DEFAULT_INJECTOR_SETTINGS: InjectorSettings = { clockStampEveryFrame: false, maxCues: 32 };
