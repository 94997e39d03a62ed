import type { SigningKey } from '../cues/signing.ts';
import type { Clock } from '../packet/clock.ts';
import { ms } from '../packet/time.ts';
import type { Log } from '../service/log.ts';
import type { BookLog, CueBookOptions } from './book-parts.ts';
import { CueBook } from './cue-book.ts';
import { CueRequest, IdempotencyKey } from './cue-request.ts';
import { spentNow, spentSince } from './spent.ts';
import type { StreamGate } from './stream-gate.ts';

export interface WarmUpOptions {
  readonly limits: CueBookOptions['limits'];
  readonly signingKey: SigningKey;
  readonly clock: Clock;
  readonly log: Log;
}

const STREAM = 'warm/up';
const WHO = { by: 'warm-up', console: null };
/** By then V8 has compiled what each cue runs through; more of them change little. */
const ROUNDS = 60;

/**
 * The first cue of a process waits for code that was never run: schemas are compiled, cryptography is set up, nothing
 * is optimised yet (25 to 40 ms in all). So a book of its own, whose log keeps nothing and whose stream is nobody's,
 * takes some cues of every kind before the first request: checked, sealed, signed and held by the same code.
 * @returns how many it took
 */
export async function warmUpCues({ limits, signingKey, clock, log }: WarmUpOptions): Promise<number> {
  const from = spentNow(clock);
  const start = { cues: [], keys: [], stampingOff: [], cleanStop: true, lastAt: null };
  const book = new CueBook({
    cueLog: keepsNothing(),
    start,
    gate: toNowhere(),
    clock,
    log,
    limits,
    signingKey,
  });
  let accepted = 0;
  for (let n = 0; n < ROUNDS; n++) {
    for (const body of bodies(n)) {
      const request = CueRequest.parse(body);
      const key = IdempotencyKey.parse(`warm-up-${n}-${request.type}`);
      const outcome = await book.accept({
        stream: STREAM,
        request,
        key,
        who: WHO,
        receivedAt: clock.unixMs(),
      });
      // Where the settings refuse one: the others do as well.
      if (outcome.kind !== 'accepted') continue;
      accepted++;
      const { id, rev } = outcome.cue;
      JSON.stringify(outcome.cue);
      book.onStampEvent({ kind: 'announced', id, rev, epoch: 'warm-up', firePts: ms(n) });
      await book.cancel({ stream: STREAM, id, who: WHO });
    }
  }
  await book.close();
  const { wallUs } = spentSince(from, clock);
  log.debug({ ms: wallUs / 1_000, accepted }, 'cues that go nowhere were accepted');
  return accepted;
}

const bodies = (n: number): unknown[] => [
  { type: 'custom.warm', data: { n }, announceMs: 0 },
  { type: 'product.card', data: { n, text: 'nobody sees this' }, delayMs: 3_000, announceMs: 2_000 },
  { type: 'interaction.open', data: { interaction: `warm-${n}` }, durationMs: 10_000, alignInMs: 4_000 },
];

function keepsNothing(): BookLog {
  return {
    healthy: true,
    doubts: 0,
    onCommitted: () => undefined,
    onDoubtOver: () => undefined,
    accept: async () => undefined,
    update: async () => undefined,
    setStamping: async () => undefined,
    list: async () => [],
    find: async () => null,
    close: async () => undefined,
  };
}

function toNowhere(): StreamGate {
  return {
    now: () => ({ epoch: 'warm-up', nextPts: ms(0) }),
    isLive: () => true,
    schedule: () => true,
    withdraw: () => true,
    setStamping: () => undefined,
  };
}
