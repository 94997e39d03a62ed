import { createHash } from 'node:crypto';
import { seedHashOf } from '../../draws/commitment.ts';
import { type DrandChain, roundAtOrAfter, timeOfRound } from '../../draws/drand.ts';
import { CautiousWall, type Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { type UnixMicroseconds, unixMs, unixMsToUs } from '../../packet/time.ts';
import type { Log } from '../../service/log.ts';
import type { InteractionBook } from '../interactions/book.ts';
import { type SpreadCap, settleMomentOf } from '../interactions/life-cycle.ts';
import { LotteryConfig } from '../interactions/lottery/config.ts';
import type { Books } from '../ledger/commands.ts';
import type { DrawCommitment, DrawRecord, WinnerToBook } from '../ledger/draws.ts';
import type { InteractionRecord } from '../ledger/facts.ts';
import type { DrawJobs } from '../ledger/sqlite/draws/jobs.ts';
import type { Ledger } from '../ledger/store.ts';
import { every, type Timers } from '../timers.ts';
import type { GivenRound, Relays } from './relays.ts';
import { type DrawSecrets, seedHashIn } from './secrets.ts';

export interface DrawsOptions {
  readonly ledger: Ledger & Books;
  readonly book: InteractionBook;
  readonly jobs: DrawJobs;
  readonly secrets: DrawSecrets;
  readonly relays: Pick<Relays, 'fetch' | 'newest'>;
  readonly chain: DrandChain;
  readonly clock: Clock;
  readonly cap: SpreadCap;
  readonly log: Log;
  readonly observer?: DrawsObserver;
}

export interface DrawsObserver {
  /** Draws that are not over, and those of them that get no further by themselves for now. */
  draws(open: number, stuck: number): void;
  /** Of one draw: winners, those of them without a right for now, and those who never get one. */
  drawn(winners: number, short: number, excluded: number): void;
}

/** Why a draw gets no further; tried again all the same. */
export type DrawProblem =
  /** The secret on disk is not the one that the seed was made from. */
  | 'seed-lost'
  /** No relay has the round, or none is reached: an operator can give it. */
  | 'no-randomness'
  /** The list that was read is not what the ledger counts. */
  | 'list-changed'
  /** The store takes nothing now, or the work broke off. */
  | 'failed';

const TICK_MS = 500;
const OPEN_AT_ONCE = 200;
/** Rights in one transaction. */
const BATCH = 200;
const SETTLE_MS = 10_000;
const LOOK_AGAIN_MS = 2_000;
const RETRY_MS = { first: 1_000, most: 30_000 };

class Stuck extends Error {
  readonly problem: DrawProblem;
  constructor(problem: DrawProblem) {
    super(problem);
    this.problem = problem;
  }
}

interface Waiting {
  readonly untilUs: number;
  readonly tries: number;
  readonly problem: DrawProblem | null;
  /** Since when there is this problem, in this life of the process. */
  readonly since: UnixMicroseconds | null;
}

/** A draw that gets no further for now. */
export interface StuckDraw {
  readonly problem: DrawProblem;
  readonly since: UnixMicroseconds;
}

/**
 * Brings draws on: closes the list when nobody can enter any more, commits to it, waits for the randomness that was named,
 * draws, and has the rights earned. Where each stands is on the ledger, and each step can be taken twice: after a crash it
 * goes on with the step that was not committed.
 */
export class Draws {
  readonly #options: DrawsOptions;
  /** A list is closed for good. */
  readonly #wall: CautiousWall;
  readonly #busy = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Waiting>();
  /** Rounds that an operator gave, checked. */
  readonly #given = new Map<string, { readonly round: GivenRound; readonly by: string }>();
  /** Whose list is closed: they need not be asked for again. */
  readonly #frozen = new Set<string>();
  #stop: (() => void) | null = null;
  #failing = false;

  constructor(options: DrawsOptions) {
    this.#options = options;
    this.#wall = new CautiousWall(options.clock);
  }

  start(timers: Timers): void {
    this.#stop ??= every(timers, TICK_MS, () => this.tick());
  }

  async close(): Promise<void> {
    this.#stop?.();
    this.#stop = null;
    await this.#options.jobs.close();
    await Promise.all(this.#busy.values());
  }

  stuckBy(interaction: string): StuckDraw | null {
    const { problem = null, since = null } = this.#waiting.get(interaction) ?? {};
    return problem === null || since === null ? null : { problem, since };
  }

  async tick(): Promise<void> {
    const { ledger, log, observer } = this.#options;
    try {
      await this.#freezeDue();
      const open = await ledger.ask('draw.open', { limit: OPEN_AT_ONCE });
      const ids = new Set(open.map(({ interaction }) => interaction));
      for (const id of this.#waiting.keys()) if (!ids.has(id)) this.#waiting.delete(id);
      for (const id of this.#given.keys()) if (!ids.has(id)) this.#given.delete(id);
      for (const record of open) this.#advance(record);
      const stuck = [...this.#waiting.values()].filter(({ problem }) => problem !== null).length;
      observer?.draws(open.length, stuck);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) log.warn({ err: error }, 'draws cannot be looked after now');
      this.#failing = true;
    }
  }

  /**
   * The round's signature from an operator, where no relay is reached.
   * @throws {FramecueError} ERR_DRAW_NOT_YET, ERR_DRAW_STATE, ERR_DRAW_RANDOMNESS
   */
  async give(interaction: string, round: GivenRound, by: string): Promise<void> {
    const { ledger, jobs, chain, clock } = this.#options;
    const record = await ledger.ask('draw.get', { interaction });
    const named = record?.commitment?.beacon?.round;
    if (record === null || record.commitment === null) throw new FramecueError('ERR_DRAW_NOT_YET');
    if (record.state !== 'committed' || named === undefined) throw new FramecueError('ERR_DRAW_STATE');
    if (record.publishedAtUs === null || clock.unixMs() < timeOfRound(chain, named)) {
      throw new FramecueError('ERR_DRAW_NOT_YET');
    }
    if (round.round !== named || !(await jobs.isSigned(chain, round.round, round.signature))) {
      throw new FramecueError('ERR_DRAW_RANDOMNESS', undefined, { details: { round: named } });
    }
    this.#given.set(interaction, { round, by });
    this.#waiting.delete(interaction);
    await this.#busy.get(interaction);
    await this.#advance((await ledger.ask('draw.get', { interaction })) ?? record);
  }

  /** Rounds whose window is over for everybody, and that hold no answer to be judged. */
  async #freezeDue(): Promise<void> {
    const { ledger, book, cap, log } = this.#options;
    const atUs = this.#wall.unixUs();
    for (const { id, facts, held } of [...book.live()]) {
      if (facts.record.type !== 'lottery' || held > 0) continue;
      const settlesAt = settleMomentOf(facts, cap);
      if (settlesAt === null || atUs < settlesAt || this.#frozen.has(id)) continue;
      const outcome = await ledger.perform('draw.freeze', { interaction: id, atUs });
      if (outcome === 'done') log.info({ interaction: id }, 'the list of a draw is closed');
      if (outcome === 'done' || outcome === 'already') this.#frozen.add(id);
    }
    for (const id of this.#frozen) if (book.get(id) === undefined) this.#frozen.delete(id);
  }

  /** One step after the other until there is something to wait for; of one draw, one at a time. */
  #advance(record: DrawRecord): Promise<void> {
    const { clock, log } = this.#options;
    const { interaction } = record;
    const running = this.#busy.get(interaction);
    if (running !== undefined) return running;
    const waits = this.#waiting.get(interaction);
    if (waits !== undefined && clock.monotonicUs() < waits.untilUs) return Promise.resolve();
    const work = this.#steps(record)
      .then((waitMs) => {
        if (waitMs === null) this.#waiting.delete(interaction);
        else
          this.#waiting.set(interaction, {
            untilUs: clock.monotonicUs() + waitMs * 1000,
            tries: 0,
            ...{ problem: null, since: null },
          });
      })
      .catch((error: unknown) => {
        const problem = error instanceof Stuck ? error.problem : 'failed';
        const tries = (waits?.tries ?? 0) + 1;
        const spanMs = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (tries - 1));
        const untilUs = clock.monotonicUs() + spanMs * 1000;
        if (waits?.problem !== problem) {
          log.warn(
            { interaction, problem, ...(error instanceof Stuck ? {} : { err: error }) },
            'a draw gets no further',
          );
        }
        const since = waits?.problem === problem && waits.since !== null ? waits.since : clock.unixUs();
        this.#waiting.set(interaction, { untilUs, tries, problem, since });
      })
      .finally(() => this.#busy.delete(interaction));
    this.#busy.set(interaction, work);
    return work;
  }

  /** @returns milliseconds until there is something to do; null: it is over */
  async #steps(first: DrawRecord): Promise<number | null> {
    const { ledger, clock, chain, observer } = this.#options;
    let record: DrawRecord | null = first;
    for (;;) {
      const round = record?.commitment?.beacon?.round ?? null;
      switch (record?.state) {
        case 'frozen':
          await this.#commit(record);
          break;
        case 'committed': {
          if (record.publishedAtUs === null) {
            await this.#publish(record);
            break;
          }
          const waitMs = round === null ? 0 : timeOfRound(chain, round) - clock.unixMs();
          // Not for longer at once: the wall clock may have been set back, and is set right again.
          if (waitMs > 0) return Math.min(waitMs, LOOK_AGAIN_MS);
          await this.#draw(record);
          break;
        }
        case 'booking':
          await this.#book(record);
          break;
        case 'drawn':
          observer?.drawn(record.winners, record.short, record.excluded);
          return null;
        default:
          return null;
      }
      record = await ledger.ask('draw.get', { interaction: first.interaction });
    }
  }

  async #recordOf(
    interaction: string,
  ): Promise<{ record: InteractionRecord; config: LotteryConfig; seed: Uint8Array }> {
    const { ledger, secrets } = this.#options;
    const facts = await ledger.factsOf(interaction);
    if (facts === null) throw new Stuck('failed');
    const { record } = facts;
    const seed = secrets.seedOf(record);
    if (seedHashIn(record) !== seedHashOf(seed)) throw new Stuck('seed-lost');
    return { record, config: LotteryConfig.parse(record.config), seed };
  }

  async #commit({ interaction }: DrawRecord): Promise<void> {
    const { ledger, jobs, clock, chain, log } = this.#options;
    const { config, seed } = await this.#recordOf(interaction);
    const list = await jobs.list(interaction, async (page, number) => {
      await ledger.perform('draw.page', { interaction, page: number, ...page });
    });
    const needsRound = config.randomness.kind === 'drand' && list.count > 0;
    const beacon = needsRound ? { chain: chain.chain, round: await this.#roundToName(config) } : null;
    const commitment: DrawCommitment = {
      ...{ seedHash: seedHashOf(seed), ...list, beacon },
      prizes: config.prizes.map(({ prize, pieces, tier = 'any' }) => ({ prize, pieces, tier })),
    };
    const outcome = await ledger.perform('draw.commit', { interaction, commitment, atUs: clock.unixUs() });
    if (outcome === 'changed') throw new Stuck('list-changed');
    if (outcome === 'done') {
      log.info(
        { interaction, entrants: list.count, root: list.root, round: beacon?.round },
        'a draw is committed to',
      );
    }
  }

  /** The first round at or after a moment that is ahead by our clock, and by that of the relays. */
  async #roundToName({ randomness }: LotteryConfig): Promise<number> {
    const { relays, clock, chain } = this.#options;
    const settleMs = randomness.kind === 'drand' ? (randomness.settleMs ?? SETTLE_MS) : 0;
    const newest = await relays.newest(this.#isSigned);
    const now = Math.max(clock.unixMs(), newest === 0 ? 0 : timeOfRound(chain, newest));
    return roundAtOrAfter(chain, now + settleMs);
  }

  /** The commitment is on the disk. Only if its round is still ahead now, it is drawn from; else a later round is named. */
  async #publish({ interaction, commitment }: DrawRecord): Promise<void> {
    const { ledger, clock, chain, log } = this.#options;
    const round = commitment?.beacon?.round ?? null;
    const atUs = clock.unixUs();
    if (round === null || unixMsToUs(unixMs(timeOfRound(chain, round))) > atUs) {
      await ledger.perform('draw.publish', { interaction, round, atUs });
      return;
    }
    const { config } = await this.#recordOf(interaction);
    const to = Math.max(round + 1, await this.#roundToName(config));
    log.warn(
      { interaction, from: round, to },
      'a commitment came too late for its round: a later one is named',
    );
    await ledger.perform('draw.move', { interaction, from: round, to, atUs: clock.unixUs() });
  }

  async #draw(record: DrawRecord): Promise<void> {
    const { ledger, clock, log } = this.#options;
    const { interaction, commitment } = record;
    const given = this.#given.get(interaction);
    const round = commitment!.beacon?.round ?? null;
    const signature = round === null ? null : (given?.round ?? (await this.#fetch(round))).signature;
    const winners = await this.#winnersOf(record, signature);
    const outcome = await ledger.perform('draw.draw', {
      ...{ interaction, signature, by: given?.by ?? null, winners: winners.length },
      ...{ batch: winners.slice(0, BATCH), atUs: clock.unixUs() },
    });
    this.#given.delete(interaction);
    if (outcome === 'done') log.info({ interaction, round, winners: winners.length }, 'a draw is drawn');
  }

  async #fetch(round: number): Promise<GivenRound> {
    const found = await this.#options.relays.fetch(round, this.#isSigned);
    if (found === null) throw new Stuck('no-randomness');
    return found;
  }

  readonly #isSigned = ({ round, signature }: GivenRound): Promise<boolean> =>
    this.#options.jobs.isSigned(this.#options.chain, round, signature);

  /** Bounded batches, each whole or not at all; a crash in between goes on with the next. */
  async #book(record: DrawRecord): Promise<void> {
    const { ledger, clock } = this.#options;
    const { interaction } = record;
    const winners = await this.#winnersOf(record, record.signature);
    for (let from = record.booked; from < winners.length; from += BATCH) {
      const batch = winners.slice(from, from + BATCH);
      const outcome = await ledger.perform('draw.book', { interaction, from, batch, atUs: clock.unixUs() });
      if (outcome === 'unfit') return;
    }
  }

  async #winnersOf(
    { interaction, commitment }: DrawRecord,
    signature: string | null,
  ): Promise<readonly WinnerToBook[]> {
    const { record, seed } = await this.#recordOf(interaction);
    const winners = await this.#options.jobs.winners(interaction, commitment!, seed, signature);
    return winners.map((winner, place) => ({ ...winner, right: rightIdOf(record, place) }));
  }
}

/** The same for a place in a draw, whoever computes it. */
const rightIdOf = ({ id, createdAtUs }: InteractionRecord, place: number): string =>
  `d_${createHash('sha256').update(`${id}\n${createdAtUs}\n${place}`).digest('base64url').slice(0, 24)}`;
