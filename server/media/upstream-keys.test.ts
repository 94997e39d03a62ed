import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadUpstreamKeys } from './upstream-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'framecue-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
/** RFC 8032 section 7.1, test 1. */
const JWK = { kty: 'OKP', crv: 'Ed25519', kid: 'one', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

it('reads key sets as they are published, other fields passed over', () => {
  const first = file('a.json', JSON.stringify({ keys: [{ ...JWK, use: 'sig' }] }));
  const second = file('b.json', JSON.stringify({ keys: [{ ...JWK, kid: 'two' }] }));
  const { keys, verify } = loadUpstreamKeys([first, second])!;
  expect(keys.map(({ kid }) => kid)).toEqual(['one', 'two']);
  const value = Buffer.alloc(64).toString('base64url');
  expect([verify('x', { keyId: 'two', value }), verify('x', { keyId: 'three', value })]).toEqual([
    'bad',
    'unknown-key',
  ]);
});

it('has none where none are named', () => {
  expect(loadUpstreamKeys(null)).toBeNull();
});

it.each([
  ['is not there', join(folder, 'missing.json')],
  ['is no JSON', file('c.json', 'keys')],
  ['holds more keys than clients take', file('f.json', JSON.stringify({ keys: Array(17).fill(JWK) }))],
  ['holds no keys', file('d.json', '{"keys":[]}')],
  [
    'holds a private key of another kind',
    file('e.json', '{"keys":[{"kty":"EC","crv":"P-256","kid":"x","x":"y"}]}'),
  ],
])('refuses a file that %s, by the name of the setting', (_, path) => {
  expect(() => loadUpstreamKeys([path])).toThrow(
    expect.objectContaining({ code: 'ERR_SETTING', details: { setting: 'FRAMECUE_UPSTREAM_KEYS' } }),
  );
});
