import { type StampCrypto, webCrypto } from '../../../cues/wire/index.ts';

/**
 * WebCrypto where it can do all that stamps need; else, loaded when the first stamp needs it, plain JavaScript.
 * Browsers hide `crypto.subtle` on plain HTTP beyond localhost, and older ones do not know Ed25519.
 */
export function pickCrypto(
  subtle: SubtleCrypto | undefined,
  loadFallback: () => Promise<StampCrypto> = loadNoble,
): StampCrypto {
  let fallback: Promise<StampCrypto> | null = null;
  const useFallback = (): Promise<StampCrypto> => {
    fallback ??= loadFallback().catch((error: unknown) => {
      // The chunk may be fetched with better luck for the next stamp.
      fallback = null;
      throw error;
    });
    return fallback;
  };
  if (subtle === undefined) {
    return {
      verifyEd25519: async (...args) => (await useFallback()).verifyEd25519(...args),
      openAes256Gcm: async (...args) => (await useFallback()).openAes256Gcm(...args),
    };
  }
  const native = webCrypto(subtle);
  let knowsEd25519 = true;
  return {
    async verifyEd25519(...args) {
      if (knowsEd25519) {
        try {
          return await native.verifyEd25519(...args);
        } catch (error) {
          // Web Cryptography, 18.4: an algorithm that is not known. Anything else is a key that is not one.
          if ((error as Error).name !== 'NotSupportedError') return false;
          knowsEd25519 = false;
        }
      }
      return (await useFallback()).verifyEd25519(...args);
    },
    openAes256Gcm: native.openAes256Gcm,
  };
}

const loadNoble = async (): Promise<StampCrypto> => (await import('./noble.ts')).nobleCrypto;
