import type { DatabaseSync } from 'node:sqlite';
import { QUICKNET } from '../../draws/drand.ts';
import { ms } from '../../packet/time.ts';
import { createLog } from '../../service/log.ts';
import { Draws } from '../draws/draws.ts';
import { announceDraw, DrawSecrets } from '../draws/secrets.ts';
import { InteractionBook } from '../interactions/book.ts';
import { Catalog } from '../interactions/catalog.ts';
import { CueMirror } from '../interactions/cue-mirror.ts';
import { FeedFollower } from '../interactions/feed-follower.ts';
import { HeldAnswers } from '../interactions/held.ts';
import type { JudgeLimits } from '../interactions/judge.ts';
import { Keeper } from '../interactions/keeper.ts';
import { RehearsalRounds } from '../interactions/rehearsal-rounds.ts';
import { StampProofs } from '../interactions/stamp-proof.ts';
import { Submissions } from '../interactions/submissions.ts';
import type { Books } from '../ledger/commands.ts';
import type { EntrantPageRow } from '../ledger/draws.ts';
import type { DrawJobs } from '../ledger/sqlite/draws/jobs.ts';
import { drawWinners, readEntrants } from '../ledger/sqlite/draws/list.ts';
import { ledgerOver } from '../ledger/sqlite/ledger.ts';
import type { Ledger } from '../ledger/store.ts';
import { silentObserver } from '../observer.ts';
import { Dispatcher } from '../outbox/dispatcher.ts';
import type { ManualTime } from '../test-support/manual-time.ts';
import type { Timers } from '../timers.ts';
import { TreasuryKeeper } from '../treasury/keeper.ts';
import { silentTreasuryObserver } from '../treasury/observer.ts';
import { SIGNER, type SimulatedDownstream } from './downstream.ts';
import type { SimulatedWriter } from './writer.ts';

export const log = createLog('simulation', { logLevel: 'silent' });

export const LIMITS: JudgeLimits = { spreadMs: ms(15_000), clockErrorMs: ms(100), toleranceMs: ms(250) };
const HELD = { count: 100, forMs: 600_000 };
const IN_MEMORY = 100;
const QUEUE = 1_000;
/** So few that a batch often does not do. */
const AT_ONCE = 2;
const GIVE_UP_MS = 72 * 3_600_000;

/** No stamp is brought here: whoever is held comes to the ledger straight. */
const NO_KEYS = { current: () => ({ keys: [] }), refreshFor: async () => ({ keys: [] }) };

const SECRETS = new DrawSecrets('a secret of the simulation');
/** Draws take their randomness from their own seed here. */
const NO_RELAYS = { fetch: async () => null, newest: async () => 0 };

function listOf(db: DatabaseSync, interaction: string) {
  const pages: EntrantPageRow[] = [];
  const reading = readEntrants(db, interaction);
  for (;;) {
    const next = reading.next();
    if (next.done === true) return { pages, digest: next.value };
    pages.push(next.value);
  }
}

export interface LifeOptions {
  readonly writer: SimulatedWriter;
  readonly time: ManualTime;
  readonly newId: () => string;
  /** A look at the file by another thread. */
  readonly reading: <Value>(read: (db: DatabaseSync) => Value) => Value;
  readonly downstream: SimulatedDownstream;
  /** 0 to 1. */
  readonly random: () => number;
  /** Resolves when the process dies. */
  readonly death: Promise<void>;
}

/** What one process has in memory, put together as `createEvents` does it, but for its ports. */
export class Life {
  readonly ledger: Ledger & Books;
  readonly writer: SimulatedWriter;
  readonly book = new InteractionBook(IN_MEMORY);
  readonly follower: FeedFollower;
  readonly keeper: Keeper;
  readonly submissions: Submissions;
  readonly catalog: Catalog;
  readonly dispatcher: Dispatcher;
  readonly treasury: TreasuryKeeper;
  readonly draws: Draws;
  readonly death: Promise<void>;
  /** Of this life alone: they end with it. */
  readonly timers: Timers;
  #isOver = false;

  constructor({ writer, time, newId, death, downstream, random, reading }: LifeOptions) {
    const { clock } = time;
    const observer = silentObserver;
    const mirror = new CueMirror(IN_MEMORY);
    const { book } = this;
    this.writer = writer;
    this.death = death;
    this.ledger = ledgerOver(writer, QUEUE);
    this.timers = {
      after: (spanMs, run) =>
        time.after(spanMs, () => {
          if (!this.#isOver) run();
        }),
    };
    const common = { ledger: this.ledger, book, clock, log, observer };
    const held = new HeldAnswers({ ...common, limits: HELD, judgeLimits: LIMITS });
    const rehearsals = new RehearsalRounds({
      interaction: () => null,
      limits: LIMITS,
      onPassedOver: () => undefined,
    });
    this.follower = new FeedFollower({ ...common, mirror, rehearsals, held, loadLimit: IN_MEMORY });
    this.keeper = new Keeper({ ...common, held, follower: this.follower });
    const proofs = new StampProofs({ keys: NO_KEYS, crypto: { random: () => 0 } as never, clock });
    this.submissions = new Submissions({ ...common, rehearsals, proofs, held, limits: LIMITS, newId });
    this.catalog = new Catalog({ ...common, cap: LIMITS, announce: announceDraw(SECRETS) });
    this.draws = new Draws({
      ...{
        ledger: this.ledger,
        book,
        clock,
        log,
        secrets: SECRETS,
        chain: QUICKNET,
        cap: LIMITS,
        relays: NO_RELAYS,
      },
      jobs: this.#jobs(reading),
    });
    this.treasury = new TreasuryKeeper({
      ...{ books: this.ledger, clock, log, observer: silentTreasuryObserver },
      ...{ boxKey: '00'.repeat(32), atOnce: AT_ONCE },
    });
    this.dispatcher = new Dispatcher({
      books: this.ledger,
      call: {
        ...{ url: 'http://rewards.invalid/hooks', signer: SIGNER, timeoutMs: 2_000, signedAnswers: false },
        fetch: downstream.fetch,
      },
      lane: { concurrency: 2, perSecond: 50, breaker: { failures: 3, firstMs: 1_000, longestMs: 60_000 } },
      ...{ perSecond: 100, giveUpMs: GIVE_UP_MS, clock, timers: this.timers, random, log },
    });
  }

  /** Brings memory up to the ledger and begins to work. */
  async start(): Promise<void> {
    await this.follower.reload();
    this.keeper.start(this.timers);
    this.treasury.start(this.timers);
    this.draws.start(this.timers);
    this.dispatcher.start();
  }

  /** The long work of draws, without a thread. */
  #jobs(reading: LifeOptions['reading']): DrawJobs {
    const unlessOver = <Value>(work: () => Value): Promise<Value> =>
      this.#isOver ? new Promise(() => undefined) : Promise.resolve().then(work);
    return {
      async list(interaction, onPage) {
        const { pages, digest } = await unlessOver(() => reading((db) => listOf(db, interaction)));
        for (const [number, page] of pages.entries()) await onPage(page, number);
        return digest;
      },
      winners: (...given) => unlessOver(() => reading((db) => drawWinners(db, ...given))),
      isSigned: async () => false,
      close: async () => undefined,
    };
  }

  /** Nothing of it runs any more, and nothing that it asked for is answered. */
  end(): void {
    this.#isOver = true;
    this.writer.kill();
  }
}
