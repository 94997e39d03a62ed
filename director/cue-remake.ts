import type { Cue } from '../cues/cue.ts';
import { isPending } from '../cues/states.ts';
import type { JsonObject } from '../cues/wire/index.ts';
import { FramecueError } from '../packet/errors.ts';
import { ms, type UnixMilliseconds, unixMs } from '../packet/time.ts';
import { type CueLimits, expOf, type MadeCue, makeCue } from './cue-maker.ts';
import { type CueRequest, type EditRequest, type TakeRequest, unixMsOf } from './cue-request.ts';
import { editedData } from './reveals.ts';
import type { StreamMoment } from './stream-gate.ts';

interface When {
  readonly by: string;
  readonly receivedAt: UnixMilliseconds;
  /** The present moment: a delay counts from here. */
  readonly now: UnixMilliseconds;
}

/**
 * An armed cue that is taken: its moment is the take's, all else is its own.
 * @throws {FramecueError} ERR_CUE_MOMENT_PASSED, ERR_REQUEST_INVALID.
 */
export function takeCue(
  cue: Cue,
  request: TakeRequest,
  { by, receivedAt, now }: When,
  moment: StreamMoment,
  limits: CueLimits,
): MadeCue {
  const { made, dueAt } = makeAnew(cue, request, { by, receivedAt, now }, moment, limits);
  const { markedAt, exp, fire, announceMs, alignAt } = made;
  const { alignAt: _, ...rest } = cue;
  return {
    cue: {
      ...rest,
      ...{ state: 'taken', markedAt, exp, fire, announceMs, dueAt, taken: { at: now, by } },
      ...(alignAt === undefined ? {} : { alignAt }),
    },
    dueAt,
  };
}

/**
 * A cue under its next revision, with what an edit changes. One that waits keeps its moment where none is given.
 * @param dueAt when its picture is expected; null: it is armed
 * @param moment null: the stream is away, and only what needs no timeline can be changed
 * @throws {FramecueError} ERR_CUE_MOMENT_PASSED, ERR_REQUEST_INVALID, ERR_STREAM_NOT_LIVE.
 */
export function editCue(
  cue: Cue,
  request: EditRequest,
  given: When & { readonly rev: number; readonly dueAt: UnixMilliseconds | null },
  moment: StreamMoment | null,
  limits: CueLimits,
): { readonly cue: Cue; readonly dueAt: UnixMilliseconds | null } {
  const { rev, by, now, dueAt } = given;
  const edited = { at: now, by };
  const changed = withFields(cue, request);
  const hasMoment = [request.at, request.mediaTime, request.delayMs].some((field) => field !== undefined);
  if (!isPending(cue.state)) {
    if (hasMoment) throw invalid('at', 'an armed cue has no moment: give it with take');
    const align = request.alignAt == null ? {} : { alignAt: unixMsOf(request.alignAt) };
    return { cue: { ...changed, ...align, rev, edited, exp: unixMs(now + limits.cueAheadMs) }, dueAt: null };
  }
  if (hasMoment || request.alignAt != null || request.alignInMs !== undefined) {
    if (moment === null) throw new FramecueError('ERR_STREAM_NOT_LIVE');
    const asks = hasMoment ? {} : { at: dueAt ?? now };
    const { alignAt: wanted, ...moments } = pickMoment(request);
    const align = wanted == null ? {} : { alignAt: wanted };
    const { made, dueAt: due } = makeAnew(changed, { ...moments, ...align, ...asks }, given, moment, limits);
    const { alignAt: _, ...rest } = changed;
    return {
      cue: {
        ...rest,
        ...(hasMoment ? { fire: made.fire, markedAt: made.markedAt, announceMs: made.announceMs } : {}),
        ...{ rev, edited, exp: made.exp, dueAt: hasMoment ? due : (dueAt ?? due) },
        ...(made.alignAt === undefined ? {} : { alignAt: made.alignAt }),
      },
      dueAt: hasMoment ? due : dueAt,
    };
  }
  const base = unixMs(Math.max(dueAt ?? now, changed.alignAt ?? 0));
  const exp =
    request.durationMs === undefined ? cue.exp : expOf({ ...changed, ...changed.asked }, base, limits);
  return { cue: { ...changed, rev, edited, exp }, dueAt };
}

const pickMoment = ({ at, mediaTime, delayMs, announceMs, alignAt, alignInMs }: EditRequest) => ({
  ...(at === undefined ? {} : { at }),
  ...(mediaTime === undefined ? {} : { mediaTime }),
  ...(delayMs === undefined ? {} : { delayMs }),
  ...(announceMs === undefined ? {} : { announceMs }),
  ...(alignAt === undefined ? {} : { alignAt }),
  ...(alignInMs === undefined ? {} : { alignInMs }),
});

/** All fields but the moment's. */
function withFields(cue: Cue, request: EditRequest): Cue {
  const { data, announceMs, repeat, durationMs, alignAt, alignInMs, audience, title } = request;
  const { durationMs: d, audience: a, title: t, alignAt: al, ...rest } = cue;
  const asked = {
    ...cue.asked,
    ...(announceMs === undefined ? {} : { announceMs: ms(announceMs) }),
    ...(alignInMs === undefined ? {} : { alignInMs: ms(alignInMs) }),
  };
  if (alignAt !== undefined) delete asked.alignInMs;
  const newDuration = durationMs === undefined ? d : durationMs;
  const newAudience = audience === undefined ? a : audience;
  const newTitle = title === undefined ? t : title;
  return {
    ...rest,
    ...(data === undefined ? {} : { data: editedData(cue, data as JsonObject) }),
    ...(repeat === undefined ? {} : { repeat }),
    // "Now" has nothing to be announced before.
    ...(announceMs === undefined || (cue.fire.kind === 'next' && cue.state !== 'armed')
      ? {}
      : { announceMs: ms(announceMs) }),
    ...(newDuration == null ? {} : { durationMs: ms(newDuration) }),
    ...(newAudience == null ? {} : { audience: newAudience }),
    ...(newTitle == null ? {} : { title: newTitle }),
    ...(al === undefined || alignAt === null ? {} : { alignAt: al }),
    ...(Object.keys(asked).length === 0 ? {} : { asked }),
  };
}

/** As if it were asked for now, with this moment. */
function makeAnew(
  cue: Cue,
  moments: TakeRequest,
  { by, receivedAt, now }: When,
  moment: StreamMoment,
  limits: CueLimits,
): { readonly made: Cue; readonly dueAt: UnixMilliseconds } {
  const { type, data, ref, show, durationMs, audience, repeat, asked } = cue;
  const align =
    moments.alignAt !== undefined || moments.alignInMs !== undefined
      ? {}
      : asked?.alignInMs !== undefined
        ? { alignInMs: asked.alignInMs }
        : cue.alignAt === undefined
          ? {}
          : { alignAt: cue.alignAt };
  const request = {
    ...{ type, data, repeat },
    ...(ref === undefined ? {} : { ref }),
    ...(show === undefined ? {} : { show }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(audience === undefined ? {} : { audience }),
    ...(asked?.announceMs === undefined ? {} : { announceMs: asked.announceMs }),
    ...(asked?.expiresInMs === undefined ? {} : { expiresInMs: asked.expiresInMs }),
    ...align,
    ...moments,
  } as CueRequest;
  const facts = { id: cue.id, stream: cue.stream, by, receivedAt, acceptedAt: now, moment };
  const { cue: made, dueAt } = makeCue(request, facts, limits);
  return { made, dueAt };
}

const invalid = (field: string, problem: string): FramecueError =>
  new FramecueError('ERR_REQUEST_INVALID', `${field}: ${problem}`, {
    details: { issues: [{ field, problem }] },
  });
