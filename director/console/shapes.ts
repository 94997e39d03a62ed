import type { Cue } from '../../cues/cue.ts';
import type { AsRunRow } from '../as-run/row.ts';

/**
 * What consoles are told over `GET /api/v1/streams/{app}/{name}/console`: server-sent events (WHATWG HTML, 9.2),
 * `event:` one of the names below, `data:` its shape as JSON. A connection begins with one `snapshot`; every event
 * after it holds the whole of what it tells of, so that the newest one counts and a lost connection is made good by
 * the next snapshot. Moments are Unix milliseconds.
 */
export interface ConsoleEvents {
  readonly snapshot: ConsoleSnapshot;
  /** A cue as it now stands. */
  readonly cue: Cue;
  readonly control: ControlState;
  readonly mode: ModeState;
  readonly presence: PresenceState;
  /** Something that a person did, or that became of a cue: a row of the as-run log. */
  readonly action: AsRunRow;
  /** Once a second. */
  readonly stream: StreamBrief;
  /** Every two seconds, also where there is no stream: silence for longer than that is a lost connection. */
  readonly beat: Beat;
}

export interface ConsoleSnapshot {
  /** Of this media process: another one means that it was started again, and that control is free. */
  readonly instance: string;
  readonly at: number;
  readonly stream: string;
  /** How often a `beat` comes, milliseconds. */
  readonly beatMs: number;
  /** The newest cues of the stream, by acceptance, newest first. */
  readonly cues: readonly Cue[];
  readonly control: ControlState;
  readonly mode: ModeState;
  readonly presence: PresenceState;
  /** The newest rows of the as-run log, oldest first. */
  readonly actions: readonly AsRunRow[];
  readonly health: StreamBrief;
  /** What other parts publish, by the name of their event: `rundown`, `latency`, `stage`; null: nothing yet. */
  readonly parts: { readonly [event: string]: unknown };
}

/** Who directs. A console is told apart by its id and the token that it brings. */
export interface ControlState {
  readonly at: number;
  readonly holder: ControlHolder | null;
  /** Consoles that stand by to take over. */
  readonly standby: readonly ConsoleName[];
  /** What happened last; null: nothing since the start. */
  readonly change: ControlChange | null;
}

export interface ConsoleName {
  readonly console: string;
  readonly name: string;
  /** Name of its token. */
  readonly by: string;
}

export interface ControlHolder extends ConsoleName {
  readonly since: number;
  /** When it loses control unless it is heard of. */
  readonly until: number;
}

export interface ControlChange extends ConsoleName {
  /** `forced`: taken from the one who held it, `from`. `expired`: `console` was not heard of for too long. */
  readonly kind: 'taken' | 'forced' | 'released' | 'expired';
  readonly at: number;
  readonly from: ConsoleName | null;
}

export interface ModeState {
  readonly rehearsal: boolean;
  /** Null: never switched. */
  readonly since: number | null;
  readonly by: string | null;
}

export interface PresenceState {
  readonly consoles: readonly PresentConsole[];
  /** Connections that gave no id. */
  readonly watching: number;
}

export interface PresentConsole extends ConsoleName {
  readonly since: number;
  readonly holds: boolean;
  readonly standby: boolean;
}

/** The stream's health in short; `GET /api/v1/streams/{app}/{name}` has all of it. */
export interface StreamBrief {
  readonly at: number;
  readonly live: boolean;
  readonly epoch: string | null;
  readonly frame: number;
  /** PTS of the next picture at the injector. */
  readonly pts: number | null;
  readonly frameRate: number | null;
  readonly stamping: boolean;
  readonly viewers: number;
  readonly publisher: { readonly remote: string; readonly encoder: string | null } | null;
  /** Codes of what is wrong with the publisher, the worst first. */
  readonly problems: readonly string[];
  readonly programmeDelayMs: number | null;
}

export interface Beat {
  readonly at: number;
  readonly instance: string;
}
