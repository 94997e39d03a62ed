import { webcrypto } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { sealData, signBody } from '../../../cues/signing.ts';
import {
  type CueBody,
  formatClockStamp,
  formatCueBody,
  formatCueStamp,
  type StampCrypto,
  type StampKeySet,
  webCrypto,
} from '../../../cues/wire/index.ts';
import { newSigningKey } from '../../test/stamped-stream.ts';
import type { KnownCue } from '../scheduler/cue-entry.ts';
import { PlayerTimeline } from '../scheduler/timeline.ts';
import { StampIntake } from './intake.ts';
import { StampVerifier } from './verifier.ts';

const key = newSigningKey();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const body = (changes: Partial<CueBody> = {}): CueBody => ({
  id: 'c1',
  rev: 0,
  stream: 'live/main',
  type: 'interaction.open',
  markedAt: 1,
  exp: 4_000_000_000_000,
  data: { a: 1 },
  ...changes,
});

interface Copy {
  readonly fireIn: number;
  readonly key?: string;
  readonly pts?: number;
  readonly signature?: string;
  readonly text?: string;
}

function stampOf(cue: CueBody, { fireIn, key: sealKey, pts, signature, text }: Copy): Uint8Array {
  const line2 = formatCueBody(cue);
  const head = {
    epoch: 'e1',
    at: 5,
    fireIn,
    fireAt: 9,
    ...(pts === undefined ? {} : { pts }),
    ...(sealKey === undefined ? {} : { key: sealKey }),
  };
  return bytes(formatCueStamp(head, text ?? line2, signature ?? signBody(line2, key)));
}

/** Counts what it is asked to do. */
class Counting implements StampCrypto {
  readonly #crypto = webCrypto(webcrypto.subtle as unknown as SubtleCrypto);
  verifications = 0;
  /** Holds every verification until it is settled. */
  gate: Promise<void> | null = null;
  broken = false;

  async verifyEd25519(...args: Parameters<StampCrypto['verifyEd25519']>): Promise<boolean> {
    this.verifications++;
    await this.gate;
    if (this.broken) throw new TypeError('the chunk did not load');
    return this.#crypto.verifyEd25519(...args);
  }

  openAes256Gcm(...args: Parameters<StampCrypto['openAes256Gcm']>): Promise<Uint8Array> {
    return this.#crypto.openAes256Gcm(...args);
  }
}

let crypto: Counting;
let keys: { keys: StampKeySet; refreshes: number; refresh(): void };
let cues: KnownCue[];
let problems: string[];
let done: Set<string>;
let timeline: PlayerTimeline;
let intake: StampIntake;

beforeEach(() => {
  crypto = new Counting();
  keys = {
    keys: { keys: [key.publicJwk] },
    refreshes: 0,
    refresh() {
      this.refreshes++;
    },
  };
  // Its own: what a test leaves under way is none of the next one's.
  const [ownCues, ownProblems]: [KnownCue[], string[]] = [[], []];
  cues = ownCues;
  problems = ownProblems;
  done = new Set();
  timeline = new PlayerTimeline(0, () => 'flv');
  intake = new StampIntake({
    stream: 'live/main',
    verifier: new StampVerifier(crypto, keys),
    nowMs: () => 0,
    isDone: (id, rev) => done.has(`${id} ${rev}`),
    onCue: (cue) => ownCues.push(cue),
    onProblem: (code) => ownProblems.push(code),
  });
});

const take = (data: Uint8Array, ptsMs = 1000): void => intake.take({ ptsMs, data }, timeline);
const settled = () => vi.waitFor(() => expect(cues.length + problems.length).toBeGreaterThan(0), 15_000);

describe('a stamp becomes a cue', () => {
  test('with its place in player time and in stream time', async () => {
    take(stampOf(body(), { fireIn: 80, pts: 50_000 }), 1000);
    await settled();
    expect(cues).toMatchObject([
      {
        facts: { id: 'c1', rev: 0 },
        data: { a: 1 },
        epoch: 'e1',
        fireAtUs: 9,
        streamFireMs: 50_080,
        from: { kind: 'stamp', playerFireMs: 1080, generation: 0, stamp: null },
      },
    ]);
    expect(timeline.toStream(1000)).toEqual({ ptsMs: 50_000, epoch: 'e1' });
  });

  test('copies at and after the frame are proof', async () => {
    const data = stampOf(body(), { fireIn: 0 });
    take(data);
    await settled();
    expect(cues[0]).toMatchObject({ streamFireMs: null, from: { stamp: new TextDecoder().decode(data) } });
  });

  test('many copies, one verification', async () => {
    for (let i = 0; i < 50; i++) take(stampOf(body(), { fireIn: 400 - 40 * i, pts: 40 * i }), 40 * i);
    await vi.waitFor(() => expect(cues).toHaveLength(50), 15_000);
    expect(crypto.verifications).toBe(1);
  });

  test('sealed until a copy brings the key; then for all of them', async () => {
    const { sealed, key: sealKey } = sealData({ question: 'Which?' });
    const { data: _, ...cue } = body();
    take(stampOf({ ...cue, sealed }, { fireIn: 40 }));
    await vi.waitFor(() => expect(cues).toHaveLength(1), 15_000);
    expect(cues[0]!.data).toBeNull();
    take(stampOf({ ...cue, sealed }, { fireIn: 0, key: sealKey }));
    await vi.waitFor(() => expect(cues).toHaveLength(2), 15_000);
    expect(cues[1]!.data).toEqual({ question: 'Which?' });
    take(stampOf({ ...cue, sealed }, { fireIn: 40 }));
    await vi.waitFor(() => expect(cues).toHaveLength(3), 15_000);
    expect(cues[2]!.data).toEqual({ question: 'Which?' });
    expect(crypto.verifications).toBe(1);
  });

  test('a wrong key spoils its own copy only', async () => {
    const { sealed, key: sealKey } = sealData({ question: 'Which?' });
    const { data: _, ...cue } = body();
    take(stampOf({ ...cue, sealed }, { fireIn: 0, key: sealData({}).key }));
    await settled();
    expect(problems).toEqual(['ERR_STAMP_SEALED']);
    take(stampOf({ ...cue, sealed }, { fireIn: -40, key: sealKey }));
    await vi.waitFor(() => expect(cues).toHaveLength(1), 15_000);
    expect(cues[0]!.data).toEqual({ question: 'Which?' });
  });

  test('clock stamps tell where the player is', () => {
    take(bytes(formatClockStamp({ epoch: 'e7', at: 5, pts: 9000 })), 200);
    expect(timeline.toStream(240)).toEqual({ ptsMs: 9040, epoch: 'e7' });
  });
});

describe('a stamp is refused', () => {
  const line2 = formatCueBody(body());
  test.each([
    ['no text', new Uint8Array([0xff, 0xfe]), 'ERR_STAMP_FORMAT'],
    ['empty', new Uint8Array(), 'ERR_STAMP_FORMAT'],
    ['no JSON', bytes('hello'), 'ERR_STAMP_FORMAT'],
    ['two lines', bytes('{"v":1,"epoch":"e","at":1}\n{}'), 'ERR_STAMP_FORMAT'],
    ['another version', bytes('{"v":2,"epoch":"e","at":1}'), 'ERR_STAMP_VERSION'],
    ['too long', bytes(`{"v":1,"epoch":"e","at":1,"x":"${'x'.repeat(4000)}"}`), 'ERR_STAMP_TOO_LARGE'],
    ['of another stream', stampOf(body({ stream: 'live/other' }), { fireIn: 0 }), 'ERR_CLIENT_STREAM'],
    [
      'changed after signing',
      stampOf(body(), { fireIn: 0, text: line2.replace('"rev":0', '"rev":9') }),
      'ERR_STAMP_SIGNATURE',
    ],
    [
      'signed by another under this key’s name',
      stampOf(body(), { fireIn: 0, signature: signBody(line2, { ...newSigningKey(), id: key.id }) }),
      'ERR_STAMP_SIGNATURE',
    ],
  ])('%s', async (_, data, code) => {
    take(data);
    await settled();
    expect(problems).toEqual([code]);
    expect(cues).toEqual([]);
  });

  test('a forgery does not stand for the cue whose id it took', async () => {
    take(stampOf(body(), { fireIn: 0, text: formatCueBody(body({ data: { a: 'forged' } })) }));
    await settled();
    take(stampOf(body(), { fireIn: 0 }));
    await vi.waitFor(() => expect(cues).toHaveLength(1), 15_000);
    expect(cues[0]!.data).toEqual({ a: 1 });
  });

  test('a flood of forgeries is bounded', async () => {
    const gate = Promise.withResolvers<void>();
    crypto.gate = gate.promise;
    for (let i = 0; i < 100; i++) {
      take(stampOf(body(), { fireIn: 0, text: formatCueBody(body({ id: `forged${i}` })) }));
    }
    await vi.waitFor(() => expect(problems.length).toBe(68), 15_000);
    expect(crypto.verifications).toBe(32);
    gate.resolve();
    await vi.waitFor(() => expect(problems.length).toBe(100), 15_000);
    expect(problems.filter((code) => code === 'ERR_STAMP_SIGNATURE')).toHaveLength(32);
  });

  test('what has had its end is not looked at', () => {
    done.add('c1 0');
    take(stampOf(body(), { fireIn: 0 }));
    expect(crypto.verifications).toBe(0);
  });
});

describe('keys and crypto that come later', () => {
  test('a copy waits for its key, and asks for it', async () => {
    keys.keys = { keys: [] };
    take(stampOf(body(), { fireIn: 0 }), 1000);
    await settled();
    expect(problems).toEqual(['ERR_CLIENT_KEY_UNKNOWN']);
    expect(keys.refreshes).toBe(1);
    keys.keys = { keys: [key.publicJwk] };
    intake.retry();
    await vi.waitFor(() => expect(cues).toHaveLength(1), 15_000);
    expect(cues[0]).toMatchObject({ from: { playerFireMs: 1000 } });
  });

  test('how many wait is bounded', async () => {
    keys.keys = { keys: [] };
    for (let i = 0; i < 100; i++) take(stampOf(body({ id: `c${i}` }), { fireIn: 0 }));
    await vi.waitFor(() => expect(problems.length).toBe(100), 15_000);
    keys.keys = { keys: [key.publicJwk] };
    intake.retry();
    await vi.waitFor(() => expect(cues.length).toBeGreaterThan(0), 15_000);
    expect(cues.length).toBeLessThanOrEqual(32);
  });

  test('crypto that failed is tried again with the next copy', async () => {
    crypto.broken = true;
    take(stampOf(body(), { fireIn: 0 }));
    await settled();
    expect(problems).toEqual(['ERR_CLIENT_CRYPTO']);
    crypto.broken = false;
    take(stampOf(body(), { fireIn: -40 }));
    await vi.waitFor(() => expect(cues).toHaveLength(1), 15_000);
  });
});
