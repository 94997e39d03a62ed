import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unixMs } from '../../packet/time.ts';
import { ViewerTokens } from './viewer-token.ts';

const tokens = new ViewerTokens('a-session-key-for-tests');
const EXP = unixMs(1_700_000_000_000);
const BEFORE = unixMs(EXP - 1);

describe('a viewer token', () => {
  test('gives back its viewer until it expires', () => {
    const token = tokens.issue('ann', EXP);
    expect(token).toMatch(/^fc1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/);
    expect(tokens.check(token, BEFORE)).toEqual({ kind: 'viewer', viewer: 'ann', exp: EXP });
    expect(tokens.check(token, EXP)).toEqual({ kind: 'expired' });
  });

  test('holds any name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (viewer) => {
        fc.pre(viewer.isWellFormed());
        expect(tokens.check(tokens.issue(viewer, EXP), BEFORE)).toMatchObject({ viewer });
      }),
    );
  });

  test('tells the region that its session was given, and nobody can put one in', () => {
    const token = tokens.issue('ann of b', EXP, 'DE');
    expect(token).toMatch(/^fr1\./);
    expect(tokens.check(token, BEFORE)).toEqual({
      kind: 'viewer',
      viewer: 'ann of b',
      exp: EXP,
      region: 'DE',
    });
    expect(tokens.check(token, EXP)).toEqual({ kind: 'expired' });
    expect(tokens.check(token.replace('fr1', 'fc1'), BEFORE)).toEqual({ kind: 'forged' });
    expect(tokens.check(tokens.issue('DE ann', EXP).replace('fc1', 'fr1'), BEFORE)).toEqual({
      kind: 'forged',
    });
  });

  test('with any one character changed, or cut, or of another key, it is forged', () => {
    const token = tokens.issue('ann', EXP);
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      expect(tokens.check(changed, BEFORE)).toEqual({ kind: 'forged' });
      expect(tokens.check(token.slice(0, at), BEFORE)).toEqual({ kind: 'forged' });
    }
    const foreign = new ViewerTokens('another-session-key').issue('ann', EXP);
    expect(tokens.check(foreign, BEFORE)).toEqual({ kind: 'forged' });
  });

  test('nothing that comes in makes it throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((s) => `fc1.${s}.${'A'.repeat(43)}`),
        ),
        (text) => {
          expect(tokens.check(text, BEFORE)).toEqual({ kind: 'forged' });
        },
      ),
    );
    expect(tokens.check(`fc1.${'A'.repeat(2_000)}.${'A'.repeat(43)}`, BEFORE)).toEqual({ kind: 'forged' });
  });
});
