import type { CueCarrier, CueOutcome, FiredCue, LateReason, NeverReason } from '../../../client/src/index.ts';
import { formatCount, formatSpan, plural } from '../shared/format.ts';

export const PATH_NAMES = { flv: 'HTTP-FLV', ws: 'WS-FLV', hls: 'HLS', events: 'Events' } as const;

/** What stood in for SEI that a server on the way dropped; null where nothing had to. */
const CARRIER_NAMES: { readonly [carrier in CueCarrier]: string | null } = {
  sei: null,
  script: 'script data',
  emsg: 'emsg',
  daterange: 'DATERANGE',
  feed: null,
};

/**
 * `HLS`; where it came beside SEI, by what (the player's own name stands over it): `DATERANGE` and, if it is more than
 * rounding, how exact that is.
 */
export function pathWords({ path, carrier, accuracyMs }: FiredCue): string {
  const beside = CARRIER_NAMES[carrier];
  if (beside === null) return PATH_NAMES[path];
  const exact = accuracyMs === null || accuracyMs <= ROUNDING_MS ? '' : ` \u00b1${formatSpan(accuracyMs)}`;
  return `${beside}${exact}`;
}

/** Every container rounds to its time base. */
const ROUNDING_MS = 1;

/** The three apps that this page stands for. */
export const PLAYERS = {
  flv: { name: 'HTTP-FLV', by: 'mpegts.js' },
  ws: { name: 'WS-FLV', by: 'mpegts.js, WebSocket' },
  hls: { name: 'HLS', by: 'hls.js' },
} as const;

export const LATE_WORDS: { readonly [reason in LateReason]: string } = {
  joined: 'joined after the frame',
  'stamp-late': 'the stamp came after the frame',
  skipped: 'frames were passed over',
  hidden: 'the tab was hidden',
  'behind-align': 'the frame came after the common moment',
  'no-clock': "the server's clock was not known",
  'clock-unsure': 'the clock was too unsure',
  'no-frame': 'it came by the events path',
};

export const NEVER_WORDS: { readonly [reason in NeverReason]: string } = {
  over: 'its time was over',
  locked: 'it was locked before',
  behind: 'the picture is too far behind',
  expired: 'it had expired',
  sealed: 'its key never came',
  evicted: 'too many cues were waiting',
};

const TYPE_NAMES: { readonly [type: string]: string | undefined } = {
  'interaction.open': 'Open',
  'interaction.lock': 'Lock',
  'interaction.reveal': 'Reveal',
  'interaction.cancel': 'Cancel',
  'product.card': 'Product',
};

export const typeName = (type: string): string => TYPE_NAMES[type] ?? type;

export type Verdict = 'exact' | 'late' | 'no-frame';

/** How exactly a cue opened: on its frame, after it, or without any. */
export function verdictOf(cue: FiredCue): Verdict {
  if (cue.trigger === 'clock' && cue.alignAt === null) return 'no-frame';
  return cue.outcome === 'fired' && (cue.frames ?? 0) === 0 ? 'exact' : 'late';
}

const EVENT_NAMES: { readonly [type: string]: string | undefined } = {
  'interaction.open': 'Opened',
  'interaction.lock': 'Locked',
  'interaction.reveal': 'Revealed',
  'interaction.cancel': 'Cancelled',
};

/** `Opened on its frame`, `Locked 1 frame late`, `Opened 4.2 s late`. */
export function verdictWords(cue: FiredCue): string {
  const what = EVENT_NAMES[cue.type] ?? 'Fired';
  switch (verdictOf(cue)) {
    case 'exact':
      return `${what} on its frame`;
    case 'no-frame':
      return `${what} without its frame`;
    case 'late':
      return cue.frames !== null && cue.lateMs < FRAMES_BELOW_MS
        ? `${what} ${plural(cue.frames, 'frame')} late`
        : `${what} ${formatSpan(cue.lateMs)} late`;
  }
}

/** Beyond this, a number of frames says nothing to anybody. */
const FRAMES_BELOW_MS = 1000;

export const latenessWords = ({ lateMs, frames }: FiredCue): string =>
  frames === null || lateMs >= FRAMES_BELOW_MS
    ? formatSpan(lateMs)
    : `${formatSpan(lateMs)}, ${plural(frames, 'frame')}`;

export const neverWords = ({ outcome, reason }: CueOutcome): string => {
  const why = reason === null ? '' : (NEVER_WORDS[reason as NeverReason] ?? LATE_WORDS[reason as LateReason]);
  return why ? `${outcome}: ${why}` : outcome;
};

export const ptsWords = (pts: number | null): string => (pts === null ? 'not known' : formatCount(pts));
