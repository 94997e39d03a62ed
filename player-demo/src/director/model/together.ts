import { booleanOf, isObject, listOf, momentOf, numberOf, textOf } from '../../shared/json.ts';

/** A console as others see it. */
export interface Seat {
  readonly console: string;
  readonly name: string;
  /** Unix milliseconds; null where not told. */
  readonly since: number | null;
}

/** Who may change cues. */
export interface Control {
  readonly holder: Seat | null;
  readonly standby: readonly Seat[];
}

export function readControl(value: unknown): Control | null {
  if (!isObject(value)) return null;
  if (!('holder' in value)) return null;
  return { holder: readSeat(value.holder), standby: listOf(value.standby, readSeat) ?? [] };
}

function readSeat(value: unknown): Seat | null {
  if (!isObject(value)) return null;
  const id = textOf(value.console);
  if (id === null) return null;
  return { console: id, name: textOf(value.name) ?? id, since: momentOf(value.since) };
}

/** Where this console stands. */
export type Standing = 'in-control' | 'standby' | 'nobody' | 'alone';

/** `alone`: the server knows no control, so nobody is kept out. */
export function standingOf(control: Control | null, self: string): Standing {
  if (control === null) return 'alone';
  if (control.holder === null) return 'nobody';
  return control.holder.console === self ? 'in-control' : 'standby';
}

/** Rehearsal or the show; null where the server knows no modes. */
export function readMode(value: unknown): { readonly rehearsal: boolean } | null {
  if (!isObject(value)) return null;
  const rehearsal = booleanOf(value.rehearsal);
  return rehearsal === null ? null : { rehearsal };
}

/** Everybody whose console is open, this one too. */
export function readPresence(value: unknown): readonly Seat[] | null {
  return isObject(value) ? listOf(value.consoles, readSeat) : null;
}

/** One line of the as-run log. */
export interface AsRunLine {
  /** Counts up within the log. */
  readonly seq: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly timecode: string | null;
  readonly what: string;
  readonly cue: string | null;
  readonly item: string | null;
  readonly type: string | null;
  readonly title: string | null;
  readonly by: string | null;
  readonly console: string | null;
  readonly pts: number | null;
  readonly frame: number | null;
  readonly errorMs: number | null;
  readonly state: string | null;
  readonly reason: string | null;
  readonly rehearsal: boolean;
}

export function readAsRun(value: unknown): readonly AsRunLine[] | null {
  const list = isObject(value) ? value.rows : value;
  return listOf(list, readAsRunLine);
}

export function readAsRunLine(value: unknown): AsRunLine | null {
  if (!isObject(value)) return null;
  const at = momentOf(value.at);
  const what = textOf(value.what);
  if (at === null || what === null) return null;
  const reason = isObject(value.reason) ? textOf(value.reason.text) : textOf(value.reason);
  return {
    ...{ at, what, reason },
    seq: numberOf(value.seq) ?? at,
    timecode: textOf(value.timecode),
    cue: textOf(value.cue),
    item: textOf(value.item),
    type: textOf(value.type),
    title: textOf(value.title),
    by: textOf(value.by),
    console: textOf(value.console),
    pts: numberOf(value.pts),
    frame: numberOf(value.frame),
    errorMs: numberOf(value.errorMs),
    state: textOf(value.state),
    rehearsal: booleanOf(value.rehearsal) ?? false,
  };
}
