import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import type { CueStamp, StampKeySet } from '../../cues/wire/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import { wholeText } from '../sources/hls-segment.ts';
import { openInput, reasonOf } from '../sources/input.ts';

const KeySet = z.object({
  keys: z.array(
    z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), kid: z.string(), x: z.string() }),
  ),
});

export type Verdict = 'good' | 'bad' | 'unknown-key';
export type StampVerifier = (stamp: CueStamp) => Verdict;

/**
 * The public keys of a file or address, as at `/.well-known/framecue-keys.json`.
 * @throws {FramecueError} ERR_SOURCE_OPEN, ERR_SOURCE_FORMAT
 */
export async function readKeySet(address: string): Promise<StampKeySet> {
  const input = await openInput(address);
  try {
    return KeySet.parse(JSON.parse(await wholeText(input)));
  } catch (cause) {
    if (cause instanceof FramecueError) throw cause;
    const reason = cause instanceof SyntaxError ? reasonOf(cause) : 'it has no "keys" of Ed25519';
    throw new FramecueError('ERR_SOURCE_FORMAT', `${address} is no key set: ${reason}.`, { cause });
  } finally {
    await input.close();
  }
}

/** RFC 8032, by Node; each signed line once, however many copies there are. */
export function verifierOf(set: StampKeySet): StampVerifier {
  const keys = new Map(set.keys.map((jwk) => [jwk.kid, createPublicKey({ key: { ...jwk }, format: 'jwk' })]));
  const known = new Map<string, Verdict>();
  return ({ bodyText, signature }) => {
    const key = keys.get(signature.keyId);
    if (key === undefined) return 'unknown-key';
    const memo = `${signature.keyId} ${signature.value} ${bodyText}`;
    const before = known.get(memo);
    if (before !== undefined) return before;
    const isGood = verify(null, Buffer.from(bodyText), key, Buffer.from(signature.value, 'base64url'));
    const verdict = isGood ? 'good' : 'bad';
    if (known.size < 100_000) known.set(memo, verdict);
    return verdict;
  };
}
