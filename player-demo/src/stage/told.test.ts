import { describe, expect, it } from 'vitest';
import { countdownFace } from './countdown.ts';
import { keptRole, takeAsked } from './screen-id.ts';
import { readTold, type Told } from './told.ts';
import { IDLE, maySend, nextTouch, outcomeOf, type Touch } from './touch.ts';
import { cellAt, gridFor, newTest, nextTest, verdictOf } from './touch-test.ts';

const TOLD = {
  at: 1_000,
  instance: 'i',
  shown: 'wall',
  screens: [{ screen: 'wall', name: 'Wall', role: 'show', since: 1, heardAt: 2, lost: false, auto: false }],
  show: { view: 'countdown', text: null, at: null },
  leave: null,
  taken: null,
  next: null,
  rehearsal: false,
};
const leaveOf = (id: string) => ({ id, label: null, prize: false, at: 1, until: 2 });
const takenOf = (leave: string, state = 'taken') => ({
  leave,
  screen: 'wall',
  at: 1,
  state,
  frame: 7,
  landedAt: 5,
});
const told = (over: object = {}): Told => readTold({ ...TOLD, ...over })!;

describe('what a screen is told', () => {
  it.each([
    [null],
    [{}],
    [{ ...TOLD, show: { view: 'film' } }],
    [{ ...TOLD, screens: [1] }],
    [{ ...TOLD, at: 'x' }],
  ])('is refused where it is not as agreed: %j', (value) => {
    expect(readTold(value)).toBeNull();
  });

  it('is read', () => {
    expect(
      told({ leave: leaveOf('l1'), next: { state: 'announced', at: 9, rehearsal: true } }),
    ).toMatchObject({
      ...{ view: 'countdown', shown: 'wall', leave: { id: 'l1', prize: false } },
      next: { state: 'announced', at: 9, rehearsal: true },
    });
  });
});

describe('a countdown', () => {
  const at = { state: 'announced', at: 10_000, rehearsal: false } as const;
  const face = (over: object) =>
    countdownFace({ next: at, now: 5_500, errorMs: 5, isLive: true, behindMs: 0, ...over });

  it('counts whole seconds up to the frame, then says now', () => {
    expect(face({})).toMatchObject({ kind: 'figure', figure: '5', unit: 'seconds' });
    expect(face({ now: 9_001 })).toMatchObject({ figure: '1', unit: 'second' });
    expect(face({ now: -80_000 })).toMatchObject({ figure: '1:30', unit: 'minutes' });
    expect(face({ now: 10_000 })).toMatchObject({ kind: 'now' });
    expect(face({ now: 12_001 })).toMatchObject({ kind: 'words', title: 'Stand by' });
  });

  it('counts to the picture of this screen where that is behind', () => {
    expect(face({ behindMs: 3_000 })).toMatchObject({ figure: '8', more: 'Announced, on this screen' });
  });

  it('shows no figure that it does not know', () => {
    expect(face({ now: null })).toMatchObject({ kind: 'words', title: 'One moment' });
    expect(face({ next: null })).toMatchObject({ kind: 'words', title: 'Stand by' });
    expect(face({ isLive: false })).toMatchObject({ kind: 'words', title: 'Not known' });
    expect(face({ errorMs: 1_200 })).toMatchObject({ figure: '5', more: expect.stringContaining('±2 s') });
  });
});

describe('a touch', () => {
  const run = (events: Parameters<typeof nextTouch>[1][], from: Touch = IDLE) =>
    events.reduce(nextTouch, from);
  const sent = run([{ kind: 'touched', leave: 'l1' }]);

  it('sends once for one leave', () => {
    expect(maySend(IDLE, 'l1')).toBe(true);
    expect(maySend(sent, 'l1')).toBe(false);
    expect(nextTouch(sent, { kind: 'touched', leave: 'l1' })).toBe(sent);
    const unknown = run([{ kind: 'no-answer', leave: 'l1' }], sent);
    expect(maySend(unknown, 'l1')).toBe(false);
    expect(maySend(unknown, 'l2')).toBe(true);
  });

  it('is free again where the server has refused it, or says that nothing was taken', () => {
    const refused = run([{ kind: 'refused', leave: 'l1', text: 'No.' }], sent);
    expect(refused).toEqual({ kind: 'refused', leave: 'l1', text: 'No.' });
    expect(maySend(refused, 'l1')).toBe(true);
    const unknown = run([{ kind: 'no-answer', leave: 'l1' }], sent);
    const stands = told({ leave: leaveOf('l1') });
    // Said before the touch may have come.
    expect(nextTouch(unknown, { kind: 'told', told: stands, fresh: false })).toBe(unknown);
    expect(nextTouch(unknown, { kind: 'told', told: stands, fresh: true })).toEqual(IDLE);
    expect(nextTouch(unknown, { kind: 'told', told: told(), fresh: true })).toMatchObject({
      kind: 'refused',
    });
  });

  it('is over when the server has taken it, also where its answer was lost', () => {
    for (const before of [sent, run([{ kind: 'no-answer', leave: 'l1' }], sent)]) {
      expect(nextTouch(before, { kind: 'told', told: told({ taken: takenOf('l1') }), fresh: false })).toEqual(
        IDLE,
      );
    }
    expect(nextTouch(sent, { kind: 'told', told: told({ leave: leaveOf('l2') }), fresh: false })).toEqual(
      IDLE,
    );
    expect(nextTouch(sent, { kind: 'refused', leave: 'l0', text: 'Late.' })).toBe(sent);
  });

  it('tells what it came to', () => {
    const words = (state: string) =>
      outcomeOf(told({ taken: takenOf('l1', state) }).taken!, () => '12:00:00');
    expect(words('taken')).toMatchObject({ tone: 'wait', title: 'Taken' });
    expect(words('landed')).toEqual({
      tone: 'good',
      title: 'It is on air',
      more: 'Landed on frame 7 at 12:00:00.',
    });
    expect(words('missed').tone).toBe('bad');
    expect(words('voided').title).toBe('Taken back');
    expect(words('uncertain').title).toBe('Not certain');
  });
});

describe('the touch test', () => {
  const small = newTest({ columns: 2, rows: 2 });
  const down = (pointer: number, cell: number, type = 'touch') =>
    ({ kind: 'down', pointer, type, cell }) as const;

  it('finds the target below a finger, at the edges too', () => {
    const grid = gridFor(1920, 1080);
    expect(grid).toEqual({ columns: 20, rows: 11 });
    expect([cellAt(grid, 0, 0), cellAt(grid, 0.999, 0), cellAt(grid, 1, 1), cellAt(grid, -1, 2)]).toEqual([
      0, 19, 219, 200,
    ]);
  });

  it('passes when every target was reached, and says how fast and with how many fingers', () => {
    const events = [down(1, 0), down(2, 1), { kind: 'over', pointer: 1, cell: 2 } as const, down(3, 3)];
    const test = [...events, { kind: 'painted', afterMs: 30 } as const].reduce(nextTest, small);
    expect(verdictOf(test, false)).toEqual({
      kind: 'passed',
      title: 'Touch test passed',
      lines: ['4 of 4 targets reached', '3 at once', '30 ms from touch to picture'],
    });
  });

  it('fails in words: dead zones, slow, and never because of a pointer that is not down', () => {
    const over = nextTest(small, { kind: 'over', pointer: 9, cell: 1 });
    expect(over).toBe(small);
    const test = [
      down(1, 0, 'mouse'),
      { kind: 'up', pointer: 1 } as const,
      { kind: 'painted', afterMs: 180 } as const,
    ].reduce(nextTest, small);
    expect(test.down.size).toBe(0);
    expect(verdictOf(test, false).kind).toBe('running');
    const verdict = verdictOf(test, true);
    expect(verdict.kind).toBe('failed');
    expect(verdict.lines.join('. ')).toMatch(/Dead: 3 targets, .*top right 1.*Slow.*by mouse/);
    expect(nextTest(test, { kind: 'again', grid: { columns: 4, rows: 3 } }).reached.size).toBe(0);
  });
});

describe('the address of a screen', () => {
  const storage = () => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
  };
  const asked = (hash: string, search = '', store = storage()) => {
    const left: string[] = [];
    const history = {
      replaceState: (_: unknown, __: string, url?: string | URL | null) => void left.push(String(url)),
    };
    return { ...takeAsked({ hash, pathname: '/stage.html', search }, history, store), left, store };
  };

  it('gives its ticket once, and this machine keeps it', () => {
    const first = asked(`#ticket=stage_abc_${'x'.repeat(20)}`, '?name=Wall&standby=auto&behind=400');
    expect(first).toMatchObject({ name: 'Wall', role: 'standby', auto: true, behindMs: 400 });
    expect(first.left).toEqual(['/stage.html?name=Wall&standby=auto&behind=400']);
    expect(asked('', '', first.store).ticket).toBe(first.ticket);
    expect(keptRole(first.store)).toBeNull();
  });

  it("takes no director's token, and no nonsense", () => {
    expect(asked('#ticket=director-0123456789').ticket).toBeNull();
    expect(asked('', '?behind=x').behindMs).toBe(0);
    expect(asked('', '?behind=-5').behindMs).toBe(0);
  });
});
