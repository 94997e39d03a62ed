import type { Cue } from '../../cues/cue.ts';
import type { CueState } from '../../cues/states.ts';
import type { ActionKind, DirectorAction } from '../action.ts';
import type { AsRunKind, NewAsRunRow } from './row.ts';

type Keyed = NewAsRunRow & { readonly key: string };

/** The cue that opened what this one closes; null: it refers to none, or that is not known any more. */
export type RefOf = (cue: Cue) => Cue | null;

/** A lock or reveal that says no title or item of its own is told by those of its round. */
const facts = (cue: Cue, refOf: RefOf): Omit<NewAsRunRow, 'what'> => {
  const opening = refOf(cue);
  return {
    ...{ cue: cue.id, type: cue.type },
    ...{ title: cue.title ?? opening?.title ?? null, item: cue.item ?? opening?.item ?? null },
    ...{ state: cue.state, rehearsal: cue.rehearsal === true },
  };
};

/** All open that long after the picture, so that those who are behind open with the others. */
const holdOf = ({ asked }: Cue): { readonly reason?: string } =>
  asked?.alignInMs === undefined || asked.alignInMs === 0 ? {} : { reason: `hold ${asked.alignInMs} ms` };

const landed = (cue: Cue, landing: NonNullable<Cue['landing']>, refOf: RefOf): Omit<NewAsRunRow, 'what'> => ({
  ...facts(cue, refOf),
  at: landing.fireAtUs / 1000,
  ...{ epoch: landing.epoch, pts: landing.pts, frame: landing.frame, errorMs: landing.errorMs },
});

/** What became of a cue, where it is worth a row. @param from null: it has just been accepted. */
export function rowsOfChange(cue: Cue, from: CueState | null, refOf: RefOf): readonly Keyed[] {
  const rows: Keyed[] = [];
  // Nobody enters what a series goes on with: no action tells of it.
  if (from === null && cue.series !== undefined && cue.series.n > 1) {
    const { by, acceptedAt: at } = cue;
    rows.push({ what: 'mark', ...facts(cue, refOf), at, by, state: null, key: `${cue.id}:mark` });
  }
  if (cue.state !== from) {
    const stateRow = rowOfState(cue, refOf);
    if (stateRow !== null) rows.push(stateRow);
  }
  const voiding = cue.voided?.landing ?? null;
  if (voiding !== null) {
    rows.push({ what: 'voided', ...landed(cue, voiding, refOf), key: `${cue.id}:voided` });
  }
  return rows;
}

function rowOfState(cue: Cue, refOf: RefOf): Keyed | null {
  const { id, rev, state, landing } = cue;
  switch (state) {
    case 'announced':
      return { what: 'announced', ...facts(cue, refOf), key: `${id}:announced:${rev}` };
    case 'landed':
      if (landing === null) return null;
      return {
        what: 'landed',
        ...landed(cue, landing, refOf),
        key: `${id}:landed`,
        reason: cue.reason?.code ?? null,
      };
    case 'ended':
    case 'missed':
    case 'uncertain':
      return { what: state, ...facts(cue, refOf), key: `${id}:${state}`, reason: cue.reason?.code ?? null };
    default:
      return null;
  }
}

/** What a crash may have kept from the as-run log, out of the cue log; told again, it is passed over. */
export function rowsOfLoggedCue(cue: Cue, refOf: RefOf): readonly Keyed[] {
  const rows: Keyed[] = [
    {
      what: 'mark',
      ...facts(cue, refOf),
      at: cue.acceptedAt,
      by: cue.by,
      state: null,
      key: `${cue.id}:mark`,
    },
  ];
  if (cue.taken !== undefined) {
    rows.push({
      what: 'take',
      ...facts(cue, refOf),
      ...cue.taken,
      ...holdOf(cue),
      state: null,
      key: `${cue.id}:take`,
    });
  }
  // Landed first, where it is past that: its end says nothing of the picture.
  if (cue.landing !== null && cue.state !== 'landed')
    rows.push(...rowsOfChange({ ...cue, state: 'landed' }, null, refOf));
  if (cue.voided !== undefined) {
    const { at, by } = cue.voided;
    rows.push({ what: 'void', ...facts(cue, refOf), at, by, key: `${cue.id}:void` });
  }
  rows.push(...rowsOfChange(cue, null, refOf));
  return uniqueByKey(rows);
}

function uniqueByKey(rows: readonly Keyed[]): readonly Keyed[] {
  return [...new Map(rows.map((row) => [row.key, row])).values()];
}

const KIND: Readonly<Record<ActionKind, AsRunKind>> = {
  accept: 'mark',
  arm: 'mark',
  take: 'take',
  edit: 'edit',
  cancel: 'cancel',
  void: 'void',
  panic: 'panic',
  'stamping-on': 'stamping',
  'stamping-off': 'stamping',
};

/** @param cue as it now stands, where the action is about one that is known. */
export function rowOfAction(action: DirectorAction, cue: Cue | null, refOf: RefOf): NewAsRunRow {
  const { what, at, by, console, cue: id } = action;
  const common = { what: KIND[what], at, by, console, ...(cue === null ? { cue: id } : facts(cue, refOf)) };
  switch (what) {
    case 'accept':
    case 'arm':
    case 'take':
    case 'void': {
      const hold = cue === null || what === 'void' || what === 'arm' ? {} : holdOf(cue);
      return { ...common, ...hold, ...(id === null ? {} : { key: `${id}:${KIND[what]}` }) };
    }
    case 'panic': {
      const { cancelled = [], voided = [] } = action.cues ?? {};
      return { ...common, reason: `taken back: ${cancelled.length}, voided: ${voided.length}` };
    }
    case 'stamping-on':
    case 'stamping-off':
      return { ...common, reason: what === 'stamping-on' ? 'on' : 'off' };
    case 'cancel':
      return action.from === 'armed' ? { ...common, reason: 'disarmed' } : common;
    case 'edit':
      return common;
  }
}
