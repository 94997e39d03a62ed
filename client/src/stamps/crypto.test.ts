import { generateKeyPairSync, randomBytes, sign, webcrypto } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sealData } from '../../../cues/signing.ts';
import { fromBase64Url, type StampCrypto, webCrypto } from '../../../cues/wire/index.ts';
import { pickCrypto } from './crypto.ts';
import { nobleCrypto } from './noble.ts';

const keys = generateKeyPairSync('ed25519');
const publicKey = fromBase64Url(keys.publicKey.export({ format: 'jwk' }).x!);
const message = new TextEncoder().encode('{"id":"c","rev":0}');
const signature = new Uint8Array(sign(null, message, keys.privateKey));
const changed = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

describe.each([
  ['noble', nobleCrypto],
  ['WebCrypto', webCrypto(webcrypto.subtle as unknown as SubtleCrypto)],
] as const)('%s', (_, crypto) => {
  test('takes a good signature', async () => {
    expect(await crypto.verifyEd25519(publicKey, message, signature)).toBe(true);
  });

  test.each([
    ['another message', publicKey, changed(message, 3), signature],
    ['a changed signature', publicKey, message, changed(signature, 5)],
    ['a changed second half', publicKey, message, changed(signature, 40)],
    [
      'another key',
      fromBase64Url(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x!),
      message,
      signature,
    ],
    ['a short signature', publicKey, message, signature.subarray(0, 63)],
  ] as const)('refuses %s', async (_, key, text, value) => {
    expect(await crypto.verifyEd25519(key, text, value)).toBe(false);
  });

  test('opens what was sealed, and nothing else', async () => {
    const { sealed, key } = sealData({ question: 'Which? Ж', options: ['a', 'b'] });
    const bytes = fromBase64Url(sealed);
    const open = (k: Uint8Array, nonce: Uint8Array, text: Uint8Array) => crypto.openAes256Gcm(k, nonce, text);
    const plain = await open(fromBase64Url(key), bytes.subarray(0, 12), bytes.subarray(12));
    expect(JSON.parse(new TextDecoder().decode(plain))).toEqual({
      question: 'Which? Ж',
      options: ['a', 'b'],
    });
    await expect(open(randomBytes(32), bytes.subarray(0, 12), bytes.subarray(12))).rejects.toThrow();
    await expect(
      open(fromBase64Url(key), bytes.subarray(0, 12), changed(bytes.subarray(12), 0)),
    ).rejects.toThrow();
    await expect(open(fromBase64Url(key), bytes.subarray(0, 12), bytes.subarray(13))).rejects.toThrow();
    await expect(open(randomBytes(5), bytes.subarray(0, 12), bytes.subarray(12))).rejects.toThrow();
  });
});

test('noble refuses a key that is none', async () => {
  expect(await nobleCrypto.verifyEd25519(new Uint8Array(31), message, signature)).toBe(false);
});

describe('pickCrypto', () => {
  const counting = () => {
    const state = { loads: 0, fail: false };
    const load = async (): Promise<StampCrypto> => {
      state.loads++;
      if (state.fail) throw new TypeError('Failed to fetch dynamically imported module');
      return nobleCrypto;
    };
    return { state, load };
  };

  test('with WebCrypto the fallback is never loaded', async () => {
    const { state, load } = counting();
    const crypto = pickCrypto(webcrypto.subtle as unknown as SubtleCrypto, load);
    expect(await crypto.verifyEd25519(publicKey, message, signature)).toBe(true);
    expect(await crypto.verifyEd25519(new Uint8Array(5), message, signature)).toBe(false);
    expect(state.loads).toBe(0);
  });

  test('without it, when the first stamp needs it, once', async () => {
    const { state, load } = counting();
    const crypto = pickCrypto(undefined, load);
    expect(state.loads).toBe(0);
    const both = [publicKey, publicKey].map((key) => crypto.verifyEd25519(key, message, signature));
    expect(await Promise.all(both)).toEqual([true, true]);
    expect(state.loads).toBe(1);
  });

  test('where the browser does not know Ed25519, only for that', async () => {
    const { state, load } = counting();
    const subtle = {
      importKey: (...args: Parameters<SubtleCrypto['importKey']>) =>
        args[2] === 'Ed25519'
          ? Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError'))
          : (webcrypto.subtle.importKey as (...a: unknown[]) => unknown)(...args),
      decrypt: webcrypto.subtle.decrypt.bind(webcrypto.subtle),
    } as unknown as SubtleCrypto;
    const crypto = pickCrypto(subtle, load);
    const { sealed, key } = sealData({ a: 1 });
    const bytes = fromBase64Url(sealed);
    await crypto.openAes256Gcm(fromBase64Url(key), bytes.subarray(0, 12), bytes.subarray(12));
    expect(state.loads).toBe(0);
    expect(await crypto.verifyEd25519(publicKey, message, signature)).toBe(true);
    expect(await crypto.verifyEd25519(publicKey, changed(message, 0), signature)).toBe(false);
    expect(state.loads).toBe(1);
  });

  test('a chunk that did not load is asked for again', async () => {
    const { state, load } = counting();
    state.fail = true;
    const crypto = pickCrypto(undefined, load);
    await expect(crypto.verifyEd25519(publicKey, message, signature)).rejects.toThrow();
    state.fail = false;
    expect(await crypto.verifyEd25519(publicKey, message, signature)).toBe(true);
  });
});
