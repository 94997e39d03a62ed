import type { Cue } from '../cues/cue.ts';
import { isUnheard } from '../cues/states.ts';
import type { JsonObject } from '../cues/wire/index.ts';
import { FramecueError } from '../packet/errors.ts';
import type { UnixMilliseconds } from '../packet/time.ts';
import type { Actor } from './action.ts';
import {
  actionOn,
  type BookParts,
  isLogged,
  openBeside,
  type Refused,
  refused,
  refusedBy,
  refuseOfShow,
  refuseSwitched,
  tooMany,
} from './book-parts.ts';
import { checkStampSize, hasWindow } from './cue-maker.ts';
import { editCue, takeCue } from './cue-remake.ts';
import type { EditRequest, TakeRequest } from './cue-request.ts';
import { fireAgain } from './fate.ts';
import type { HeldCue } from './held-cues.ts';
import { checkReference } from './reference-rules.ts';
import { checkRevealRoom } from './reveal-room.ts';
import { withRevealData } from './reveals.ts';

interface ChangeRequest<Request> {
  readonly stream: string;
  readonly id: string;
  readonly request: Request;
  readonly who: Actor;
  /** Read before anything was awaited. */
  readonly receivedAt: UnixMilliseconds;
}

export type TakeOutcome =
  | { readonly kind: 'taken'; readonly cue: Cue }
  /** It had been taken before, and nothing fires anew: the cue as it now stands. */
  | { readonly kind: 'repeated'; readonly cue: Cue }
  | Refused;

export type EditOutcome = { readonly kind: 'edited'; readonly cue: Cue } | Refused;

const NOT_NOTED = 'The log cannot note it now: nothing has changed.';

/**
 * Takes and edits. What a crash could make fire twice is on the disk before an injector has it: while it is on its way
 * there (`changing`), no injector holds the cue, and whoever else wants something of it waits.
 */
export class Changes {
  readonly #parts: BookParts;

  constructor(parts: BookParts) {
    this.#parts = parts;
  }

  /**
   * The moment of an armed cue. Of any number of takes, at once or one after another, the first one counts.
   * @param input.rehearsal the mode of the stream that it is meant for; absent: the one that it has now
   */
  async take(input: ChangeRequest<TakeRequest> & { readonly rehearsal?: boolean }): Promise<TakeOutcome> {
    const { stream, id, request, who, receivedAt } = input;
    const { rehearsal = this.#parts.isRehearsal(stream) } = input;
    let carries: JsonObject | null;
    try {
      carries = await this.#revealData(stream, id);
    } catch (error) {
      return refusedBy(error);
    }
    const held = await settled(this.#parts, stream, id);
    if (held === null) {
      const logged = await this.#parts.find(stream, id);
      if (logged === null) return refused('ERR_CUE_UNKNOWN');
      return logged.taken === undefined ? cannotTake(logged) : { kind: 'repeated', cue: logged };
    }
    if (held.cue.state !== 'armed') {
      return held.cue.taken === undefined ? cannotTake(held.cue) : { kind: 'repeated', cue: held.cue };
    }
    if (this.#parts.isClosed()) return refused('ERR_NOT_READY');
    const before = held.cue;
    let next: { readonly cue: Cue; readonly dueAt: UnixMilliseconds };
    try {
      refuseOfShow(this.#parts, held.cue, who);
      next = this.#taken(held, request, who, receivedAt, carries);
      refuseSwitched(this.#parts, stream, rehearsal);
    } catch (error) {
      return refusedBy(error);
    }
    const isDone = await this.#change(held, next, () => this.#parts.record.replace(held, before, null));
    if (isDone !== null) return isDone;
    this.#parts.acted(actionOn('take', held.cue, who, receivedAt));
    return { kind: 'taken', cue: held.cue };
  }

  /** Under its next revision, as long as nobody has heard of it. */
  async edit(input: ChangeRequest<EditRequest>): Promise<EditOutcome> {
    const { stream, id, request, who, receivedAt } = input;
    const held = await settled(this.#parts, stream, id);
    if (held === null) {
      const logged = await this.#parts.find(stream, id);
      return logged === null ? refused('ERR_CUE_UNKNOWN') : cannotEdit(logged);
    }
    if (!isUnheard(held.cue.state)) return cannotEdit(held.cue);
    const { rev } = held.cue;
    if (request.rev !== undefined && request.rev !== rev) {
      return refused('ERR_CUE_CHANGED', `It is at revision ${rev}, not ${request.rev}.`, { rev });
    }
    if (this.#parts.isClosed()) return refused('ERR_NOT_READY');
    const before = { cue: held.cue, dueAt: held.dueAt };
    let next: { readonly cue: Cue; readonly dueAt: UnixMilliseconds | null };
    try {
      refuseOfShow(this.#parts, held.cue, who);
      next = this.#edited(held, request, who, receivedAt);
    } catch (error) {
      return refusedBy(error);
    }
    // What the injector has announced has been told in the same turn: here it has not, and now it cannot any more.
    this.#parts.options.gate.withdraw(stream, id);
    const restore = () => {
      const { record, life } = this.#parts;
      record.replace(held, { ...before.cue, rev: life.nextRev(held) }, before.dueAt);
    };
    const isDone = await this.#change(held, next, restore);
    if (isDone !== null) return isDone;
    this.#parts.acted(actionOn('edit', held.cue, who, receivedAt));
    return { kind: 'edited', cue: held.cue };
  }

  /** What an armed reveal has to carry from its take on; null: nothing beside its own. */
  async #revealData(stream: string, id: string): Promise<JsonObject | null> {
    const { record, reveals } = this.#parts;
    const cue = record.cues.get(id)?.cue;
    if (cue?.state !== 'armed' || cue.stream !== stream || cue.ref === undefined) return null;
    const opening = record.cues.get(cue.ref)?.cue;
    if (opening === undefined || opening.rehearsal === true) return null;
    const wanted = reveals.wantedFor(cue.type, cue.data, opening.data);
    return wanted === null ? null : reveals.of(wanted.interaction, cue.data);
  }

  #taken(
    held: HeldCue,
    request: TakeRequest,
    who: Actor,
    receivedAt: UnixMilliseconds,
    carries: JsonObject | null,
  ) {
    const { options, record, isStampingOn, isRehearsal, rehearsesOnly } = this.#parts;
    const { gate, limits } = options;
    const { stream } = held.cue;
    const moment = gate.now(stream);
    if (moment === null) throw new FramecueError('ERR_STREAM_NOT_LIVE');
    if (!isStampingOn(stream)) throw new FramecueError('ERR_STAMPING_OFF');
    const when = { by: who.by, receivedAt, now: record.now };
    const made = takeCue(held.cue, request, when, moment, limits);
    const rehearsal = isRehearsal(stream) || rehearsesOnly(who.by) ? { rehearsal: true } : {};
    const next = { ...made, cue: withRevealData({ ...made.cue, ...rehearsal }, carries) };
    // Since it was armed its round may have been voided, or the mode switched: it gets its own only now.
    checkReference(next.cue, record.cues);
    this.#check(held, next, moment.epoch);
    return next;
  }

  #edited(held: HeldCue, request: EditRequest, who: Actor, receivedAt: UnixMilliseconds) {
    const { options, record, life } = this.#parts;
    const { gate, limits } = options;
    const moment = gate.now(held.cue.stream);
    const given = {
      ...{ rev: life.nextRev(held), by: who.by, receivedAt, now: record.now, dueAt: held.dueAt },
    };
    const next = editCue(held.cue, request, given, moment, limits);
    this.#check(held, next, moment?.epoch ?? 'x'.repeat(32));
    return next;
  }

  /** @throws {FramecueError} ERR_CUE_TOO_MANY_OPEN, ERR_CUE_TOO_LARGE. */
  #check(
    held: HeldCue,
    next: { readonly cue: Cue; readonly dueAt: UnixMilliseconds | null },
    epoch: string,
  ): void {
    const { options, life } = this.#parts;
    const { limits } = options;
    if (next.dueAt !== null) {
      const { open } = openBeside(this.#parts, next.cue, next.dueAt, held);
      const standsOnKeyframes = open < limits.cueOpenLimit;
      if (!standsOnKeyframes && hasWindow(next.cue)) throw tooMany('open', limits.cueOpenLimit);
      held.standsOnKeyframes = standsOnKeyframes;
    }
    const changed = { ...held, cue: next.cue };
    checkStampSize(life.prepared(changed), epoch, limits.stampTextLimit);
    checkRevealRoom(this.#parts, changed, epoch);
  }

  /** To the disk, then to the injector; null: it is done. */
  async #change(
    held: HeldCue,
    next: { readonly cue: Cue; readonly dueAt: UnixMilliseconds | null },
    restore: () => void,
  ): Promise<Refused | null> {
    const { options, record, life } = this.#parts;
    const done = Promise.withResolvers<void>();
    held.changing = done.promise;
    record.replace(held, next.cue, next.dueAt);
    const isNoted = await isLogged(record);
    // From here on in one turn: who waits for `changing` comes before the next frame.
    if (!isNoted) restore();
    held.changing = null;
    done.resolve();
    if (held.calledOff) life.cancel(held);
    else if (held.cue.state !== 'armed' && options.gate.isLive(held.cue.stream)) {
      const fire = fireAgain(held.cue.fire, held.dueAt ?? record.now);
      const isNew = held.scheduledAtUs === null;
      if (!life.schedule(held, life.prepared(held, isNew ? {} : { fire }))) {
        life.miss(held, 'NO_ROOM');
        return refused('ERR_CUE_TOO_MANY_OPEN');
      }
    }
    return isNoted ? null : refused('ERR_STORE_UNAVAILABLE', NOT_NOTED);
  }
}

/** The cue in memory, once no change of it is on its way; null where there is none of that id on that stream. */
export async function settled({ record }: BookParts, stream: string, id: string): Promise<HeldCue | null> {
  for (;;) {
    const held = record.cues.get(id);
    if (held === undefined || !held.committed || held.cue.stream !== stream) return null;
    if (held.changing === null) return held;
    await held.changing;
  }
}

const cannotTake = ({ state }: Cue): Refused =>
  refused('ERR_CUE_STATE', `The cue is ${state}; only one that is armed can be taken.`, { state });

const cannotEdit = ({ state }: Cue): Refused =>
  refused(
    'ERR_CUE_STATE',
    state === 'announced' || state === 'landed'
      ? `The cue is ${state}: viewers have it. It can be taken back with cancel.`
      : `The cue is ${state}; only one that is armed or waits can be changed.`,
    { state },
  );
