import { Agent, request } from 'node:http';
import { someTerms } from '../ledger/sqlite/treasury/fixtures.ts';
import { type Answer, DIRECTOR, type EventsUnderTest } from '../test-support/harness.ts';

/** A flash sale over HTTP, for tests. */

export const PRICE = 1_900;
export const RESERVED_MS = 60_000;
export const DURATION_MS = 600_000;

export const saleConfig = (over: object = {}) => ({
  ...{ title: 'The jacket', pool: 'stock', priceMinor: PRICE, currency: 'EUR' },
  ...{ reservationMs: RESERVED_MS, durationMs: DURATION_MS },
  ...over,
});

export async function stock(t: EventsUnderTest, pieces: number, id = 'stock'): Promise<void> {
  const outcome = await t.books.perform('pool.open', {
    terms: someTerms({ id, purpose: 'stock' }),
    ...{ budget: { pieces, amountMinor: pieces * PRICE }, by: null, atUs: t.time.clock.unixUs() },
  });
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
}

/** Prepared, not open. */
export async function prepareSale(t: EventsUnderTest, over: object = {}, also: object = {}): Promise<void> {
  const body = { id: 's1', type: 'flash-sale', config: saleConfig(over), ...also };
  const made = await t.post('/api/v1/interactions', body, DIRECTOR);
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
}

export const openSale = (t: EventsUnderTest, rehearsal?: boolean): Promise<void> =>
  t.publish(
    t.land({
      ...{ id: 'open-1', type: 'interaction.open', data: { interaction: 's1' }, durationMs: DURATION_MS },
      ...(rehearsal === undefined ? {} : { rehearsal }),
    }),
  );

/** Status, and what stands behind it: the code, the receipt's repetition, or the position. */
export const told = ({ status, body }: Answer): readonly unknown[] => [
  status,
  body.error?.code ?? body.waiting?.position ?? body.receipt?.repeated ?? body.reservation?.state ?? null,
];

/** Requests over that many connections of their own, which stay open. */
export class Connections {
  readonly #agents: readonly Agent[];
  readonly ports = new Set<number>();

  constructor(count: number) {
    this.#agents = Array.from({ length: count }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  }

  send(
    connection: number,
    url: string,
    token: string,
    body: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Pick<Answer, 'status' | 'body'>> {
    return new Promise((resolve, reject) => {
      const sending = request(
        url,
        {
          method: 'POST',
          agent: this.#agents[connection % this.#agents.length],
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
        },
        (res) => {
          if (res.socket.localPort !== undefined) this.ports.add(res.socket.localPort);
          let text = '';
          res.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          res.on('end', () => resolve({ status: res.statusCode ?? 0, body: JSON.parse(text) }));
          res.on('error', reject);
        },
      );
      sending.on('error', reject);
      sending.end(JSON.stringify(body));
    });
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }
}
