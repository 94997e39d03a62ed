import { isShallow } from '../../director/cue-request.ts';
import { readBounded } from '../../service/read-bounded.ts';

/** 64 times what the config of an interaction has as set out of the box. */
const ANSWER_LIMIT_BYTES = 1_048_576;
/** As deep as what a cue carries, in an answer around it: what is checked or written again has stack enough. */
const ANSWER_DEPTH = 40;

/** What events answered, or in a few words why it did not. */
export type EventsAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'away'; readonly why: string };

/** One question to events, bounded in time and bytes; never rejects. Nothing of it is logged. */
export async function askEvents(url: string, timeoutMs: number, token?: string): Promise<EventsAnswer> {
  try {
    const response = await fetch(url, {
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    });
    const text = await readBounded(response, ANSWER_LIMIT_BYTES);
    if (text === null)
      return { kind: 'away', why: `events answers with more than ${ANSWER_LIMIT_BYTES} bytes` };
    const body: unknown = JSON.parse(text);
    return isShallow(body, ANSWER_DEPTH)
      ? { kind: 'answered', status: response.status, body }
      : { kind: 'away', why: `events answers with what is nested more than ${ANSWER_DEPTH} deep` };
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    return {
      kind: 'away',
      why: isLate ? `events did not answer within ${timeoutMs} ms` : 'events does not answer',
    };
  }
}
