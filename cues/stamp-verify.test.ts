import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { stampVerifier } from './stamp-verify.ts';
import { type CueStamp, parseStamp } from './wire/index.ts';

it('says of the stamps of docs/wire-format.md what the client says', () => {
  const page = readFileSync(new URL('../docs/wire-format.md', import.meta.url), 'utf8');
  const publicKey = JSON.parse(/Public key: `(\{[^`]+\})`/.exec(page)![1]!);
  const verify = stampVerifier({ keys: [publicKey] });
  const texts = [...page.matchAll(/^Text:\n```\n([\s\S]*?)\n```/gm)].map((match) => match[1]!);
  const cues = texts
    .map((text) => parseStamp(text))
    .filter((stamp): stamp is CueStamp => stamp.kind === 'cue');
  expect(cues.length).toBeGreaterThan(1);
  for (const { bodyText, signature } of cues) {
    expect(verify(bodyText, signature)).toBe('good');
    expect(verify(`${bodyText} `, signature)).toBe('bad');
    expect(verify(bodyText, { ...signature, keyId: 'other' })).toBe('unknown-key');
    expect(verify(bodyText, { ...signature, value: 'AAAA' })).toBe('bad');
  }
});

it.each([
  ['another curve', { kty: 'OKP', crv: 'X25519', kid: 'a', x: 'A'.repeat(43) }],
  ['a key that is too short', { kty: 'OKP', crv: 'Ed25519', kid: 'a', x: 'AAAA' }],
])('refuses %s', (_, key) => {
  expect(() => stampVerifier({ keys: [key as never] })).toThrow();
});
