import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODE_MS, codeBits, FAST_MS, momentOf, readCode, type SlateContent } from './code.ts';
import { COLUMNS, PAIRS } from './layout.ts';

const moment = fc.integer({ min: 1.7e12, max: 2.2e12 });
const content = fc.record({
  unixMs: moment,
  session: fc.integer({ min: 0, max: 255 }),
  valid: fc.constant(true),
});

/** Pairs of displays in one picture: clear where all agree. */
function mixed(contents: readonly SlateContent[]): (boolean | null)[] {
  const all = contents.map(codeBits);
  return all[0]!.map((bit, i) => (all.every((bits) => bits[i] === bit) ? bit : null));
}

describe('the code of a slate', () => {
  it('comes back within its bound, or the slow part is about to change', () => {
    fc.assert(
      fc.property(content, (given) => {
        const reading = readCode(codeBits(given));
        if (!reading.ok) return reading.reason === 'edge' && isNearChange(given.unixMs);
        const read = momentOf(reading.codeMs, given.unixMs + 5_000);
        return Math.abs(read - given.unixMs) <= reading.errorMs && reading.session === given.session;
      }),
    );
  });

  it.each([50, 59.94, 60, 120])('two displays of %d Hz in one picture are both within the bound', (hertz) => {
    fc.assert(
      fc.property(content, (given) => {
        const next = { ...given, unixMs: given.unixMs + 1000 / hertz };
        const reading = readCode(mixed([given, next]));
        if (!reading.ok) return isNearChange(given.unixMs) || (hertz === 50 && reading.reason === 'blended');
        const read = momentOf(reading.codeMs, given.unixMs);
        return [given, next].every(({ unixMs }) => Math.abs(read - unixMs) <= reading.errorMs);
      }),
      { numRuns: 1_000 },
    );
  });

  it('any two displays in one picture are both within the bound, or nothing is read', () => {
    fc.assert(
      fc.property(content, fc.integer({ min: 1, max: 400_000 }), (given, apart) => {
        const other = { ...given, unixMs: given.unixMs + apart };
        const reading = readCode(mixed([given, other]));
        if (!reading.ok) return true;
        const read = momentOf(reading.codeMs, given.unixMs);
        return [given, other].every(({ unixMs }) => Math.abs(read - unixMs) <= reading.errorMs);
      }),
      { numRuns: 5_000 },
    );
  });

  it('any two displays one above the other are never a third moment', () => {
    fc.assert(
      fc.property(
        content,
        fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 400_000 })),
        fc.integer({ min: 0, max: PAIRS }),
        (given, apart, at) => {
          const newer = { ...given, unixMs: given.unixMs + apart };
          const bits = [...codeBits(newer).slice(0, at), ...codeBits(given).slice(at)];
          const reading = readCode(bits);
          if (!reading.ok) return true;
          const read = momentOf(reading.codeMs, given.unixMs);
          return [given, newer].some(({ unixMs }) => Math.abs(read - unixMs) <= reading.errorMs);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('one pair that is read the wrong way round is noticed', () => {
    fc.assert(
      fc.property(content, fc.integer({ min: 0, max: PAIRS - 1 }), (given, at) => {
        const bits = codeBits(given);
        bits[at] = !bits[at];
        const reading = readCode(bits);
        if (!reading.ok) return true;
        return Math.abs(momentOf(reading.codeMs, given.unixMs) - given.unixMs) <= reading.errorMs;
      }),
      { numRuns: 2_000 },
    );
  });

  it('upside down it is refused', () => {
    fc.assert(
      fc.property(content, (given) => {
        const turned = codeBits(given)
          .reverse()
          .map((bit) => !bit);
        expect(readCode(turned).ok).toBe(false);
      }),
    );
  });

  it('a page that does not know its clock says so', () => {
    const bits = codeBits({ unixMs: 1.8e12 + 5_000, session: 3, valid: false });
    expect(readCode(bits)).toEqual({ ok: false, reason: 'not-valid' });
    expect(bits).toHaveLength(PAIRS);
    expect(FAST_MS).toBe(16 * 2 ** COLUMNS);
  });

  it('means the moment nearest to its arrival', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: -200_000_000, max: 200_000_000 }), (unixMs, later) => {
        expect(momentOf(unixMs % CODE_MS, unixMs + later)).toBe(unixMs);
      }),
    );
  });
});

const isNearChange = (unixMs: number): boolean => {
  const within = unixMs % FAST_MS;
  return within < 200 || within > FAST_MS - 200;
};
