import { describe, expect, test } from 'vitest';
import {
  type BooksView,
  type DifferenceKind,
  type GrantView,
  type OutboxView,
  type RightView,
  reconcile,
} from './reconcile.ts';
import type { ListedCall } from './rewards-list.ts';

const right = (over: Partial<RightView> = {}): RightView => ({
  ...{ id: '1', viewer: 'ann', pool: 'gold', amountMinor: 500, currency: 'EUR', state: 'granted' },
  ...over,
});
const grant = (over: Partial<GrantView> = {}): GrantView => ({
  ...{ id: 'g_1', right: '1', pool: 'gold', amountMinor: 500, isReversed: false },
  ...over,
});
const item = (over: Partial<OutboxView> = {}): OutboxView => ({
  ...{ id: 'g_1', topic: 'grant.made', lane: 'gold', viewer: 'ann', state: 'delivered', outcome: 'done' },
  ...{ grant: 'g_1', amountMinor: 500, currency: 'EUR' },
  ...over,
});
const reversal = (over: Partial<OutboxView> = {}) => item({ id: 'r_1', topic: 'grant.reversed', ...over });
const call = (over: Partial<ListedCall> = {}): ListedCall => ({
  ...{
    seq: 1,
    id: 'g_1',
    type: 'grant.made',
    outcome: 'done',
    viewer: 'ann',
    amountMinor: 500,
    currency: 'EUR',
  },
  ...over,
});
const books = (over: Partial<BooksView> = {}): BooksView => ({
  ...{ rights: [right()], grants: [grant()], outbox: [item()] },
  ...over,
});

describe('what fits', () => {
  const reversed = [call(), call({ seq: 2, id: 'r_1', type: 'grant.reversed' })];
  test.each<[string, BooksView, readonly ListedCall[] | null]>([
    ['nothing at all', { rights: [], grants: [], outbox: [] }, []],
    ['one that was granted, told and done', books(), [call()]],
    ['the books alone', books(), null],
    ['a right that waits', { rights: [right({ state: 'released' })], grants: [], outbox: [] }, []],
    ['an item that waits', books({ outbox: [item({ state: 'queued', outcome: null })] }), []],
    [
      'one in doubt: done there, queued here',
      books({ outbox: [item({ state: 'queued', outcome: null })] }),
      [call()],
    ],
    [
      'one that was taken back',
      books({ grants: [grant({ isReversed: true })], outbox: [item(), reversal()] }),
      reversed,
    ],
    [
      'one that was declined, and taken back for it',
      books({ grants: [grant({ isReversed: true })], outbox: [item({ outcome: 'declined' })] }),
      [call({ outcome: 'declined' })],
    ],
    [
      'a viewer who was erased here',
      books({ rights: [right({ viewer: 'erased:1' })], outbox: [item({ viewer: 'erased:1' })] }),
      [call()],
    ],
    [
      'a list that says no more than ids',
      books(),
      [call({ viewer: null, amountMinor: null, currency: null, type: null, outcome: null })],
    ],
  ])('%s', (_name, view, list) => {
    expect(reconcile(view, list).differences).toEqual([]);
  });
});

describe('what does not fit is said', () => {
  test.each<[DifferenceKind, string, BooksView, readonly ListedCall[]]>([
    ['right-without-grant', '1', { rights: [right()], grants: [], outbox: [] }, []],
    ['grant-without-right', 'g_1', books({ rights: [] }), [call()]],
    ['grant-without-right', 'g_1', books({ rights: [right({ state: 'voided' })] }), [call()]],
    ['grant-differs', 'g_1', books({ rights: [right({ amountMinor: 400 })] }), [call()]],
    ['grant-not-told', 'g_1', books({ outbox: [] }), []],
    [
      'told-without-grant',
      'g_2',
      books({ outbox: [item(), item({ id: 'g_2', state: 'queued', outcome: null })] }),
      [call()],
    ],
    [
      'told-without-grant',
      'r_1',
      books({ outbox: [item(), reversal({ state: 'queued', outcome: null })] }),
      [call()],
    ],
    ['told-differs', 'g_1', books({ outbox: [item({ amountMinor: 5 })] }), [call({ amountMinor: 5 })]],
    ['told-differs', 'g_1', books({ outbox: [item({ viewer: 'bob' })] }), [call({ viewer: 'bob' })]],
    ['reversal-not-told', 'g_1', books({ grants: [grant({ isReversed: true })] }), [call()]],
    [
      'declined-but-granted',
      'g_1',
      books({ outbox: [item({ outcome: 'declined' })] }),
      [call({ outcome: 'declined' })],
    ],
    ['dead', 'g_1', books({ outbox: [item({ state: 'dead', outcome: null })] }), []],
    ['lost-downstream', 'g_1', books(), []],
    ['unknown-downstream', 'g_9', books(), [call(), call({ seq: 2, id: 'g_9' })]],
    ['twice-downstream', 'g_1', books(), [call(), call({ seq: 2 })]],
    ['downstream-differs', 'g_1', books(), [call({ amountMinor: 501 })]],
    ['downstream-differs', 'g_1', books(), [call({ currency: 'USD' })]],
    ['downstream-differs', 'g_1', books(), [call({ viewer: 'bob' })]],
    ['downstream-differs', 'g_1', books(), [call({ outcome: 'declined' })]],
  ])('%s: %s', (kind, id, view, list) => {
    const { differences } = reconcile(view, list);
    expect(differences).toMatchObject([{ kind, id }]);
    expect(differences[0]!.text).toMatch(/^[A-Zgo].*\.$/);
    expect(differences[0]!.text).not.toMatch(/ann|bob/);
  });

  test('when all is to be settled, what waits is one too', () => {
    const waiting = books({ outbox: [item({ state: 'queued', outcome: null })] });
    const { differences, counts } = reconcile(waiting, [call()], { settled: true });
    expect(differences).toMatchObject([{ kind: 'waiting', id: 'g_1' }]);
    expect(counts).toMatchObject({ waiting: 1, inDoubt: 1, rightsUnderWay: 0, downstream: 1 });
  });

  test('a dead letter that was taken back is none where that was told: it can never be sent again', () => {
    const takenBack = (state: 'delivered' | 'dead') =>
      books({
        grants: [grant({ isReversed: true })],
        outbox: [
          item({ state: 'dead', outcome: null }),
          item({
            id: 'r_1',
            topic: 'grant.reversed',
            grant: 'g_1',
            state,
            outcome: state === 'dead' ? null : 'done',
          }),
        ],
      });
    const told = [call({ id: 'r_1', type: 'grant.reversed' })];
    expect(reconcile(takenBack('delivered'), told, { settled: true }).differences).toEqual([]);
    expect(reconcile(takenBack('dead'), [], { settled: true }).differences).toMatchObject([
      { kind: 'dead', id: 'r_1' },
    ]);
  });

  test.each(['earned', 'released'] as const)('... a right that is %s with it', (state) => {
    const waiting = books({ rights: [...books().rights, { ...books().rights[0]!, id: 'r2', state }] });
    expect(reconcile(waiting, [call()]).differences).toEqual([]);
    expect(reconcile(waiting, [call()], { settled: true }).differences).toMatchObject([
      { kind: 'waiting', id: 'r2' },
    ]);
  });
});
