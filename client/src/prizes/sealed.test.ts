import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { webCrypto } from '../../../cues/wire/index.ts';
import { firedCue } from '../../test/fired.ts';
import { type Call, json, type Reply, refusal, VirtualNet } from '../../test/virtual-net.ts';
import { nobleCrypto } from '../stamps/noble.ts';
import { SealedResults } from './sealed.ts';

const KEY = randomBytes(32);
const RESULT = {
  ...{ interaction: 'final', root: 'ab'.repeat(32), randomness: null, total: 3 },
  winners: [{ leaf: 'leaf-1', prize: 'car', title: 'A car' }],
};
const REVEAL = firedCue({
  ...{ id: 'reveal', type: 'interaction.reveal', ref: 'open' },
  data: { interaction: 'final', resultKey: KEY.toString('base64url') },
});

function sealed(result: object = RESULT) {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', KEY, iv);
  const bytes = Buffer.concat([cipher.update(JSON.stringify(result)), cipher.final(), cipher.getAuthTag()]);
  return {
    ...{ v: 1, alg: 'A256GCM', iv: iv.toString('base64url') },
    ciphertext: bytes.toString('base64url'),
  };
}

function rig(crypto = webCrypto(globalThis.crypto.subtle)) {
  const net = new VirtualNet();
  const problems: string[] = [];
  const world = { state: 'drawn', result: () => json(sealed()) as Reply };
  net.reply = (call: Call) => {
    if (call.url.endsWith('/sealed')) return world.result();
    return json({ v: 1, interaction: 'final', state: world.state, commitment: null });
  };
  const results = new SealedResults(net, {
    ...{ url: 'http://events/api/v1/interactions', crypto },
    onProblem: (code) => problems.push(code),
  });
  const asked = (end: string) => net.calls.filter(({ url }) => url.endsWith(end));
  return { net, results, world, problems, asked };
}

describe('a sealed result', () => {
  test.each([
    ['WebCrypto', webCrypto(globalThis.crypto.subtle)],
    ['plain JavaScript', nobleCrypto],
  ])('is fetched ahead once, as a file for caches, and opened by the reveal with %s', async (_, crypto) => {
    const { net, results, asked } = rig(crypto);
    const fetched = Promise.all([results.prefetch('final'), results.prefetch('final')]);
    await net.advance(4999);
    expect(net.calls).toEqual([]);
    await net.advance(1);
    expect(await fetched).toEqual([{ ok: true }, { ok: true }]);
    expect(asked('/sealed')).toMatchObject([{ cache: 'default', authorization: null }]);
    const { randomness, ...result } = RESULT;
    expect(await results.open(REVEAL)).toEqual({ ok: true, result });
    expect(asked('/sealed')).toHaveLength(1);
  });

  test('viewers ask at moments of their own, within what the page says', async () => {
    for (const [share, atMs] of [
      [0, 1000],
      [0.25, 16_000],
      [0.99, 60_400],
    ] as const) {
      const { net, results } = rig();
      net.randomValue = share;
      void results.prefetch('final', { withinMs: 60_000 });
      await net.advance(60_000);
      expect(net.calls[0]!.atMs).toBe(atMs);
    }
  });

  test('is waited for while the draw goes on, at growing distances, and only the public document is asked', async () => {
    const { net, results, world, asked } = rig();
    world.state = 'committed';
    const fetched = results.prefetch('final', { withinMs: 0 });
    await net.advance(120_000);
    expect(asked('/sealed')).toEqual([]);
    const moments = asked('/draw').map(({ atMs }) => atMs);
    expect(moments.length).toBeLessThan(12);
    expect(moments.at(-1)! - moments.at(-2)!).toBeGreaterThan(10_000);
    world.state = 'drawn';
    await net.advance(40_000);
    expect(await fetched).toEqual({ ok: true });
  });

  test('a draw that is never made is given up, and may be asked for again', async () => {
    const { net, results, world } = rig();
    world.state = 'frozen';
    const fetched = results.prefetch('final');
    await net.advance(31 * 60_000);
    expect(await fetched).toMatchObject({
      ok: false,
      error: { code: 'ERR_CLIENT_DRAW_WAITS', retryable: true },
    });
    world.state = 'drawn';
    const again = results.prefetch('final', { withinMs: 0 });
    await net.advance(0);
    expect(await again).toEqual({ ok: true });
  });

  test('the key comes first: fetched at once, within two seconds of one another', async () => {
    const { net, results, asked } = rig();
    void results.prefetch('final', { withinMs: 600_000 });
    await net.advance(1000);
    const opened = results.open(REVEAL);
    await net.advance(1000);
    expect(await opened).toMatchObject({ ok: true });
    expect(asked('/sealed')).toHaveLength(1);
  });

  test('Retry-After is heeded; a server that hangs is left after its time', async () => {
    const { net, results, world } = rig();
    const replies: Reply[] = [refusal('ERR_OVERLOADED', 503, true, { 'retry-after': '20' }), 'hang'];
    world.result = () => replies.shift() ?? json(sealed());
    const fetched = results.prefetch('final', { withinMs: 0 });
    await net.advance(19_000);
    expect(net.calls).toHaveLength(2);
    await net.advance(60_000);
    expect(await fetched).toEqual({ ok: true });
  });

  test('is not opened by another key, nor shown where it is of another round', async () => {
    const { net, results, world, problems } = rig();
    const opened = async (cue = REVEAL) => {
      const outcome = results.open(cue);
      await net.advance(5000);
      const done = await outcome;
      return done.ok ? 'opened' : done.error.code;
    };
    const wrong = randomBytes(32).toString('base64url');
    expect(await opened({ ...REVEAL, data: { ...REVEAL.data, resultKey: wrong } })).toBe('ERR_CLIENT_SEALED');
    world.result = () => json(sealed({ ...RESULT, interaction: 'other' }));
    expect(await opened()).toBe('ERR_CLIENT_SEALED');
    world.result = () => json(sealed());
    expect(await opened()).toBe('opened');
    expect(await opened({ ...REVEAL, data: { interaction: 'final' } })).toBe('ERR_CLIENT_NO_KEY');
    expect(await opened({ ...REVEAL, type: 'interaction.open' })).toBe('ERR_CLIENT_NO_KEY');
    expect(problems).toHaveLength(4);
  });

  test('of a cancelled round is nothing', async () => {
    const { net, results, world } = rig();
    world.state = 'void';
    const fetched = results.prefetch('final');
    await net.advance(10_000);
    expect(await fetched).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_DRAW_VOID' } });
  });

  test('destroy ends what waits', async () => {
    const { net, results } = rig();
    const fetched = results.prefetch('final');
    results.destroy();
    expect(await fetched).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_DESTROYED' } });
    expect([net.timers, net.calls.length]).toEqual([0, 0]);
  });
});
