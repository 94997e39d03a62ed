import { timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { UnixMilliseconds } from '../packet/time.ts';

/** Signed calls between two servers, as https://www.standardwebhooks.com lays down. */

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?$/;
const PREFIX = 'whsec_';

/** `whsec_` and 24 to 64 bytes as base64, whole: libraries differ in what else they take. */
export function isWebhookSecret(text: string): boolean {
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.byteLength(encoded, 'base64');
  return text.startsWith(PREFIX) && BASE64.test(encoded) && bytes >= 24 && bytes <= 64;
}

export const newWebhookSecret = (randomBytes: (size: number) => Buffer): string =>
  `${PREFIX}${randomBytes(32).toString('base64')}`;

export type WebhookHeaders = {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
};

/** `stale`: the time stamp is further away than the tolerance; replayed, or one of the two clocks is wrong. */
export type SignatureVerdict = 'good' | 'missing' | 'stale' | 'wrong';

/** How far the two clocks may be apart, and how long a call that somebody recorded can be replayed. */
const TOLERANCE_MS = 300_000;
/** More would only cost time. */
const SIGNATURES_MAX = 16;

/**
 * Signs with every secret and takes what is signed with any: while the secret is changed both sides hold the old and
 * the new one, the new one first, and nothing is refused in between.
 */
export class WebhookSigner {
  readonly #webhooks: readonly Webhook[];

  constructor(secrets: readonly string[]) {
    this.#webhooks = secrets.map((secret) => new Webhook(secret));
  }

  /** @param id names the message and stays the same when it is sent again. */
  sign(id: string, at: UnixMilliseconds, body: string): WebhookHeaders {
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at / 1000)),
      'webhook-signature': this.#webhooks.map((webhook) => webhook.sign(id, new Date(at), body)).join(' '),
    };
  }

  /** @param header reads one by its name, in lower case. */
  verify(
    header: (name: keyof WebhookHeaders) => string | null | undefined,
    body: string,
    now: UnixMilliseconds,
  ): SignatureVerdict {
    const id = header('webhook-id');
    const stamp = header('webhook-timestamp');
    const given = header('webhook-signature');
    if (!id || !stamp || !given) return 'missing';
    if (!/^\d{1,12}$/.test(stamp)) return 'wrong';
    const at = Number(stamp) * 1000;
    if (Math.abs(now - at) > TOLERANCE_MS) return 'stale';
    const signatures = given.split(' ').slice(0, SIGNATURES_MAX);
    const isGood = this.#webhooks.some((webhook) => {
      const expected = webhook.sign(id, new Date(at), body);
      return signatures.some((signature) => isSame(signature, expected));
    });
    return isGood ? 'good' : 'wrong';
  }
}

function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * The id under which an answer is signed with the secret of the call: never one that a call can have, so that nobody
 * in between can send a call back as its answer.
 */
export const answerIdOf = (id: string): string => `answer to ${id}`;

/** What is signed where a request has no body: what it asks for. */
export const signedRequestLine = (method: string, pathAndQuery: string): string =>
  `${method} ${pathAndQuery}`;
