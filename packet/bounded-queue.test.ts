import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoundedQueue } from './bounded-queue.ts';

const roomy = { maxItems: 1000, maxBytes: 1_000_000 };

describe('a bounded queue', () => {
  test('gives back in order', () => {
    const queue = new BoundedQueue<string>(roomy);
    for (const item of ['a', 'b', 'c']) expect(queue.push(item, 10)).toBe(true);
    expect([...queue]).toEqual(['a', 'b', 'c']);
    expect([queue.peek(), queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([
      'a',
      'a',
      'b',
      'c',
      undefined,
    ]);
    expect({ size: queue.size, bytes: queue.bytes }).toEqual({ size: 0, bytes: 0 });
  });

  test('refuses past its items and past its bytes, and counts it', () => {
    const queue = new BoundedQueue<number>({ maxItems: 2, maxBytes: 100 });
    expect(queue.push(1, 101)).toBe(false);
    expect(queue.push(1, 60)).toBe(true);
    expect(queue.push(2, 41)).toBe(false);
    expect(queue.push(2, 40)).toBe(true);
    expect(queue.push(3, 0)).toBe(false);
    expect(queue.counts).toEqual({ pushed: 2, refused: 3, dropped: 0, droppedBytes: 0, peakBytes: 100 });
  });

  test('drops what the caller names, and nothing else', () => {
    const queue = new BoundedQueue<number>(roomy);
    for (const item of [1, 2, 3, 4, 5]) queue.push(item, item);
    queue.shift();
    expect(queue.dropWhere((item) => item % 2 === 1)).toBe(2);
    expect([...queue]).toEqual([2, 4]);
    expect(queue.bytes).toBe(6);
    expect(queue.clear()).toBe(2);
    expect(queue.counts).toMatchObject({ dropped: 4, droppedBytes: 14, peakBytes: 15 });
  });

  test('takes new limits for what comes', () => {
    const queue = new BoundedQueue<number>({ maxItems: 5, maxBytes: 10 });
    queue.push(1, 10);
    queue.setLimits({ maxItems: 5, maxBytes: 5 });
    expect(queue.bytes).toBe(10);
    expect(queue.push(2, 1)).toBe(false);
    queue.setLimits({ maxItems: 5, maxBytes: 20 });
    expect(queue.push(2, 10)).toBe(true);
  });

  test('refuses limits that allow nothing', () => {
    expect(() => new BoundedQueue({ maxItems: 0, maxBytes: 1 })).toThrow(RangeError);
    expect(() => new BoundedQueue({ maxItems: 1, maxBytes: Number.NaN })).toThrow(RangeError);
  });

  test('is a list with limits, whatever is done to it', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('push' as const), bytes: fc.nat(40) }),
      fc.record({ do: fc.constantFrom('shift' as const, 'drop-even' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const limits = { maxItems: 90, maxBytes: 1000 };
        const queue = new BoundedQueue<number>(limits);
        let model: { id: number; bytes: number }[] = [];
        steps.forEach((move, id) => {
          if (move.do === 'push') {
            const total = model.reduce((sum, { bytes }) => sum + bytes, 0);
            const fits = model.length < limits.maxItems && total + move.bytes <= limits.maxBytes;
            expect(queue.push(id, move.bytes)).toBe(fits);
            if (fits) model.push({ id, bytes: move.bytes });
          } else if (move.do === 'shift') {
            expect(queue.shift()).toBe(model.shift()?.id);
          } else {
            const kept = model.filter(({ id: item }) => item % 2 === 1);
            expect(queue.dropWhere((item) => item % 2 === 0)).toBe(model.length - kept.length);
            model = kept;
          }
          expect([...queue]).toEqual(model.map((entry) => entry.id));
          expect(queue.bytes).toBe(model.reduce((sum, { bytes }) => sum + bytes, 0));
          expect(queue.size).toBe(model.length);
        });
      }),
    );
  });

  test('lets go of what has left', () => {
    const queue = new BoundedQueue<number>({ maxItems: 10, maxBytes: 100 });
    for (let round = 0; round < 10_000; round++) {
      queue.push(round, 1);
      if (queue.size === 5) expect(queue.shift()).toBe(round - 4);
    }
    expect(queue.size).toBe(4);
    expect(queue.counts.pushed).toBe(10_000);
  });
});
