import { describe, expect, test } from 'vitest';
import { newSigningKey } from '../../test/stamped-stream.ts';
import { json, VirtualNet } from '../../test/virtual-net.ts';
import { KeyStore } from './key-store.ts';

const first = newSigningKey().publicJwk;
const second = newSigningKey().publicJwk;

function rig(given?: { keys: readonly (typeof first)[] }) {
  const net = new VirtualNet();
  const state = { changes: 0, problems: [] as string[] };
  net.reply = () => json({ keys: [first] });
  const store = new KeyStore(net, {
    url: 'http://events/.well-known/framecue-keys.json',
    given,
    onProblem: (code) => state.problems.push(code),
    onChange: () => state.changes++,
  });
  return { net, store, state };
}

describe('KeyStore', () => {
  test('fetches once, and again for an unknown key, but not more often than every half minute', async () => {
    const { net, store, state } = rig();
    store.refresh();
    store.refresh();
    await net.advance(0);
    expect(store.keys.keys).toEqual([first]);
    for (let i = 0; i < 100; i++) store.refresh();
    await net.advance(29_000);
    store.refresh();
    expect(net.calls).toHaveLength(1);
    net.reply = () => json({ keys: [first, second] });
    await net.advance(1000);
    store.refresh();
    await net.advance(0);
    expect(store.keys.keys).toEqual([first, second]);
    expect(net.calls).toHaveLength(2);
    expect(state.changes).toBe(2);
  });

  test('goes on trying until it has them', async () => {
    const { net, store, state } = rig();
    net.reply = () => (net.calls.length < 3 ? null : json({ keys: [first] }));
    store.refresh();
    await net.advance(20_000);
    expect(store.keys.keys).toEqual([first]);
    expect(state.problems).toEqual(['ERR_CLIENT_NETWORK', 'ERR_CLIENT_NETWORK']);
  });

  test('a server that hangs is given up', async () => {
    const { net, store } = rig();
    net.reply = () => (net.calls.length < 2 ? 'hang' : json({ keys: [first] }));
    store.refresh();
    await net.advance(10_000);
    expect(store.keys.keys).toEqual([first]);
  });

  test('keys that the page brought are all there is', async () => {
    const { net, store } = rig({ keys: [second] });
    store.refresh();
    await net.advance(60_000);
    expect(store.keys.keys).toEqual([second]);
    expect(net.calls).toEqual([]);
  });

  test('passes over keys of other kinds; no set at all is a problem', async () => {
    const { net, store, state } = rig();
    net.reply = () =>
      net.calls.length === 1
        ? json({ keys: 'x' })
        : json({ keys: [null, { kty: 'RSA', kid: 'r' }, { ...first, x: 5 }, first] });
    store.refresh();
    await net.advance(5000);
    expect(store.keys.keys).toEqual([first]);
    expect(state.problems).toEqual(['ERR_CLIENT_RESPONSE']);
  });

  test('destroy ends it', async () => {
    const { net, store } = rig();
    net.reply = () => null;
    store.refresh();
    await net.advance(1);
    store.destroy();
    await net.advance(600_000);
    expect([net.calls.length, net.timers]).toEqual([1, 0]);
  });
});
