import { DatabaseSync } from 'node:sqlite';
import { unixUs } from '../../../packet/time.ts';
import type { Books } from '../../ledger/commands.ts';
import type { Delivered, NewOutboxItem } from '../../ledger/outbox.ts';
import { DOMAINS, type DomainWrites } from '../../ledger/sqlite/domains.ts';
import { type Journal, prepareJournal } from '../../ledger/sqlite/journal.ts';
import { createSalts } from '../../ledger/sqlite/leaf.ts';
import { enqueue } from '../../ledger/sqlite/outbox.ts';
import { prepareReads } from '../../ledger/sqlite/reads.ts';
import { MIGRATIONS } from '../../ledger/sqlite/schema.ts';

export const T0_US = unixUs(1_700_000_000_000_000);

export const anItem = (over: Partial<NewOutboxItem> = {}): NewOutboxItem => ({
  id: 'g_1',
  topic: 'grant.made',
  lane: 'gold',
  viewer: 'ann',
  payload: { amountMinor: 500, currency: 'EUR' },
  atUs: T0_US,
  ...over,
});

/** The ledger's domains over one connection, with a way to put items into the outbox as a domain would. */
export class OutboxBooks implements Books {
  readonly db: DatabaseSync;
  readonly journal: Journal;
  /** What the other domains were told. */
  readonly told: Delivered[] = [];
  /** Thrown once by the next command. */
  failNext: Error | null = null;
  readonly #writes = new Map<string, DomainWrites>();
  readonly #commands: Map<string, (given: unknown) => unknown>;
  readonly #questions: Map<string, (given: unknown) => unknown>;

  constructor(path = ':memory:') {
    this.db = new DatabaseSync(path);
    const isNew = this.db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'outbox'`).get() === undefined;
    if (isNew) for (const step of MIGRATIONS) this.db.exec(step);
    const reducers = new Map(DOMAINS.flatMap((domain) => Object.entries(domain.reducers(this.db))));
    this.journal = prepareJournal(this.db, createSalts(), reducers);
    const reads = prepareReads(this.db);
    const others = () => this.#writes.values();
    for (const domain of DOMAINS) {
      this.#writes.set(domain.name, domain.prepare({ db: this.db, journal: this.journal, reads, others }));
    }
    this.#commands = new Map([...this.#writes.values()].flatMap(({ commands }) => Object.entries(commands)));
    this.#writes.set('test', { commands: {}, onDelivered: (delivered) => this.told.push(delivered) });
    this.#questions = new Map(
      DOMAINS.flatMap((domain) => Object.entries(domain.prepareReads(this.db).questions)),
    );
  }

  enqueue(over: Partial<NewOutboxItem> = {}): void {
    this.#inTransaction(() => enqueue(this.journal, anItem(over)));
  }

  // biome-ignore lint/suspicious/noExplicitAny: as the names of `Commands` say
  async perform(name: string, given: any): Promise<any> {
    const { failNext } = this;
    this.failNext = null;
    if (failNext !== null) throw failNext;
    return this.#inTransaction(() => this.#commands.get(name)!(given));
  }

  // biome-ignore lint/suspicious/noExplicitAny: as the names of `Questions` say
  async ask(name: string, given: any): Promise<any> {
    return this.#questions.get(name)!(given);
  }

  #inTransaction<T>(run: () => T): T {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const result = run();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      this.db.exec('ROLLBACK');
      throw error;
    }
  }
}
