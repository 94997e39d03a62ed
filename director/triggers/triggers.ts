import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Cue } from '../../cues/cue.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { UnixMilliseconds } from '../../packet/time.ts';
import type { Log } from '../../service/log.ts';
import type { Actor } from '../action.ts';
import { controlHeld } from '../console/console-gate.ts';
import type { ControlLock } from '../console/control-lock.ts';
import type { ConsoleStore } from '../console-store/console-store.ts';
import type { TriggerRow } from '../console-store/messages.ts';
import type { CueRequest } from '../cue-request.ts';
import type { Pressed, Trigger, TriggerRequest } from './trigger.ts';

/** What triggers do, in the words of whoever can do it. Refusals are thrown with their codes. */
export interface TriggerDeeds {
  next(stream: string, who: Actor, at: UnixMilliseconds): Promise<Cue>;
  take(stream: string, item: string, who: Actor, at: UnixMilliseconds): Promise<Cue>;
  arm(stream: string, item: string, who: Actor, at: UnixMilliseconds): Promise<Cue>;
  cue(stream: string, request: CueRequest, who: Actor, at: UnixMilliseconds): Promise<Cue>;
  panic(stream: string, who: Actor): Promise<void>;
}

export interface TriggersOptions {
  readonly store: ConsoleStore;
  readonly start: readonly TriggerRow[];
  readonly deeds: TriggerDeeds;
  readonly lock: ControlLock;
  readonly clock: Clock;
  readonly log: Log;
  /** What a press came to that changed nothing, for whoever wonders: armed, or the code of a refusal. */
  readonly onPress: (stream: string, who: Actor, reason: string) => void;
  /** Names of tokens that may direct: what nobody of them stands behind any more does nothing. */
  readonly mayDirect: (by: string) => boolean;
}

/** Decks send a press twice, and fingers bounce: presses closer than this are one. */
export const SAME_PRESS_MS = 500;
/** How long the first press of a panic trigger waits for the second. */
export const PANIC_WITHIN_MS = 3_000;
/** Presses within a second, those that are one with the one before among them: each costs an answer. */
const RATE = 5;
const NOTE_EVERY_MS = 5_000;

interface Entry {
  row: TriggerRow;
  readonly what: TriggerRequest;
  pressedUs: number;
  outcome: Promise<Pressed> | null;
  armedUs: number | null;
  /** Monotonic moments of the newest presses. */
  readonly recent: number[];
  notedUs: number;
}

const whoOf = ({ row: { by, name } }: Entry): Actor => ({ by, console: `trigger:${name}` });

const LONG_AGO = Number.NEGATIVE_INFINITY;

/**
 * Plain addresses that a stream-deck controller calls, each with a secret of its own that allows one thing. Secrets
 * are kept as hashes and shown once.
 */
export class Triggers {
  readonly #options: TriggersOptions;
  readonly #byId = new Map<string, Entry>();

  constructor(options: TriggersOptions) {
    this.#options = options;
    for (const row of options.start) this.#byId.set(row.id, entryOf(row));
  }

  list(stream: string): readonly Trigger[] {
    return [...this.#byId.values()].filter(({ row }) => row.stream === stream).map(shownTrigger);
  }

  get(stream: string, name: string): Trigger | null {
    const entry = this.#find(stream, name);
    return entry === undefined ? null : shownTrigger(entry);
  }

  /** Makes one, or makes it anew with another secret: the earlier one is good for nothing from here on. */
  async put(
    stream: string,
    name: string,
    what: TriggerRequest,
    by: string,
  ): Promise<{ readonly trigger: Trigger; readonly secret: string }> {
    const secret = randomBytes(32).toString('base64url');
    const row: TriggerRow = {
      id: randomBytes(9).toString('base64url'),
      ...{ stream, name, secretHash: hashOf(secret), json: JSON.stringify(what), by },
      createdAt: this.#options.clock.unixMs(),
      uses: 0,
      lastUsedAt: null,
    };
    await this.#options.store.putTrigger(row);
    const before = this.#find(stream, name);
    if (before !== undefined) this.#byId.delete(before.row.id);
    const entry = entryOf(row);
    this.#byId.set(row.id, entry);
    return { trigger: shownTrigger(entry), secret };
  }

  /** @throws {FramecueError} ERR_TRIGGER_UNKNOWN. */
  async drop(stream: string, name: string): Promise<void> {
    // Off at once, whatever the disk says.
    const entry = this.#find(stream, name);
    if (entry !== undefined) this.#byId.delete(entry.row.id);
    const wasKnown = await this.#options.store.dropTrigger(stream, name);
    if (entry === undefined && !wasKnown) throw new FramecueError('ERR_TRIGGER_UNKNOWN');
  }

  /**
   * @throws {FramecueError} ERR_TOKEN_INVALID for an id or a secret that is none, ERR_RATE_LIMITED, and what the
   * deed refuses.
   */
  async press(id: string, secret: string, at: UnixMilliseconds): Promise<Pressed> {
    const entry = this.#byId.get(id);
    // The same work and the same words whether the id or the secret is wrong.
    const isRight = sameHash(entry?.row.secretHash ?? NO_HASH, hashOf(secret));
    if (entry === undefined || !isRight) throw new FramecueError('ERR_TOKEN_INVALID');
    const nowUs = this.#options.clock.monotonicUs();
    this.#limit(entry, nowUs);
    if (entry.outcome !== null && nowUs - entry.pressedUs < SAME_PRESS_MS * 1000) {
      return { ...(await entry.outcome), repeated: true };
    }
    entry.pressedUs = nowUs;
    const outcome = this.#do(entry, at, nowUs);
    entry.outcome = outcome;
    this.#note(entry, at, nowUs);
    try {
      const pressed = await outcome;
      if (pressed.did === 'armed') this.#options.onPress(entry.row.stream, whoOf(entry), 'armed');
      return pressed;
    } catch (error) {
      const code = error instanceof FramecueError ? error.code : 'ERR_INTERNAL';
      this.#options.onPress(entry.row.stream, whoOf(entry), code);
      throw error;
    }
  }

  async #do(entry: Entry, at: UnixMilliseconds, nowUs: number): Promise<Pressed> {
    const { deeds, lock, mayDirect } = this.#options;
    const { stream, name, by } = entry.row;
    const { what } = entry;
    if (!mayDirect(by)) throw new FramecueError('ERR_RIGHT_MISSING', `"${by}" may not direct any more.`);
    const who = whoOf(entry);
    const did = { trigger: name, did: what.do, repeated: false } as const;
    if (what.do === 'panic') {
      const { armedUs } = entry;
      entry.armedUs = null;
      if (armedUs === null || nowUs - armedUs > PANIC_WITHIN_MS * 1000) {
        entry.armedUs = nowUs;
        return { trigger: name, did: 'armed', withinMs: PANIC_WITHIN_MS, repeated: false };
      }
      await deeds.panic(stream, who);
      return did;
    }
    if (what.console !== undefined) {
      const holder = lock.inTheWayOf(stream, { console: what.console, by });
      if (holder !== null) throw controlHeld(holder);
    }
    const cue = await this.#cueOf(what, stream, who, at);
    return { ...did, cue: { id: cue.id, state: cue.state } };
  }

  #cueOf(what: TriggerRequest, stream: string, who: Actor, at: UnixMilliseconds): Promise<Cue> {
    const { deeds } = this.#options;
    switch (what.do) {
      case 'next':
        return deeds.next(stream, who, at);
      case 'take':
        return deeds.take(stream, what.item!, who, at);
      case 'arm':
        return deeds.arm(stream, what.item!, who, at);
      case 'cue':
        return deeds.cue(stream, what.cue!, who, at);
      case 'panic':
        throw new Error('panic makes no cue');
    }
  }

  #limit(entry: Entry, nowUs: number): void {
    const { recent } = entry;
    while (recent.length > 0 && nowUs - recent[0]! >= 1_000_000) recent.shift();
    if (recent.length >= RATE) {
      const retryAfterMs = Math.ceil((recent[0]! + 1_000_000 - nowUs) / 1000);
      throw new FramecueError('ERR_RATE_LIMITED', undefined, {
        details: { limit: RATE, perMs: 1_000, retryAfterMs },
      });
    }
    recent.push(nowUs);
  }

  /** How often it was used is worth keeping, but no disk write per press. */
  #note(entry: Entry, at: UnixMilliseconds, nowUs: number): void {
    entry.row = { ...entry.row, uses: entry.row.uses + 1, lastUsedAt: at };
    if (nowUs - entry.notedUs < NOTE_EVERY_MS * 1000) return;
    entry.notedUs = nowUs;
    const { store, log } = this.#options;
    store.noteUse(entry.row.id, entry.row.uses, at).catch((error: unknown) => {
      log.warn({ err: error, trigger: entry.row.name }, 'the use of a trigger could not be noted');
    });
  }

  #find(stream: string, name: string): Entry | undefined {
    for (const entry of this.#byId.values()) {
      if (entry.row.stream === stream && entry.row.name === name) return entry;
    }
    return undefined;
  }
}

const entryOf = (row: TriggerRow): Entry => ({
  ...{ row, what: JSON.parse(row.json) as TriggerRequest },
  ...{ pressedUs: LONG_AGO, outcome: null, armedUs: null, recent: [], notedUs: LONG_AGO },
});

const shownTrigger = ({ row, what }: Entry): Trigger => ({
  ...{ name: row.name, id: row.id, stream: row.stream },
  ...{ do: what.do, item: what.item ?? null, cue: what.cue ?? null, console: what.console ?? null },
  ...{ by: row.by, createdAt: row.createdAt, uses: row.uses, lastUsedAt: row.lastUsedAt },
});

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const NO_HASH = '0'.repeat(64);
const sameHash = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a), Buffer.from(b));
