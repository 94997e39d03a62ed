import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { OpeningLookup } from './openings.ts';
import { Rig, STREAM } from './testing/rig.ts';

const OPEN = { id: 'open', type: 'interaction.open', data: { interaction: 'jacket' }, durationMs: 10_000 };

let rig: Rig;
const lookUpOpening = vi.fn<OpeningLookup>();
beforeEach(async () => {
  lookUpOpening.mockReset().mockResolvedValue({ kind: 'unknown' });
  rig = await new Rig().open({ lookUpOpening });
  rig.gate.begin(STREAM);
});
afterEach(() => rig.remove());

test.each([true, false])(
  'a mark while events is asked is of the mode in which it was pressed: rehearsal %s',
  async (rehearsal) => {
    rig.book.isRehearsal = () => rehearsal;
    lookUpOpening.mockImplementationOnce(async () => {
      rig.book.isRehearsal = () => !rehearsal;
      return { kind: 'unknown' };
    });
    expect(await rig.refusal(OPEN)).toMatchObject({ code: 'ERR_MODE_SWITCHED' });
    expect([await rig.book.get(STREAM, 'open'), rig.gate.scheduled]).toEqual([null, []]);
    await rig.mark(OPEN);
    expect((await rig.book.get(STREAM, 'open'))?.rehearsal === true).toBe(!rehearsal);
  },
);
