import { expect } from 'vitest';
import { DRAW_OPERATIONS } from '../draws/operations.ts';
import { TEST_CHAIN, TestRelay } from '../draws/testing.ts';
import { someTerms } from '../ledger/sqlite/treasury/fixtures.ts';
import { DIRECTOR, EventsUnderTest, READER, SPREAD_MS } from './harness.ts';
import { until } from './until.ts';

/** How long a lottery is open here. */
export const DURATION_MS = 10_000;

/** Events with one lottery, `final`, and the one relay that can be reached of two. */
export class LotteryUnderTest {
  readonly relay = new TestRelay();
  #events: EventsUnderTest | null = null;
  readonly #sessions = new Map<string, string>();

  async start(): Promise<EventsUnderTest> {
    this.relay.answer = new TestRelay().answer;
    this.relay.asked.length = 0;
    this.#sessions.clear();
    const relays = ['http://127.0.0.1:9', await this.relay.listen()];
    this.#events = new EventsUnderTest({ draws: { relays, chain: TEST_CHAIN } });
    await this.#events.start();
    return this.#events;
  }

  async stop(): Promise<void> {
    await this.#events?.stop();
    await this.relay.close();
  }

  get events(): EventsUnderTest {
    if (this.#events === null) throw new Error('it has not been started');
    return this.#events;
  }

  path = (rest: string): string => `/api/v1/interactions/final/${rest}`;

  draw = async (token?: string) => (await this.events.get(this.path('draw'), token)).body;

  /** Time goes on until the draw is there. */
  comesTo = (state: string) =>
    until(async () => {
      this.events.time.advance(500);
      const now = await this.draw(READER);
      expect(now.state).toBe(state);
      return now;
    });

  stuckBy = (problem: string) =>
    until(async () => {
      this.events.time.advance(500);
      expect((await this.draw(READER)).staff.problem).toBe(problem);
    });

  pool = async (id: string, pieces: number): Promise<void> => {
    await this.events.books.perform('pool.open', {
      terms: someTerms({ id }),
      ...{ budget: { pieces, amountMinor: pieces * 100 }, by: null, atUs: this.events.time.clock.unixUs() },
    });
  };

  /** A car and three bags out of the pool `p1`. */
  lottery = async (over: object = {}): Promise<void> => {
    const prizes = [
      { prize: 'car', title: 'A car', pool: 'p1', pieces: 1, amountMinor: 100 },
      { prize: 'bag', pool: 'p1', pieces: 3, amountMinor: 100 },
    ];
    const config = {
      title: 'Final',
      prizes,
      durationMs: DURATION_MS,
      randomness: { kind: 'drand' },
      ...over,
    };
    const made = await this.events.post(
      '/api/v1/interactions',
      { id: 'final', type: 'lottery', config },
      DIRECTOR,
    );
    expect(made.status).toBe(201);
  };

  /** `viewer-0` and those after it have entered. */
  opened = async (viewers: number): Promise<void> => {
    const data = { interaction: 'final' };
    const { events } = this;
    await events.publish(
      events.land({ id: 'open-1', type: 'interaction.open', data, durationMs: DURATION_MS }),
    );
    for (let i = 0; i < viewers; i++) {
      const token = await events.session(`viewer-${i}`);
      this.#sessions.set(`viewer-${i}`, token);
      expect((await events.submit('final', token)).status).toBe(200);
    }
  };

  get viewers(): string[] {
    return [...this.#sessions.keys()];
  }

  closed = (): void => this.events.time.advance(DURATION_MS + SPREAD_MS);

  reveal = () =>
    this.events.publish(this.events.land({ id: 'reveal-1', type: 'interaction.reveal', ref: 'open-1' }));

  cancel = () =>
    this.events.publish(this.events.land({ id: 'cancel-1', type: 'interaction.cancel', ref: 'open-1' }));

  /** An answer is as /openapi.json says it. */
  as = (rest: string, body: unknown): void => {
    const told = DRAW_OPERATIONS.find(
      ({ path, method }) => method === 'get' && path.endsWith(`/{id}/${rest}`),
    );
    expect([rest, told?.answers[200]?.schema?.safeParse(body).error?.issues]).toEqual([rest, undefined]);
  };

  mine = async (viewer: string) =>
    (await this.events.get(this.path('mine'), this.#sessions.get(viewer))).body;

  bundle = async () => {
    const document = await this.draw();
    const pages = [];
    for (let page = 0; page < document.commitment.pages; page++) {
      pages.push((await this.events.get(this.path(`entrants?page=${page}`))).body);
    }
    return { v: 1, draw: document, pages };
  };
}
