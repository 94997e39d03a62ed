import type { Cue, StampEvent } from '../cues/cue.ts';
import type { OutputReceipts } from '../cues/output-receipt.ts';
import { isPending } from '../cues/states.ts';
import type { JsonObject } from '../cues/wire/index.ts';
import { FramecueError } from '../packet/errors.ts';
import { Acceptance, type AcceptOutcome, type AcceptRequest } from './acceptance.ts';
import type { Actor, DirectorAction } from './action.ts';
import type { BookParts, CueBookOptions } from './book-parts.ts';
import { Changes, type EditOutcome, type TakeOutcome } from './changes.ts';
import { CueFates } from './cue-fates.ts';
import { CueLife } from './cue-life.ts';
import { type CueListener, CueRecord } from './cue-record.ts';
import { Openings } from './openings.ts';
import { OutputsRead } from './outputs-read.ts';
import type { ReadBack } from './read-back.ts';
import { Reveals } from './reveals.ts';
import { SeriesRunner } from './series.ts';
import { StampEvents } from './stamp-events.ts';
import { type CancelOutcome, type PanicOutcome, TakingBack } from './taking-back.ts';

export type { AcceptOutcome, AcceptRequest } from './acceptance.ts';
export type { CueBookOptions, Refused } from './book-parts.ts';
export type { EditOutcome, TakeOutcome } from './changes.ts';
export type { CancelOutcome, PanicOutcome } from './taking-back.ts';

/** What directors ask for: all that a person, or what acts for one (a rundown, a trigger), does to cues. */
export class CueBook {
  /** Whether what is marked on this stream now is a rehearsal; whoever knows sets it. */
  isRehearsal: (stream: string) => boolean = () => false;
  /** Whether all that the token of this name does is rehearsal; likewise. */
  rehearsesOnly: (by: string) => boolean = () => false;
  readonly #options: CueBookOptions;
  readonly #record: CueRecord;
  readonly #life: CueLife;
  readonly #fates: CueFates;
  readonly #stampEvents: StampEvents;
  readonly #outputsRead: OutputsRead;
  readonly #acceptance: Acceptance;
  readonly #changes: Changes;
  readonly #takingBack: TakingBack;
  readonly #series: SeriesRunner;
  readonly #openings: Openings;
  readonly #stampingOff: Set<string>;
  /** How often a stream was switched off: that ends what is under way to switch it on. */
  readonly #switchedOff = new Map<string, number>();
  readonly #actionListeners: ((action: DirectorAction) => void)[] = [];
  #closed = false;

  constructor(options: CueBookOptions) {
    this.#options = options;
    this.#record = new CueRecord(options);
    this.#life = new CueLife(this.#record, options);
    this.#fates = new CueFates(this.#record, this.#life, options);
    this.#stampEvents = new StampEvents(this.#record, options.observer);
    this.#outputsRead = new OutputsRead(this.#record, this.#life, this.#fates, options.gate);
    this.#fates.takeOver(options.start);
    this.#openings = new Openings(options.lookUpOpening ?? null);
    this.#stampingOff = new Set(options.start.stampingOff);
    const parts: BookParts = {
      ...{ options, record: this.#record, life: this.#life },
      reveals: new Reveals(options.lookUpReveal ?? null),
      openings: this.#openings,
      isClosed: () => this.#closed,
      isStampingOn: (stream) => this.isStampingOn(stream),
      isRehearsal: (stream) => this.isRehearsal(stream),
      rehearsesOnly: (by) => this.rehearsesOnly(by),
      find: (stream, id) => this.get(stream, id),
      acted: (action) => this.#acted(action),
    };
    this.#acceptance = new Acceptance(parts);
    this.#changes = new Changes(parts);
    this.#series = new SeriesRunner(parts, this.#acceptance);
    this.#takingBack = new TakingBack(parts, this.#series);
  }

  /** False while the log does not take cues, or what happened to them. */
  get healthy(): boolean {
    return this.#options.cueLog.healthy && this.#record.healthy;
  }

  /** Cues of these types and data will be marked. */
  expect(cues: Iterable<{ readonly type: string; readonly data: JsonObject }>): Promise<void> {
    return this.#openings.expect(cues);
  }

  /** Each change of a cue, at once: also within a frame, so a listener returns at once and does not throw. */
  onChange(listener: CueListener): void {
    this.#record.onChange(listener);
  }

  /** What people did, once it is on the disk. */
  onAction(listener: (action: DirectorAction) => void): void {
    this.#actionListeners.push(listener);
  }

  accept(input: AcceptRequest): Promise<AcceptOutcome> {
    return this.#acceptance.accept(input);
  }

  /** An armed cue gets its moment. A second take changes nothing. */
  take(input: Parameters<Changes['take']>[0]): Promise<TakeOutcome> {
    return this.#changes.take(input);
  }

  /** Changes a cue that nobody has heard of. */
  edit(input: Parameters<Changes['edit']>[0]): Promise<EditOutcome> {
    return this.#changes.edit(input);
  }

  /** Takes a cue back: before anybody heard of it, or after (then it is voided). */
  cancel(input: Parameters<TakingBack['cancel']>[0]): Promise<CancelOutcome> {
    return this.#takingBack.cancel(input);
  }

  /** Takes back all that waits or is armed, voids all that is announced or open. */
  panic(input: Parameters<TakingBack['panic']>[0]): Promise<PanicOutcome> {
    return this.#takingBack.panic(input);
  }

  /** The cue as it now stands; null where there is none of that id on that stream. */
  async get(stream: string, id: string): Promise<Cue | null> {
    const cue = this.#current(id) ?? (await this.#options.cueLog.find(id));
    return cue?.stream === stream ? cue : null;
  }

  /** By acceptance, newest first; null where there is no cue `before`. */
  async list(stream: string, limit: number, before: string | null): Promise<readonly Cue[] | null> {
    const cues = await this.#options.cueLog.list(stream, limit, before);
    return cues?.map((cue) => this.#current(cue.id) ?? cue) ?? null;
  }

  /** Ids of the stream's cues that wait for their picture, and of its rounds that are open. */
  busyWith(stream: string): readonly string[] {
    const { cues } = this.#record;
    return Array.from(cues.live(stream))
      .filter(({ cue }) => isPending(cue.state) || (isOpenRound(cue) && !cues.isClosed(cue.id)))
      .map(({ cue }) => cue.id);
  }

  isStampingOn(stream: string): boolean {
    return !this.#stampingOff.has(stream);
  }

  /**
   * The kill switch: video goes on. Kept over restarts.
   * @throws {FramecueError} ERR_STORE_UNAVAILABLE, ERR_REHEARSAL_TOKEN.
   */
  async setStamping(stream: string, on: boolean, who: Actor): Promise<void> {
    if (this.rehearsesOnly(who.by) && !this.isRehearsal(stream))
      throw new FramecueError('ERR_REHEARSAL_TOKEN');
    await this.#setStamping(stream, on);
    const what = on ? 'stamping-on' : 'stamping-off';
    this.#acted({ at: this.#record.now, stream, what, cue: null, rev: null, ...who });
  }

  async #setStamping(stream: string, on: boolean): Promise<void> {
    const offs = (this.#switchedOff.get(stream) ?? 0) + (on ? 0 : 1);
    if (!on) {
      // Off at once, whatever the disk says: somebody's players are in trouble.
      this.#switchedOff.set(stream, offs);
      this.#stampingOff.add(stream);
      this.#options.gate.setStamping(stream, false);
    }
    await this.#options.cueLog.setStamping(stream, on);
    if (!on || this.isStampingOn(stream) || (this.#switchedOff.get(stream) ?? 0) !== offs) return;
    this.#fates.stampingResumes(stream);
    this.#stampingOff.delete(stream);
    this.#options.gate.setStamping(stream, true);
  }

  /**
   * A stream begins, or begins a new epoch, and its injector holds nothing: gives it the cues that still hold, under
   * their next revision. To be called before the epoch's first picture.
   */
  streamBegan(stream: string): void {
    this.#options.gate.setStamping(stream, this.isStampingOn(stream));
    this.#fates.streamBegan(stream);
  }

  /** From the injector, within its frame: returns at once. */
  onStampEvent(event: StampEvent): void {
    this.#stampEvents.note(event);
  }

  /** Cues of which nobody knows since a crash whether they were stamped, oldest first. */
  uncertain(): readonly Cue[] {
    return Array.from(this.#record.cues.uncertain(), ({ cue }) => cue);
  }

  /**
   * What reading the outputs back has shown of a landing: in the receipt, the log and on the feed.
   * @returns false where no such landing is held any more.
   */
  noteOutputs(
    id: string,
    landing: { readonly epoch: string; readonly pts: number },
    outputs: OutputReceipts,
  ): boolean {
    return this.#outputsRead.note(id, landing, outputs);
  }

  /** @param found null: an output that would carry it was read past its moment. False: it is not uncertain. */
  settleUncertain(id: string, found: ReadBack | null): boolean {
    return this.#outputsRead.settle(id, found);
  }

  /** To be called every second or so: settles what no injector tells of. */
  sweep(): void {
    this.#fates.sweep();
    this.#series.sweep();
  }

  /** Takes back what waits, logs what happened, and closes the log. Nothing is stamped any more after this began. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const isAllLogged = await this.#life.stop();
    await this.#options.cueLog.close(isAllLogged && !this.#acceptance.isInDoubt);
  }

  #current(id: string): Cue | null {
    const held = this.#record.cues.get(id);
    return held?.committed === true ? held.cue : null;
  }

  #acted(action: DirectorAction): void {
    for (const listener of this.#actionListeners) {
      try {
        listener(action);
      } catch (error) {
        // Whoever listens: what was done is done, and is answered.
        const code = error instanceof FramecueError ? error.code : 'ERR_INTERNAL';
        this.#options.log.error({ code, err: error, what: action.what }, 'an action could not be passed on');
      }
    }
  }
}

const isOpenRound = ({ type, state, voided }: Cue): boolean =>
  type === 'interaction.open' && state === 'landed' && voided === undefined;
