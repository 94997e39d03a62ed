import type { LinkState } from '../players/link.ts';
import { PATHS } from '../players/player.ts';
import { formatCount, formatSpan, plural } from '../shared/format.ts';
import type { Landing } from '../shared/media-api.ts';
import { neverWords, PLAYERS, verdictOf } from '../viewer/words.ts';
import type { Lane, Spread } from './opening.ts';

const THIN = '\u202f';

/** `+0.62 s`: hundredths, so that two apps by nearly the same way are told apart. */
export const afterWords = (afterMs: number): string => `+${(afterMs / 1000).toFixed(2)}${THIN}s`;

/** Beyond this, a number of frames says nothing to anybody. */
const FRAMES_BELOW_MS = 1000;

/** What became of the cue in one player. */
export function laneWords(lane: Exclude<Lane, { kind: 'waiting' }>): string {
  if (lane.kind === 'never') return neverWords(lane.outcome);
  const { cue } = lane;
  switch (verdictOf(cue)) {
    case 'exact':
      return 'on its frame';
    case 'no-frame':
      return 'without its frame';
    case 'late':
      if (cue.reason === 'joined') return 'joined after it';
      return cue.frames !== null && cue.lateMs < FRAMES_BELOW_MS
        ? `${plural(cue.frames, 'frame')} late`
        : `${formatSpan(cue.lateMs)} late`;
  }
}

export interface Words {
  readonly title: string;
  readonly text: string;
}

/**
 * The line over the lanes.
 * @param spread null before the first opening.
 * @param leftMs until the last of those that wait is expected; not above 0: not known, or later than expected.
 */
export function spreadWords(spread: Spread | null, leftMs: number): Words {
  if (spread === null) {
    return {
      title: 'One stream, three delays',
      text: 'The question waits for its picture in each.',
    };
  }
  const { waiting, opened, worst } = spread;
  if (waiting.length > 0) {
    const names = waiting.map((path) => PLAYERS[path].name).join(', ');
    const comes = waiting.length === 1 ? 'comes' : 'come';
    const soon = leftMs > 0 ? ` in about ${Math.max(1, Math.round(leftMs / 1000))} s` : '';
    return {
      title: opened.length === 0 ? 'Stamped into its picture' : `Open in ${opened.length} of ${PATHS.length}`,
      text: `${names} ${comes} to this picture${soon}`,
    };
  }
  const text = opened.length > 1 ? `opened ${formatSpan(spread.apartMs)} apart` : '';
  if (opened.length > 0 && opened.every(({ cue }) => cue.reason === 'joined')) {
    return { title: 'Opened before this page', text: 'each app joined with the time that was left' };
  }
  if (worst !== null && worst <= 1) {
    return {
      title: spread.same ? 'Same picture in all three' : 'Same picture or the next in all three',
      text,
    };
  }
  const exact = opened.filter(({ cue }) => verdictOf(cue) === 'exact').length;
  return { title: `${exact} of ${PATHS.length} on the marked picture`, text };
}

/** `12 ms after the mark, 240 ms after the picture you saw. Counted in coding order; PTS 12 320.` */
export function landedWords({ pts, markToStampMs, errorMs }: Landing): string {
  const parts = [];
  if (markToStampMs !== null) parts.push(`${formatSpan(markToStampMs)} after the mark`);
  if (errorMs !== null) parts.push(sightWords(Math.round(errorMs)));
  const receipt = `Counted in coding order; PTS\u00a0${formatCount(pts)}.`;
  return parts.length === 0 ? receipt : `${parts.join(', ')}. ${receipt}`;
}

function sightWords(errorMs: number): string {
  if (errorMs === 0) return 'the very picture you saw';
  return `${formatSpan(Math.abs(errorMs))} ${errorMs > 0 ? 'after' : 'before'} the picture you saw`;
}

/** Why a player shows no picture; null while it does. */
export function noPicture(link: LinkState): string | null {
  switch (link.kind) {
    case 'playing':
      return null;
    case 'connecting':
      return 'connecting';
    case 'stalled':
      return 'waiting for data';
    case 'blocked':
      return 'waits for a touch';
    case 'waiting':
      return 'no picture';
    case 'unsupported':
      return 'not playable here';
  }
}
