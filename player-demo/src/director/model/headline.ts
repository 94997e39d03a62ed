import type { StreamHealth } from '../../shared/media-api.ts';
import type { Link } from './link.ts';

/** What a director must be able to read at two metres. */
export type Air =
  /** What stands on this page may be over. */
  'lost' | 'connecting' | 'off-air' | 'rehearsal' | 'on-air';

export interface AirFacts {
  readonly link: Link;
  /** Whether the newest question for the cues was answered, where there is no channel. */
  readonly polling: boolean;
  readonly health: Pick<StreamHealth, 'live'> | null;
  readonly rehearsal: boolean | null;
}

export function airOf({ link, polling, health, rehearsal }: AirFacts): Air {
  if (link.kind === 'lost' || (link.kind === 'absent' && !polling)) return 'lost';
  if (health === null) return link.kind === 'connecting' ? 'connecting' : 'off-air';
  if (!health.live) return 'off-air';
  return rehearsal === true ? 'rehearsal' : 'on-air';
}

export const AIR_WORDS: { readonly [air in Air]: string } = {
  lost: 'Connection lost',
  connecting: 'Connecting',
  'off-air': 'Off air',
  rehearsal: 'Rehearsal',
  'on-air': 'On air',
};
