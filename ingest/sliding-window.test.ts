import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WindowedRange, WindowedSums } from './sliding-window.ts';

test('sums are those of the slots that the window still holds', () => {
  const slots = 5;
  const anyAdd = fc.record({
    passed: fc.integer({ min: 0, max: 30 }),
    column: fc.integer({ min: 0, max: 1 }),
    value: fc.integer({ min: -100, max: 100 }),
  });
  fc.assert(
    fc.property(fc.array(anyAdd, { maxLength: 80 }), fc.integer({ min: 0, max: 80 }), (adds, later) => {
      const sums = new WindowedSums(2, 50, slots);
      const seen: { slot: number; column: number; value: number }[] = [];
      let now = 7;
      for (const { passed, column, value } of adds) {
        now += passed;
        sums.add(now, column, value);
        seen.push({ slot: Math.floor(now / 10), column, value });
      }
      now += later;
      for (const column of [0, 1]) {
        const held = seen.filter((one) => one.column === column && one.slot > Math.floor(now / 10) - slots);
        expect(sums.sum(now, column)).toBe(held.reduce((sum, one) => sum + one.value, 0));
      }
    }),
  );
});

test('the range is that of the slots that the window still holds', () => {
  const anyAdd = fc.record({
    passed: fc.integer({ min: 0, max: 30 }),
    value: fc.integer({ min: -100, max: 100 }),
  });
  fc.assert(
    fc.property(fc.array(anyAdd, { maxLength: 80 }), fc.integer({ min: 0, max: 80 }), (adds, later) => {
      const range = new WindowedRange(50, 5);
      const seen: { slot: number; value: number }[] = [];
      let now = 3;
      for (const { passed, value } of adds) {
        now += passed;
        range.add(now, value);
        seen.push({ slot: Math.floor(now / 10), value });
      }
      now += later;
      const held = seen.filter((one) => one.slot > Math.floor(now / 10) - 5).map((one) => one.value);
      expect(range.range(now)).toBe(held.length === 0 ? 0 : Math.max(...held) - Math.min(...held));
      range.clear();
      expect(range.range(now)).toBe(0);
    }),
  );
});
