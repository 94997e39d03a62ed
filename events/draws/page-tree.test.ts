import { expect, test } from 'vitest';
import { levelsOf, PAGE_LEAVES } from '../../draws/index.ts';
import { nodeSha256 } from '../../packet/node-sha256.ts';
import { levelsInTurns } from './page-tree.ts';

const leavesOf = (count: number): Uint8Array => {
  const leaves = new Uint8Array(count * 32);
  for (let i = 0; i < count; i++) leaves.set(nodeSha256(Uint8Array.of(i & 0xff, i >> 8)), i * 32);
  return leaves;
};

test.each([0, 1, 2, 255, 256, 257, 511, 512, 513, 769, 1000, PAGE_LEAVES - 1, PAGE_LEAVES])(
  'the tree over %i leaves is the same as in one go',
  async (count) => {
    const leaves = leavesOf(count);
    expect(await levelsInTurns(leaves, nodeSha256)).toEqual(levelsOf(leaves, nodeSha256));
  },
);

test('others get their turn while a whole page is hashed', async () => {
  let turns = 0;
  let done = false;
  const count = () => {
    if (done) return;
    turns++;
    setImmediate(count);
  };
  setImmediate(count);
  await levelsInTurns(leavesOf(PAGE_LEAVES), nodeSha256);
  done = true;
  expect(turns).toBeGreaterThan(16);
});
