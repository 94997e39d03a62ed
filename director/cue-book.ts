import type { Cue, PreparedCue, StampEvent } from '../cues/cue.ts';
import type { OutputReceipts } from '../cues/output-receipt.ts';
import { isPending } from '../cues/states.ts';
import { type ErrorCode, FramecueError } from '../packet/errors.ts';
import { ms, type UnixMilliseconds } from '../packet/time.ts';
import { makeCueId } from './cue-id.ts';
import { CueLife, type CueLifeOptions } from './cue-life.ts';
import { cueOfRow, MAX_KEYS } from './cue-log.ts';
import type { KeyRow } from './cue-log-messages.ts';
import { type CueLimits, checkStampSize, hasWindow, makeCue, openForMsOf, prepareCue } from './cue-maker.ts';
import type { CueRequest } from './cue-request.ts';
import type { MissCode } from './fate.ts';
import type { HeldCue } from './held-cues.ts';
import { hashOf, IdempotencyKeys } from './idempotency.ts';
import type { ReadBack } from './read-back.ts';
import { checkReference } from './reference-rules.ts';

export interface CueBookOptions extends CueLifeOptions {
  readonly limits: CueLimits & { readonly maxPublishers: number };
}

export interface AcceptRequest {
  readonly stream: string;
  readonly request: CueRequest;
  /** `Idempotency-Key`. */
  readonly key: string | null;
  /** The name of the token. */
  readonly by: string;
  /** Read before anything was awaited: the director's moment is the arrival at the latest. */
  readonly receivedAt: UnixMilliseconds;
}

export type AcceptOutcome =
  | { readonly kind: 'accepted'; readonly cue: Cue }
  /** The key's first cue, as it now stands. */
  | { readonly kind: 'repeated'; readonly cue: Cue }
  | Refused;

export type CancelOutcome = { readonly kind: 'cancelled'; readonly cue: Cue } | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly error: FramecueError;
}

/** How long `cancel` waits for the log before it says that it cannot tell. */
const CANCEL_TIMEOUT_MS = 5_000;

/**
 * What directors ask for. A cue is accepted in this order: checked, logged (committed to the disk), on the feed, in
 * the injector, answered.
 */
export class CueBook {
  readonly #options: CueBookOptions;
  readonly #life: CueLife;
  readonly #keys: IdempotencyKeys<AcceptOutcome>;
  readonly #stampingOff: Set<string>;
  /** How often a stream was switched off: that ends what is under way to switch it on. */
  readonly #switchedOff = new Map<string, number>();
  /** Cues that may be in the log although their caller was told that it failed; and as of which doubt of the log. */
  readonly #inDoubt = new Map<string, number>();
  #closed = false;

  constructor(options: CueBookOptions) {
    const { cueLog, start } = options;
    this.#options = options;
    this.#life = new CueLife(options);
    this.#keys = new IdempotencyKeys(start.keys, MAX_KEYS);
    this.#stampingOff = new Set(start.stampingOff);
    cueLog.onCommitted((row) => {
      if (this.#inDoubt.delete(row.id)) this.#life.disown(cueOfRow(row));
    });
    cueLog.onDoubtOver((doubt) => {
      for (const [id, since] of this.#inDoubt) if (since < doubt) this.#inDoubt.delete(id);
    });
  }

  /** False while the log does not take cues, or what happened to them. */
  get healthy(): boolean {
    return this.#options.cueLog.healthy && this.#life.healthy;
  }

  async accept(input: AcceptRequest): Promise<AcceptOutcome> {
    const outcome = await this.#acceptOnce(input);
    if (outcome.kind === 'refused') this.#options.observer?.cueRefused?.(outcome.error.code);
    return outcome;
  }

  /** Takes a cue back that waits for its picture. One that is cancelled already stays so. */
  async cancel(stream: string, id: string): Promise<CancelOutcome> {
    const held = this.#life.cues.get(id);
    if (held === undefined || !held.committed || held.cue.stream !== stream) {
      const logged = await this.get(stream, id);
      if (logged === null) return refused('ERR_CUE_UNKNOWN');
      if (logged.state === 'cancelled') return { kind: 'cancelled', cue: logged };
      return refused('ERR_CUE_STATE', cannotCancel(logged));
    }
    if (isPending(held.cue.state)) this.#life.cancel(held);
    else if (held.cue.state !== 'cancelled') return refused('ERR_CUE_STATE', cannotCancel(held.cue));
    if (!(await within(this.#life.logged(), CANCEL_TIMEOUT_MS))) {
      return refused('ERR_STORE_UNAVAILABLE', 'The cue is taken back, but the log cannot note it now.');
    }
    return { kind: 'cancelled', cue: held.cue };
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

  isStampingOn(stream: string): boolean {
    return !this.#stampingOff.has(stream);
  }

  /** The kill switch: video goes on. Kept over restarts. @throws {FramecueError} ERR_STORE_UNAVAILABLE. */
  async setStamping(stream: string, on: boolean): Promise<void> {
    const offs = (this.#switchedOff.get(stream) ?? 0) + (on ? 0 : 1);
    if (!on) {
      // Off at once, whatever the disk says: somebody's players are in trouble.
      this.#switchedOff.set(stream, offs);
      this.#stampingOff.add(stream);
      this.#options.gate.setStamping(stream, false);
    }
    await this.#options.cueLog.setStamping(stream, on);
    if (!on || this.isStampingOn(stream) || (this.#switchedOff.get(stream) ?? 0) !== offs) return;
    this.#life.stampingResumes(stream);
    this.#stampingOff.delete(stream);
    this.#options.gate.setStamping(stream, true);
  }

  /**
   * A stream begins, or begins a new epoch, and its injector holds nothing: gives it the cues that still hold, under
   * their next revision. To be called before the epoch's first picture.
   */
  streamBegan(stream: string): void {
    this.#options.gate.setStamping(stream, this.isStampingOn(stream));
    this.#life.streamBegan(stream);
  }

  /** From the injector, within its frame: returns at once. */
  onStampEvent(event: StampEvent): void {
    this.#life.onStampEvent(event);
  }

  /** Cues of which nobody knows since a crash whether they were stamped, oldest first. */
  uncertain(): readonly Cue[] {
    return Array.from(this.#life.cues.uncertain(), ({ cue }) => cue);
  }

  /**
   * What reading the outputs back has shown of a landing: in the receipt, the log and on the feed.
   * @returns false where no such landing is held any more.
   */
  noteOutputs(id: string, epoch: string, outputs: OutputReceipts): boolean {
    return this.#life.noteOutputs(id, epoch, outputs);
  }

  /** @param found null: an output that would carry it was read past its moment. False: it is not uncertain. */
  settleUncertain(id: string, found: ReadBack | null): boolean {
    return found === null ? this.#life.settleAsMissed(id) : this.#life.settleAsLanded(id, found);
  }

  /** To be called every second or so: settles what no injector tells of. */
  sweep(): void {
    this.#life.sweep();
  }

  /** Takes back what waits, logs what happened, and closes the log. Nothing is stamped any more after this began. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const isAllLogged = await this.#life.stop();
    await this.#options.cueLog.close(isAllLogged && this.#inDoubt.size === 0);
  }

  async #acceptOnce(input: AcceptRequest): Promise<AcceptOutcome> {
    if (this.#closed) return refused('ERR_NOT_READY');
    const { stream, request, key, by } = input;
    if (key === null) return this.#acceptNew(input, null);
    const { now } = this.#life;
    const hash = hashOf(stream, request);
    const use = this.#keys.find(by, key, now);
    if (use === null) {
      try {
        return await this.#keys.run(by, key, hash, now, () => this.#acceptNew(input, hash));
      } catch (error) {
        return refusedBy(error);
      }
    }
    if (use.hash !== hash) return refused('ERR_IDEMPOTENCY_CONFLICT');
    if (use.kind === 'used') {
      const cue = await this.get(stream, use.cueId);
      return cue === null ? refused('ERR_CUE_UNKNOWN') : { kind: 'repeated', cue };
    }
    const first = await use.outcome;
    if (first.kind === 'refused') return first;
    return { kind: 'repeated', cue: this.#current(first.cue.id) ?? first.cue };
  }

  async #acceptNew(input: AcceptRequest, hash: string | null): Promise<AcceptOutcome> {
    const { cueLog, observer } = this.#options;
    let entered: Entered;
    try {
      entered = this.#enter(input);
    } catch (error) {
      return refusedBy(error);
    }
    const { held, prepared } = entered;
    const { id, acceptedAt } = held.cue;
    const { by: token, key } = input;
    const row: KeyRow | null =
      key === null || hash === null ? null : { token, key, hash, cueId: id, at: acceptedAt };
    try {
      await cueLog.accept(held.cue, acceptedAt, row);
    } catch (error) {
      this.#life.cues.remove(id);
      const outcome = refusedBy(error);
      if (outcome.error.details?.mayBeCommitted === true) this.#inDoubt.set(id, cueLog.doubts);
      return outcome;
    }
    if (row !== null) this.#keys.keep(row);
    held.committed = true;
    observer?.cueChanged?.(held.cue, null);
    return this.#schedule(held, prepared) ?? { kind: 'accepted', cue: held.cue };
  }

  /** Checks all that can be checked at once and takes the cue's place, so that whoever comes next finds it taken. */
  #enter({ stream, request, key, by, receivedAt }: AcceptRequest): Entered {
    const { gate, limits, randomBytes } = this.#options;
    const { cues, now: acceptedAt, prepareOptions } = this.#life;
    const moment = gate.now(stream);
    if (moment === null) throw new FramecueError('ERR_STREAM_NOT_LIVE');
    if (!this.isStampingOn(stream)) throw new FramecueError('ERR_STAMPING_OFF');
    const id = request.id ?? makeCueId(acceptedAt, randomBytes);
    if (cues.get(id) !== undefined) throw new FramecueError('ERR_CUE_EXISTS', undefined, { details: { id } });
    const { cue, dueAt } = makeCue(request, { id, stream, by, receivedAt, acceptedAt, moment }, limits);
    checkReference(cue, cues);
    const windowMsOf = (of: Cue) => openForMsOf(of) ?? limits.cueOpenMs;
    const span = { from: dueAt, to: dueAt + windowMsOf(cue) };
    const { pending, open, allPending } = cues.counts(stream, span, windowMsOf);
    // Keyframes have room for so many. What has no window of its own does without; it is repeated all the same.
    const standsOnKeyframes = open < limits.cueOpenLimit;
    if (!standsOnKeyframes && hasWindow(cue)) throw tooMany('open', limits.cueOpenLimit);
    if (pending >= limits.cuePendingLimit) throw tooMany('waiting', limits.cuePendingLimit);
    const limitOfAll = limits.cuePendingLimit * limits.maxPublishers;
    if (allPending >= limitOfAll) throw tooMany('waiting on all streams', limitOfAll);
    const prepared = prepareCue(cue, {
      ...prepareOptions,
      ...(standsOnKeyframes ? {} : { openForMs: ms(0) }),
    });
    checkStampSize(prepared, moment.epoch, limits.stampTextLimit);
    const keyUse = key === null ? null : { token: by, key };
    const held: HeldCue = {
      ...{ cue, dueAt, key: keyUse, committed: false, fromBefore: false, scheduledAtUs: null },
      standsOnKeyframes,
    };
    cues.add(held);
    return { held, prepared };
  }

  /** The last step; null: it is done. While the log was written, the stream may have gone. */
  #schedule(held: HeldCue, prepared: PreparedCue): Refused | null {
    const { gate, clock } = this.#options;
    const { stream } = held.cue;
    if (this.#closed) return this.#giveUp(held, 'STREAM_GONE', 'ERR_NOT_READY');
    if (!this.isStampingOn(stream)) return this.#giveUp(held, 'STAMPING_OFF', 'ERR_STAMPING_OFF');
    held.scheduledAtUs = clock.unixUs();
    if (gate.schedule(stream, prepared)) return null;
    return gate.now(stream) === null
      ? this.#giveUp(held, 'STREAM_GONE', 'ERR_STREAM_NOT_LIVE')
      : this.#giveUp(held, 'NO_ROOM', 'ERR_CUE_TOO_MANY_OPEN');
  }

  #giveUp(held: HeldCue, code: MissCode, error: ErrorCode): Refused {
    if (held.key !== null) this.#keys.forget(held.key.token, held.key.key);
    this.#life.miss(held, code, true);
    return refused(error);
  }

  #current(id: string): Cue | null {
    const held = this.#life.cues.get(id);
    return held?.committed === true ? held.cue : null;
  }
}

interface Entered {
  readonly held: HeldCue;
  readonly prepared: PreparedCue;
}

const refused = (code: ErrorCode, message?: string): Refused => ({
  kind: 'refused',
  error: new FramecueError(code, message),
});

/** Errors with a code are answers; others are for whoever catches what nobody expects. */
function refusedBy(error: unknown): Refused {
  if (!(error instanceof FramecueError)) throw error;
  return { kind: 'refused', error };
}

const tooMany = (what: string, limit: number): FramecueError =>
  new FramecueError('ERR_CUE_TOO_MANY_OPEN', `${limit} cues are ${what}: there can be no more.`, {
    details: { limit, retryAfterMs: 5_000 },
  });

const cannotCancel = ({ id, state, type, landing }: Cue): string =>
  landing !== null && type === 'interaction.open'
    ? `The cue has landed. To close it for all, send a cue of type interaction.cancel with "ref": "${id}".`
    : `The cue is ${state}; only one that waits for its picture can be taken back.`;

async function within(done: Promise<void>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const inTime = await Promise.race([done.then(() => true as const), late]);
  clearTimeout(timer);
  return inTime;
}
