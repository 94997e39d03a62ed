import type { Cue } from '../../cues/cue.ts';
import type { FeedEntry, FeedSnapshot } from '../../cues/feed.ts';
import type { Clock } from '../../packet/clock.ts';
import { type UnixMicroseconds, unixMsToUs } from '../../packet/time.ts';
import type { Log } from '../../service/log.ts';
import type { InteractionFacts, Transition } from '../ledger/facts.ts';
import type { FeedOutcome, FeedPosition, Ledger } from '../ledger/store.ts';
import type { EventsObserver } from '../observer.ts';
import { BookDraft, type InteractionBook } from './book.ts';
import { type CueMirror, mirrored } from './cue-mirror.ts';
import type { HeldAnswers } from './held.ts';
import { isRehearsal, type RehearsalRounds } from './rehearsal-rounds.ts';
import { effectOf, inOrderOfEffect } from './steps.ts';

export interface FeedFollowerOptions {
  readonly ledger: Ledger;
  readonly book: InteractionBook;
  readonly mirror: CueMirror;
  readonly rehearsals: RehearsalRounds;
  readonly held: HeldAnswers;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer: EventsObserver;
  /** How many interactions are kept in memory. */
  readonly loadLimit: number;
}

/**
 * What the feed says, put into effect: cue, steps and position in one transaction, then in memory. One entry at a
 * time, in order; an entry that comes twice changes nothing.
 */
export class FeedFollower {
  readonly #options: FeedFollowerOptions;
  #position: FeedPosition | null = null;
  /** After a failed commit nobody knows what the ledger has: memory is read from it again. */
  #inDoubt = true;
  #appliedAtUs = 0;

  constructor(options: FeedFollowerOptions) {
    this.#options = options;
  }

  /** Where to go on from; reads the ledger where memory may be behind it. */
  async position(): Promise<FeedPosition | null> {
    if (this.#inDoubt) await this.reload();
    return this.#position;
  }

  async reload(): Promise<void> {
    const { ledger, book, mirror, rehearsals, clock, log, loadLimit } = this.#options;
    const loaded = await ledger.load(loadLimit);
    const unusable = book.load(loaded);
    if (unusable.length > 0) {
      log.error(
        { interactions: unusable },
        'interactions of a type or config that is not known are left out',
      );
    }
    mirror.replaceAll(loaded.cues);
    rehearsals.applyAll(
      loaded.cues.map(({ cue }) => cue),
      clock.unixUs(),
    );
    this.#position = loaded.position;
    this.#inDoubt = false;
  }

  /** The ledger's writer was lost and is back: what was under way may have been committed. */
  async catchUp(): Promise<void> {
    this.#inDoubt = true;
    try {
      await this.reload();
    } catch (error) {
      // Tried again with the feed's next connection.
      this.#options.log.error({ err: error }, 'the ledger could not be read after its writer was lost');
    }
  }

  /** Whether the feed has ever been followed, in this life or an earlier one. */
  get hasPosition(): boolean {
    return this.#position !== null;
  }

  /** On the monotonic clock; 0: nothing yet. */
  get appliedAtUs(): number {
    return this.#appliedAtUs;
  }

  async applyEntry(position: FeedPosition, { at, cue }: FeedEntry): Promise<void> {
    const { ledger, mirror, clock } = this.#options;
    // It may say more of a landing that is known: that it has ended, or which outputs have it. That moves nothing.
    const known = hasSameLanding(mirror.cueOf(cue.stream, cue.id), cue);
    const steps = known ? [] : await this.#stepsOf([cue], unixMsToUs(at));
    const kept = mirrored(cue);
    const outcome = await this.#commit(() =>
      ledger.applyFeedEntry({ position, cue: kept, transitions: steps, now: clock.unixMs() }),
    );
    if (outcome.kind === 'already') return;
    mirror.put(kept, clock);
    this.#options.rehearsals.apply(cue, unixMsToUs(at));
    this.#take(position, steps, outcome);
    // Clocks of two machines differ: an entry is never from the future.
    this.#options.observer.feedApplied(Math.max(0, clock.unixMs() - at));
  }

  async applySnapshot(position: FeedPosition, { cues }: FeedSnapshot): Promise<void> {
    const { ledger, mirror, rehearsals, clock, log } = this.#options;
    const steps = await this.#stepsOf(inOrderOfEffect(cues), clock.unixUs());
    const now = clock.unixMs();
    const kept = cues.map(mirrored).filter(({ forgetAt }) => forgetAt > now);
    const outcome = await this.#commit(() =>
      ledger.applyFeedSnapshot({ position, cues: kept, transitions: steps }),
    );
    mirror.replaceAll(kept);
    rehearsals.applyAll(cues, clock.unixUs());
    this.#take(position, steps, outcome);
    log.info({ position, cues: cues.length, steps: steps.length }, 'the feed sent a snapshot');
  }

  async #stepsOf(cues: readonly Cue[], nowUs: UnixMicroseconds): Promise<readonly Transition[]> {
    const { book, mirror, log, observer } = this.#options;
    const draft = new BookDraft(book);
    const steps: Transition[] = [];
    // What counts is moved by what counts alone, also where it only names a cue.
    const cueOf = (stream: string, id: string): Cue | undefined => {
      const cue = mirror.cueOf(stream, id);
      return cue === undefined || isRehearsal(cue) ? undefined : cue;
    };
    for (const cue of cues) {
      if (isRehearsal(cue)) continue;
      const effect = effectOf(cue, nowUs, draft, cueOf);
      if (effect.kind === 'passed-over') {
        observer.cuePassedOver(effect.why);
        log.warn(
          { cue: cue.id, type: cue.type, interaction: effect.interaction, why: effect.why },
          'a cue could not do what it meant',
        );
      }
      if (effect.kind !== 'step') continue;
      if (effect.step.kind === 'revealed') await this.#judgeHeldBefore(effect.step, draft);
      draft.apply(effect.step);
      steps.push(effect.step);
    }
    return steps;
  }

  /** After the reveal no answer is taken, not even one that arrived in time. */
  async #judgeHeldBefore(step: Transition, draft: BookDraft): Promise<void> {
    const entry = this.#options.book.get(step.interaction);
    const facts: InteractionFacts | undefined = draft.get(step.interaction)?.facts;
    if (entry === undefined || facts === undefined || entry.held === 0) return;
    await this.#options.held.judgeAll(entry, facts);
  }

  async #commit(change: () => Promise<FeedOutcome>): Promise<FeedOutcome> {
    try {
      return await change();
    } catch (error) {
      this.#inDoubt = true;
      throw error;
    }
  }

  #take(position: FeedPosition, steps: readonly Transition[], outcome: FeedOutcome): void {
    const { book, clock, log } = this.#options;
    this.#position = position;
    this.#appliedAtUs = clock.monotonicUs();
    if (outcome.kind !== 'applied') return;
    for (const [at, step] of steps.entries()) {
      const result = outcome.transitions[at]!;
      if (result.kind === 'recorded') {
        book.apply(step);
        log.info({ interaction: step.interaction, step: step.kind }, 'an interaction has moved');
      } else if (result.kind !== 'already') {
        this.#inDoubt = true;
        log.warn({ interaction: step.interaction, step: step.kind, result }, 'the ledger refused a step');
      }
    }
  }
}

const hasSameLanding = (before: Cue | undefined, { rev, landing }: Cue): boolean =>
  before !== undefined &&
  before.rev === rev &&
  before.landing !== null &&
  before.landing.epoch === landing?.epoch &&
  before.landing.pts === landing.pts;
