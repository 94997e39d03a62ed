import { describe, expect, test } from 'vitest';
import { KeptBodies } from './kept-bodies.ts';

describe('answers that are kept as bytes', () => {
  const counted = () => {
    let made = 0;
    return {
      count: () => made,
      make: async (text = 'x') => {
        made++;
        return { text };
      },
    };
  };

  test('are made once, however many ask at once and afterwards, and anew when what they follow from is another', async () => {
    const kept = new KeptBodies();
    const { make, count } = counted();
    const first = await Promise.all(Array.from({ length: 100 }, () => kept.of('a', 'open', make)));
    expect(new Set(first).size).toBe(1);
    expect(await kept.of('a', 'open', make)).toBe(first[0]);
    expect(count()).toBe(1);
    const second = await kept.of('a', 'drawn', () => make('y'));
    expect(second.bytes.toString()).toBe('{"text":"y"}');
    expect(second.etag).not.toBe(first[0]!.etag);
    expect((await kept.of('a', 'open', make)).etag).toBe(first[0]!.etag);
    expect(count()).toBe(3);
  });

  test('take so much room and no more: those that were asked for last stay', async () => {
    const kept = new KeptBodies(250);
    const { make, count } = counted();
    const hundred = () => make('x'.repeat(89));
    for (const key of ['a', 'b', 'a', 'c']) await kept.of(key, '', hundred);
    expect(count()).toBe(3);
    await kept.of('a', '', hundred);
    await kept.of('c', '', hundred);
    expect(count()).toBe(3);
    await kept.of('b', '', hundred);
    expect(count()).toBe(4);
    // One that is larger than all the room is made each time, and takes nobody else's for longer than that.
    const large = () => make('x'.repeat(300));
    for (const _ of [1, 2]) await kept.of('large', '', large);
    expect(count()).toBe(6);
    await kept.of('d', '', hundred);
    await kept.of('d', '', hundred);
    expect(count()).toBe(7);
  });

  test('that could not be made are nobody else’s failure', async () => {
    const kept = new KeptBodies();
    const failing = () => Promise.reject(new Error('away'));
    await expect(kept.of('a', '', failing)).rejects.toThrow('away');
    const { make } = counted();
    expect((await kept.of('a', '', make)).bytes.toString()).toBe('{"text":"x"}');
  });
});
