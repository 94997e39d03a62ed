import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readRundownValue } from '../cues/rundown/index.ts';
import { ms } from '../packet/time.ts';
import { loadSecrets } from '../service/secrets.ts';
import { loadSettings } from '../service/settings.ts';
import { createTokenRegistry } from '../service/tokens.ts';
import { openDirector } from './director.ts';
import type { OpeningFact, OpeningLookup } from './openings.ts';
import { Rig, STREAM, WHO } from './testing/rig.ts';

const OPEN = { id: 'open', type: 'interaction.open', data: { interaction: 'jacket' }, durationMs: 10_000 };
const OFFER = { interaction: 'jacket', title: 'The jacket', priceMinor: 1_900, currency: 'EUR' };
const SHOWS: OpeningFact = { kind: 'shows', data: OFFER };

let rig: Rig;
let fact: OpeningFact;
const lookUp = vi.fn<OpeningLookup>();

beforeEach(async () => {
  fact = SHOWS;
  lookUp.mockReset().mockImplementation(async () => fact);
  rig = await new Rig().open({ lookUpOpening: lookUp });
  rig.gate.begin(STREAM);
});
afterEach(() => rig.remove());

const dataOf = async (id: string) => (await rig.book.get(STREAM, id))!.data;

describe('an opening that names its interaction alone shows what was prepared', () => {
  test('now, later, armed, or as a rehearsal; asked for once', async () => {
    rig.book.isRehearsal = () => true;
    await rig.mark(OPEN);
    rig.book.isRehearsal = () => false;
    await rig.mark({ ...OPEN, id: 'later', delayMs: 5_000 });
    await rig.mark({ ...OPEN, id: 'armed', armed: true });
    for (const id of ['open', 'later', 'armed']) expect(await dataOf(id)).toEqual(OFFER);
    expect(lookUp.mock.calls).toEqual([['jacket']]);
  });

  test('for as long as it was prepared, unless the director says how long', async () => {
    fact = { ...SHOWS, durationMs: ms(30_000) };
    const { durationMs: _, ...open } = OPEN;
    await rig.mark({ ...open, id: 'prepared' });
    await rig.mark({ ...open, id: 'armed', armed: true });
    await rig.mark({ ...open, id: 'own', durationMs: 5_000 });
    const windows = ['prepared', 'armed', 'own'].map(
      async (id) => (await rig.book.get(STREAM, id))!.durationMs,
    );
    expect(await Promise.all(windows)).toEqual([30_000, 30_000, 5_000]);
  });

  test('each cue of a series', async () => {
    await rig.mark({ ...OPEN, series: { everyMs: 60_000, count: 3 } });
    expect(await dataOf('open.1')).toEqual(OFFER);
  });

  test('what is expected is there when it is taken: nobody is waited for', async () => {
    const asked = Promise.withResolvers<OpeningFact>();
    lookUp.mockReturnValueOnce(asked.promise);
    const expected = rig.book.expect([OPEN, { type: 'custom', data: { interaction: 'jacket' } }, OPEN]);
    // Two that wait ask once.
    const marked = rig.mark(OPEN);
    asked.resolve(SHOWS);
    await Promise.all([marked, expected]);
    fact = { kind: 'unknown' };
    await rig.mark({ ...OPEN, id: 'again' });
    expect(await dataOf('again')).toEqual(OFFER);
    expect(lookUp).toHaveBeenCalledTimes(1);
  });

  test('of many that are expected one after another is asked for, and none behind one that is not known', async () => {
    const opening = (interaction: string) => ({ type: 'interaction.open', data: { interaction } });
    lookUp.mockImplementation(async (id) => (id === 'c' ? { kind: 'unknown' } : SHOWS));
    await rig.book.expect(['a', 'b', 'c', 'd'].map(opening));
    expect(lookUp.mock.calls).toEqual([['a'], ['b'], ['c']]);
  });

  test.each([
    ['a title of its own', 'interaction.open', { interaction: 'jacket', title: 'Ours' }],
    ['no interaction', 'interaction.open', { question: 'who?' }],
    ['an interaction that is no id', 'interaction.open', { interaction: '../x' }],
    ['another type', 'product.card', { interaction: 'jacket' }],
  ])('with %s it is as the director says, and nobody is asked', async (_name, type, data) => {
    await rig.mark({ id: 'own', type, data });
    await rig.book.expect([{ type, data }]);
    expect(await dataOf('own')).toEqual(data);
    expect(lookUp).not.toHaveBeenCalled();
  });

  test('where events does not know it or is away the cue goes as it is, and the next one asks again', async () => {
    fact = { kind: 'unknown' };
    await rig.mark(OPEN);
    expect(await dataOf('open')).toEqual(OPEN.data);
    fact = SHOWS;
    await rig.mark({ ...OPEN, id: 'again' });
    expect(await dataOf('again')).toEqual(OFFER);
  });

  test('what does not fit into a stamp is left out, and the cue is not refused', async () => {
    fact = { kind: 'shows', data: { interaction: 'jacket', title: 'x'.repeat(2_000) } };
    await rig.mark(OPEN);
    expect(await dataOf('open')).toEqual(OPEN.data);
    const outcome = await rig.accept({ ...OPEN, id: 'own', data: { title: 'x'.repeat(2_000) } });
    expect(outcome).toMatchObject({ kind: 'refused', error: { code: 'ERR_CUE_TOO_LARGE' } });
  });

  test('one of two with the same id gets the place', async () => {
    const outcomes = await Promise.all([rig.accept(OPEN), rig.accept(OPEN)]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['accepted', 'refused']);
    expect(outcomes.find(({ kind }) => kind === 'refused')).toMatchObject({
      error: { code: 'ERR_CUE_EXISTS' },
    });
    expect((await rig.book.cancel({ stream: STREAM, id: 'open', who: WHO })).kind).not.toBe('refused');
  });
});

test('a rundown that is loaded is asked for: its items are taken without anybody being asked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'framecue-openings-'));
  const { settings } = loadSettings({ FRAMECUE_DATA_DIR: folder });
  const { gate, clock, log } = rig;
  const director = await openDirector({
    ...{ settings, secrets: loadSecrets(settings), tokens: createTokenRegistry([]), gate, clock, log },
    lookUpOpening: lookUp,
  });
  try {
    const items = [
      { id: 'one', type: 'interaction.open', interaction: 'jacket', durationMs: 10_000 },
      {
        id: 'two',
        type: 'interaction.open',
        interaction: 'own',
        data: { title: 'Ours' },
        durationMs: 10_000,
      },
    ];
    const reading = readRundownValue({ id: 'evening', items });
    const load = { stream: STREAM, reading, who: WHO, replace: false, unchecked: true };
    await director.rundowns.load(load);
    await vi.waitFor(() => expect(lookUp.mock.calls).toEqual([['jacket']]), 15_000);
    fact = { kind: 'unknown' };
    const take = (item: string) => director.rundowns.take(STREAM, item, {}, WHO, clock.unixMs(), false);
    await take('one');
    await take('two');
    const cues = (await director.book.list(STREAM, 10, null))!;
    expect(cues.map(({ item, data }) => [item, data]).sort()).toEqual([
      ['one', OFFER],
      ['two', { interaction: 'own', title: 'Ours' }],
    ]);
    expect(lookUp).toHaveBeenCalledTimes(1);
  } finally {
    director.console.endChannel();
    await director.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
