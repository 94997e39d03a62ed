import { randomBytes as nodeRandomBytes } from 'node:crypto';
import type { Cue, FireRequest, PreparedCue } from '../cues/cue.ts';
import { type SigningKey, sealData, signBody } from '../cues/signing.ts';
import { voidExpOf } from '../cues/voiding.ts';
import { type CueType, formatCueBody, formatCueStamp } from '../cues/wire/index.ts';
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

/** What only the server may say of a cue. */
export interface CueMarks {
  readonly item?: string;
  readonly rundown?: string;
  readonly rehearsal?: boolean;
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
  const { receivedAt, acceptedAt, moment } = facts;
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
  const cue: Cue = {
    ...whatItIs(request, facts, limits),
    state: 'accepted',
    markedAt,
    ...(alignAt === undefined ? {} : { alignAt }),
    exp: expOf(request, unixMs(Math.max(dueAt, acceptedAt, alignAt ?? 0)), limits),
    fire,
    announceMs: ms(fire.kind === 'next' ? 0 : (request.announceMs ?? limits.cueAnnounceMs)),
    dueAt,
  };
  return { cue, dueAt };
}

/** A request as an armed cue: all of it but its moment. It expires like a moment that is too far ahead. */
export function makeArmedCue(request: CueRequest, facts: Omit<CueFacts, 'moment'>, limits: CueLimits): Cue {
  return {
    ...whatItIs(request, facts, limits),
    state: 'armed',
    markedAt: facts.receivedAt,
    ...(request.alignAt === undefined ? {} : { alignAt: unixMsOf(request.alignAt) }),
    exp: unixMs(facts.acceptedAt + limits.cueAheadMs),
    fire: { kind: 'next' },
    announceMs: ms(request.announceMs ?? limits.cueAnnounceMs),
  };
}

/** All of a cue that has nothing to do with its moment. */
function whatItIs(
  request: CueRequest,
  { id, stream, by, acceptedAt }: Omit<CueFacts, 'moment'>,
  limits: CueLimits,
) {
  const { type, show, ref, data, audience, durationMs, title, item, prize, series } = request;
  const { announceMs, alignInMs, expiresInMs } = request;
  const asked = {
    ...(announceMs === undefined ? {} : { announceMs: ms(announceMs) }),
    ...(alignInMs === undefined ? {} : { alignInMs: ms(alignInMs) }),
    ...(expiresInMs === undefined ? {} : { expiresInMs: ms(expiresInMs) }),
  };
  return {
    ...{ id: series === undefined ? id : `${id}.1`, rev: 0, stream },
    ...(show === undefined ? {} : { show }),
    type,
    ...(ref === undefined ? {} : { ref }),
    data: data ?? {},
    ...(audience === undefined ? {} : { audience }),
    acceptedAt,
    ...(durationMs === undefined ? {} : { durationMs: ms(durationMs) }),
    repeat: request.repeat ?? limits.cueRepeat,
    by,
    landing: null,
    ...(Object.keys(asked).length === 0 ? {} : { asked }),
    ...(series === undefined
      ? {}
      : { series: { id, n: 1, count: series.count, everyMs: ms(series.everyMs) } }),
    ...(title === undefined ? {} : { title }),
    ...(item === undefined ? {} : { item }),
    ...(prize === true ? { prize } : {}),
  } satisfies Partial<Cue>;
}

/** The last copy on a keyframe still has to reach viewers who are behind. */
export const expOf = (
  of: {
    readonly type: CueType;
    readonly durationMs?: number | undefined;
    readonly expiresInMs?: number | undefined;
  },
  base: UnixMilliseconds,
  limits: CueLimits,
): UnixMilliseconds =>
  unixMs(base + (of.expiresInMs ?? (openForMsOf(of) ?? limits.cueOpenMs) + limits.cueExpMs));

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
      // By capture time its picture passes as much later as pictures are on their way.
      return unixMs(fire.at + (fire.by === 'arrival' ? 0 : (moment?.passesAfterMs ?? 0)));
    case 'mediaTime':
      return moment === null ? null : unixMs(from + fire.pts - moment.nextPts);
  }
}

/** When the picture of a cue that a log tells of was expected; null where only the lost timeline could tell. */
export const dueOfLogged = (cue: Cue): UnixMilliseconds | null =>
  cue.fire.kind === 'mediaTime' || cue.state === 'armed'
    ? null
    : (cue.dueAt ?? dueOf(cue.fire, cue.acceptedAt, null));

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
  /** How far behind its moment an `at` may fire that waits; see `PreparedCue`. */
  readonly lateMs?: number;
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
  const fire = options.fire ?? cue.fire;
  return {
    ...{ id, rev, type },
    ...(ref === undefined ? {} : { ref }),
    bodyText,
    signatureLine: signBody(bodyText, options.key),
    key: sealed?.key ?? null,
    fire,
    markedAt,
    announceMs: cue.announceMs,
    repeat: cue.repeat,
    openForMs: options.openForMs ?? openForMsOf(cue),
    exp,
    ...(fire.kind === 'at' && options.lateMs !== undefined
      ? { lateMs: ms(options.lateMs + Math.max(0, askedAtOf(cue) - fire.at)) }
      : {}),
    ...(options.landedAtUs === undefined ? {} : { landedAtUs: options.landedAtUs }),
  };
}

/** When its moment was last asked for. */
const askedAtOf = ({ edited, taken, acceptedAt }: Cue): UnixMilliseconds =>
  edited?.at ?? taken?.at ?? acceptedAt;

/** What takes a cue back under its present revision: on the next picture, then on keyframes until `voidExpOf`. */
export function prepareVoiding(cue: Cue, { key }: Pick<PrepareOptions, 'key'>): PreparedCue {
  const { id, rev, stream, show, voided, repeat } = cue;
  const type = 'interaction.cancel';
  const markedAt = voided?.at ?? cue.markedAt;
  const exp = voidExpOf(cue);
  const bodyText = formatCueBody({
    ...{ id, rev, stream, type, ref: id, markedAt, exp },
    ...(show === undefined ? {} : { show }),
    ...(cue.rehearsal === true ? { rehearsal: true } : {}),
  });
  return {
    ...{ id, rev, type, ref: id, bodyText, signatureLine: signBody(bodyText, key), key: null },
    ...{ fire: { kind: 'next' }, markedAt, announceMs: ms(0), repeat, exp },
    // Nothing closes it: `exp` ends it.
    openForMs: null,
    ...(voided?.landing == null ? {} : { landedAtUs: voided.landing.fireAtUs }),
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
