import type { Cue } from '../../cues/cue.ts';
import type { CueState } from '../../cues/states.ts';
import type { ActionKind, DirectorAction } from '../action.ts';
import type { AsRunKind, NewAsRunRow } from './row.ts';

type Keyed = NewAsRunRow & { readonly key: string };

const facts = (cue: Cue): Omit<NewAsRunRow, 'what'> => ({
  ...{ cue: cue.id, type: cue.type, title: cue.title ?? null, item: cue.item ?? null },
  ...{ state: cue.state, rehearsal: cue.rehearsal === true },
});

const landed = (cue: Cue, landing: NonNullable<Cue['landing']>): Omit<NewAsRunRow, 'what'> => ({
  ...facts(cue),
  at: landing.fireAtUs / 1000,
  ...{ epoch: landing.epoch, pts: landing.pts, frame: landing.frame, errorMs: landing.errorMs },
});

/** What became of a cue, where it is worth a row. @param from null: it has just been accepted. */
export function rowsOfChange(cue: Cue, from: CueState | null): readonly Keyed[] {
  const rows: Keyed[] = [];
  if (cue.state !== from) {
    const stateRow = rowOfState(cue);
    if (stateRow !== null) rows.push(stateRow);
  }
  const voiding = cue.voided?.landing ?? null;
  if (voiding !== null) {
    rows.push({ what: 'voided', ...landed(cue, voiding), key: `${cue.id}:voided` });
  }
  return rows;
}

function rowOfState(cue: Cue): Keyed | null {
  const { id, rev, state, landing } = cue;
  switch (state) {
    case 'announced':
      return { what: 'announced', ...facts(cue), key: `${id}:announced:${rev}` };
    case 'landed':
      if (landing === null) return null;
      return {
        what: 'landed',
        ...landed(cue, landing),
        key: `${id}:landed`,
        reason: cue.reason?.code ?? null,
      };
    case 'ended':
    case 'missed':
    case 'uncertain':
      return { what: state, ...facts(cue), key: `${id}:${state}`, reason: cue.reason?.code ?? null };
    default:
      return null;
  }
}

/** What a crash may have kept from the as-run log, out of the cue log; told again, it is passed over. */
export function rowsOfLoggedCue(cue: Cue): readonly Keyed[] {
  const rows: Keyed[] = [
    { what: 'mark', ...facts(cue), at: cue.acceptedAt, by: cue.by, state: null, key: `${cue.id}:mark` },
  ];
  if (cue.taken !== undefined) {
    rows.push({ what: 'take', ...facts(cue), ...cue.taken, state: null, key: `${cue.id}:take` });
  }
  // Landed first, where it is past that: its end says nothing of the picture.
  if (cue.landing !== null && cue.state !== 'landed')
    rows.push(...rowsOfChange({ ...cue, state: 'landed' }, null));
  if (cue.voided !== undefined) {
    const { at, by } = cue.voided;
    rows.push({ what: 'void', ...facts(cue), at, by, key: `${cue.id}:void` });
  }
  rows.push(...rowsOfChange(cue, null));
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
export function rowOfAction(action: DirectorAction, cue: Cue | null): NewAsRunRow {
  const { what, at, by, console, cue: id } = action;
  const common = { what: KIND[what], at, by, console, ...(cue === null ? { cue: id } : facts(cue)) };
  switch (what) {
    case 'accept':
    case 'arm':
    case 'take':
    case 'void':
      return { ...common, ...(id === null ? {} : { key: `${id}:${KIND[what]}` }) };
    case 'panic': {
      const { cancelled = [], voided = [] } = action.cues ?? {};
      return { ...common, reason: `taken back: ${cancelled.length}, voided: ${voided.length}` };
    }
    case 'stamping-on':
    case 'stamping-off':
      return { ...common, reason: what === 'stamping-on' ? 'on' : 'off' };
    case 'edit':
    case 'cancel':
      return common;
  }
}
