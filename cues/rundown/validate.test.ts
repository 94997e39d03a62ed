import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RundownDocument, RundownItem } from './document.ts';
import { RUNDOWN_ISSUES, type RundownIssueCode } from './issues.ts';
import { readRundown } from './read.ts';
import { readRundownCsv } from './read-csv.ts';
import { readRundownJson, readRundownValue } from './read-json.ts';
import type { InteractionFact, RundownFacts } from './rule-context.ts';
import { validRundown } from './testing/arbitrary.ts';
import { NOW, testFacts } from './testing/facts.ts';
import { validateRundown } from './validate.ts';
import { writeRundownCsv } from './write-csv.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'docs', 'examples');

/** `item field code` of all that is wrong. */
const wrong = (items: readonly object[], facts: Partial<RundownFacts> = {}): string[] =>
  validateRundown(readRundownValue({ id: 'r', items }), testFacts(facts)).map(
    ({ item, field, code }) => `${item} ${field} ${code}`,
  );

const open = (id: string, more: object = {}) => ({
  ...{ id, type: 'interaction.open', interaction: `of-${id}` },
  ...more,
});
const lock = (ref: string, more: object = {}) => ({
  id: `${ref}-lock`,
  type: 'interaction.lock',
  ref,
  ...more,
});
const reveal = (ref: string, more: object = {}) => ({
  ...{ id: `${ref}-reveal`, type: 'interaction.reveal', ref },
  ...more,
});
const at = (seconds: number) => ({ at: NOW + seconds * 1_000 });
const behind = (item: string, ms: number) => ({ after: { item, ms } });

describe('the example of the docs', () => {
  const read = (name: string, format: 'json' | 'csv') =>
    readRundown(readFileSync(join(EXAMPLES, name)), format, 'none');

  it('is valid, as JSON and as CSV, which say the same', () => {
    const json = read('rundown.json', 'json');
    const csv = read('rundown.csv', 'csv');
    expect(validateRundown(json, testFacts())).toEqual([]);
    expect(validateRundown(csv, testFacts())).toEqual([]);
    expect(csv.document).toEqual(json.document);
  });
});

describe('a valid rundown', () => {
  it('is valid, and stays what it is when it is written to CSV and read again', () => {
    fc.assert(
      fc.property(validRundown, (document) => {
        const reading = readRundownValue(document);
        expect(validateRundown(reading, testFacts())).toEqual([]);
        const again = readRundownCsv(writeRundownCsv(document), 'none');
        expect(again.issues).toEqual([]);
        expect(again.document).toEqual(JSON.parse(JSON.stringify(document)));
      }),
      { numRuns: Number(process.env.FRAMECUE_RUNDOWN_RUNS ?? 150) },
    );
  });

  it('stays so as JSON with lines', () => {
    fc.assert(
      fc.property(validRundown, (document) => {
        const reading = readRundownJson(JSON.stringify(document, null, 2));
        expect(reading.issues).toEqual([]);
        const text = JSON.stringify(document, null, 2).split('\n');
        for (const [index, { id }] of document.items.entries()) {
          expect(text[reading.lineOf(index, 'id')! - 1]).toContain(JSON.stringify(id));
        }
      }),
      { numRuns: 50 },
    );
  });
});

/** Each turns a valid rundown with at least one round into one with that fault at that item. */
const FAULTS: readonly {
  readonly code: RundownIssueCode;
  readonly plant: (items: RundownItem[]) => { readonly items: object[]; readonly item: string };
}[] = [
  {
    code: 'duplicate-id',
    plant: (items) => ({ items: [...items, { id: items[0]!.id, type: 'custom' }], item: items[0]!.id }),
  },
  {
    code: 'ref-unknown',
    plant: (items) => ({ items: [...items, lock('nobody')], item: 'nobody-lock' }),
  },
  {
    code: 'ref-later',
    plant: (items) => ({ items: [lock(items[0]!.id, { id: 'early' }), ...items], item: 'early' }),
  },
  {
    code: 'ref-not-open',
    plant: (items) => ({ items: [...items, lock('q0-end', { id: 'odd' })], item: 'odd' }),
  },
  {
    code: 'after-cycle',
    plant: (items) => ({ items: [...items, { id: 'x', type: 'custom', ...behind('x', 1) }], item: 'x' }),
  },
  {
    code: 'after-unknown',
    plant: (items) => ({ items: [...items, { id: 'x', type: 'custom', ...behind('nobody', 1) }], item: 'x' }),
  },
  {
    code: 'reveal-early',
    plant: (items) => ({
      items: [...items, open('p', { durationMs: 5_000 }), reveal('p', behind('p', 6_000))],
      item: 'p-reveal',
    }),
  },
  {
    code: 'prize-overlap',
    plant: (items) => ({
      items: [
        ...items,
        open('p1', { prize: true, audience: items[0]!.audience }),
        open('p2', { prize: true, audience: items[0]!.audience }),
        lock('p1'),
      ],
      item: 'p2',
    }),
  },
  {
    code: 'speed-unaligned',
    plant: (items) => ({ items: [...items, open('p', { speedPaid: true, durationMs: 5_000 })], item: 'p' }),
  },
  {
    code: 'at-passed',
    plant: (items) => ({ items: [...items, { id: 'x', type: 'custom', ...at(-1) }], item: 'x' }),
  },
  {
    code: 'too-large',
    plant: (items) => ({
      items: [...items, { id: 'x', type: 'custom', data: { text: 'y'.repeat(900) } }],
      item: 'x',
    }),
  },
  {
    code: 'interaction-missing',
    plant: (items) => ({ items: [...items, { id: 'x', type: 'interaction.open' }], item: 'x' }),
  },
  {
    code: 'interaction-twice',
    plant: (items) => ({ items: [...items, open('x', { interaction: 'i0', durationMs: 1 })], item: 'x' }),
  },
  {
    code: 'field',
    plant: (items) => ({ items: [...items, { id: 'x', type: 'interaction.opens' }], item: 'x' }),
  },
];

describe('the size of a reveal', () => {
  it('counts the key that is filled in when it runs', () => {
    const longest = (data: object): number => {
      const tooLarge = (n: number) =>
        wrong([
          open('p', { durationMs: 5_000 }),
          reveal('p', { data: { ...data, text: 'y'.repeat(n) } }),
        ]).includes('p-reveal data too-large');
      let n = 0;
      while (n < 4_096 && !tooLarge(n + 1)) n++;
      return n;
    };
    const own = longest({ interaction: 'of-p', resultKey: 'k'.repeat(43) });
    expect(own).toBeGreaterThan(100);
    expect(own).toBeLessThan(4_096);
    expect(longest({})).toBe(own);
  });
});

describe('a planted fault', () => {
  it.each(FAULTS)('$code is found at its item, as JSON and as CSV', ({ code, plant }) => {
    fc.assert(
      fc.property(validRundown, (document) => {
        const { items, item } = plant([...document.items]);
        const planted = { ...document, items };
        const expected = expect.arrayContaining([expect.objectContaining({ code, item })]);
        expect(validateRundown(readRundownValue(planted), testFacts())).toEqual(expected);
        const csv = writeRundownCsv(planted as RundownDocument);
        const found = validateRundown(readRundownCsv(csv, 'none'), testFacts());
        expect(found).toEqual(expected);
        for (const issue of found) expect(issue.line).toBeGreaterThan(1);
      }),
      { numRuns: 20 },
    );
  });
});

describe('the order', () => {
  it.each<[string, object[], string[]]>([
    ['a lock without ref', [{ id: 'l', type: 'interaction.lock' }], ['l ref ref-missing']],
    ['a card with ref', [open('a'), { id: 'c', type: 'product.card', ref: 'a' }], ['c ref ref-needless']],
    [
      'a second lock, a lock behind the reveal, a reveal behind the cancel',
      [
        open('a', { durationMs: 10 }),
        lock('a'),
        lock('a', { id: 'a2' }),
        open('b', { durationMs: 10 }),
        reveal('b'),
        lock('b'),
        open('c', { durationMs: 10 }),
        { id: 'c-cancel', type: 'interaction.cancel', ref: 'c' },
        reveal('c'),
      ],
      [
        ...['a2 ref round-closed', 'b-lock ref round-closed', 'c-reveal ref round-closed'],
        'b-reveal ref reveal-early',
      ],
    ],
    [
      'a circle of three, and one that hangs on it',
      [
        { id: 'a', type: 'custom', ...behind('c', 1) },
        { id: 'b', type: 'custom', ...behind('a', 1) },
        { id: 'c', type: 'custom', ...behind('b', 1) },
        { id: 'd', type: 'custom', ...behind('c', 1) },
      ],
      ['a after after-cycle', 'b after after-cycle', 'c after after-cycle'],
    ],
    [
      'at and after',
      [
        { id: 'a', type: 'custom', ...at(9), ...behind('b', 1) },
        { id: 'b', type: 'custom' },
      ],
      ['a after time-twice'],
    ],
  ])('%s', (_, items, expected) => {
    expect(wrong(items)).toEqual(expected);
  });

  it('says all of it at once, also of items beside one that cannot be read', () => {
    expect(
      wrong([
        open('a', { durationMs: 'long' }),
        lock('a'),
        lock('b'),
        { id: 'c', type: 'custom', colour: 'red' },
      ]),
    ).toEqual(['a durationMs field', 'c colour field-unknown', 'b-lock ref ref-unknown']);
  });
});

describe('a round', () => {
  it.each<[string, object[], string[]]>([
    ['may be locked after it opens', [open('a', at(10)), lock('a', at(11))], []],
    ['may not be locked before', [open('a', at(10)), lock('a', at(9))], ['a-lock at lock-before-open']],
    [
      'may not be locked before the moment at which all open',
      [open('a', { alignInMs: 5_000 }), lock('a', behind('a', 5_000))],
      ['a-lock after lock-before-open'],
    ],
    [
      'may be revealed a spread after its lock',
      [open('a'), lock('a', behind('a', 10_000)), reveal('a', behind('a-lock', 15_000))],
      [],
    ],
    [
      'may not be revealed a millisecond earlier',
      [open('a'), lock('a', behind('a', 10_000)), reveal('a', behind('a-lock', 14_999))],
      ['a-reveal after reveal-early'],
    ],
    [
      'that ends by itself may be revealed a spread after that',
      [open('a', { durationMs: 10_000, alignInMs: 2_000 }), reveal('a', behind('a', 27_000))],
      [],
    ],
    [
      'that ends by itself: not earlier',
      [open('a', { durationMs: 10_000, alignInMs: 2_000 }), reveal('a', behind('a', 26_999))],
      ['a-reveal after reveal-early'],
    ],
    [
      'that is locked before it would end by itself counts from the lock',
      [open('a', { durationMs: 60_000 }), lock('a', behind('a', 5_000)), reveal('a', behind('a', 20_000))],
      [],
    ],
    ['by hand, in order', [open('a'), lock('a'), reveal('a')], []],
    [
      'by hand, the lock behind the reveal',
      [open('a'), reveal('a'), lock('a')],
      ['a-lock ref round-closed', 'a-reveal ref reveal-early'],
    ],
    ['that nothing locks is not revealed', [open('a'), reveal('a')], ['a-reveal ref reveal-unlocked']],
    [
      'opens no earlier than its picture',
      [open('a', { ...at(10), alignAt: NOW + 9_000 })],
      ['a alignAt align-early'],
    ],
    ['opens at no moment that has passed', [open('a', { alignAt: NOW - 1 })], ['a alignAt at-passed']],
    ['says once when all open', [open('a', { alignAt: NOW + 9, alignInMs: 1 })], ['a alignInMs time-twice']],
    [
      'alone pays for speed',
      [{ id: 'a', type: 'product.card', speedPaid: true }],
      ['a speedPaid speed-type'],
    ],
  ])('%s', (_, items, expected) => {
    expect(wrong(items)).toEqual(expected);
  });
});

describe('prize rounds', () => {
  const prize = (id: string, more: object = {}) => open(id, { prize: true, ...more });

  it.each<[string, object[], string[]]>([
    [
      'by the clock, one after the other',
      [prize('a', { ...at(10), durationMs: 10_000 }), prize('b', at(20))],
      [],
    ],
    [
      'by the clock, one in the other',
      [prize('a', { ...at(10), durationMs: 10_000 }), prize('b', at(19))],
      ['b at prize-overlap'],
    ],
    [
      'by the clock, the later one first in the list',
      [prize('a', at(20)), prize('b', { ...at(10), durationMs: 11_000 })],
      ['b at prize-overlap'],
    ],
    [
      'the second as long after the first as that is open',
      [prize('a', { durationMs: 10_000 }), prize('b', behind('a', 10_000))],
      [],
    ],
    [
      'the second after the first, too early',
      [prize('a'), lock('a', behind('a', 10_000)), prize('b', behind('a', 9_000))],
      ['b after prize-overlap'],
    ],
    [
      'a common moment moves the opening',
      [prize('a'), lock('a', behind('a', 10_000)), prize('b', { ...behind('a', 9_000), alignInMs: 1_000 })],
      [],
    ],
    ['by hand, locked in the order', [prize('a'), lock('a'), prize('b')], []],
    ['by hand, locked behind', [prize('a'), prize('b'), lock('a')], ['b null prize-overlap']],
    ['by hand, never locked', [prize('a'), prize('b')], ['b null prize-overlap']],
    [
      'by hand, ends by itself: the server holds the second back',
      [prize('a', { durationMs: 5_000 }), prize('b')],
      [],
    ],
    ['by hand and by the clock, locked in the order', [prize('a'), lock('a'), prize('b', at(60))], []],
    ['by hand and by the clock, never locked', [prize('a'), prize('b', at(60))], ['b at prize-overlap']],
    ['beside a round without prizes', [prize('a'), open('b')], []],
  ])('%s', (_, items, expected) => {
    expect(wrong(items)).toEqual(expected);
  });
});

describe('public and private rounds', () => {
  const inner = (id: string, more: object = {}) => open(id, { audience: 'private', ...more });

  it.each<[string, object[], string[]]>([
    ['a spread apart', [open('a', { ...at(10), durationMs: 10_000 }), inner('b', at(35))], []],
    [
      'less than a spread apart',
      [open('a', { ...at(10), durationMs: 10_000 }), inner('b', at(34))],
      ['b audience audience-apart'],
    ],
    [
      'the private one first',
      [inner('a', { ...at(10), durationMs: 10_000 }), open('b', at(34))],
      ['b audience audience-apart'],
    ],
    [
      'by an audience of its own',
      [open('a'), open('b', { audience: { private: true } })],
      ['b audience audience-apart'],
    ],
    ['by hand, locked in the order', [open('a'), lock('a'), inner('b')], []],
    ['both private', [inner('a'), inner('b')], []],
  ])('%s', (_, items, expected) => {
    expect(wrong(items)).toEqual(expected);
  });
});

describe('interactions', () => {
  const known = (facts: Record<string, InteractionFact>) => ({
    interactions: new Map(Object.entries(facts)),
  });

  it('are held against what events says', () => {
    const items = ['a', 'b', 'c', 'd', 'e'].map((id) => open(id, { durationMs: 5 }));
    const facts = known({
      'of-a': { kind: 'known', state: 'SCHEDULED', stream: null },
      'of-b': { kind: 'known', state: 'RESOLVED', stream: 'live/main' },
      'of-c': { kind: 'known', state: 'SCHEDULED', stream: 'live/other' },
      'of-d': { kind: 'unknown' },
      'of-e': { kind: 'unchecked', why: 'events does not answer' },
    });
    expect(wrong(items, facts)).toEqual([
      'b interaction interaction-over',
      'c interaction interaction-stream',
      'd interaction interaction-unknown',
      'e interaction unchecked',
    ]);
  });

  it('of items that have run are not asked for again', () => {
    const facts = known({ 'of-a': { kind: 'known', state: 'RESOLVED', stream: 'live/main' } });
    expect(wrong([open('a', at(-60))], { ...facts, done: new Set(['a']) })).toEqual([]);
  });

  it('are named once', () => {
    expect(wrong([open('a', { data: { interaction: 'other' } })])).toEqual([
      'a interaction interaction-differs',
    ]);
    expect(wrong([{ id: 'a', type: 'interaction.open', data: { interaction: 'x' } }])).toEqual([]);
  });
});

describe('a field that cannot be read', () => {
  it('hides nothing that does not depend on it', () => {
    const items = [
      open('a', { durationMs: 5_000, announceMs: '30s' }),
      reveal('a', behind('a', 6_000)),
      { id: 'c', type: 'custom', durationMs: 'x', ...behind('nobody', 1) },
      { id: 'd', type: 'interaction.open', notes: 7 },
    ];
    expect(wrong(items)).toEqual([
      ...['a announceMs field', 'c durationMs field', 'd notes field', 'c after after-unknown'],
      ...['d interaction interaction-missing', 'a-reveal after reveal-early'],
    ]);
  });

  it.each([
    [
      'how long a round is',
      [open('a', { durationMs: '30s' }), reveal('a', behind('a', 6_000))],
      'a durationMs',
    ],
    [
      'when a reveal comes',
      [open('a', { durationMs: 9 }), reveal('a', { after: 'a + 6' })],
      'a-reveal after',
    ],
    ['what is locked', [open('a'), lock('a', { ref: 7 }), reveal('a')], 'a-lock ref'],
    ['what an item opens', [{ id: 'a', type: 'interaction.open', interaction: 7 }], 'a interaction'],
    ['who plays', [open('a', { audience: 7 }), open('b', { audience: 'private' })], 'a audience'],
    ['when all open', [open('a', { speedPaid: true, alignInMs: 'x' })], 'a alignInMs'],
    ['when a round opens', [open('a', { prize: true, at: 'x' }), open('b', { prize: true })], 'a at'],
    ['what an item is', [open('a'), lock('a', { type: 'close' }), reveal('a')], 'a-lock type'],
  ])('that says %s leaves out what follows from it', (_, items, field) => {
    expect(wrong(items)).toEqual([`${field} field`]);
  });
});

describe('what is said of a fault', () => {
  it('begins like a sentence, ends like one, and is a known code', () => {
    const items = [
      open('a', at(10)),
      lock('a', at(9)),
      open('b', { prize: true }),
      open('c', { prize: true, audience: 'private', speedPaid: true }),
      reveal('c', behind('b', 1)),
    ];
    const issues = validateRundown(readRundownValue({ id: 'r', items }), testFacts());
    expect(issues.length).toBeGreaterThan(4);
    for (const { problem, code } of issues) {
      expect(problem).toMatch(/^[A-Z"].*\.$/);
      expect(Object.keys(RUNDOWN_ISSUES)).toContain(code);
    }
  });
});
