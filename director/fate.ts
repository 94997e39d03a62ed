import type { Cue, FireRequest } from '../cues/cue.ts';
import { isPending } from '../cues/states.ts';
import { voidExpOf } from '../cues/voiding.ts';
import type { UnixMicroseconds, UnixMilliseconds } from '../packet/time.ts';
import type { CueLogStart } from './cue-log.ts';
import { openForMsOf } from './cue-maker.ts';

/** Why a cue did not land, as `reason` of the cue says it. */
export const MISS_REASONS = {
  STREAM_AWAY: 'The stream was away when its moment came.',
  STREAM_GONE: 'The stream ended while the cue was being accepted.',
  NO_ROOM: 'The injector holds as many cues as it can.',
  STAMPING_OFF: 'Stamping was switched off when its moment came.',
  EXPIRED: 'Its picture had not come when it expired.',
  RESTARTED: 'The server was restarted; its moment passed meanwhile, and it had not been stamped.',
  TIMELINE_LOST: 'The server was restarted; the timeline that its moment was given on is gone.',
  NOT_IN_OUTPUT:
    'The server ended without notice while the cue waited; an output that carries our stamps was read past its moment, and it is not there.',
  NOT_TAKEN: 'It was armed and nobody took it before it expired.',
  SERIES_BEHIND:
    'Its moment had passed before it could be entered: the server or the stream was away, or the wall clock was set.',
  NOT_CONFIRMED: 'The log took it too late; its caller was told that it failed, and it was never stamped.',
} as const;
export type MissCode = keyof typeof MISS_REASONS;

/** Why nobody knows. */
export const UNCERTAIN_REASON = {
  code: 'CRASHED',
  text: 'The server ended without notice while the cue waited for its picture: it may have been stamped.',
} as const;

export const missReason = (code: MissCode) => ({ code, text: MISS_REASONS[code] });

/** What a cue needs to be judged by. */
export interface CueCase {
  readonly cue: Cue;
  /** When its picture is expected at the injector; null: not known since a restart. */
  readonly dueAt: UnixMilliseconds | null;
  /** It waited when this process started, and no injector of this process has had it. */
  readonly fromBefore: boolean;
  /** It stands on no more keyframes: a lock, reveal or cancel of it has landed, or it never did. */
  readonly closed: boolean;
}

/** A moment that passed this short a while ago is met by the first picture of a new epoch: a jump of the timeline takes no time. */
export const EPOCH_GRACE_MS = 2_000;

export type Fate =
  | { readonly kind: 'keep' }
  | { readonly kind: 'missed'; readonly code: MissCode }
  | { readonly kind: 'uncertain' }
  | { readonly kind: 'ended' }
  /** Announced anew with the next revision. */
  | { readonly kind: 'again'; readonly fire: FireRequest }
  /** Has fired: its copies on keyframes go on with the next revision. */
  | { readonly kind: 'goes-on'; readonly landedAtUs: UnixMicroseconds };

/** Less is what clocks that are kept in step do all day. */
const SET_BACK_MS = 1_000;

/** Right after a restart, before any stream is back. Nothing is stamped whose moment has passed. */
export function fateAfterRestart(
  { cue, dueAt }: CueCase,
  now: UnixMilliseconds,
  { cleanStop, lastAt }: Pick<CueLogStart, 'cleanStop' | 'lastAt'>,
): Fate {
  if (!isPending(cue.state)) return { kind: 'keep' };
  // The clock was set back, and how long that process lived after its last entry nobody knows: no moment that is
  // ahead by the clock of now can be told from one that has passed.
  const wasSetBack = lastAt !== null && now + SET_BACK_MS <= lastAt;
  if (wasSetBack && !cleanStop) return { kind: 'uncertain' };
  const latest = Math.max(now, lastAt ?? now);
  if (dueAt !== null && dueAt > latest) return { kind: 'keep' };
  if (!cleanStop) return { kind: 'uncertain' };
  return { kind: 'missed', code: dueAt === null ? 'TIMELINE_LOST' : 'RESTARTED' };
}

/** When a stream begins a new epoch: its injector holds nothing. */
export function fateInNewEpoch(given: CueCase, now: UnixMilliseconds): Fate {
  const { cue, dueAt, fromBefore } = given;
  if (cue.state === 'landed') {
    if (isOver(given, now)) return { kind: 'ended' };
    return { kind: 'goes-on', landedAtUs: cue.landing!.fireAtUs };
  }
  if (!isPending(cue.state)) return { kind: 'keep' };
  const graceMs = fromBefore ? 0 : EPOCH_GRACE_MS;
  if (dueAt === null || dueAt + graceMs < now || cue.exp <= now)
    return { kind: 'missed', code: 'STREAM_AWAY' };
  // A delay counts from its acceptance, not from the new epoch's first picture, and it counts pictures that pass.
  return { kind: 'again', fire: fireAgain(cue.fire, dueAt) };
}

/** How the moment of a cue is said to an injector that is to have it anew. */
export const fireAgain = (fire: FireRequest, dueAt: UnixMilliseconds): FireRequest =>
  fire.kind === 'delay' ? { kind: 'at', at: dueAt, by: 'arrival' } : fire;

/** Injectors say this themselves while the stream is live; a little later, it is true without them. */
const INJECTOR_GRACE_MS = 10_000;

/** From time to time, for what no injector tells of. */
export function fateAsTimePasses(given: CueCase, now: UnixMilliseconds, streamIsLive: boolean): Fate {
  const { cue, dueAt } = given;
  const graceMs = streamIsLive ? INJECTOR_GRACE_MS : 0;
  if (cue.state === 'landed') {
    return isOver(given, (now - graceMs) as UnixMilliseconds) ? { kind: 'ended' } : { kind: 'keep' };
  }
  if (cue.state === 'armed' && cue.exp <= now) return { kind: 'missed', code: 'NOT_TAKEN' };
  if (!isPending(cue.state)) return { kind: 'keep' };
  if (cue.exp + graceMs <= now) return { kind: 'missed', code: streamIsLive ? 'EXPIRED' : 'STREAM_AWAY' };
  if (!streamIsLive && dueAt !== null && dueAt + EPOCH_GRACE_MS < now) {
    return { kind: 'missed', code: 'STREAM_AWAY' };
  }
  return { kind: 'keep' };
}

/** Nobody who joins now opens it. */
function isOver({ cue, closed }: CueCase, now: UnixMilliseconds): boolean {
  if (cue.voided !== undefined) return voidExpOf(cue) <= now;
  if (closed || cue.exp <= now) return true;
  const openForMs = openForMsOf(cue);
  return openForMs !== null && cue.landing !== null && cue.landing.fireAtUs / 1000 + openForMs <= now;
}
