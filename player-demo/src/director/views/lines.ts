import { formatSpan } from '../../shared/format.ts';
import type { Cue } from '../../shared/media-api.ts';
import { landedAtOf, lastLanded, titleOf } from '../model/on-air.ts';
import { type Item, itemAtHand } from '../model/rundown.ts';
import type { ShowState } from '../model/state.ts';
import { type Control, standingOf } from '../model/together.ts';
import type { Show } from '../use-show.ts';
import { cueName, errorWords } from '../words.ts';

/** Sentences that stand in more than one place: the strip, the full-screen status, the landing card. */
export function nextLine({ state }: Pick<Show, 'state'>): { readonly title: string; readonly kind: string } {
  const item = itemAtHand(state.rundown, state.chosen);
  if (item !== null) return { title: item.title, kind: typeWords(item) };
  return state.rundown === null
    ? { title: 'No rundown loaded', kind: '' }
    : { title: 'Rundown is through', kind: '' };
}

const typeWords = ({ type, prize }: Pick<Item, 'type' | 'prize'>): string =>
  prize ? `${cueName(type)}, gives prizes` : cueName(type);

export function controlWords(control: Control | null, self: string): string {
  switch (standingOf(control, self)) {
    case 'in-control':
      return 'You';
    case 'standby':
      return control!.holder!.name;
    case 'nobody':
      return 'Nobody';
    case 'alone':
      return 'Every console';
  }
}

/** `Open · exactly on the moment · 12 s ago`. */
export function landingLine({ cues }: Pick<ShowState, 'cues'>, now: number): string {
  const cue = lastLanded(cues ?? []);
  if (cue === null) return 'None yet';
  const { errorMs } = cue.landing!;
  const parts = [
    cueName(cue.type),
    errorMs === null ? null : errorWords(errorMs),
    agoWords(now - landedAtOf(cue)),
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

function agoWords(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 90) return `${s} s ago`;
  const min = Math.round(s / 60);
  return min < 90 ? `${min} min ago` : `${Math.round(min / 60)} h ago`;
}

export interface Countdown {
  readonly what: string;
  readonly leftMs: number;
}

/** What happens by itself next: a round that closes, or an item that runs on time; null: nothing does. */
export function countdownOf(
  { state, rounds }: Pick<Show, 'state' | 'rounds'>,
  now: number,
): Countdown | null {
  const ends: Countdown[] = [];
  for (const { phase, closesAt } of rounds) {
    if (phase === 'open' && closesAt !== null) ends.push({ what: 'Round closes', leftMs: closesAt - now });
  }
  const items = state.rundown?.items ?? [];
  for (const item of items) {
    if (item.runsAt !== null && item.runsAt > now) {
      ends.push({ what: `${item.title} in`, leftMs: item.runsAt - now });
    }
  }
  return ends.sort((a, b) => a.leftMs - b.leftMs)[0] ?? null;
}

/** In how many milliseconds an item runs by itself, in words. */
export const startsWords = (item: Item): string | null => {
  switch (item.starts.kind) {
    case 'hand':
      return null;
    case 'at':
      return `by itself at ${new Date(item.starts.at).toLocaleTimeString('en-GB')}`;
    case 'after':
      return `by itself ${formatSpan(item.starts.ms)} after ${item.starts.item}`;
  }
};

export const cueTitle = (cue: Cue): string => titleOf(cue);
