import fc from 'fast-check';
import type { RundownDocument, RundownItem } from '../document.ts';
import { NOW } from './facts.ts';

/** What comes of a round: how it is begun and closed, and what stands in between. */
interface RoundPlan {
  readonly start: 'hand' | 'at' | 'after';
  readonly close: 'lock' | 'duration' | 'lock-by-hand';
  readonly reveal: boolean;
  readonly prize: boolean;
  readonly speed: boolean;
  readonly card: boolean;
  readonly texts: readonly [string, string, string];
  readonly data: { readonly [name: string]: unknown };
}

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .map((s) => s.replaceAll('\r', '\n'));
const leaf = fc.oneof(fc.string({ maxLength: 20 }), fc.integer(), fc.boolean(), fc.constant(null));
const json = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 8 }).filter((name) => name !== 'interaction' && name !== '__proto__'),
  fc.oneof(leaf, fc.array(leaf, { maxLength: 3 })),
  { maxKeys: 3 },
);

const plan: fc.Arbitrary<RoundPlan> = fc.record({
  start: fc.constantFrom('hand', 'at', 'after'),
  close: fc.constantFrom('lock', 'duration', 'lock-by-hand'),
  reveal: fc.boolean(),
  prize: fc.boolean(),
  speed: fc.boolean(),
  card: fc.boolean(),
  texts: fc.tuple(text, text, text),
  data: json,
});

/** Rundowns with nothing wrong with them. */
export const validRundown: fc.Arbitrary<RundownDocument> = fc
  .record({
    title: fc.option(text, { nil: undefined }),
    show: fc.option(fc.constant('show-1'), { nil: undefined }),
    isPrivate: fc.boolean(),
    gap: fc.integer({ min: 15_000, max: 60_000 }),
    plans: fc.array(plan, { minLength: 1, maxLength: 8 }),
  })
  .map(({ title, show, isPrivate, gap, plans }) => {
    const items = plans.flatMap((one, n) => roundItems(one, n, gap, isPrivate));
    return {
      id: 'any',
      ...(title === undefined ? {} : { title }),
      ...(show === undefined ? {} : { show }),
      items,
    };
  });

function roundItems(one: RoundPlan, n: number, gap: number, isPrivate: boolean): RundownItem[] {
  const [title, question, notes] = one.texts;
  const open = `q${n}-open`;
  // Rounds by the clock are far enough apart; those after others begin behind what closed the round before.
  const at = new Date(NOW + 60_000 + n * 600_000).toISOString();
  const items: RundownItem[] = [
    {
      id: open,
      title,
      type: 'interaction.open',
      interaction: `i${n}`,
      data: { ...one.data, question },
      ...(one.start === 'at' ? { at } : {}),
      ...(one.start === 'after' && n > 0 ? { after: { item: `q${n - 1}-end`, ms: gap } } : {}),
      ...(one.close === 'duration' ? { durationMs: 10_000 } : {}),
      ...(one.speed ? { speedPaid: true, alignInMs: 2_000 } : {}),
      ...(one.prize ? { prize: true } : {}),
      ...(isPrivate ? { audience: 'private' as const } : {}),
      notes,
    },
  ];
  if (one.close === 'lock') {
    items.push({ id: `q${n}-lock`, type: 'interaction.lock', ref: open, after: { item: open, ms: 12_000 } });
  } else if (one.close === 'lock-by-hand') {
    items.push({ id: `q${n}-lock`, type: 'interaction.lock', ref: open });
  }
  if (one.card) items.push({ id: `q${n}-card`, type: 'product.card', audience: { country: 'de' }, data: {} });
  if (one.reveal) {
    const from = one.close === 'duration' ? open : `q${n}-lock`;
    const after = { item: from, ms: gap + 12_000 };
    items.push({ id: `q${n}-reveal`, type: 'interaction.reveal', ref: open, after });
  }
  const last = items.at(-1)!.id;
  items.push({ id: `q${n}-end`, type: 'custom.end', after: { item: last, ms: 30_000 }, announceMs: 0 });
  return items;
}
