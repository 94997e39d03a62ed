import { KeySet } from '../../cues/key-set.ts';
import { remembering, stampVerifier } from '../../cues/stamp-verify.ts';
import type { CueStamp, StampKeySet } from '../../cues/wire/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import { wholeText } from '../sources/hls-segment.ts';
import { openInput, reasonOf } from '../sources/input.ts';

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

/** Each signed line once, however many copies there are. @throws {TypeError} for a key that is none. */
export function verifierOf(set: StampKeySet): StampVerifier {
  const verify = remembering(stampVerifier(set));
  return ({ bodyText, signature }) => verify(bodyText, signature);
}
