import { describe, expect, test } from 'vitest';
import {
  concat,
  entrantLeaf,
  HASH_BYTES,
  levelsOf,
  merkleRoot,
  pathIn,
  toBase64Url,
  toHex,
} from '../../../draws/index.ts';
import { type Call, json, type Reply, refusal, VirtualNet } from '../../test/virtual-net.ts';
import { ViewerSession } from '../net/session.ts';
import { OwnEntries } from './own-entries.ts';

const entrant = (n: number) => ({ receipt: `receipt-${n}`, viewer: `viewer-${n}`, tier: 'high' as const });
const leaves = concat(...Array.from({ length: 5 }, (_, n) => entrantLeaf(entrant(n))));
const ROOT = toHex(merkleRoot(leaves));
const OWN = 2;
const placeOf = (index: number) => ({
  ...{ index, count: 5, root: ROOT, tier: 'high' },
  leaf: toBase64Url(leaves.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES)),
  path: pathIn(levelsOf(leaves), index).map(toBase64Url),
});
const MINE = {
  ...{ interaction: 'final', state: 'committed', prize: null, place: placeOf(OWN) },
  entry: { receipt: 'receipt-2', status: 'accepted' },
};

function rig(mine: unknown = MINE, list: unknown = { root: ROOT, count: 5 }) {
  const net = new VirtualNet();
  const world = { mine: () => json(mine) as Reply, list };
  net.reply = (call: Call) => {
    if (call.url.endsWith('/session')) return json({ token: `t${net.calls.length}`, viewer: 'viewer-2' });
    if (call.url.endsWith('/mine')) return world.mine();
    return json({ v: 1, interaction: 'final', state: 'committed', commitment: world.list });
  };
  const session = new ViewerSession(net, { url: 'http://events/api/v1/session', token: () => 'jwt' });
  const entries = new OwnEntries(net, {
    ...{ url: 'http://events/api/v1/interactions', session, onProblem: () => undefined },
  });
  const look = async () => {
    const outcome = entries.mine('final');
    await net.advance(60_000);
    return outcome;
  };
  const codeOf = async () => {
    const outcome = await look();
    return outcome.ok ? 'fine' : outcome.error.code;
  };
  return { net, entries, world, look, codeOf };
}

describe("a viewer's own place in the list", () => {
  test('is given out once it was checked: leaf, proof, and the root that everybody is shown', async () => {
    const { look, net } = rig();
    expect(await look()).toEqual({
      ok: true,
      mine: {
        ...{ interaction: 'final', state: 'committed', entry: MINE.entry, prize: null },
        place: { number: 3, count: 5, root: ROOT, tier: 'high', leaf: MINE.place.leaf },
      },
    });
    const published = net.calls.find(({ url }) => url.endsWith('/draw'))!;
    expect(published).toMatchObject({ authorization: null, cache: 'default' });
  });

  test.each([
    ['the leaf of somebody else', { ...MINE, place: placeOf(1) }],
    ['another place', { ...MINE, place: { ...MINE.place, index: 3 } }],
    ['another tier', { ...MINE, place: { ...MINE.place, tier: 'low' } }],
    ['a proof that is cut short', { ...MINE, place: { ...MINE.place, path: MINE.place.path.slice(1) } }],
    ['an entry that counts, and no place', { ...MINE, place: null }],
    ['another receipt', { ...MINE, entry: { ...MINE.entry, receipt: 'receipt-1' } }],
  ])('%s: said in words, never shown as a place', async (_, mine) => {
    const { look } = rig(mine);
    expect(await look()).toMatchObject({
      ok: false,
      error: { code: 'ERR_CLIENT_PROOF', retryable: false, message: expect.stringContaining('receipt') },
    });
  });

  test('a list of one’s own: not the one that everybody is shown', async () => {
    expect(await rig(MINE, { root: 'ab'.repeat(32), count: 5 }).codeOf()).toBe('ERR_CLIENT_PROOF');
    expect(await rig(MINE, { root: ROOT, count: 6 }).codeOf()).toBe('ERR_CLIENT_PROOF');
  });

  test('a list that is another one later', async () => {
    const { codeOf, world, entries } = rig();
    expect(await codeOf()).toBe('fine');
    world.list = { root: 'ab'.repeat(32), count: 5 };
    world.mine = () => json({ ...MINE, place: { ...MINE.place, root: 'ab'.repeat(32) } });
    expect(await codeOf()).toBe('ERR_CLIENT_PROOF');
    entries.destroy();
  });

  test('the receipt that this page was given counts, whatever the server says now', async () => {
    const { codeOf, entries, world } = rig();
    entries.noteReceipt('final', 'receipt-9');
    expect(await codeOf()).toBe('ERR_CLIENT_PROOF');
    world.mine = () => json({ ...MINE, entry: null, place: null, state: 'open' });
    expect(await codeOf()).toBe('ERR_CLIENT_PROOF');
  });

  test('before the list is closed there is none; nor for whoever did not enter, or does not count', async () => {
    const { look } = rig({ ...MINE, state: 'open', place: null });
    expect(await look()).toMatchObject({ ok: true, mine: { place: null, entry: MINE.entry } });
    for (const entry of [null, { receipt: 'receipt-2', status: 'refused' }]) {
      expect(await rig({ ...MINE, entry, place: null }).codeOf()).toBe('fine');
    }
  });

  test('the prize and its grant, as the server tells them after the reveal', async () => {
    const prize = {
      ...{ place: 0, prize: 'car', title: 'A car', right: 'granted' },
      grant: { id: 'g_1', reversed: false, delivered: true },
    };
    const { place, ...told } = prize;
    const { look } = rig({ ...MINE, state: 'revealed', prize });
    expect(await look()).toMatchObject({ ok: true, mine: { prize: told } });
  });

  test('what fails is asked again a few times; a refused token once more; nonsense is no entry', async () => {
    const { codeOf, world, net } = rig();
    const replies: Reply[] = [null, refusal('ERR_TOKEN_EXPIRED', 401, false), 'hang'];
    world.mine = () => (replies.length > 0 ? replies.shift()! : json(MINE));
    expect(await codeOf()).toBe('fine');
    expect(net.calls.filter(({ url }) => url.endsWith('/session'))).toHaveLength(2);
    world.mine = () => null;
    expect(await codeOf()).toBe('ERR_CLIENT_NETWORK');
    world.mine = () => json({ ...MINE, place: { index: -1 } });
    expect(await codeOf()).toBe('ERR_CLIENT_RESPONSE');
  });

  test('a published list that is a second behind is looked at again', async () => {
    const { net, world, entries } = rig(MINE, null);
    const outcome = entries.mine('final');
    await net.advance(1000);
    world.list = { root: ROOT, count: 5 };
    await net.advance(5000);
    expect(await outcome).toMatchObject({ ok: true, mine: { place: { number: 3 } } });
  });
});
