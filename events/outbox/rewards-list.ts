import { z } from 'zod';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { readBounded } from '../../service/read-bounded.ts';
import { answerIdOf, signedRequestLine, type WebhookSigner } from '../../service/webhooks.ts';

const Listed = z.object({
  seq: z.int(),
  id: z.string(),
  type: z.string().nullable().default(null),
  outcome: z.enum(['done', 'declined']).nullable().default(null),
  viewer: z.string().nullable().default(null),
  amountMinor: z.int().nullable().default(null),
  currency: z.string().nullable().default(null),
});

/** One call on the downstream's own list. */
export type ListedCall = Readonly<z.infer<typeof Listed>>;

const ListPage = z.object({ grants: z.array(Listed).max(10_000), next: z.int().nullable() });

const PAGE = 500;
const PAGE_BYTES = 16 * 1024 * 1024;
/** 10 million grants; a list that goes on for ever is one that repeats itself. */
const PAGES_MAX = 20_000;

export interface ListOptions {
  readonly url: string;
  readonly signer: WebhookSigner;
  readonly clock: Clock;
  /** Of one page. */
  readonly timeoutMs: number;
  readonly signedAnswers: boolean;
  /** Unique for each request. */
  readonly newId: () => string;
}

/**
 * The downstream's whole list, page by page: `GET URL?after=SEQ&limit=N`, signed over its request line.
 * @throws {FramecueError} ERR_REWARDS_LIST where a page cannot be had, read or believed.
 */
export async function readRewardsList(options: ListOptions): Promise<readonly ListedCall[]> {
  const all: ListedCall[] = [];
  let after = 0;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const { grants, next } = await readPage(options, after);
    all.push(...grants);
    if (next === null) return all;
    if (next <= after) throw unreadable('its pages do not go on');
    after = next;
  }
  throw unreadable('it does not end');
}

async function readPage(options: ListOptions, after: number): Promise<z.infer<typeof ListPage>> {
  const { signer, clock, timeoutMs, signedAnswers, newId } = options;
  const url = new URL(options.url);
  url.search = `?after=${after}&limit=${PAGE}`;
  const id = newId();
  const line = signedRequestLine('GET', url.pathname + url.search);
  let text: string | null;
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { 'accept-encoding': 'identity', ...signer.sign(id, clock.unixMs(), line) },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await readBounded(response, PAGE_BYTES);
  } catch (cause) {
    throw unreadable('it cannot be reached', cause);
  }
  if (text === null) throw unreadable('a page is too large');
  if (response.status !== 200) throw unreadable(`it answers ${response.status}`);
  const verdict = signer.verify((name) => response.headers.get(name), text, clock.unixMs());
  const isUnsigned = response.headers.get('webhook-signature') === null;
  const isGood = verdict === 'good' && response.headers.get('webhook-id') === answerIdOf(id);
  if (isUnsigned ? signedAnswers : !isGood) throw unreadable('its answer is not signed by it');
  try {
    return ListPage.parse(JSON.parse(text));
  } catch (cause) {
    throw unreadable('its answer is not a list', cause);
  }
}

const unreadable = (why: string, cause?: unknown): FramecueError =>
  new FramecueError('ERR_REWARDS_LIST', `The reward platform's list cannot be read: ${why}.`, { cause });
