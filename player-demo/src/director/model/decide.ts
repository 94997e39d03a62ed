import type { Cue } from '../../shared/media-api.ts';
import type { Command } from './commands.ts';
import { allTheSame } from './early.ts';
import { controlGuard, type Guard, modeGuard, panicGuard, prizeGuard, voidGuard } from './guard.ts';
import { noHoldWords } from './hand.ts';
import { whyNotRound } from './mark.ts';
import type { OnAir } from './on-air.ts';
import { type OrderKind, openOrderOn } from './orders.ts';
import { itemOfRound } from './round-item.ts';
import { type Item, isUnderWay, isWaiting, itemAtHand, stepped } from './rundown.ts';
import type { ShowState } from './state.ts';
import { standingOf } from './together.ts';

/** What has to be known beside the state. */
export interface Facts {
  /** This console's id. */
  readonly self: string;
  /** Monotonic, milliseconds. */
  readonly now: number;
  /** The picture that the director means, PTS; null where it is not known. */
  readonly meant: number | null;
  /** Rounds under way, newest first. */
  readonly onAir: readonly OnAir[];
  /** The hold that opens 99 % in the same instant, milliseconds; null while nothing was reported. */
  readonly hold99Ms: number | null;
}

/** What one press comes to. */
export type Decision =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refuse'; readonly text: string }
  | { readonly kind: 'guard'; readonly guard: Guard | null; readonly arm?: Wanted }
  | { readonly kind: 'choose'; readonly item: string | null }
  | { readonly kind: 'order'; readonly wanted: Wanted; readonly endsGuard: boolean }
  | { readonly kind: 'control'; readonly deed: 'take' | 'release'; readonly force: boolean }
  | { readonly kind: 'mode'; readonly rehearsal: boolean };

/** A request, before it has a key. */
export interface Wanted {
  readonly kind: OrderKind;
  readonly target: string;
  readonly cue: string | null;
  readonly title: string;
  readonly mediaTime: number | null;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Asked for once the first has been done, below the stream's path. */
  readonly next?: string;
}

const NOTHING: Decision = { kind: 'nothing' };
const refuse = (text: string): Decision => ({ kind: 'refuse', text });

/** Pure: a press against what is known. Commands of the page itself (panels, help) are not its matter. */
export function decide(command: Command, state: ShowState, facts: Facts): Decision {
  switch (command) {
    case 'up':
    case 'down':
      return step(state, command === 'up' ? -1 : 1);
    case 'panic':
      return panic(state, facts);
    case 'leave':
      return leave(state);
    case 'confirm':
      return confirm(state, facts);
    case 'control':
      return control(state, facts);
    case 'mode':
      return mode(state, facts);
    case 'take':
    case 'take-held':
    case 'arm':
    case 'skip':
    case 'reset':
      return kept(state, facts) ?? onItem(command, state, facts);
    case 'lock':
    case 'reveal':
      return kept(state, facts) ?? ofRound(command, state, facts);
    case 'void':
      return kept(state, facts) ?? askVoid(state, facts);
    default:
      return NOTHING;
  }
}

/** Why nothing of this console may change the show; null where it may. */
export function kept(state: ShowState, { self }: Pick<Facts, 'self'>): Decision | null {
  if (standingOf(state.control, self) === 'standby') {
    return refuse(`${state.control!.holder!.name} is in control. Press G to take over.`);
  }
  return null;
}

function step(state: ShowState, by: number): Decision {
  const { rundown, chosen } = state;
  if (rundown === null) return NOTHING;
  const item = stepped(rundown, itemAtHand(rundown, chosen)?.id ?? null, by);
  return { kind: 'choose', item: item === rundown.next ? null : item };
}

const itemPath = (item: Item, deed: string): string =>
  `/rundown/items/${encodeURIComponent(item.id)}/${deed}`;

const wantedOf = (
  kind: OrderKind,
  item: Item,
  deed: string,
  body = {},
  mediaTime: number | null = null,
): Wanted => ({
  ...{ kind, target: item.id, cue: null, title: item.title, mediaTime, body },
  path: itemPath(item, deed),
});

function onItem(command: Command, state: ShowState, facts: Facts): Decision {
  const item = itemAtHand(state.rundown, state.chosen);
  if (item === null)
    return refuse(state.rundown === null ? 'No rundown is loaded.' : 'The rundown is through.');
  const open = openOrderOn(state.orders, item.id);
  if (open !== null) return refuse(`${item.title}: no answer yet to the last press. It is being looked up.`);
  switch (command) {
    case 'skip':
      if (isUnderWay(item)) return refuse(`${item.title} is on air: void it instead.`);
      return { kind: 'order', wanted: wantedOf('skip', item, 'skip'), endsGuard: true };
    case 'reset':
      if (isUnderWay(item)) return refuse(`${item.title} is on air: void it first.`);
      return { kind: 'order', wanted: wantedOf('reset', item, 'reset'), endsGuard: true };
    case 'arm':
      return arm(item, state, facts);
    default:
      return take(item, command === 'take-held', state, facts);
  }
}

function arm(item: Item, { guard }: ShowState, { now }: Facts): Decision {
  if (guard?.kind === 'prize' && guard.item === item.id) return disarm(item);
  if (item.state === 'armed' && !item.prize) return disarm(item);
  if (item.state !== 'pending' && item.state !== 'armed')
    return refuse(`${item.title} cannot be armed: ${item.state}.`);
  const wanted = wantedOf('arm', item, 'arm');
  if (!item.prize) return { kind: 'order', wanted, endsGuard: true };
  const armed: Decision = { kind: 'guard', guard: prizeGuard(item.id, now) };
  return item.state === 'armed' ? armed : { ...armed, arm: wanted };
}

/** Its armed cue is taken back, and the item put back to where it was. */
const disarm = (item: Item): Decision => ({
  kind: 'order',
  wanted: {
    ...wantedOf('disarm', item, 'reset'),
    ...(item.cue === null
      ? {}
      : { path: `/cues/${encodeURIComponent(item.cue)}/cancel`, next: itemPath(item, 'reset') }),
  },
  endsGuard: true,
});

function take(item: Item, held: boolean, { guard, orders }: ShowState, facts: Facts): Decision {
  if (item.state !== 'pending' && item.state !== 'armed') {
    return refuse(`${item.title} was ${item.state} already. Z resets it.`);
  }
  const isArmed = guard?.kind === 'prize' && guard.item === item.id && facts.now < guard.until;
  if (item.prize && !isArmed) return refuse(`${item.title} gives prizes: arm it with A first.`);
  if (openOrderOn(orders, item.id) !== null) return NOTHING;
  if (held && facts.hold99Ms === null) return refuse(noHoldWords(item));
  const hold = held ? { alignInMs: Math.ceil(facts.hold99Ms!) } : {};
  return { kind: 'order', wanted: takeWanted(item, facts.meant, hold), endsGuard: true };
}

/** The item that the rundown has for it: the server keeps its time, and what runs after it runs. */
function ofRound(action: 'lock' | 'reveal', state: ShowState, facts: Facts): Decision {
  const round = facts.onAir[0];
  const against = whyNotRound(action, round);
  if (against !== null || round === undefined) return refuse(against ?? '');
  const item = itemOfRound(action, state.rundown, round.cue);
  if (item === null) return NOTHING;
  const { guard, orders } = state;
  if (guard?.kind === 'early' && guard.wanted.target === item.id) return NOTHING;
  if (openOrderOn(orders, item.id) !== null) {
    return refuse(`${item.title}: no answer yet to the last press. It is being looked up.`);
  }
  if (item.prize && !(guard?.kind === 'prize' && guard.item === item.id && facts.now < guard.until)) {
    return refuse(`${item.title} gives prizes: step to it and arm it with A first.`);
  }
  return { kind: 'order', wanted: takeWanted(item, facts.meant), endsGuard: true };
}

const takeWanted = (item: Item, meant: number | null, more = {}): Wanted =>
  wantedOf('take', item, 'take', { ...(meant === null ? {} : { mediaTime: meant }), ...more }, meant);

function askVoid({ guard, orders }: ShowState, { onAir, now }: Facts): Decision {
  const round = onAir[0];
  if (round === undefined) return refuse('Nothing is on air that could be voided.');
  if (guard?.kind === 'void' && guard.cue === round.cue.id) return NOTHING;
  if (openOrderOn(orders, round.cue.id) !== null) return refuse('The void is on its way.');
  return { kind: 'guard', guard: voidGuard(round.cue.id, now) };
}

const voidWanted = (cue: Pick<Cue, 'id'>, title: string): Wanted => ({
  ...{ kind: 'void', target: cue.id, cue: cue.id, title, mediaTime: null, body: {} },
  path: `/cues/${encodeURIComponent(cue.id)}/cancel`,
});

const panicWanted = (): Wanted => ({
  ...{ kind: 'panic', target: 'everything', cue: null, title: 'Panic', mediaTime: null },
  ...{ path: '/panic', body: { confirm: true } },
});

/** The panic key is for everybody, in control or not. */
function panic({ guard }: ShowState, { now }: Facts): Decision {
  if (guard?.kind === 'panic') return { kind: 'order', wanted: panicWanted(), endsGuard: true };
  return { kind: 'guard', guard: panicGuard(now) };
}

function leave({ guard, rundown, chosen }: ShowState): Decision {
  if (guard?.kind === 'prize') {
    const item = rundown?.items.find(({ id }) => id === guard.item);
    return item === undefined ? { kind: 'guard', guard: null } : disarm(item);
  }
  if (guard !== null) return { kind: 'guard', guard: null };
  return chosen === null ? NOTHING : { kind: 'choose', item: null };
}

function confirm({ guard, cues, rundown }: ShowState, { meant }: Facts): Decision {
  switch (guard?.kind) {
    case 'void': {
      const cue = cues?.find(({ id }) => id === guard.cue);
      const title = cue?.title ?? cue?.question?.question ?? guard.cue;
      const item = cue?.landing == null ? null : itemOfRound('cancel', rundown, cue);
      if (item !== null && isWaiting(item)) {
        return { kind: 'order', wanted: takeWanted(item, null), endsGuard: true };
      }
      return { kind: 'order', wanted: voidWanted({ id: guard.cue }, title), endsGuard: true };
    }
    case 'early':
      return { kind: 'order', wanted: allTheSame(guard.wanted, meant), endsGuard: true };
    case 'control':
      return { kind: 'control', deed: 'take', force: true };
    case 'mode':
      return { kind: 'mode', rehearsal: guard.rehearsal };
    default:
      return NOTHING;
  }
}

function control({ control: known }: ShowState, { self, now }: Facts): Decision {
  switch (standingOf(known, self)) {
    case 'alone':
      return refuse('This server knows no control: every console may direct.');
    case 'nobody':
      return { kind: 'control', deed: 'take', force: false };
    case 'in-control':
      return { kind: 'control', deed: 'release', force: false };
    case 'standby':
      return { kind: 'guard', guard: controlGuard(now) };
  }
}

function mode(state: ShowState, facts: Facts): Decision {
  if (state.rehearsal === null) return refuse('This server knows no rehearsal.');
  const held = kept(state, facts);
  if (held !== null) return held;
  if (facts.onAir.some(({ phase }) => phase !== 'locked'))
    return refuse('Something is on air: close it before the mode is switched.');
  return { kind: 'guard', guard: modeGuard(!state.rehearsal, facts.now) };
}
