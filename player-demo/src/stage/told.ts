import { booleanOf, isObject, listOf, numberOf, textOf } from '../shared/json.ts';

export const VIEWS = ['countdown', 'question', 'result', 'blank', 'slate', 'test'] as const;
export type View = (typeof VIEWS)[number];
export const viewOf = (value: unknown): View | null => VIEWS.find((view) => view === value) ?? null;

export interface TellingScreen {
  readonly screen: string;
  readonly name: string;
  readonly lost: boolean;
  readonly heardAt: number;
}

/** A touch may take something, once. Moments are Unix milliseconds of the server's clock. */
export interface Leave {
  readonly id: string;
  readonly label: string | null;
  readonly prize: boolean;
  readonly until: number;
}

export interface Taken {
  readonly leave: string;
  readonly screen: string;
  readonly state: string;
  readonly frame: number | null;
  readonly landedAt: number | null;
  readonly reason: string | null;
}

export interface Next {
  readonly state: 'waiting' | 'announced' | 'planned';
  readonly at: number;
  readonly rehearsal: boolean;
}

/** What the server tells a stage screen (`director/stage/shapes.ts`, `ScreenState`). */
export interface Told {
  readonly at: number;
  readonly shown: string | null;
  readonly screens: readonly TellingScreen[];
  readonly view: View;
  readonly text: string | null;
  readonly leave: Leave | null;
  readonly taken: Taken | null;
  readonly next: Next | null;
  readonly rehearsal: boolean;
}

export function readTold(value: unknown): Told | null {
  if (!isObject(value) || !isObject(value.show)) return null;
  const at = numberOf(value.at);
  const view = viewOf(value.show.view);
  const screens = listOf(value.screens, readScreen);
  const rehearsal = booleanOf(value.rehearsal);
  if (at === null || view === null || screens === null || rehearsal === null) return null;
  return {
    ...{ at, view, screens, rehearsal, shown: textOf(value.shown), text: textOf(value.show.text) },
    ...{ leave: readLeave(value.leave), taken: readTaken(value.taken), next: readNext(value.next) },
  };
}

function readScreen(value: unknown): TellingScreen | null {
  if (!isObject(value)) return null;
  const screen = textOf(value.screen);
  const heardAt = numberOf(value.heardAt);
  if (screen === null || heardAt === null) return null;
  return { screen, heardAt, name: textOf(value.name) ?? screen, lost: value.lost === true };
}

function readLeave(value: unknown): Leave | null {
  if (!isObject(value)) return null;
  const id = textOf(value.id);
  const until = numberOf(value.until);
  if (id === null || until === null) return null;
  return { id, until, label: textOf(value.label), prize: value.prize === true };
}

function readTaken(value: unknown): Taken | null {
  if (!isObject(value)) return null;
  const leave = textOf(value.leave);
  const state = textOf(value.state);
  if (leave === null || state === null) return null;
  return {
    ...{ leave, state, screen: textOf(value.screen) ?? '', frame: numberOf(value.frame) },
    landedAt: numberOf(value.landedAt),
    reason: isObject(value.reason) ? textOf(value.reason.text) : null,
  };
}

function readNext(value: unknown): Next | null {
  if (!isObject(value)) return null;
  const at = numberOf(value.at);
  const state = (['waiting', 'announced', 'planned'] as const).find((known) => known === value.state);
  if (at === null || state === undefined) return null;
  return { at, state, rehearsal: value.rehearsal === true };
}
