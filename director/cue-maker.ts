import { randomBytes as nodeRandomBytes } from 'node:crypto';
import type { Cue, FireRequest, PreparedCue } from '../cues/cue.ts';
import { type SigningKey, sealData, signBody } from '../cues/signing.ts';
import { formatCueBody, formatCueStamp } from '../cues/wire/index.ts';
import { FramecueError } from '../packet/errors.ts';
import {
  type Milliseconds,
  ms,
  type UnixMicroseconds,
  type UnixMilliseconds,
  unixMs,
} from '../packet/time.ts';
import type { Settings } from '../service/settings.ts';
import { type CueRequest, fireOf, unixMsOf } from './cue-request.ts';
import type { StreamMoment } from './stream-gate.ts';

export type CueLimits = Pick<
  Settings,
  | 'stampTextLimit'
  | 'cueRepeat'
  | 'cueAnnounceMs'
  | 'cueOpenLimit'
  | 'cuePendingLimit'
  | 'cueExpMs'
  | 'cueOpenMs'
  | 'cueLateMs'
  | 'cueAheadMs'
>;

/** For how long a cue that opens nothing stands on keyframes (DESIGN "The stamp"). */
const SHOWN_MS = 30_000;

export interface CueFacts {
  readonly id: string;
  readonly stream: string;
  /** The name of the token. */
  readonly by: string;
  /** When the request came. */
  readonly receivedAt: UnixMilliseconds;
  readonly acceptedAt: UnixMilliseconds;
  readonly moment: StreamMoment;
}

export interface MadeCue {
  readonly cue: Cue;
  /** The wall clock at which its picture is expected at the injector. */
  readonly dueAt: UnixMilliseconds;
}

/**
 * A request as a cue.
 * @throws {FramecueError} ERR_CUE_MOMENT_PASSED, or ERR_REQUEST_INVALID for a moment too far ahead.
 */
export function makeCue(request: CueRequest, facts: CueFacts, limits: CueLimits): MadeCue {
  const { id, stream, by, receivedAt, acceptedAt, moment } = facts;
  const fire = fireOf(request);
  const dueAt = dueOf(fire, acceptedAt, moment);
  checkMoment(fire, dueAt, facts, limits);
  const alignAt = alignAtOf(request, unixMs(Math.max(dueAt, acceptedAt)));
  if (alignAt !== undefined && (alignAt < dueAt || alignAt > dueAt + limits.cueAheadMs)) {
    const field = request.alignAt === undefined ? 'alignInMs' : 'alignAt';
    throw invalid(field, "give a moment at or after the cue's own, and not too far ahead");
  }
  // A director who says when means that moment; one who does not means the arrival of the request.
  const markedAt = fire.kind === 'at' && fire.at <= receivedAt ? fire.at : receivedAt;
  const windowMs = openForMsOf(request) ?? limits.cueOpenMs;
  const base = Math.max(dueAt, acceptedAt, alignAt ?? 0);
  const cue: Cue = {
    id,
    rev: 0,
    stream,
    ...(request.show === undefined ? {} : { show: request.show }),
    type: request.type,
    ...(request.ref === undefined ? {} : { ref: request.ref }),
    state: 'accepted',
    data: request.data ?? {},
    ...(request.audience === undefined ? {} : { audience: request.audience }),
    markedAt,
    acceptedAt,
    ...(alignAt === undefined ? {} : { alignAt }),
    ...(request.durationMs === undefined ? {} : { durationMs: ms(request.durationMs) }),
    // The last copy on a keyframe still has to reach viewers who are behind.
    exp: unixMs(base + (request.expiresInMs ?? windowMs + limits.cueExpMs)),
    fire,
    announceMs: ms(fire.kind === 'next' ? 0 : (request.announceMs ?? limits.cueAnnounceMs)),
    repeat: request.repeat ?? limits.cueRepeat,
    by,
    landing: null,
  };
  return { cue, dueAt };
}

/**
 * The common moment that was asked for, where one was.
 * @param fireAt the wall clock at which the picture passes the injector: `alignInMs` counts from there
 */
export function alignAtOf(
  request: Pick<CueRequest, 'alignAt' | 'alignInMs'>,
  fireAt: UnixMilliseconds,
): UnixMilliseconds | undefined {
  if (request.alignAt !== undefined) return unixMsOf(request.alignAt);
  return request.alignInMs === undefined ? undefined : unixMs(fireAt + request.alignInMs);
}

/** For how long after its picture a cue stands on keyframes; null: until a lock, reveal or cancel of it lands. */
export function openForMsOf(
  cue: Pick<Cue, 'type'> & { readonly durationMs?: number | undefined },
): Milliseconds | null {
  if (cue.durationMs !== undefined) return ms(cue.durationMs);
  return cue.type === 'interaction.open' ? null : ms(SHOWN_MS);
}

/** A window of its own: an interaction, or whatever has a duration. Others only help late joiners by standing on keyframes. */
export const hasWindow = (cue: Cue): boolean =>
  cue.type === 'interaction.open' || cue.durationMs !== undefined;

/** When the picture that a cue asks for passes the injector; `moment` is of the time `from`. */
export function dueOf(fire: FireRequest, from: UnixMilliseconds, moment: StreamMoment): UnixMilliseconds;
/** Null where only the lost timeline could tell. */
export function dueOf(fire: FireRequest, from: UnixMilliseconds, moment: null): UnixMilliseconds | null;
export function dueOf(
  fire: FireRequest,
  from: UnixMilliseconds,
  moment: StreamMoment | null,
): UnixMilliseconds | null {
  switch (fire.kind) {
    case 'next':
      return from;
    case 'delay':
      return unixMs(from + fire.delayMs);
    case 'at':
      return fire.at;
    case 'mediaTime':
      return moment === null ? null : unixMs(from + fire.pts - moment.nextPts);
  }
}

function checkMoment(fire: FireRequest, dueAt: UnixMilliseconds, facts: CueFacts, limits: CueLimits): void {
  const lateMs = facts.receivedAt - dueAt;
  if (lateMs > limits.cueLateMs) {
    throw new FramecueError(
      'ERR_CUE_MOMENT_PASSED',
      `The moment asked for passed ${lateMs} ms ago; up to ${limits.cueLateMs} ms are taken.`,
      { details: { lateMs, limitMs: limits.cueLateMs } },
    );
  }
  if (-lateMs > limits.cueAheadMs) {
    const field = fire.kind === 'delay' ? 'delayMs' : fire.kind;
    throw invalid(field, `give a moment at most ${limits.cueAheadMs} ms ahead`);
  }
}

const invalid = (field: string, problem: string): FramecueError =>
  new FramecueError('ERR_REQUEST_INVALID', `${field}: ${problem}`, {
    details: { issues: [{ field, problem }] },
  });

export interface PrepareOptions {
  readonly key: SigningKey;
  readonly randomBytes?: (size: number) => Uint8Array;
  /** In place of the cue's own, where its moment has to be said otherwise in a new epoch. */
  readonly fire?: FireRequest;
  /** In place of the cue's own window. */
  readonly openForMs?: Milliseconds;
  /** It landed in an earlier epoch: only its copies on keyframes go on. */
  readonly landedAtUs?: UnixMicroseconds;
}

/** Seals and signs the cue's present revision. Some 100 us; once for a revision, never per frame. */
export function prepareCue(cue: Cue, options: PrepareOptions): PreparedCue {
  // What is announced can be taken back: then nobody may ever open it, so it is sealed also where it says nothing more.
  const isOpen = Object.keys(cue.data).length === 0 && cue.announceMs === 0;
  const sealed = isOpen ? null : sealData(cue.data, options.randomBytes ?? nodeRandomBytes);
  const { id, rev, stream, show, type, ref, markedAt, alignAt, durationMs, exp, audience, rehearsal } = cue;
  const bodyText = formatCueBody({
    ...{ id, rev, stream, type, markedAt, exp },
    ...(show === undefined ? {} : { show }),
    ...(ref === undefined ? {} : { ref }),
    ...(alignAt === undefined ? {} : { alignAt }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(audience === undefined ? {} : { audience }),
    ...(rehearsal === true ? { rehearsal } : {}),
    ...(sealed === null ? {} : { sealed: sealed.sealed }),
  });
  return {
    ...{ id, rev, type },
    ...(ref === undefined ? {} : { ref }),
    bodyText,
    signatureLine: signBody(bodyText, options.key),
    key: sealed?.key ?? null,
    fire: options.fire ?? cue.fire,
    markedAt,
    announceMs: cue.announceMs,
    repeat: cue.repeat,
    openForMs: options.openForMs ?? openForMsOf(cue),
    exp,
    ...(options.landedAtUs === undefined ? {} : { landedAtUs: options.landedAtUs }),
  };
}

/** The numbers of line 1 at their longest, and room for three more digits of `rev`. */
const LONGEST_UNIX_US = 8_999_999_999_999_999;
const LONGEST_PTS = 999_999_999_999;
const REV_ROOM = 3;

/**
 * Holds the longest text that any copy of this cue can have against the limit.
 * @throws {FramecueError} ERR_CUE_TOO_LARGE with `details` { bytes, limit }.
 */
export function checkStampSize(prepared: PreparedCue, epoch: string, limit: number): void {
  const text = formatCueStamp(
    {
      epoch,
      at: LONGEST_UNIX_US,
      pts: LONGEST_PTS,
      fireIn: -LONGEST_PTS,
      fireAt: LONGEST_UNIX_US,
      ...(prepared.key === null ? {} : { key: prepared.key }),
    },
    prepared.bodyText,
    prepared.signatureLine,
  );
  const bytes = Buffer.byteLength(text) + REV_ROOM;
  if (bytes <= limit) return;
  throw new FramecueError(
    'ERR_CUE_TOO_LARGE',
    `The cue needs a stamp of ${bytes} bytes; at most ${limit} are taken.`,
    { details: { bytes, limit } },
  );
}
