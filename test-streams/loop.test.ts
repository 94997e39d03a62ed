import { describe, expect, it } from 'vitest';
import { Loop } from './loop.ts';

const loop = new Loop(600);

describe('frames between the numbers of a stream that repeats itself', () => {
  it('go the nearer way where nothing else is known', () => {
    expect([loop.distance(10, 12), loop.distance(12, 10), loop.distance(599, 1)]).toEqual([2, -2, 2]);
    expect(loop.distance(10, 350)).toBe(-260);
  });

  it('go the way of their PTS: 13.6 s behind is not 10.4 s early', () => {
    expect(loop.since(10, 350, 13_600)).toBe(340);
    expect(loop.since(350, 10, 10_400)).toBe(260);
    expect([loop.since(12, 10, -80), loop.since(1, 599, -80), loop.since(10, 10, -1)]).toEqual([-2, -2, 0]);
  });

  it('lie nearest to what is said of them: a picture on screen beside the player’s word', () => {
    expect([loop.near(10, 350, 340), loop.near(10, 351, 340), loop.near(10, 349, 340)]).toEqual([
      340, 341, 339,
    ]);
    // One picture early by the pixels stays early, whatever the player says.
    expect([loop.near(10, 9, 0), loop.near(0, 599, 0), loop.near(10, 9, null)]).toEqual([-1, -1, -1]);
  });
});
