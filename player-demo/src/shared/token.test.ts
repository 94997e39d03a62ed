import { describe, expect, it } from 'vitest';
import { cleanToken, forgetToken, keepToken, takeToken } from './token.ts';

function places(hash: string, kept: string | null = null) {
  const store = new Map(kept === null ? [] : [['framecue.token', kept]]);
  const shown: string[] = [];
  return {
    shown,
    store,
    location: { hash, pathname: '/director.html', search: '?a=1' },
    history: {
      replaceState: (_state: unknown, _title: string, url?: string | URL | null) => shown.push(String(url)),
    },
    storage: {
      getItem: (key: string) => store.get(key) ?? null,
      setItem: (key: string, value: string) => void store.set(key, value),
      removeItem: (key: string) => void store.delete(key),
    },
  };
}

describe('takeToken', () => {
  it('takes it out of the address and keeps it', () => {
    const at = places('#token=abc.def-1', 'old');
    expect(takeToken(at)).toBe('abc.def-1');
    expect(at.shown).toEqual(['/director.html?a=1']);
    expect([...at.store.values()]).toEqual(['abc.def-1']);
  });

  it('falls back to what the tab kept, and leaves other fragments alone', () => {
    const at = places('#deck', 'old');
    expect(takeToken(at)).toBe('old');
    expect(at.shown).toEqual([]);
  });

  it('removes a fragment that cannot be a token, without keeping it', () => {
    const at = places('#token=%00%0a');
    expect(takeToken(at)).toBeNull();
    expect(at.shown).toHaveLength(1);
    expect(at.store.size).toBe(0);
  });

  it('forgets', () => {
    const at = places('');
    keepToken(at.storage, 't');
    expect(takeToken(at)).toBe('t');
    forgetToken(at.storage);
    expect(takeToken(at)).toBeNull();
  });
});

describe('cleanToken', () => {
  it.each([
    ['  abc \n', 'abc'],
    ['Bearer abc==', 'abc=='],
    ['', null],
    ['two words', null],
    ['umläut', null],
  ])('%j', (text, token) => expect(cleanToken(text)).toBe(token));
});
