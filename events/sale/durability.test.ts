import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../packet/clock.ts';
import { QuickLedger } from '../ledger/quick-ledger.ts';
import { checkLedger } from '../ledger/sqlite/check/check.ts';
import { someTerms, T0 } from '../ledger/sqlite/treasury/fixtures.ts';
import { EventsChild } from '../test-support/child.ts';
import { landedCue } from '../test-support/cues.ts';
import { DIRECTOR } from '../test-support/harness.ts';
import { until } from '../test-support/until.ts';
import { PRICE, saleConfig } from './testing.ts';

const TIMEOUT_MS = 120_000;
const PIECES = 30;
const VIEWERS = 64;
const DURATION_MS = 600_000;
/** How many receipts of what are there when the process is killed. */
const KILLS = [5, 25, 45];

let events: EventsChild;
let ledgerPath: string;
beforeEach(async () => {
  events = new EventsChild();
  await events.begin();
  ledgerPath = join(events.folder, 'events.db');
});
afterEach(() => events.end());

/** The stock, as the treasury's door would open it. */
function openStock(): void {
  const ledger = new QuickLedger(ledgerPath);
  const terms = someTerms({ id: 'stock', purpose: 'stock' });
  ledger.perform('pool.open', {
    ...{ terms, budget: { pieces: PIECES, amountMinor: PIECES * PRICE }, by: null, atUs: T0 },
  });
  ledger.close();
}

/** What the ledger says once the process is gone. */
function booksOf() {
  const check = checkLedger(ledgerPath);
  const ledger = new QuickLedger(ledgerPath);
  try {
    const { free, reserved, granted } = ledger.ask('pool.get', { pool: 'stock' })!.balances;
    const items = ledger.ask('outbox.list', { limit: 500 });
    return {
      findings: check.findings,
      free: free.pieces,
      reserved: reserved.pieces,
      granted: granted.pieces,
      items,
    };
  } finally {
    ledger.close();
  }
}

async function openSale(config: object): Promise<void> {
  const made = await events.post(
    '/api/v1/interactions',
    { id: 's1', type: 'flash-sale', config: saleConfig({ reservationMs: 600_000, ...config }) },
    DIRECTOR,
  );
  expect(made.status).toBe(201);
  const data = { interaction: 's1' };
  events.media.publish(
    landedCue({ id: 'open-1', type: 'interaction.open', data, durationMs: DURATION_MS }, systemClock),
  );
  await until(async () => {
    const { state } = await (await fetch(`${events.url}/api/v1/interactions/s1`)).json();
    expect(state).toBe('ACTIVE');
  });
}

const want = (token: string, ticket?: string) =>
  events.post(
    '/api/v1/interactions/s1/submissions',
    { cue: 'open-1', ...(ticket === undefined ? {} : { ticket }) },
    token,
  );

async function order(token: string, key: string) {
  const response = await fetch(`${events.url}/api/v1/interactions/s1/order`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Idempotency-Key': key },
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
  return { status: response.status, body: (await response.json()) as any };
}

describe('kill -9 of events in a flash sale', () => {
  test(
    'loses no reservation and no order that was acknowledged, and sells nothing twice',
    async () => {
      openStock();
      await events.start();
      await openSale({});
      const tokens = await Promise.all(Array.from({ length: VIEWERS }, (_, i) => events.session(`v${i}`)));
      const reserved = new Map<string, string>();
      const ordered = new Map<string, string>();
      for (const kill of [...KILLS, null]) {
        let killed: Promise<void> | null = null;
        const heard = () => {
          if (kill !== null && reserved.size + ordered.size >= kill) killed ??= events.kill();
        };
        await Promise.all(
          tokens.map(async (token, i) => {
            if (!reserved.has(token)) {
              const wish = await want(token).catch(() => null);
              if (wish?.status === 200) {
                reserved.set(token, wish.body.receipt.id);
                heard();
              }
            }
            if (!reserved.has(token) || ordered.has(token)) return;
            const asked = await order(token, `key-${i}`).catch(() => null);
            if (asked === null || asked.status > 201) return;
            ordered.set(token, asked.body.reservation.order.id);
            heard();
          }),
        );
        if (kill === null) break;
        await killed;
        await events.kill();
        const books = booksOf();
        expect(books.findings).toEqual([]);
        expect(books.free + books.reserved + books.granted).toBe(PIECES);
        // Every acknowledged one is there; there may be more, whose answers were on their way.
        expect(books.reserved + books.granted).toBeGreaterThanOrEqual(reserved.size);
        expect(books.items.map(({ id }) => id)).toEqual(expect.arrayContaining([...ordered.values()]));
        expect(books.items).toHaveLength(books.granted);
        await events.start();
        for (const [token, id] of reserved) {
          expect((await want(token)).body.receipt).toMatchObject({ id, repeated: true });
        }
      }
      expect([reserved.size, ordered.size]).toEqual([PIECES, PIECES]);
      expect(new Set(ordered.values()).size).toBe(PIECES);
      for (const [i, token] of tokens.entries()) {
        const id = ordered.get(token);
        if (id === undefined) continue;
        expect(await order(token, `key-${i}`)).toMatchObject({
          ...{ status: 200, body: { repeated: true, reservation: { order: { id } } } },
        });
      }
      await events.kill();
      expect(booksOf()).toMatchObject({ findings: [], free: 0, reserved: 0, granted: PIECES });
    },
    TIMEOUT_MS,
  );

  test(
    'keeps the line: tickets of before are good, and nobody comes in ahead of those who were there',
    async () => {
      openStock();
      await events.start();
      await openSale({ admitPerSecond: 20 });
      const tokens = await Promise.all(Array.from({ length: 40 }, (_, i) => events.session(`v${i}`)));
      const first = await Promise.all(tokens.map((token) => want(token)));
      const waiting = new Map<string, { ticket: string; turnAt: number }>();
      for (const [i, { status, body }] of first.entries()) {
        if (status === 202) waiting.set(tokens[i]!, body.waiting);
      }
      expect(waiting.size).toBeGreaterThan(0);
      await events.kill();
      await events.start();
      const last = Math.max(...[...waiting.values()].map(({ turnAt }) => turnAt));
      const late = await want(await events.session('late'));
      if (late.status === 202) expect(late.body.waiting.turnAt).toBeGreaterThanOrEqual(last);
      // Whoever got in at once did so because the last turn of before had come.
      else expect(Date.now()).toBeGreaterThanOrEqual(last - 1_000);
      await until(async () => {
        for (const [token, { ticket, turnAt }] of waiting) {
          const { status, body } = await want(token, ticket);
          if (status === 202) expect(body.waiting.turnAt).toBe(turnAt);
          else waiting.delete(token);
          expect([200, 202, 409]).toContain(status);
        }
        expect(waiting.size).toBe(0);
      });
      await events.kill();
      const books = booksOf();
      expect(books).toMatchObject({ findings: [], reserved: PIECES, free: 0 });
    },
    TIMEOUT_MS,
  );
});
