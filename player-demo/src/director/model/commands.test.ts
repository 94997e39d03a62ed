import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS, commandOfKey, KEY_LINES, type ShowKeyPress } from './commands.ts';

const press = (key: string, more: Partial<ShowKeyPress> = {}): ShowKeyPress => ({
  ...{ key, repeat: false, isComposing: false, defaultPrevented: false },
  ...{ ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, target: null },
  ...more,
});
const free = { modal: false, guarded: false };
const on = (tagName: string, type?: string) => ({ target: { tagName, type, isContentEditable: false } });

describe('keys', () => {
  it('knows each key once, and each command by a key', () => {
    const keys = KEY_LINES.flatMap((line) => line.keys.map((key) => key.toLowerCase()));
    expect(new Set(keys).size).toBe(keys.length);
    expect([...KEY_LINES.map(({ command }) => command)].sort()).toEqual([...COMMANDS].sort());
  });

  it('is told in the docs as the overlay tells it', () => {
    const docs = readFileSync(new URL('../../../../docs/console.md', import.meta.url), 'utf8');
    for (const { keys, what } of KEY_LINES) {
      expect(docs).toContain(`| ${keys.map((key) => `\`${key}\``).join(' or ')} | ${what} |`);
    }
  });

  it.each([
    [' ', 'take'],
    ['t', 'take'],
    ['T', 'take'],
    ['ArrowDown', 'down'],
    ['Escape', 'leave'],
    ['?', 'help'],
    ['1', 'panel-cues'],
  ])('%j is %s', (key, command) => {
    expect(commandOfKey(press(key), free)).toBe(command);
  });

  it('takes nothing from who types, from shortcuts and from held keys', () => {
    expect(commandOfKey(press('t', on('TEXTAREA')), free)).toBeNull();
    expect(commandOfKey(press('t', on('INPUT', 'text')), free)).toBeNull();
    expect(commandOfKey(press('t', { ctrlKey: true }), free)).toBeNull();
    expect(commandOfKey(press('t', { repeat: true }), free)).toBeNull();
    expect(commandOfKey(press('t', { isComposing: true }), free)).toBeNull();
  });

  it('leaves Space and Enter to the button that has the focus', () => {
    expect(commandOfKey(press(' ', on('BUTTON')), free)).toBeNull();
    expect(commandOfKey(press('Enter', on('BUTTON')), { ...free, guarded: true })).toBeNull();
    expect(commandOfKey(press('t', on('BUTTON')), free)).toBe('take');
    expect(commandOfKey(press('ArrowDown', on('OL')), free)).toBeNull();
  });

  it('confirms only what is asked', () => {
    expect(commandOfKey(press('Enter'), free)).toBeNull();
    expect(commandOfKey(press('Enter'), { ...free, guarded: true })).toBe('confirm');
  });

  it('hears panic everywhere, and by one key alone', () => {
    const typed = press('Backspace', { shiftKey: true, ...on('INPUT', 'text') });
    expect(commandOfKey(typed, { modal: true, guarded: false })).toBe('panic');
    expect(commandOfKey(press('Backspace'), free)).toBeNull();
  });

  it('marks nothing while a dialog is open', () => {
    expect(commandOfKey(press('t'), { modal: true, guarded: true })).toBeNull();
  });
});
