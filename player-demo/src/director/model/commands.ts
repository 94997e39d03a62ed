import type { KeyPress, KeyTarget } from '../keys.ts';

/** What one key means. */
export const COMMANDS = [
  'take',
  'take-held',
  'arm',
  'up',
  'down',
  'skip',
  'reset',
  'open',
  'lock',
  'reveal',
  'void',
  'next-question',
  'panic',
  'confirm',
  'leave',
  'control',
  'mode',
  'load',
  'status',
  'help',
  'panel-cues',
  'panel-spread',
  'panel-timing',
  'panel-log',
  'panel-stage',
  'align',
] as const;
export type Command = (typeof COMMANDS)[number];

export interface KeyLine {
  readonly command: Command;
  /** As people call it. */
  readonly keys: readonly string[];
  readonly what: string;
  readonly group: 'show' | 'round' | 'safety' | 'page';
}

/** The one table of keys: the overlay, the hints on buttons and the docs are held against it. */
export const KEY_LINES: readonly KeyLine[] = [
  { command: 'take', keys: ['Space', 'T'], what: 'Take the item at hand', group: 'show' },
  {
    command: 'take-held',
    keys: ['H'],
    what: 'Take it with the hold that opens 99 % together',
    group: 'show',
  },
  { command: 'arm', keys: ['A'], what: 'Arm it; armed: disarm it', group: 'show' },
  { command: 'down', keys: ['↓', 'J'], what: 'The item below', group: 'show' },
  { command: 'up', keys: ['↑', 'K'], what: 'The item above', group: 'show' },
  { command: 'skip', keys: ['S'], what: 'Skip it', group: 'show' },
  { command: 'reset', keys: ['Z'], what: 'Reset it: it can be taken again', group: 'show' },
  { command: 'load', keys: ['U'], what: 'Load or check a rundown', group: 'show' },
  { command: 'open', keys: ['O'], what: 'Open the question on deck', group: 'round' },
  { command: 'lock', keys: ['L'], what: 'Lock the round on air', group: 'round' },
  { command: 'reveal', keys: ['R'], what: 'Reveal it', group: 'round' },
  { command: 'void', keys: ['V'], what: 'Void it, then Enter', group: 'round' },
  { command: 'next-question', keys: ['N'], what: 'The next question', group: 'round' },
  {
    command: 'panic',
    keys: ['Shift Backspace'],
    what: 'Panic: hold 1 s, or press twice. Closes everything',
    group: 'safety',
  },
  { command: 'confirm', keys: ['Enter'], what: 'Confirm what is asked', group: 'safety' },
  { command: 'leave', keys: ['Esc'], what: 'Leave what is asked, or close', group: 'safety' },
  { command: 'control', keys: ['G'], what: 'Get control, or give it up', group: 'safety' },
  { command: 'mode', keys: ['M'], what: 'Rehearsal on or off, then Enter', group: 'safety' },
  { command: 'status', keys: ['F'], what: 'Full-screen status', group: 'page' },
  { command: 'panel-cues', keys: ['1'], what: 'Cues and receipts', group: 'page' },
  { command: 'panel-spread', keys: ['2'], what: 'Spread of the apps', group: 'page' },
  { command: 'panel-timing', keys: ['3'], what: 'Timing: delay, clocks, aligner', group: 'page' },
  { command: 'panel-log', keys: ['4'], what: 'As-run log', group: 'page' },
  { command: 'panel-stage', keys: ['5'], what: 'Stage: what it shows, and leave to touch', group: 'page' },
  { command: 'align', keys: ['B'], what: 'Aligner: mark the moment that you see', group: 'page' },
  { command: 'help', keys: ['?'], what: 'These keys', group: 'page' },
];

const NAMES: { readonly [key: string]: string | undefined } = {
  ' ': 'space',
  ArrowDown: '↓',
  ArrowUp: '↑',
  Escape: 'esc',
};

const BY_KEY = new Map(
  KEY_LINES.flatMap(({ command, keys }) => keys.map((key) => [key.toLowerCase(), command] as const)),
);

/** Inputs that take no text: letters typed on them mean the console. */
const TEXTLESS = new Set(['button', 'checkbox', 'radio', 'range', 'submit', 'reset', 'color', 'file']);

export interface KeyPlace {
  /** A dialog or overlay is open: only what closes it, and panic, work. */
  readonly modal: boolean;
  /** Something is asked: Enter is its answer wherever the focus is. */
  readonly guarded: boolean;
}

export type ShowKeyPress = KeyPress & { readonly shiftKey: boolean };

/** Null for all that is not meant for the console: a held key, a shortcut, typing. */
export function commandOfKey(press: ShowKeyPress, place: KeyPlace): Command | null {
  if (press.isComposing || press.ctrlKey || press.metaKey || press.altKey || press.repeat) return null;
  // Panic works from everywhere, a text field among them: nobody types it by chance.
  if (press.shiftKey && press.key === 'Backspace') return 'panic';
  if (press.defaultPrevented) return null;
  const { target } = press;
  if (target !== null && takesText(target)) return null;
  const name = NAMES[press.key] ?? press.key;
  const command = BY_KEY.get(name.toLowerCase()) ?? null;
  if (place.modal || (command === 'confirm' && !place.guarded)) return null;
  // Space, Enter and the arrows belong to a control that has the focus.
  if (command !== null && target !== null && isTaken(press.key, target)) return null;
  return command;
}

function takesText({ tagName, type, isContentEditable }: KeyTarget): boolean {
  if (isContentEditable || tagName === 'TEXTAREA' || tagName === 'SELECT') return true;
  return tagName === 'INPUT' && !TEXTLESS.has(type ?? 'text');
}

function isTaken(key: string, { tagName }: KeyTarget): boolean {
  if (key === ' ' || key === 'Enter') return ['BUTTON', 'A', 'INPUT', 'SUMMARY'].includes(tagName);
  return key.startsWith('Arrow') && SCROLLED.includes(tagName);
}

/** Lists that scroll in themselves and have the focus. */
const SCROLLED: readonly string[] = ['OL', 'UL', 'TABLE'];

/** How a key is called on its button. */
export const keyOf = (command: Command): string =>
  KEY_LINES.find((line) => line.command === command)!.keys[0]!;
