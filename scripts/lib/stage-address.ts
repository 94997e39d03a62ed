import type { RunFile } from '../../server/run-file.ts';

const NAME = 'npm run demo';
/** Screens of the runs before come back by themselves; a folder that is run a hundred times does not fill the list. */
const KEPT = 4;
const TIMEOUT_MS = 5_000;

interface Ticket {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
}

/** The stage page with a ticket of its own, good for a day; null: the server gave none. */
export async function stageAddress(run: RunFile): Promise<string | null> {
  const tickets = `${run.media}/api/v1/streams/${run.stream.app}/${run.stream.name}/stage/tickets`;
  const ask = async <T>(method: string, path = '', body?: object): Promise<T> => {
    const response = await fetch(tickets + path, {
      method,
      headers: { authorization: `Bearer ${run.tokens.director}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`stage tickets: ${response.status}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
  try {
    const { tickets } = await ask<{ tickets: Ticket[] }>('GET');
    const own = tickets.filter(({ name }) => name === NAME).sort((a, b) => b.createdAt - a.createdAt);
    for (const { id } of own.slice(KEPT - 1)) await ask('DELETE', `/${id}`);
    const { token } = await ask<{ token: string }>('POST', '', { name: NAME });
    return `${run.pages.stage}#ticket=${token}`;
  } catch {
    // The demo runs without it; the caller says how else to get one.
    return null;
  }
}

/** For whoever has no ticket yet. */
export const HOW_TO_GET_A_TICKET =
  '(its link has a ticket: console, key 5, "Make a link for a stage machine")';
