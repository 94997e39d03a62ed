import type { CueCarrier, CueOutcome, CuePath, FiredCue, LateReason } from '../types.ts';
import type { CueEntry, Due } from './cue-entry.ts';

/** `alignAt` as this viewer's clock knows it; monotonic milliseconds. */
export interface CommonMoment {
  /** By the best estimate. */
  readonly alignMs: number;
  /** When it opens: later by what the clock's error is beyond what is allowed. */
  readonly openMs: number;
  /** Bound of the clock's error; null without a clock. */
  readonly errorMs: number | null;
  /** Why it cannot count as opened together; null where it can. */
  readonly doubt: LateReason | null;
}

/** How and when a cue fires. */
export interface Firing {
  readonly due: Due;
  readonly nowMs: number;
  readonly lateMs: number;
  readonly reason: LateReason | null;
  /** Of an aligned cue. */
  readonly aligned: CommonMoment | null;
}

/** What the page is given. The entry's data is there. */
export function firedCueOf(entry: CueEntry, { due, nowMs, lateMs, reason, aligned }: Firing): FiredCue {
  const { facts } = entry;
  const { timeline, playerShownMs } = due;
  const onItsFrame = aligned === null && due.by === 'frame' && reason === null;
  // The callback runs just before its frame is put on screen.
  const presentedAt = onItsFrame ? Math.max(nowMs, timeline!.shown!.atMs) : nowMs;
  const remainingMs =
    facts.durationMs === undefined ? null : facts.durationMs - (aligned === null ? due.elapsedMs : lateMs);
  const shown = playerShownMs === null ? null : timeline!.toStream(playerShownMs);
  return {
    id: facts.id,
    rev: facts.rev,
    type: facts.type,
    ref: facts.ref ?? null,
    show: facts.show ?? null,
    audience: facts.audience ?? null,
    rehearsal: facts.rehearsal === true,
    data: entry.data!,
    durationMs: facts.durationMs ?? null,
    remainingMs,
    presentedAt,
    closesAt: remainingMs === null ? null : presentedAt + remainingMs,
    alignAt: facts.alignAt ?? null,
    alignErrorMs: aligned?.errorMs ?? null,
    firePts: entry.streamFireMs,
    shownPts: shown?.ptsMs ?? null,
    playerFirePts: due.playerFireMs,
    playerShownPts: playerShownMs,
    frames: framesOf(due),
    lateMs,
    outcome: reason === null ? 'fired' : 'late',
    reason,
    path: pathOf(entry, due),
    ...carrierOf(entry, due),
    trigger: aligned === null ? due.by : 'clock',
    epoch: entry.epoch,
    fireAtUs: entry.fireAtUs,
    stamp: entry.stamp,
  };
}

/** @param cue what was fired; null for a cue that never did. */
export function outcomeOf(
  entry: CueEntry,
  due: Due | null,
  outcome: CueOutcome['outcome'],
  reason: CueOutcome['reason'],
  cue: FiredCue | null,
): CueOutcome {
  return {
    cue: entry.facts.id,
    rev: entry.facts.rev,
    type: entry.facts.type,
    path: pathOf(entry, due),
    ...carrierOf(entry, due),
    outcome,
    reason,
    lateMs: cue?.lateMs ?? null,
    frames: cue?.frames ?? null,
    shownPts: cue?.shownPts ?? null,
    aligned: entry.facts.alignAt !== undefined,
    alignErrorMs: cue?.alignErrorMs ?? null,
  };
}

/** By the clock means without the own frame, whoever told of the cue first. */
const pathOf = (entry: CueEntry, due: Due | null): CuePath =>
  due?.by === 'clock' || entry.source === null ? 'events' : entry.source.path();

/** What told the moment that it fired by, and how well. */
function carrierOf(
  { placed, told }: CueEntry,
  due: Due | null,
): { readonly carrier: CueCarrier; readonly accuracyMs: number | null } {
  const timeline = due?.timeline ?? null;
  if (timeline === null) return { carrier: told?.by ?? 'feed', accuracyMs: null };
  const here = placed.get(timeline);
  if (here !== undefined && here.generation === timeline.generation)
    return { carrier: here.told.by, accuracyMs: here.told.accuracyMs };
  // Known from elsewhere, and placed by what tells this player's time.
  return { carrier: told?.by ?? 'feed', accuracyMs: timeline.accuracyMs };
}

function framesOf(due: Due): number | null {
  if (due.by !== 'frame') return null;
  const frameMs = due.timeline!.frameMs;
  if (frameMs === null) return due.elapsedMs === 0 ? 0 : null;
  return Math.round(due.elapsedMs / frameMs);
}
