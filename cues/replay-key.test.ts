import { expect, it } from 'vitest';
import { isReplayTestKey, REPLAY_KEY_ID, replayTestKey } from './replay-key.ts';
import { signBody, signingKeyFromPem } from './signing.ts';
import {
  type CueStamp,
  formatCueBody,
  formatCueStamp,
  parseStamp,
  verifyStamp,
  webCrypto,
} from './wire/index.ts';

it('the test key of replays is the same always, and is known again under another id', () => {
  const key = replayTestKey();
  expect(key.publicJwk).toEqual(replayTestKey().publicJwk);
  const asServer = signingKeyFromPem(key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
  expect(asServer.id).not.toBe(REPLAY_KEY_ID);
  expect(isReplayTestKey(asServer)).toBe(true);
});

it('a stamp signed with it is of an unknown key to whoever has the keys of a server', async () => {
  const key = replayTestKey();
  const body = formatCueBody({
    ...{ id: 'c', rev: 0, stream: 'live/main', type: 'custom', markedAt: 1, exp: 2 },
  });
  const head = { epoch: 'e', at: 1, pts: 0, fireIn: 0, fireAt: 1 };
  const stamp = parseStamp(formatCueStamp(head, body, signBody(body, key))) as CueStamp;
  const suite = webCrypto(globalThis.crypto.subtle);
  expect(stamp.signature.keyId).toBe('replay-test');
  expect(await verifyStamp(stamp, { keys: [] }, suite)).toBe('unknown-key');
  expect(await verifyStamp(stamp, { keys: [key.publicJwk] }, suite)).toBe('good');
});
