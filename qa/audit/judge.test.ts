import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutputReceipt } from '../../cues/output-receipt.ts';
import { type CueSighting, type JudgeOptions, OutputJudge, type ReaderState } from './judge.ts';
import type { ExpectedCue } from './messages.ts';

const T0 = 1_700_000_000_000_000;
const FRAME_MS = 40;
const CUE: ExpectedCue = {
  ...{ stream: 'live/main', id: 'c1', rev: 0, epoch: 'e1', pts: 4_000 },
  ...{ stampedAtUs: T0 + 4_000_000, fireAtUs: T0 + 4_000_000 },
};
const READING: ReaderState = { readingSinceUs: T0, problem: null };
const AWAY: ReaderState = { readingSinceUs: null, problem: 'ERR_SOURCE_OPEN' };
const SEEN = { seen: 'sei', carriers: [], copies: 5, offsetMs: 0, pts: 4_000, delayMs: 100 };

/** Plays an output that is `shift` off ours: pictures from 0 on, copies on the five from the fire picture on. */
class Play {
  readonly judge: OutputJudge;
  readonly shift: number;
  nowUs = T0;
  /** Whether a picture is read, and its stamps with it. */
  picture: (pts: number) => boolean = () => true;
  copy: (pts: number) => boolean = (pts) => pts >= 4_000 && pts < 4_200;
  clock: (pts: number) => boolean = (pts) => pts % 1_000 === 0;
  fireIn: (pts: number) => number = (pts) => 4_000 - pts;

  constructor(options: Partial<JudgeOptions> = {}, shift = 0) {
    this.judge = new OutputJudge({ isOwn: true, timeoutMs: 20_000, ...options });
    this.shift = shift;
    this.judge.began();
  }

  sighting(pts: number, given: Partial<CueSighting> = {}): CueSighting {
    const atUs = T0 + pts * 1000;
    return { id: 'c1', rev: 0, epoch: 'e1', atUs, fireIn: this.fireIn(pts), streamPts: pts, ...given };
  }

  /** @returns what was settled, at the picture at which it was. */
  to(untilPts: number, fromPts = 0, reader = READING): { at: number; receipt: OutputReceipt } | null {
    for (let pts = fromPts; pts <= untilPts; pts += FRAME_MS) {
      this.nowUs = T0 + (pts + 100) * 1000;
      if (this.picture(pts)) {
        this.judge.picture(pts + this.shift);
        if (this.clock(pts)) this.judge.stamp(pts + this.shift, pts);
        if (this.copy(pts)) this.judge.cueStamp(this.sighting(pts), pts + this.shift, this.nowUs);
      }
      const [settled] = this.judge.settle(this.nowUs, reader);
      if (settled !== undefined) return { at: pts, receipt: settled.receipt };
    }
    return null;
  }
}

describe('an output of our own', () => {
  test('that carries the cue: on its PTS, with its copies and its delay, once the copies have passed', () => {
    const play = new Play();
    play.judge.expect(CUE);
    expect(play.to(10_000)).toEqual({ at: 5_520, receipt: SEEN });
    expect(play.judge.awaits(CUE)).toBe(false);
    expect(play.to(20_000, 10_040)).toBeNull();
  });

  test('that was read before the landing was told', () => {
    const play = new Play();
    expect(play.to(8_000)).toBeNull();
    play.judge.expect(CUE);
    expect(play.to(8_040, 8_040)?.receipt).toEqual(SEEN);
  });

  test('whose publisher goes right after the cue', () => {
    const play = new Play();
    play.judge.expect(CUE);
    expect(play.to(4_160)).toBeNull();
    expect(play.judge.settle(play.nowUs + 2_999_000, READING)).toEqual([]);
    expect(play.judge.settle(play.nowUs + 3_000_000, READING)[0]?.receipt).toEqual(SEEN);
  });

  test('that lost it', () => {
    const play = new Play();
    play.copy = () => false;
    play.judge.expect(CUE);
    expect(play.to(10_000)).toMatchObject({
      at: 5_520,
      receipt: { seen: 'missing', problem: 'CUE_LOST', copies: 0 },
    });
  });

  test('that has no stamps at all, but the cue beside the video', () => {
    const play = new Play();
    play.copy = () => false;
    play.clock = () => false;
    play.judge.carrier('onframecue', play.sighting(4_000), true, T0 + 4_250_000);
    play.judge.expect(CUE);
    expect(play.to(10_000)?.receipt).toEqual({
      ...{ seen: 'carrier', pts: 4_000, offsetMs: 0, delayMs: 250, copies: 0, carriers: ['onframecue'] },
      problem: 'SEI_LOST',
    });
  });

  test.each([0, 250])(
    'that fires between two pictures: on the second, as landed (off ours by %i ms)',
    (shift) => {
      const play = new Play({ isOwn: shift === 0 }, shift);
      play.fireIn = (pts) => 3_982 - pts;
      play.judge.expect(CUE);
      const settled = play.to(10_000)?.receipt;
      expect(settled).toEqual({ ...SEEN, pts: 4_000 + shift, offsetMs: shift });
    },
  );

  test('that fires between two pictures, and the landing names the one after', () => {
    const play = new Play();
    play.fireIn = (pts) => 3_942 - pts;
    play.judge.expect(CUE);
    expect(play.to(10_000)?.receipt).toMatchObject({ seen: 'sei', problem: 'FIRE_COPY_LOST', offsetMs: -58 });
  });

  test('that gives the picture another PTS', () => {
    const play = new Play({}, 500);
    play.judge.expect(CUE);
    expect(play.to(10_000)?.receipt).toMatchObject({
      seen: 'sei',
      pts: 4_500,
      offsetMs: 500,
      problem: 'PTS_MOVED',
    });
  });

  test('whose copies do not agree', () => {
    const play = new Play();
    play.fireIn = (pts) => (pts === 4_080 ? -40 : 4_000 - pts);
    play.judge.expect(CUE);
    expect(play.to(10_000)?.receipt).toMatchObject({ seen: 'sei', problem: 'FIRE_PTS_DIFFERS' });
  });

  test('that lost the copy on the picture itself', () => {
    const play = new Play();
    play.copy = (pts) => pts > 4_000 && pts < 4_200;
    play.judge.expect(CUE);
    expect(play.to(10_000)?.receipt).toMatchObject({ seen: 'sei', copies: 4, problem: 'FIRE_COPY_LOST' });
  });

  test('with a forged stamp in place of the cue', () => {
    const play = new Play();
    play.copy = () => false;
    play.judge.forged('c1');
    play.judge.expect(CUE);
    expect(play.to(10_000)?.receipt).toMatchObject({ seen: 'missing', problem: 'SIGNATURE_BAD' });
  });

  test('with the cue of another epoch or revision: not this landing', () => {
    const play = new Play();
    play.copy = () => false;
    play.judge.cueStamp(play.sighting(4_000, { epoch: 'e0' }), 4_000, T0);
    play.judge.cueStamp(play.sighting(4_000, { rev: 1 }), 4_000, T0);
    play.judge.expect(CUE);
    expect(play.to(10_000)?.receipt.seen).toBe('missing');
  });

  test('that was not read when the picture passed: nobody knows', () => {
    const play = new Play();
    play.picture = (pts) => pts < 3_000 || pts > 5_000;
    play.judge.expect(CUE);
    expect(play.to(2_960)).toBeNull();
    play.judge.began();
    expect(play.to(10_000, 5_040)?.receipt).toMatchObject({ seen: 'unread', problem: 'NOT_COVERED' });
  });

  test('that was read again from the keyframe on: nothing is lost, nothing counted twice', () => {
    const play = new Play();
    play.judge.expect(CUE);
    expect(play.to(4_120)).toBeNull();
    play.judge.began();
    expect(play.to(10_000, 3_000)).toEqual({ at: 5_520, receipt: SEEN });
  });

  test('that cannot be read: why, once it is late', () => {
    const play = new Play();
    play.judge.expect(CUE);
    const lateUs = CUE.fireAtUs + 20_000_000;
    expect(play.judge.settle(lateUs - 1, AWAY)).toEqual([]);
    expect(play.judge.settle(lateUs, AWAY)[0]?.receipt).toMatchObject({
      seen: 'unread',
      problem: 'ERR_SOURCE_OPEN',
    });
  });
});

describe('an output elsewhere', () => {
  const elsewhere = (shift: number) => new Play({ isOwn: false }, shift);

  test.each([0, 90_000.5, -3_990])('with times %d ms off ours', (shift) => {
    const play = elsewhere(shift);
    play.judge.expect(CUE);
    expect(play.to(10_000)?.receipt).toEqual({ ...SEEN, pts: 4_000 + shift, offsetMs: shift });
  });

  test('that lost the cue, by the clock stamps that it kept', () => {
    const play = elsewhere(700);
    play.copy = () => false;
    play.judge.expect(CUE);
    expect(play.to(10_000)).toMatchObject({ at: 5_520, receipt: { seen: 'missing', problem: 'CUE_LOST' } });
  });

  test('without any stamp: only time can tell, and only where pictures came all the while', () => {
    const play = elsewhere(700);
    play.copy = () => false;
    play.clock = () => false;
    play.judge.expect(CUE);
    expect(play.to(23_880)).toBeNull();
    expect(play.to(30_000, 23_880)?.receipt).toMatchObject({ seen: 'missing', problem: 'NO_STAMPS' });
    const late = elsewhere(0);
    late.judge.expect(CUE);
    const since = { readingSinceUs: CUE.stampedAtUs + 1, problem: null };
    const [settled] = late.judge.settle(CUE.fireAtUs + 20_000_000, since);
    expect(settled?.receipt).toMatchObject({ seen: 'unread', problem: 'NOT_COVERED' });
  });

  test('whose stamps survive in carriers alone: these tie its timeline to ours', () => {
    const play = elsewhere(2_000);
    play.copy = () => false;
    play.clock = () => false;
    play.judge.expect(CUE);
    expect(play.to(3_960)).toBeNull();
    play.judge.carrier('onframecue', play.sighting(4_000), true, play.nowUs);
    expect(play.to(10_000, 4_000)).toMatchObject({
      at: 5_520,
      receipt: { seen: 'carrier', pts: 6_000, offsetMs: 2_000, carriers: ['onframecue'] },
    });
  });

  test('whose packager begins anew: what was known of its times is void', () => {
    const play = elsewhere(500_000);
    expect(play.to(6_000)).toBeNull();
    expect(play.judge.offsetMs).toBe(500_000);
    play.judge.picture(10_000);
    expect(play.judge.offsetMs).toBeNull();
  });
});

describe('whatever is read', () => {
  const events = fc.array(
    fc.record({
      pts: fc.integer({ min: -10_000, max: 100_000 }),
      kind: fc.constantFrom('picture', 'stamp', 'cue', 'carrier', 'began', 'forged', 'settle'),
      fireIn: fc.integer({ min: -5_000, max: 5_000 }),
      id: fc.constantFrom('c1', 'c2'),
    }),
    { maxLength: 200 },
  );

  test('every landing is settled exactly once, at the time-out at the latest, and `sei` needs a copy', () => {
    fc.assert(
      fc.property(events, fc.boolean(), (list, isOwn) => {
        const judge = new OutputJudge({ isOwn, timeoutMs: 1_000 });
        const cues = ['c1', 'c2'].map((id) => ({ ...CUE, id }));
        const copies = new Set<string>();
        const settled: { id: string; receipt: OutputReceipt }[] = [];
        for (const cue of cues) judge.expect(cue);
        const settle = (nowUs: number) => {
          for (const { cue, receipt } of judge.settle(nowUs, READING)) settled.push({ id: cue.id, receipt });
        };
        list.forEach(({ kind, pts, fireIn, id }, at) => {
          const sighting = { id, rev: 0, epoch: 'e1', atUs: T0 + at, fireIn, streamPts: pts };
          if (kind === 'picture') judge.picture(pts);
          else if (kind === 'stamp') judge.stamp(pts, pts - 10);
          else if (kind === 'cue') {
            copies.add(id);
            judge.cueStamp(sighting, pts, T0 + at);
          } else if (kind === 'carrier') judge.carrier('emsg', sighting, false, T0 + at);
          else if (kind === 'began') judge.began();
          else if (kind === 'forged') judge.forged(id);
          else settle(T0 + at);
        });
        settle(CUE.fireAtUs + 1_000_000);
        expect(settled.map(({ id }) => id).sort()).toEqual(['c1', 'c2']);
        for (const { id, receipt } of settled) {
          if (receipt.seen === 'sei') expect(copies.has(id)).toBe(true);
          expect(receipt.copies > 0).toBe(receipt.seen === 'sei');
          if (receipt.seen !== 'sei') expect(receipt.problem).toBeDefined();
        }
      }),
    );
  });

  test('what is kept has a bound', () => {
    const judge = new OutputJudge({ isOwn: true, timeoutMs: 1_000 });
    for (let i = 0; i < 1_500; i++) judge.expect({ ...CUE, id: `c${i}` });
    expect(judge.dropped).toBe(500);
    for (let i = 0; i < 3_000; i++) {
      judge.cueStamp({ id: `c${i}`, rev: 0, epoch: 'e1', atUs: i, fireIn: 0, streamPts: 0 }, 0, T0);
    }
    const settled = judge.settle(CUE.fireAtUs + 1_000_000, AWAY);
    expect(settled).toHaveLength(1_000);
    expect(settled.filter(({ receipt }) => receipt.seen === 'sei').length).toBeLessThan(1_000);
  });
});
