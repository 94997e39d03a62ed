import { describe, expect, it } from 'vitest';
import { commandOf, type KeyPress, type KeyTarget } from './keys.ts';

const on = (tagName: string, type?: string): KeyTarget => ({ tagName, type, isContentEditable: false });
const press = (key: string, over: Partial<KeyPress> = {}): KeyPress => ({
  key,
  repeat: false,
  isComposing: false,
  defaultPrevented: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  target: on('BODY'),
  ...over,
});

describe('commandOf', () => {
  it.each([
    ['o', 'open'],
    ['O', 'open'],
    [' ', 'open'],
    ['l', 'lock'],
    ['r', 'reveal'],
    ['c', 'cancel'],
    ['n', 'next'],
    ['x', null],
    ['Enter', null],
  ])('%j is %s', (key, command) => expect(commandOf(press(key))).toBe(command));

  it.each([
    ['a held key', { repeat: true }],
    ['a composition', { isComposing: true }],
    ['what another listener dealt with', { defaultPrevented: true }],
    ['Ctrl', { ctrlKey: true }],
    ['Cmd', { metaKey: true }],
    ['Alt', { altKey: true }],
    ['a text field', { target: on('INPUT', 'text') }],
    ['a number field', { target: on('INPUT', 'number') }],
    ['a field without a type', { target: on('INPUT') }],
    ['a text area', { target: on('TEXTAREA') }],
    ['a list that takes letters', { target: on('SELECT') }],
    ['editable text', { target: { tagName: 'DIV', isContentEditable: true } }],
  ])('nothing for %s', (_what, over) => expect(commandOf(press('o', over))).toBeNull());

  it('leaves the space bar to a control with the focus, but not letters', () => {
    expect(commandOf(press(' ', { target: on('BUTTON') }))).toBeNull();
    expect(commandOf(press('l', { target: on('BUTTON') }))).toBe('lock');
    expect(commandOf(press('l', { target: on('INPUT', 'radio') }))).toBe('lock');
  });
});
