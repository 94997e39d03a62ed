import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { unixMs } from '../packet/time.ts';
import { isWebhookSecret, newWebhookSecret, type WebhookHeaders, WebhookSigner } from './webhooks.ts';

const OLD = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const NEW = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const NOW = unixMs(1_700_000_000_000);
const BODY = '{"type":"grant.made"}';

const reader = (headers: Partial<WebhookHeaders>) => (name: keyof WebhookHeaders) => headers[name];
const signed = (secrets = [OLD], at = NOW) => new WebhookSigner(secrets).sign('g_1', at, BODY);
const verdict = (headers: Partial<WebhookHeaders>, secrets = [OLD], body = BODY, now = NOW) =>
  new WebhookSigner(secrets).verify(reader(headers), body, now);

describe('a signed call', () => {
  test('is one that any library of Standard Webhooks takes', () => {
    const headers = new WebhookSigner([NEW, OLD]).sign('g_1', unixMs(Date.now()), BODY);
    for (const secret of [OLD, NEW]) {
      expect(new Webhook(secret).verify(BODY, headers)).toEqual({ type: 'grant.made' });
    }
  });

  test('as written down by hand', () => {
    expect(signed()).toEqual({
      'webhook-id': 'g_1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
    });
  });

  test('is good as sent, and wrong with another body, id, time or secret', () => {
    const headers = signed();
    expect(verdict(headers)).toBe('good');
    expect(verdict(headers, [OLD], `${BODY} `)).toBe('wrong');
    expect(verdict({ ...headers, 'webhook-id': 'g_2' })).toBe('wrong');
    expect(verdict({ ...headers, 'webhook-timestamp': '1700000001' })).toBe('wrong');
    expect(verdict(headers, [NEW])).toBe('wrong');
  });

  test.each(['', 'v1', 'v1,', 'v2,abc', 'v1,abc v1,def', 'x'.repeat(5_000)])('%s is no signature', (text) => {
    expect(['wrong', 'missing']).toContain(verdict({ ...signed(), 'webhook-signature': text }));
  });

  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const)('needs %s', (name) => {
    expect(verdict({ ...signed(), [name]: '' })).toBe('missing');
  });

  test('is stale five minutes before or after, and not earlier', () => {
    const headers = signed();
    expect(verdict(headers, [OLD], BODY, unixMs(NOW + 300_000))).toBe('good');
    expect(verdict(headers, [OLD], BODY, unixMs(NOW + 301_000))).toBe('stale');
    expect(verdict(headers, [OLD], BODY, unixMs(NOW - 301_000))).toBe('stale');
    expect(verdict({ ...headers, 'webhook-timestamp': 'soon' })).toBe('wrong');
  });

  test('while the secret is changed, either side may be first', () => {
    expect(verdict(signed([NEW, OLD]), [OLD])).toBe('good');
    expect(verdict(signed([NEW, OLD]), [NEW])).toBe('good');
    expect(verdict(signed([OLD]), [NEW, OLD])).toBe('good');
    expect(verdict(signed([NEW]), [NEW, OLD])).toBe('good');
  });

  test('a made secret is one that the setting takes', () => {
    expect(isWebhookSecret(newWebhookSecret(randomBytes))).toBe(true);
    expect(isWebhookSecret(OLD)).toBe(true);
  });

  test.each([
    '',
    'whsec_',
    OLD.slice('whsec_'.length),
    `whsec_${Buffer.alloc(16).toString('base64')}`,
    OLD.slice(0, -2),
    `whsec_${Buffer.alloc(65).toString('base64')}`,
    OLD.replace('E', '_'),
    `${OLD} `,
  ])('"%s" is no secret', (text) => {
    expect(isWebhookSecret(text)).toBe(false);
  });
});
