import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { otherAddresses } from './addresses.ts';

const at = (address: string, internal = false, family: 'IPv4' | 'IPv6' = 'IPv4') =>
  ({ address, internal, family }) as NetworkInterfaceInfo;

const INTERFACES = {
  lo: [at('127.0.0.1', true), at('::1', true, 'IPv6')],
  eth0: [at('192.0.2.7'), at('fe80::1', false, 'IPv6')],
  wlan0: [at('198.51.100.7'), at('169.254.3.4')],
};

test.each(['0.0.0.0', '::'])('bound to %s: every address of the machine that others reach', (host) => {
  expect(otherAddresses(host, INTERFACES)).toEqual(['192.0.2.7', '198.51.100.7']);
});

test.each(['127.0.0.1', '127.8.0.1', '::1', 'localhost'])('bound to %s: none', (host) => {
  expect(otherAddresses(host, INTERFACES)).toBeNull();
});

test('bound to one address: its URL says it already', () => {
  expect(otherAddresses('192.0.2.7', INTERFACES)).toEqual([]);
});
