import type { Cue } from '../cues/cue.ts';
import { type ErrorCode, FramecueError } from '../packet/errors.ts';
import type { UnixMilliseconds } from '../packet/time.ts';
import type { ActionKind, Actor, DirectorAction } from './action.ts';
import type { CueLife, CueLifeOptions } from './cue-life.ts';
import type { CueLog, CueLogStart } from './cue-log.ts';
import { type CueLimits, openForMsOf } from './cue-maker.ts';
import type { CueRecord, CueRecordOptions } from './cue-record.ts';
import type { HeldCue } from './held-cues.ts';
import type { OpeningLookup, Openings } from './openings.ts';
import type { RevealLookup, Reveals } from './reveals.ts';

/** What cues need of the log. */
export type BookLog = Pick<
  CueLog,
  | 'healthy'
  | 'doubts'
  | 'onCommitted'
  | 'onDoubtOver'
  | 'accept'
  | 'update'
  | 'setStamping'
  | 'list'
  | 'find'
  | 'close'
>;

export interface CueBookOptions extends CueRecordOptions, CueLifeOptions {
  readonly cueLog: BookLog;
  readonly start: CueLogStart;
  readonly limits: CueLimits & { readonly maxPublishers: number };
  /** What a reveal has to carry; absent: nothing but what it is given. */
  readonly lookUpReveal?: RevealLookup;
  /** What an opening shows that names its interaction alone; absent: nothing more. */
  readonly lookUpOpening?: OpeningLookup;
}

/** What the parts of the book have in common. */
export interface BookParts {
  readonly options: CueBookOptions;
  readonly record: CueRecord;
  readonly life: CueLife;
  readonly reveals: Reveals;
  readonly openings: Openings;
  isClosed(): boolean;
  isStampingOn(stream: string): boolean;
  isRehearsal(stream: string): boolean;
  /** Whether all that the token of this name does is rehearsal, whatever the stream's mode. */
  rehearsesOnly(by: string): boolean;
  /** A cue that is held or in the log, as it now stands. */
  find(stream: string, id: string): Promise<Cue | null>;
  /** What somebody did is done. */
  acted(action: DirectorAction): void;
}

export interface Refused {
  readonly kind: 'refused';
  readonly error: FramecueError;
}

export const refused = (
  code: ErrorCode,
  message?: string,
  details?: Readonly<Record<string, unknown>>,
): Refused => ({
  kind: 'refused',
  error: new FramecueError(code, message, details === undefined ? {} : { details }),
});

/** Errors with a code are answers; others are for whoever catches what nobody expects. */
export function refusedBy(error: unknown): Refused {
  if (!(error instanceof FramecueError)) throw error;
  return { kind: 'refused', error };
}

interface LogWait {
  readonly first?: Promise<boolean>;
  readonly timeoutMs?: number;
}

/** How long an answer waits for the log before it says that it cannot tell. */
export const LOG_TIMEOUT_MS = 5_000;

/**
 * True when all that happened so far is on the disk.
 * @param first what is waited for before; false: it may not be.
 */
export async function isLogged(
  record: CueRecord,
  { first = Promise.resolve(true), timeoutMs = LOG_TIMEOUT_MS }: LogWait = {},
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const all = first.then((isSure) => record.logged().then(() => isSure));
  const inTime = await Promise.race([all, late]);
  clearTimeout(timer);
  return inTime;
}

export const actionOn = (what: ActionKind, cue: Cue, who: Actor, at: UnixMilliseconds): DirectorAction => ({
  ...{ at, stream: cue.stream, what, cue: cue.id, rev: cue.rev },
  ...{ by: who.by, console: who.console },
});

/** How many cues stand on keyframes at the same time as one that is due then; `held` itself is not counted. */
export function openBeside(
  { record, options }: BookParts,
  cue: Cue,
  dueAt: UnixMilliseconds,
  held: HeldCue | null = null,
) {
  const windowMsOf = (of: Cue) => openForMsOf(of) ?? options.limits.cueOpenMs;
  const span = { from: dueAt, to: dueAt + windowMsOf(cue) };
  return record.cues.counts(cue.stream, span, windowMsOf, held);
}

export const tooMany = (what: string, limit: number): FramecueError =>
  new FramecueError('ERR_CUE_TOO_MANY_OPEN', `${limit} cues are ${what}: there can be no more.`, {
    details: { limit, retryAfterMs: 5_000 },
  });

/**
 * A press is of the mode that the stream had when it came: one that was meant as a rehearsal never counts.
 * @throws {FramecueError} ERR_MODE_SWITCHED: it has another by now.
 */
export function refuseSwitched(
  parts: Pick<BookParts, 'isRehearsal'>,
  stream: string,
  rehearsal: boolean,
): void {
  if (parts.isRehearsal(stream) !== rehearsal) throw new FramecueError('ERR_MODE_SWITCHED');
}

/**
 * A token that only rehearses leaves alone what is of the show, and what is armed for it.
 * @throws {FramecueError} ERR_REHEARSAL_TOKEN.
 */
export function refuseOfShow(parts: BookParts, cue: Cue, who: Actor): void {
  if (!isOfShow(parts, cue, who)) return;
  throw new FramecueError('ERR_REHEARSAL_TOKEN', undefined, { details: { cue: cue.id } });
}

/** Of the show, for one who only rehearses. An armed cue is of the mode that the stream has when it is taken. */
export function isOfShow(parts: BookParts, { rehearsal, state, stream }: Cue, { by }: Actor): boolean {
  if (!parts.rehearsesOnly(by) || rehearsal === true) return false;
  return state !== 'armed' || !parts.isRehearsal(stream);
}
