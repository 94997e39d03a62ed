/** What the stage is told and tells. Moments are Unix milliseconds of the server's clock. */

export const STAGE_VIEWS = ['countdown', 'question', 'result', 'blank', 'slate', 'test'] as const;
export type StageView = (typeof STAGE_VIEWS)[number];

export interface StageScreen {
  /** Chosen by the screen when it is first opened, and kept by it. */
  readonly screen: string;
  readonly name: string;
  readonly role: 'show' | 'standby';
  readonly since: number;
  readonly heardAt: number;
  /** Not heard of for too long: nobody knows what it shows. */
  readonly lost: boolean;
  /** It takes over by itself when the shown one is lost. */
  readonly auto: boolean;
}

/** What all screens are to show. */
export interface StageShow {
  readonly view: StageView;
  /** A line that the director wants above a countdown or a blank screen; null: none. */
  readonly text: string | null;
  /** Null: nobody has chosen yet. */
  readonly at: number | null;
  readonly by: string | null;
}

/** A touch on the shown screen may take this, once. */
export interface StageLeave {
  /** What a touch names: another leave for the same cue is another one. */
  readonly id: string;
  readonly item: string | null;
  readonly cue: string | null;
  /** What consoles call it: never shown on stage. */
  readonly title: string | null;
  /** What stands on the button; null: the screen's own words. */
  readonly label: string | null;
  /** It gives prizes: the screen asks for more than a tap. */
  readonly prize: boolean;
  readonly at: number;
  readonly until: number;
  readonly by: string;
  readonly console: string | null;
}

/** What became of the newest touch that took something. */
export interface StageTaken {
  readonly leave: string;
  readonly screen: string;
  readonly at: number;
  readonly cue: string;
  readonly item: string | null;
  readonly state: string;
  /** Where it landed; null until then. PTS in milliseconds. */
  readonly pts: number | null;
  readonly frame: number | null;
  readonly landedAt: number | null;
  readonly reason: { readonly code: string; readonly text: string } | null;
}

/** What is counted down to: the next cue whose moment is known. */
export interface StageNext {
  readonly state: 'waiting' | 'announced' | 'planned';
  /** When its picture passes the injector, as far as is known now. */
  readonly at: number;
  readonly rehearsal: boolean;
}

/** `GET /api/v1/streams/{app}/{name}/stage`, and the event `stage` of consoles. */
export interface StageState {
  readonly at: number;
  /** Id of the screen that is shown; null: none has said that it is. */
  readonly shown: string | null;
  readonly screens: readonly StageScreen[];
  readonly show: StageShow;
  readonly leave: StageLeave | null;
  readonly taken: StageTaken | null;
  readonly next: StageNext | null;
  readonly rehearsal: boolean;
}

/**
 * What screens are told: event `stage` of `GET .../stage/events`. It hangs behind a presenter: no titles, no ids of
 * cues and items, nothing of what is in a cue.
 */
export interface ScreenState {
  readonly at: number;
  readonly instance: string;
  readonly shown: string | null;
  readonly screens: readonly StageScreen[];
  readonly show: Omit<StageShow, 'by'>;
  readonly leave: Pick<StageLeave, 'id' | 'label' | 'prize' | 'at' | 'until'> | null;
  readonly taken: Omit<StageTaken, 'cue' | 'item'> | null;
  readonly next: StageNext | null;
  readonly rehearsal: boolean;
}

/** A secret for stage machines, as the API lists it. */
export interface StageTicket {
  readonly id: string;
  readonly stream: string;
  readonly name: string;
  readonly by: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}
