import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCorpus } from './lib/corpus.ts';
import { runOnce, withoutStacks } from './lib/engine.ts';
import { Random } from './lib/random.ts';
import { Mutator } from './mutate/index.ts';
import { escapeByBytes, unescapeByBytes } from './reference/escape.ts';
import {
  joinAnnexB,
  joinAvcc,
  joinFlv,
  joinSei,
  splitAnnexB,
  splitAvcc,
  splitFlv,
  splitSei,
} from './reference/framing.ts';
import { TARGETS } from './targets/index.ts';

const corpus = readCorpus();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 60 });

describe('any bytes, and any few bytes of a seed changed', () => {
  test.each(TARGETS)('break nothing of $name', (target) => {
    const seeds = target.kinds.flatMap((kind) => corpus.seeds[kind]);
    const seed = fc.constantFrom(...seeds);
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
    const changed = fc.tuple(seed, changes).map(([data, edits]) => {
      const out = data.slice();
      for (const [at, value] of edits) if (out.length > 0) out[at % out.length] = value;
      return out;
    });
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 200 })), (input) => {
        expect(withoutStacks(() => runOnce(target, input))).toBeNull();
      }),
      { numRuns: 60 },
    );
  });
});

describe('the reference that the parser is held against', () => {
  test('frames what it takes apart', () => {
    fc.assert(
      fc.property(
        fc.array(anyBytes, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(1, 2, 4),
        (units, size) => {
          const split = splitAvcc(joinAvcc(units, size as 1 | 2 | 4), size as 1 | 2 | 4);
          expect(split.nals.map(hex)).toEqual(units.map(hex));
          expect(split.whole).toBe(true);
          const escaped = units.map((unit) =>
            Uint8Array.of(0x41, ...escapeByBytes(Uint8Array.of(...unit, 0x80))),
          );
          expect(splitAnnexB(joinAnnexB(escaped, 2)).map(hex)).toEqual(escaped.map(hex));
          const messages = units.map((payload, type) => ({ type: type * 200, payload }));
          expect(splitSei(joinSei(messages)).map(({ type, payload }) => [type, hex(payload)])).toEqual(
            messages.map(({ type, payload }) => [type, hex(payload)]),
          );
          const tags = units.map((body, i) => ({ type: 9, time: i * 2 ** 24 + 5, body }));
          expect(splitFlv(joinFlv(tags)).map(({ time, body }) => [time, hex(body)])).toEqual(
            tags.map(({ time, body }) => [time, hex(body)]),
          );
        },
      ),
    );
  });

  test('escapes so that nothing reads as a start code, and undoes it', () => {
    const zeroish = fc.array(fc.oneof(fc.constant(0), fc.nat(4), fc.nat(255)), { maxLength: 60 });
    fc.assert(
      fc.property(zeroish, (list) => {
        const escaped = escapeByBytes(Uint8Array.from(list));
        expect(hex(escaped)).not.toMatch(/^(?:..)*00000[012]/);
        expect([...unescapeByBytes(escaped)]).toEqual(list);
      }),
    );
  });
});

test('the same seed makes the same inputs, none longer than allowed', () => {
  const mutator = new Mutator(corpus);
  const made = (seed: number): string[] => {
    const random = new Random(seed);
    return Array.from({ length: 300 }, () => hex(mutator.input('avcc', corpus.seeds.avcc, random)));
  };
  expect(made(5)).toEqual(made(5));
  expect(made(5)).not.toEqual(made(6));
  expect(Math.max(...made(7).map((text) => text.length / 2))).toBeLessThanOrEqual(16_384);
});
