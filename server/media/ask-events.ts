/** What events answered, or in a few words why it did not. */
export type EventsAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'away'; readonly why: string };

/** One question to events, bounded in time; never rejects. Nothing of it is logged. */
export async function askEvents(url: string, timeoutMs: number, token?: string): Promise<EventsAnswer> {
  try {
    const response = await fetch(url, {
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    });
    return { kind: 'answered', status: response.status, body: await response.json() };
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    return {
      kind: 'away',
      why: isLate ? `events did not answer within ${timeoutMs} ms` : 'events does not answer',
    };
  }
}
