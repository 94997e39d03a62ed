import { FramecueError } from '../../packet/errors.ts';
import { openStore } from '../../service/sqlite/open-store.ts';
import { openBooks } from '../ledger/sqlite/books.ts';
import { createSalts } from '../ledger/sqlite/leaf.ts';
import type { LedgerAnswer, LedgerOp, LedgerQuery, LedgerResult } from '../ledger/sqlite/messages.ts';
import { MIGRATIONS } from '../ledger/sqlite/schema.ts';
import { ManualTime } from '../test-support/manual-time.ts';
import {
  type CommitFault,
  type Rewrite,
  type Rewrites,
  SimulatedDisk,
  type SimulationFolder,
} from './disk.ts';
import { SimulatedDownstream } from './downstream.ts';
import { withGiver } from './giver.ts';
import { Life } from './life.ts';
import { Breach, Model } from './model.ts';
import type { Planted, Replacement } from './planted.ts';
import { SimulatedWriter, type WriterFault } from './writer.ts';

/** What came of something that a client asked for. */
export type Attempted<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  /** With its code. */
  | { readonly kind: 'refused'; readonly error: FramecueError }
  /** The process died under it, or was not there: the client hears nothing. */
  | { readonly kind: 'lost' };

export interface WorldOptions {
  readonly folder: SimulationFolder;
  readonly planted: Planted | null;
}

/** How often in a row nothing may happen before a world is taken to be at rest. */
const STILL_TURNS = 3;
const RESTLESS_TURNS = 20_000;
const STORE_CODES: readonly string[] = ['ERR_STORE_UNAVAILABLE', 'ERR_OVERLOADED', 'ERR_NOT_READY'];

/**
 * A ledger, the process that works on it, and all that can happen to both. Everything follows from what is done here:
 * no clock, no random number and no thread but the world's own.
 */
export class World {
  readonly time = new ManualTime();
  readonly model = new Model();
  readonly disk: SimulatedDisk;
  readonly downstream: SimulatedDownstream;
  readonly planted: Planted | null;
  /** What was done and what came of it, for whoever replays. */
  readonly trace: string[] = [];
  readonly #salts: () => string;
  #life: Life | null = null;
  #moves = 0;
  #ids = 0;
  #troubles = 0;
  readonly #rewritten = new Set<Replacement>();

  constructor({ folder, planted }: WorldOptions) {
    this.planted = planted;
    const rewrite = this.#rewrites(planted);
    const path = planted === null ? folder.newLedger((empty) => makeEmpty(empty, rewrite)) : folder.newPath();
    if (planted !== null) makeEmpty(path, rewrite);
    this.disk = new SimulatedDisk(path, rewrite);
    this.downstream = new SimulatedDownstream({
      ...{ clock: this.time.clock, moved: this.moved },
      killUs: () => this.#died(),
      newKeys: planted?.newKeys === true,
      answersFirst: planted?.answersFirst === true,
    });
    let filled = 0;
    this.#salts = createSalts((into) => into.fill(++filled));
  }

  readonly nextId = (prefix = 'id'): string => `${prefix}-${++this.#ids}`;
  readonly moved = (): void => {
    this.#moves++;
  };

  /** 0 to 1: a fixed walk, since chance is the commands' own. */
  readonly #random = (): number => {
    this.#walk = (this.#walk * 1_103_515_245 + 12_345) % 2_147_483_648;
    return this.#walk / 2_147_483_648;
  };
  #walk = 1;

  get counts(): { steps: number; crashes: number; commits: number; calls: number } {
    const { disk, downstream } = this;
    return { steps: this.#steps, crashes: this.#crashes, commits: disk.commits, calls: downstream.calls };
  }
  #steps = 0;
  #crashes = 0;

  /** A step begins. */
  stepped(): void {
    this.#steps++;
    this.#look();
  }

  /** The latest that the wall clock has shown, whatever it shows now. */
  get latestUs(): number {
    this.#look();
    return this.#latestUs;
  }
  #latestUs = 0;
  #look(): void {
    this.#latestUs = Math.max(this.#latestUs, this.time.clock.unixUs());
  }

  say(text: string): void {
    this.trace.push(text);
  }

  get #ailments(): number {
    return this.#troubles + this.disk.failures;
  }

  /** Whether the SQL that a fault is to change is gone: it would show nothing. */
  get isPlantedNowhere(): boolean {
    const all = [...(this.planted?.sql ?? []), ...(this.planted?.readSql ?? [])];
    return all.some((replacement) => !this.#rewritten.has(replacement));
  }

  /** The process, started where it is not running; null: it does not start now. */
  async life(): Promise<Life | null> {
    this.#life ??= await this.#begin();
    return this.#life;
  }

  get isAlive(): boolean {
    return this.#life !== null;
  }

  /** As somebody asks who waits for the answer until it comes or the process is gone. */
  async attempt<Value>(ask: (life: Life) => Promise<Value>): Promise<Attempted<Value>> {
    const life = await this.life();
    if (life === null) return { kind: 'lost' };
    const before = this.#ailments;
    const end = await Promise.race([
      ask(life).then(
        (value) => ({ kind: 'done', value }) as const,
        (error: unknown) => ({ kind: 'refused', error }) as const,
      ),
      life.death.then(() => ({ kind: 'lost' }) as const),
    ]);
    await this.rest();
    if (end.kind !== 'refused') return end;
    const { error } = end;
    // Whoever asks gets a code, and no refusal by a store that nothing ails.
    if (!(error instanceof FramecueError)) throw error;
    if (error.code === 'ERR_INTERNAL') throw new Breach(`an error that nobody expects: ${error.cause ?? ''}`);
    const ails = this.disk.isFull || this.disk.isLocked || this.#ailments !== before;
    if (STORE_CODES.includes(error.code) && !ails) throw new Breach(`${error.code}, and nothing ails it`);
    return { kind: 'refused', error };
  }

  /** Waits until nobody does anything any more without being asked. */
  async rest(): Promise<void> {
    let still = 0;
    for (let turn = 0; still < STILL_TURNS; turn++) {
      if (turn > RESTLESS_TURNS) throw new Error('the world never comes to rest');
      const before = this.#moves;
      await new Promise((resolve) => setImmediate(resolve));
      still = this.#moves === before ? still + 1 : 0;
    }
  }

  async advance(spanMs: number): Promise<void> {
    const life = await this.life();
    this.time.advance(spanMs);
    this.#look();
    if (life !== null) await this.rest();
  }

  /** The process ends between two steps. */
  async crash(): Promise<void> {
    this.#died();
    await this.rest();
  }

  planCommitFault(kind: CommitFault, after: number): void {
    this.disk.failNextCommit(kind, after);
  }

  planWriterFault(fault: WriterFault): void {
    this.#life?.writer.failNext(fault);
  }

  /** What ails machine and downstream is over. */
  mend(): void {
    this.downstream.mend();
    this.#life?.writer.mend();
    this.disk.mend();
  }

  /** Ends it all; the file stays. */
  close(): void {
    this.mend();
    this.#died();
  }

  async #begin(): Promise<Life | null> {
    const { disk, time } = this;
    let store: ReturnType<typeof this.openLedger>;
    try {
      store = this.openLedger();
    } catch (error) {
      disk.crash();
      if (!disk.isLocked && !disk.isFull) throw error;
      this.say('  the process does not start');
      return null;
    }
    let died = (): void => undefined;
    const death = new Promise<void>((resolve) => {
      died = resolve;
    });
    const writer = new SimulatedWriter({
      ...{ store, disk, moved: this.moved },
      ailed: () => {
        this.#troubles++;
      },
      onDoubtOver: () => void life.follower.catchUp(),
      died: () => this.#died(),
      acknowledgesFirst: this.planted?.acknowledgesFirst === true,
    });
    const life = new Life({
      ...{
        writer,
        time,
        death,
        random: this.#random,
        downstream: this.downstream,
        reading: disk.reading.bind(disk),
      },
      newId: () => this.nextId('receipt'),
    });
    this.#deathOf = died;
    await life.start();
    return life;
  }

  #deathOf: (() => void) | null = null;

  openLedger() {
    const file = { path: this.disk.path, busyTimeoutMs: 0, maxPages: 0 };
    return openStore<LedgerOp, LedgerResult, LedgerQuery, LedgerAnswer>(
      file,
      {
        migrations: MIGRATIONS,
        open: ({ write, read }) => {
          const newSalt = this.#salts;
          const books = openBooks({ write, read, newSalt, nowUs: () => this.time.clock.unixUs() });
          return { ...books, apply: withGiver(write, newSalt, books.apply) };
        },
      },
      this.disk.connect,
    );
  }

  #died(): void {
    this.#troubles++;
    const life = this.#life;
    this.#life = null;
    if (life !== null) this.#crashes++;
    life?.end();
    this.#deathOf?.();
    this.#deathOf = null;
    this.disk.crash();
    if (life !== null) this.say('  the process is gone');
  }

  #rewrites(planted: Planted | null): Rewrites {
    const rewrite =
      (replacements: readonly Replacement[]): Rewrite =>
      (sql) =>
        replacements.reduce((text, replacement) => {
          const changed = text.replaceAll(...replacement);
          if (changed !== text) this.#rewritten.add(replacement);
          return changed;
        }, sql);
    return { write: rewrite(planted?.sql ?? []), read: rewrite(planted?.readSql ?? []) };
  }
}

function makeEmpty(path: string, rewrite: Rewrites): void {
  const disk = new SimulatedDisk(path, rewrite);
  const domain = { migrations: MIGRATIONS, open: () => ({ apply: () => null }) };
  openStore({ path, busyTimeoutMs: 0, maxPages: 0 }, domain, disk.connect).close();
}
