import type { Cue, PreparedCue } from '../cues/cue.ts';
import type { JsonObject } from '../cues/wire/index.ts';
import { type ErrorCode, FramecueError } from '../packet/errors.ts';
import type { UnixMicroseconds, UnixMilliseconds } from '../packet/time.ts';
import type { Actor } from './action.ts';
import {
  actionOn,
  type BookParts,
  openBeside,
  type Refused,
  refused,
  refusedBy,
  refuseSwitched,
  tooMany,
} from './book-parts.ts';
import { makeCueId } from './cue-id.ts';
import { cueOfRow, MAX_KEYS } from './cue-log.ts';
import type { KeyRow } from './cue-log-messages.ts';
import { type CueMarks, checkStampSize, hasWindow, makeArmedCue, makeCue } from './cue-maker.ts';
import type { CueRequest } from './cue-request.ts';
import type { MissCode } from './fate.ts';
import { type HeldCue, newHeldCue } from './held-cues.ts';
import { hashOf, IdempotencyKeys } from './idempotency.ts';
import { type PreparedOpening, withOpeningData, withOpeningWindow } from './openings.ts';
import { checkReference } from './reference-rules.ts';
import { checkRevealRoom } from './reveal-room.ts';
import { withRevealData } from './reveals.ts';
import { type Spent, spentNow, spentSince } from './spent.ts';
import type { StreamMoment } from './stream-gate.ts';

export interface AcceptRequest {
  readonly stream: string;
  readonly request: CueRequest;
  /** `Idempotency-Key`. */
  readonly key: string | null;
  readonly who: Actor;
  /** Read before anything was awaited: the director's moment is the arrival at the latest. */
  readonly receivedAt: UnixMilliseconds;
  /** What only the server may say of it. */
  readonly marks?: CueMarks;
  /** The mode of the stream that it is meant for; absent: the one that it has when it is asked. */
  readonly rehearsal?: boolean;
}

export type AcceptOutcome =
  | {
      readonly kind: 'accepted';
      readonly cue: Cue;
      /** From handing it to the log until the disk had it: that time, and what the thread computed meanwhile. */
      readonly commit: Spent;
      /** When the injector had it: every access unit from then on knows of it. Null: it is armed, or was called off. */
      readonly scheduledAtUs: UnixMicroseconds | null;
    }
  /** The key's first cue, as it now stands. */
  | { readonly kind: 'repeated'; readonly cue: Cue }
  | Refused;

type Meant = AcceptRequest & { readonly rehearsal: boolean };

/** What events was asked for it. */
interface Asked {
  /** What a reveal carries. */
  readonly reveal: JsonObject | null;
  readonly opening: PreparedOpening | null;
}

interface Entered {
  readonly held: HeldCue;
  readonly prepared: PreparedCue;
}

interface Logged {
  readonly kind: 'logged';
  readonly commit: Spent;
}

/** Of an armed cue no epoch is known yet: as long as ours are, and some more. */
const EPOCH_ROOM = 'x'.repeat(32);

/** New cues: checked, logged (committed to the disk), on the feed, in the injector, answered. In this order. */
export class Acceptance {
  readonly #parts: BookParts;
  readonly #keys: IdempotencyKeys<AcceptOutcome>;
  /** Cues that may be in the log although their caller was told that it failed; and as of which doubt of the log. */
  readonly #inDoubt = new Map<string, number>();

  constructor(parts: BookParts) {
    const { cueLog, start } = parts.options;
    this.#parts = parts;
    this.#keys = new IdempotencyKeys(start.keys, MAX_KEYS);
    cueLog.onCommitted((row) => {
      if (this.#inDoubt.delete(row.id)) parts.life.disown(cueOfRow(row));
    });
    cueLog.onDoubtOver((doubt) => {
      for (const [id, since] of this.#inDoubt) if (since < doubt) this.#inDoubt.delete(id);
    });
  }

  get isInDoubt(): boolean {
    return this.#inDoubt.size > 0;
  }

  async accept(input: AcceptRequest): Promise<AcceptOutcome> {
    const { rehearsal = this.#parts.isRehearsal(input.stream) } = input;
    const outcome = await this.#acceptOnce({ ...input, rehearsal });
    const { observer } = this.#parts.options;
    if (outcome.kind === 'refused') observer?.cueRefused?.(outcome.error.code);
    return outcome;
  }

  /**
   * The next one of a series: its stream may be away.
   * @param then what becomes of it, in the turn in which it is on the disk
   * @throws {FramecueError} where it cannot be taken now.
   */
  async enterNext(cue: Cue, dueAt: UnixMilliseconds, then: (held: HeldCue) => void): Promise<void> {
    const { record } = this.#parts;
    if (record.cues.get(cue.id) !== undefined) throw new FramecueError('ERR_CUE_EXISTS');
    const entered = this.#takePlace(cue, dueAt, null, null);
    await this.#entering(entered.held, async () => {
      const outcome = await this.#log(entered, null);
      if (outcome.kind === 'refused') throw outcome.error;
      then(entered.held);
    });
  }

  async #acceptOnce(input: Meant): Promise<AcceptOutcome> {
    if (this.#parts.isClosed()) return refused('ERR_NOT_READY');
    const { stream, request, key, who } = input;
    if (key === null) return this.#acceptNew(input, null);
    const { now } = this.#parts.record;
    const hash = hashOf(stream, request);
    const use = this.#keys.find(who.by, key, now);
    if (use === null) {
      try {
        return await this.#keys.run(who.by, key, hash, now, () => this.#acceptNew(input, hash));
      } catch (error) {
        return refusedBy(error);
      }
    }
    if (use.hash !== hash) return refused('ERR_IDEMPOTENCY_CONFLICT');
    if (use.kind === 'used') {
      const cue = await this.#parts.find(stream, use.cueId);
      return cue === null ? refused('ERR_CUE_UNKNOWN') : { kind: 'repeated', cue };
    }
    const first = await use.outcome;
    if (first.kind === 'refused') return first;
    const { cue } = first;
    return { kind: 'repeated', cue: (await this.#parts.find(stream, cue.id)) ?? cue };
  }

  async #acceptNew(input: Meant, hash: string | null): Promise<AcceptOutcome> {
    let entered: Entered;
    try {
      const reveal = this.#revealAsks(input);
      const opening = reveal === null ? this.#openingAsks(input) : null;
      // Where there is nothing to ask, it has its place before anything is awaited.
      entered = this.#enter(input, {
        reveal: reveal === null ? null : await reveal,
        opening: opening === null ? null : await opening,
      });
    } catch (error) {
      return refusedBy(error);
    }
    const { cue } = entered.held;
    if (cue.type === 'interaction.open') this.#parts.reveals.expect(cue);
    return this.#entering(entered.held, () => this.#finish(entered, input, hash));
  }

  /** Whoever calls it off meanwhile can wait for what becomes of it. */
  async #entering<T>(held: HeldCue, enter: () => Promise<T>): Promise<T> {
    const done = Promise.withResolvers<boolean>();
    held.entering = done.promise;
    try {
      return await enter();
    } finally {
      held.entering = null;
      done.resolve(!this.#inDoubt.has(held.cue.id));
    }
  }

  async #finish(entered: Entered, input: AcceptRequest, hash: string | null): Promise<AcceptOutcome> {
    const { life } = this.#parts;
    const { held, prepared } = entered;
    const { id, acceptedAt, state } = held.cue;
    const { who, key } = input;
    const row: KeyRow | null =
      key === null || hash === null ? null : { token: who.by, key, hash, cueId: id, at: acceptedAt };
    const logged = await this.#log(entered, row);
    if (logged.kind === 'refused') return logged;
    const { commit } = logged;
    if (row !== null) this.#keys.keep(row);
    const what = state === 'armed' ? 'arm' : 'accept';
    this.#parts.acted(actionOn(what, held.cue, who, input.receivedAt));
    if (held.calledOff) life.cancel(held);
    else if (held.cue.state !== 'armed') {
      const given = this.#schedule(held, prepared);
      if (given !== null) return given;
    }
    return { kind: 'accepted', cue: held.cue, commit, scheduledAtUs: held.scheduledAtUs };
  }

  /** Its first entry, to the disk. */
  async #log({ held }: Entered, row: KeyRow | null): Promise<Refused | Logged> {
    const { options, record } = this.#parts;
    const { cueLog, observer, clock } = options;
    const from = spentNow(clock);
    const { id, acceptedAt } = held.cue;
    try {
      await cueLog.accept(held.cue, acceptedAt, row);
    } catch (error) {
      record.cues.remove(id);
      const outcome = refusedBy(error);
      if (outcome.error.details?.mayBeCommitted === true) this.#inDoubt.set(id, cueLog.doubts);
      return outcome;
    }
    const commit = spentSince(from, clock);
    record.committed(held);
    observer?.cueChanged?.(held.cue, null);
    return { kind: 'logged', commit };
  }

  /** Of a reveal with a moment, what it has to carry; an armed one gets it with its take. */
  #revealAsks({ request }: AcceptRequest): Promise<JsonObject> | null {
    const { record, reveals } = this.#parts;
    const { ref, armed, data = {} } = request;
    const type: string = request.type;
    const opening = ref === undefined ? undefined : record.cues.get(ref)?.cue;
    if (opening === undefined || opening.rehearsal === true) return null;
    if (type === 'interaction.lock' || armed === true) reveals.expect(opening);
    const wanted = armed === true ? null : reveals.wantedFor(type, data as JsonObject, opening.data);
    return wanted === null ? null : reveals.of(wanted.interaction, data as JsonObject);
  }

  /** Of an opening that names its interaction alone, how it was prepared. */
  #openingAsks({ request: { type, data = {} } }: AcceptRequest): Promise<PreparedOpening | null> | null {
    const { openings } = this.#parts;
    const interaction = openings.wantedFor(type, data as JsonObject);
    return interaction === null ? null : openings.of(interaction);
  }

  /** Checks all that can be checked at once and takes the cue's place, so that whoever comes next finds it taken. */
  #enter({ stream, request: meant, key, who, receivedAt, marks, rehearsal }: Meant, asked: Asked): Entered {
    const { reveal, opening } = asked;
    const request = opening === null ? meant : withOpeningWindow(meant, opening);
    const { options, record, isStampingOn, isRehearsal, rehearsesOnly } = this.#parts;
    const { gate, limits, randomBytes } = options;
    const { cues, now: acceptedAt } = record;
    const moment = gate.now(stream);
    const isArmed = request.armed === true;
    if (!isArmed && moment === null) throw new FramecueError('ERR_STREAM_NOT_LIVE');
    if (!isArmed && !isStampingOn(stream)) throw new FramecueError('ERR_STAMPING_OFF');
    const id = request.id ?? makeCueId(acceptedAt, randomBytes);
    const facts = { id, stream, by: who.by, receivedAt, acceptedAt };
    const made = isArmed
      ? { cue: makeArmedCue(request, facts, limits), dueAt: null }
      : makeCue(request, { ...facts, moment: moment! }, limits);
    const isRehearsed = rehearsesOnly(who.by) || (!isArmed && isRehearsal(stream));
    const marked: Cue = { ...made.cue, ...marks, ...(isRehearsed ? { rehearsal: true } : {}) };
    const cue = withRevealData(marked, reveal);
    if (cues.get(cue.id) !== undefined) {
      throw new FramecueError('ERR_CUE_EXISTS', undefined, { details: { id: cue.id } });
    }
    checkReference(cue, cues);
    refuseSwitched(this.#parts, stream, rehearsal);
    const take = (it: Cue) =>
      this.#takePlace(it, made.dueAt, moment, key === null ? null : { token: who.by, key });
    if (opening === null) return take(cue);
    try {
      return take(withOpeningData(cue, opening));
    } catch (error) {
      if (!(error instanceof FramecueError) || error.code !== 'ERR_CUE_TOO_LARGE') throw error;
      // More than fits into a stamp: pages that know the interaction by themselves open it.
      return take(cue);
    }
  }

  #takePlace(
    cue: Cue,
    dueAt: UnixMilliseconds | null,
    moment: StreamMoment | null,
    key: HeldCue['key'],
  ): Entered {
    const { options, record, life } = this.#parts;
    const { limits } = options;
    const { pending, open, allPending } = openBeside(this.#parts, cue, dueAt ?? cue.acceptedAt);
    // Keyframes have room for so many. What has no window of its own does without; it is repeated all the same.
    const standsOnKeyframes = dueAt === null || open < limits.cueOpenLimit;
    if (!standsOnKeyframes && hasWindow(cue)) throw tooMany('open', limits.cueOpenLimit);
    if (pending >= limits.cuePendingLimit) throw tooMany('waiting', limits.cuePendingLimit);
    const limitOfAll = limits.cuePendingLimit * limits.maxPublishers;
    if (allPending >= limitOfAll) throw tooMany('waiting on all streams', limitOfAll);
    const held = newHeldCue(cue, { dueAt, key, standsOnKeyframes });
    const prepared = life.prepared(held);
    const epoch = moment?.epoch ?? EPOCH_ROOM;
    checkStampSize(prepared, epoch, limits.stampTextLimit);
    checkRevealRoom(this.#parts, held, epoch);
    record.cues.add(held);
    return { held, prepared };
  }

  /** The last step; null: it is done. While the log was written, the stream may have gone. */
  #schedule(held: HeldCue, prepared: PreparedCue): Refused | null {
    const { options, life, isClosed, isStampingOn } = this.#parts;
    const { gate } = options;
    const { stream } = held.cue;
    if (isClosed()) return this.#giveUp(held, 'STREAM_GONE', 'ERR_NOT_READY');
    if (!isStampingOn(stream)) return this.#giveUp(held, 'STAMPING_OFF', 'ERR_STAMPING_OFF');
    if (!gate.isLive(stream)) return this.#giveUp(held, 'STREAM_GONE', 'ERR_STREAM_NOT_LIVE');
    return life.schedule(held, prepared) ? null : this.#giveUp(held, 'NO_ROOM', 'ERR_CUE_TOO_MANY_OPEN');
  }

  #giveUp(held: HeldCue, code: MissCode, error: ErrorCode): Refused {
    if (held.key !== null) this.#keys.forget(held.key.token, held.key.key);
    this.#parts.life.miss(held, code, true);
    return refused(error);
  }
}
