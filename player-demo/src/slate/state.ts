import { PAGE_CLOCK_ERROR_MS, SESSIONS, type SlateContent } from '../../../cues/slate/code.ts';
import { isObject, numberOf, textOf } from '../shared/json.ts';

/** `GET /api/v1/streams/{app}/{name}/latency/slate` */
export interface ReaderState {
  readonly on: boolean;
  readonly state: 'off' | 'searching' | 'reading' | 'unreadable';
  readonly session: number | null;
  /** Why the reader cannot read the slate, in words; null where it can, or has not tried. */
  readonly problem: string | null;
}

const STATES = ['off', 'searching', 'reading', 'unreadable'] as const;

export function readReader(value: unknown): ReaderState | null {
  if (!isObject(value) || typeof value.on !== 'boolean') return null;
  const state = STATES.find((name) => name === value.state);
  if (state === undefined) return null;
  const session = numberOf(value.session);
  const isSession = session !== null && Number.isInteger(session) && session >= 0 && session < SESSIONS;
  const problem = isObject(value.unreadable) ? textOf(value.unreadable.text) : null;
  return { on: value.on, state, session: isSession ? session : null, problem };
}

/** What the screen says to people; `tone` is drawn as a sign beside the words too. */
export interface SlateWords {
  readonly tone: 'good' | 'wait' | 'bad';
  readonly title: string;
  readonly more: string;
}

export interface SlateNow {
  readonly clock: { readonly unixUs: number; readonly errorUs: number } | null;
  readonly reader: ReaderState | null;
  /** The reader's state could not be asked for; that of before counts no longer. */
  readonly isLost: boolean;
}

/** The code is valid only where all that it says is known. @param fallbackMs this machine's clock */
export function contentOf({ clock, reader, isLost }: SlateNow, fallbackMs: number): SlateContent {
  const unixMs = clock === null ? fallbackMs : clock.unixUs / 1000;
  const session = reader?.session ?? null;
  const valid = isSynchronised(clock) && session !== null && !isLost;
  return { unixMs, session: session ?? 0, valid };
}

export function wordsOf({ clock, reader, isLost }: SlateNow): SlateWords {
  if (isLost) {
    return { tone: 'bad', title: 'CONNECTION LOST', more: 'The code is not valid. It comes back by itself.' };
  }
  if (!isSynchronised(clock)) {
    const known = clock === null ? '' : ` Known to ${Math.ceil(clock.errorUs / 1000)} ms; `;
    const needed = `${PAGE_CLOCK_ERROR_MS} ms are needed.`;
    return {
      tone: 'bad',
      title: 'CLOCK NOT SYNCHRONISED',
      more: `The code is not valid.${known || ' '}${needed}`,
    };
  }
  if (reader === null)
    return { tone: 'wait', title: 'ASKING THE SERVER', more: 'The code is not valid yet.' };
  if (!reader.on || reader.session === null) {
    return {
      tone: 'wait',
      title: 'READER IS OFF',
      more: 'Switch it on by the API; the code is not valid until then.',
    };
  }
  if (reader.state === 'reading')
    return { tone: 'good', title: 'READING', more: 'The server reads this slate.' };
  const more = reader.problem ?? 'The server looks for this slate in the pictures that come in.';
  return reader.state === 'unreadable'
    ? { tone: 'bad', title: 'CANNOT BE READ', more }
    : { tone: 'wait', title: 'SEARCHING', more };
}

const isSynchronised = (clock: SlateNow['clock']): clock is { unixUs: number; errorUs: number } =>
  clock !== null && clock.errorUs <= PAGE_CLOCK_ERROR_MS * 1000;
