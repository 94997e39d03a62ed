/** What a director can do to the question on deck. */
export const ACTIONS = ['open', 'lock', 'reveal', 'cancel'] as const;
export type Action = (typeof ACTIONS)[number];

export type KeyCommand = Action | 'next';

const KEYS: { readonly [key: string]: KeyCommand | undefined } = {
  o: 'open',
  ' ': 'open',
  l: 'lock',
  r: 'reveal',
  c: 'cancel',
  n: 'next',
};

/** What is needed of a keyboard event and of the element that it went to. */
export interface KeyPress {
  readonly key: string;
  readonly repeat: boolean;
  readonly isComposing: boolean;
  readonly defaultPrevented: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly target: KeyTarget | null;
}

export interface KeyTarget {
  readonly tagName: string;
  readonly type?: string | undefined;
  readonly isContentEditable: boolean;
}

/** Inputs that take no text: letters typed on them mean the console. */
const TEXTLESS = new Set([
  'button',
  'checkbox',
  'radio',
  'range',
  'submit',
  'reset',
  'color',
  'file',
  'image',
]);

/** Null for all that is not meant for the console: a held key, a shortcut, typing. */
export function commandOf(press: KeyPress): KeyCommand | null {
  if (press.repeat || press.isComposing || press.defaultPrevented) return null;
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  const { target } = press;
  if (target !== null && takesText(target)) return null;
  // The space bar belongs to a control that has the focus.
  if (press.key === ' ' && target !== null && isControl(target)) return null;
  return KEYS[press.key.toLowerCase()] ?? null;
}

function takesText({ tagName, type, isContentEditable }: KeyTarget): boolean {
  if (isContentEditable || tagName === 'TEXTAREA' || tagName === 'SELECT') return true;
  return tagName === 'INPUT' && !TEXTLESS.has(type ?? 'text');
}

const isControl = ({ tagName }: KeyTarget): boolean => ['BUTTON', 'A', 'INPUT', 'SUMMARY'].includes(tagName);
