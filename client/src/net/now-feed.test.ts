import { describe, expect, test } from 'vitest';
import { json, VirtualNet } from '../../test/virtual-net.ts';
import { type DueCue, NowFeed, readDueCues } from './now-feed.ts';

const entry = {
  id: 'c1',
  rev: 0,
  type: 'interaction.open',
  ref: null,
  data: { interaction: 'q' },
  fireAt: 1_000_000,
  durationMs: 10_000,
  exp: 4_000_000_000_000,
  epoch: 'e1',
  pts: 5000,
};

function rig() {
  const net = new VirtualNet();
  const state = { needed: true, cues: [] as DueCue[], problems: [] as string[] };
  net.reply = () => json({ at: 3_500_000, cues: [entry] });
  const feed = new NowFeed(net, {
    url: 'http://events/api/v1/streams/live/main/now',
    fallbackMs: 2000,
    safetyMs: 10_000,
    isNeeded: () => state.needed,
    onCues: (cues) => state.cues.push(...cues),
    onProblem: (code) => state.problems.push(code),
  });
  return { net, feed, state };
}

describe('NowFeed', () => {
  test('often while it is needed, seldom as a safety net, and caches may answer', async () => {
    const { net, feed, state } = rig();
    feed.start();
    await net.advance(20_000);
    expect(net.calls.length).toBeGreaterThanOrEqual(7);
    expect(net.calls.length).toBeLessThanOrEqual(10);
    expect(net.calls[0]).toMatchObject({ method: 'GET', cache: 'default', authorization: null });
    state.needed = false;
    const before = net.calls.length;
    await net.advance(60_000);
    expect(net.calls.length - before).toBeGreaterThanOrEqual(5);
    expect(net.calls.length - before).toBeLessThanOrEqual(7);
  });

  test('looks at once when the need comes up in the middle of a long wait', async () => {
    const { net, feed, state } = rig();
    state.needed = false;
    feed.start();
    await net.advance(5000);
    expect(net.calls).toHaveLength(0);
    state.needed = true;
    await net.advance(500);
    expect(net.calls).toHaveLength(1);
  });

  test('viewers who came together do not poll together', async () => {
    const first = await Promise.all(
      [0.1, 0.5, 0.9].map(async (random) => {
        const { net, feed } = rig();
        net.randomValue = random;
        feed.start();
        await net.advance(5000);
        return net.calls[0]!.atMs;
      }),
    );
    expect(new Set(first).size).toBe(3);
  });

  test('backs off while the service is away, and comes back', async () => {
    const { net, feed, state } = rig();
    const honest = net.reply;
    net.reply = () => null;
    feed.start();
    await net.advance(300_000);
    expect(net.calls.length).toBeLessThan(14);
    expect(new Set(state.problems)).toEqual(new Set(['ERR_CLIENT_NETWORK']));
    net.reply = honest;
    await net.advance(70_000);
    expect(state.cues.length).toBeGreaterThan(0);
  });

  test('tells what is due and for how long it has been, by the server’s clock', async () => {
    const { net, feed, state } = rig();
    feed.start();
    await net.advance(2500);
    expect(state.cues[0]).toEqual({
      facts: {
        id: 'c1',
        rev: 0,
        type: 'interaction.open',
        exp: 4_000_000_000_000,
        ref: undefined,
        show: undefined,
        audience: undefined,
        durationMs: 10_000,
        alignAt: undefined,
      },
      data: { interaction: 'q' },
      fireAtUs: 1_000_000,
      epoch: 'e1',
      ptsMs: 5000,
      elapsedMs: 2500,
    });
  });

  test('destroy ends it, also in the middle of a poll', async () => {
    const { net, feed } = rig();
    net.reply = () => 'hang';
    feed.start();
    await net.advance(2500);
    expect(net.underWay).toBe(1);
    feed.destroy();
    await net.advance(60_000);
    expect([net.underWay, net.timers, net.calls.length]).toEqual([0, 0, 1]);
  });
});

describe('readDueCues', () => {
  const read = (value: unknown) => {
    const problems: string[] = [];
    const cues = readDueCues(value, (code) => problems.push(code));
    return { cues, problems };
  };

  test.each([[null], [5], [{}], [{ at: 'now', cues: [] }], [{ at: 1, cues: {} }]])(
    '%j is no answer',
    (value) => {
      expect(read(value).cues).toBeNull();
    },
  );

  test.each([
    ['id', '../x'],
    ['id', undefined],
    ['rev', -1],
    ['type', 'interaction.explode'],
    ['ref', 7],
    ['data', []],
    ['fireAt', 'soon'],
    ['durationMs', Number.NaN],
    ['alignAt', 'noon'],
    ['exp', null],
    ['epoch', null],
    ['pts', 'x'],
  ])('an entry whose %s is %j is passed over, the others stay', (field, value) => {
    const { cues, problems } = read({ at: 2_000_000, cues: [{ ...entry, [field]: value }, entry] });
    expect(cues).toHaveLength(1);
    expect(problems).toEqual(['ERR_CLIENT_RESPONSE']);
  });

  test('is bounded', () => {
    expect(read({ at: 1, cues: Array.from({ length: 1000 }, () => entry) }).cues).toHaveLength(64);
  });
});
