import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findAfterZeros } from './find.ts';

const few = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 60 });

it('finds the same by the native search, by the loop that browsers take, and by looking at every byte', () => {
  fc.assert(
    fc.property(few, few, fc.constantFrom(1, 3), fc.nat(5), (head, tail, third, from) => {
      const data = Uint8Array.from([...head, ...new Array(1024).fill(7), ...tail]);
      const every = [...data.keys()].filter(
        (i) => i >= from && data[i] === 0 && data[i + 1] === 0 && data[i + 2] === third,
      );
      const all = (find: (from: number) => number): number[] => {
        const found: number[] = [];
        for (let at = find(from); at !== -1; at = find(at + 1)) found.push(at);
        return found;
      };
      expect(all(findAfterZeros(data, third))).toEqual(every);
      expect(all(findAfterZeros(data, third, null))).toEqual(every);
      const short = Uint8Array.from(head);
      expect(all(findAfterZeros(short, third))).toEqual(every.filter((at) => at + 2 < head.length));
    }),
  );
});
