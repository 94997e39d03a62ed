import { beforeEach, describe, expect, test } from 'vitest';
import { FramecueError } from '../../packet/errors.ts';
import { ms } from '../../packet/time.ts';
import { createLog } from '../../service/log.ts';
import { newFacts, type Transition } from '../ledger/facts.ts';
import { anInteraction, canceledBy, lockedBy, openedBy } from '../ledger/fixtures.ts';
import { MemoryLedger } from '../ledger/memory.ts';
import { silentObserver } from '../observer.ts';
import { ManualTime } from '../test-support/manual-time.ts';
import { InteractionBook } from './book.ts';
import { CueMirror } from './cue-mirror.ts';
import { FeedFollower } from './feed-follower.ts';
import { HeldAnswers } from './held.ts';
import { Keeper } from './keeper.ts';
import { RehearsalRounds } from './rehearsal-rounds.ts';

class FlakyLedger extends MemoryLedger {
  isAway = false;

  override async recordTransition(transition: Transition) {
    if (this.isAway) throw new FramecueError('ERR_STORE_UNAVAILABLE');
    return super.recordTransition(transition);
  }
}

let time: ManualTime;
let ledger: FlakyLedger;
let book: InteractionBook;
let keeper: Keeper;
const parts = () => {
  const log = createLog('events', { logLevel: 'silent' });
  const { clock } = time;
  const judgeLimits = { spreadMs: ms(15_000), clockErrorMs: ms(100), toleranceMs: ms(250) };
  const common = { ledger, book, clock, log, observer: silentObserver };
  const held = new HeldAnswers({ ...common, judgeLimits, limits: { count: 10, forMs: 600_000 } });
  const rehearsals = new RehearsalRounds({
    ...{ interaction: () => null, limits: judgeLimits, onPassedOver: () => undefined },
  });
  const follower = new FeedFollower({
    ...common,
    held,
    rehearsals,
    mirror: new CueMirror(10),
    loadLimit: 10,
  });
  return { ...common, held, follower };
};
const having = async (...steps: readonly Transition[]) => {
  const record = anInteraction({ id: 'q1' });
  await ledger.createInteraction(record);
  book.add(newFacts(record));
  for (const step of steps) {
    await ledger.recordTransition(step);
    book.apply(step);
  }
};
const expiredInLedger = async () => (await ledger.factsOf('q1'))!.expired;

beforeEach(() => {
  time = new ManualTime();
  ledger = new FlakyLedger();
  book = new InteractionBook(10);
  keeper = new Keeper(parts());
});

describe('what time does', () => {
  test('the end of a window is written down once, with the moment it had', async () => {
    await having(openedBy('q1', { fireAtUs: time.clock.unixUs() }));
    const openedAt = time.clock.unixUs();
    time.advance(9_999);
    await keeper.tick();
    expect(await expiredInLedger()).toBeNull();
    time.advance(700);
    await keeper.tick();
    const expired = { kind: 'expired', interaction: 'q1', atUs: openedAt + 10_000_000 };
    expect(await expiredInLedger()).toEqual(expired);
    expect(book.get('q1')!.facts.expired).toEqual(expired);
  });

  test('a window that a cue has locked before does not expire; nor one that was cancelled, or has no end', async () => {
    const at = time.clock.unixUs();
    await having(openedBy('q1', { fireAtUs: at }), lockedBy('q1', { fireAtUs: at }));
    time.advance(60_000);
    await keeper.tick();
    expect(await expiredInLedger()).toBeNull();
    for (const steps of [
      [openedBy('q1', { fireAtUs: at }), canceledBy('q1')],
      [openedBy('q1', { fireAtUs: at }, null)],
    ]) {
      ledger = new FlakyLedger();
      book = new InteractionBook(10);
      keeper = new Keeper(parts());
      await having(...steps);
      await keeper.tick();
      expect(await expiredInLedger()).toBeNull();
    }
  });

  test('what the store does not take is written down when it does', async () => {
    await having(openedBy('q1', { fireAtUs: time.clock.unixUs() }));
    time.advance(11_000);
    ledger.isAway = true;
    await keeper.tick();
    expect(await expiredInLedger()).toBeNull();
    ledger.isAway = false;
    await keeper.tick();
    expect(await expiredInLedger()).not.toBeNull();
  });

  test('comes by itself every quarter of a second, until it is stopped', async () => {
    await having(openedBy('q1', { fireAtUs: time.clock.unixUs() }));
    keeper.start(time);
    time.advance(10_250);
    await expect.poll(expiredInLedger).not.toBeNull();
    await expect.poll(() => time.waiting).toBe(1);
    keeper.stop();
    expect(time.waiting).toBe(0);
  });
});
