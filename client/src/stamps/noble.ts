import { gcm } from '@noble/ciphers/aes.js';
import { hashes, verify } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import type { StampCrypto } from '../../../cues/wire/index.ts';

hashes.sha512 = sha512;

/** For pages without WebCrypto. Loaded only there. */
export const nobleCrypto: StampCrypto = {
  async verifyEd25519(publicKey, message, signature) {
    try {
      // RFC 8032's rules, as WebCrypto has them, and not ZIP 215's wider ones.
      return verify(signature, message, publicKey, { zip215: false });
    } catch {
      // It throws where sizes or points are wrong: a signature that is not one.
      return false;
    }
  },
  async openAes256Gcm(key, nonce, ciphertext) {
    return gcm(key, nonce).decrypt(ciphertext);
  },
};
