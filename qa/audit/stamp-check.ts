import { remembering, type StampVerify, stampVerifier } from '../../cues/stamp-verify.ts';
import type { CueStamp, StampKeySet } from '../../cues/wire/index.ts';

/** Whether stamps are signed by this server's keys. A cue's many copies are checked once. */
export class StampCheck {
  readonly #verify: StampVerify;

  constructor(keys: StampKeySet) {
    this.#verify = remembering(stampVerifier(keys));
  }

  isGood({ bodyText, signature }: CueStamp): boolean {
    return this.#verify(bodyText, signature) === 'good';
  }
}
