import { describe, expect, it, vi } from 'vitest';
import type { FiredCue, MineOutcome, OwnEntry, SealedOutcome } from '../../../client/src/index.ts';
import { LotteryFlow } from './lottery-flow.ts';
import type { LotteryEvent } from './lottery-state.ts';

const DATA = { interaction: 'final', title: 'Final', prizes: [{ title: 'A car', pieces: 1 }] };
const cue = (over: Partial<FiredCue> = {}): FiredCue =>
  ({ id: 'open', type: 'interaction.open', ref: null, rehearsal: false, data: DATA, ...over }) as FiredCue;
const LOCK = cue({ id: 'lock', type: 'interaction.lock', ref: 'open', data: {} });
const REVEAL = cue({
  ...{ id: 'reveal', type: 'interaction.reveal', ref: 'open' },
  data: { interaction: 'final', resultKey: 'k' },
});
const OPENED: SealedOutcome = {
  ok: true,
  result: { interaction: 'final', root: 'ab', total: 1, winners: [] },
};

function rig(looks: Partial<OwnEntry>[] = []) {
  const events: LotteryEvent[] = [];
  const entry: OwnEntry = {
    ...{ interaction: 'final', state: 'committed', place: null, prize: null },
    entry: { receipt: 'r1', status: 'accepted' },
  };
  const mine = vi.fn(async (): Promise<MineOutcome> => ({ ok: true, mine: { ...entry, ...looks.shift() } }));
  const prefetchSealed = vi.fn(async () => ({ ok: true }) as const);
  const openSealed = vi.fn(async () => OPENED);
  const lookUp = vi.fn(async (): Promise<unknown> => null);
  /** What waits, until it is let go. */
  const waiting: (() => void)[] = [];
  const flow = new LotteryFlow({
    framecue: { submit: vi.fn(), mine, prefetchSealed, openSealed },
    onEvent: (event) => events.push(event),
    lookUp,
    setTimeout: (run) => waiting.push(run),
  });
  const pass = async () => {
    for (const run of waiting.splice(0)) run();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const kinds = () => events.map(({ kind }) => kind);
  return { flow, events, mine, prefetchSealed, openSealed, lookUp, waiting, pass, kinds };
}

describe('what a page asks for beside the cues of a lottery', () => {
  it('the sealed result and its own place once it is closed, once, by whichever comes first', async () => {
    const { flow, mine, prefetchSealed, pass } = rig();
    flow.cue(cue());
    expect(prefetchSealed).not.toHaveBeenCalled();
    flow.close(cue(), 'locked');
    flow.cue(LOCK);
    expect(prefetchSealed.mock.calls).toEqual([['final', { withinMs: 2000 }]]);
    expect(mine).not.toHaveBeenCalled();
    await pass();
    expect(mine).toHaveBeenCalledTimes(1);
  });

  it('looks after the reveal until the prize is delivered, and then no more', async () => {
    const won = (delivered: boolean) => ({
      state: 'revealed' as const,
      prize: {
        ...{ prize: 'car', title: 'A car', right: 'granted' as const },
        grant: { id: 'g', reversed: false, delivered },
      },
    });
    const { flow, mine, pass, waiting, kinds } = rig([{}, won(false), won(true)]);
    flow.cue(cue());
    flow.cue(LOCK);
    await pass();
    flow.cue(REVEAL);
    for (let i = 0; i < 5; i++) await pass();
    expect(mine).toHaveBeenCalledTimes(3);
    expect(waiting).toEqual([]);
    expect(kinds()).toEqual(['opened', 'cue', 'own', 'cue', 'result', 'own', 'own']);
  });

  it('asks nothing of a rehearsal', async () => {
    const { flow, mine, prefetchSealed, openSealed, pass } = rig();
    const rehearsal = true;
    flow.cue(cue({ rehearsal }));
    flow.cue({ ...LOCK, rehearsal });
    flow.cue({ ...REVEAL, rehearsal });
    await pass();
    for (const ask of [mine, prefetchSealed, openSealed]) expect(ask).not.toHaveBeenCalled();
  });

  it('looks up what the opening does not say, and a reveal whose opening was not seen', async () => {
    const { flow, lookUp, kinds, pass, openSealed } = rig();
    lookUp.mockResolvedValue(DATA);
    flow.cue(REVEAL);
    await pass();
    await pass();
    expect(kinds()).toEqual(['cue', 'recovered', 'result', 'own']);
    expect(openSealed).toHaveBeenCalledTimes(1);
    flow.cue(cue({ id: 'bare', data: { interaction: 'final' } }));
    await pass();
    expect(kinds()).toContain('opened');
  });

  it('leaves questions alone, and those that are no lottery', async () => {
    const { flow, lookUp, kinds } = rig();
    flow.cue(cue({ data: { interaction: 'q', question: 'Which?', options: ['a', 'b'] } }));
    expect(lookUp).not.toHaveBeenCalled();
    flow.cue(cue({ data: { interaction: 'q' } }));
    await Promise.resolve();
    expect(kinds()).toEqual([]);
  });

  it('is told nothing more once it was stopped', async () => {
    const { flow, kinds, pass } = rig();
    flow.cue(cue());
    flow.cue(LOCK);
    flow.stop();
    await pass();
    expect(kinds()).toEqual(['opened', 'cue']);
  });
});
