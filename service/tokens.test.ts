import { expect, test } from 'vitest';
import type { Secrets } from './secrets.ts';
import { createTokenRegistry, sameSecret, tokenHoldersOf } from './tokens.ts';

const secrets: Secrets = {
  streamKey: 'stream-key-0123456789',
  tokens: {
    director: 'director-0123456789',
    feed: 'feed-0123456789abc',
    read: 'read-0123456789abc',
    treasurer: 'treasurer-0123456789',
  },
  moreTokens: [
    { name: 'anna', token: 'anna-0123456789abc', rights: ['direct', 'feed'], rehearsal: true },
    { name: 'ben', token: 'ben-0123456789abcd', rights: ['direct', 'treasurer'], rehearsal: true },
  ],
  viewerJwtSecret: 'viewer-0123456789',
  sessionKey: 'session-0123456789',
  prizeKey: 'prizes-0123456789',
  stampKeys: [],
  rewardsSecrets: [],
};
const registry = createTokenRegistry(tokenHoldersOf(secrets));
const rightsOf = (token: string) => [...(registry.find(token)?.rights ?? [])].sort();

test('each token has its rights and no others; direct and treasurer include read', () => {
  expect(rightsOf(secrets.streamKey)).toEqual(['publish']);
  expect(rightsOf(secrets.tokens.director)).toEqual(['direct', 'read']);
  expect(rightsOf(secrets.tokens.feed)).toEqual(['feed']);
  expect(rightsOf(secrets.tokens.read)).toEqual(['read']);
  expect(rightsOf(secrets.tokens.treasurer)).toEqual(['read', 'treasurer']);
});

test('who only rehearses moves no money, whatever stands in the file', () => {
  expect(rightsOf('ben-0123456789abcd')).toEqual(['direct', 'read']);
});

test('tokens that an operator added are known by name', () => {
  expect(registry.find('anna-0123456789abc')).toMatchObject({ name: 'anna', rehearsal: true });
  expect(rightsOf('anna-0123456789abc')).toEqual(['direct', 'feed', 'read']);
  expect(registry.named('anna')).toBe(registry.find('anna-0123456789abc'));
  expect(registry.named('nobody')).toBeNull();
});

test.each(['', 'director', 'director-012345678', 'director-01234567890', `${'x'.repeat(100_000)}`])(
  'nobody holds %.30j',
  (token) => expect(registry.find(token)).toBeNull(),
);

test('two holders with one token, or one name, are refused', () => {
  const one = { name: 'one', token: 'one-0123456789abcd', rights: ['read' as const] };
  expect(() => createTokenRegistry([one, { ...one, name: 'two' }])).toThrow(
    'one and two have the same token',
  );
  expect(() => createTokenRegistry([one, { ...one, token: 'two-0123456789abcd' }])).toThrow('the same name');
});

test('secrets are compared whole', () => {
  expect(sameSecret('abc', 'abc')).toBe(true);
  expect(sameSecret('abc', 'abd')).toBe(false);
  expect(sameSecret('abc', 'abcd')).toBe(false);
});
