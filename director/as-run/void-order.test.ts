import { expect, test } from 'vitest';
import type { NewAsRunRow } from './row.ts';
import { VoidOrder } from './void-order.ts';

const rowOf = (what: NewAsRunRow['what'], cue: string) => ({ what, cue, key: `${cue}:${what}` });

function open(waitMs = 60_000) {
  const rows: string[] = [];
  const order = new VoidOrder((stream, { key }) => rows.push(`${stream} ${key}`), waitMs);
  return { rows, order };
}

test('that a void has landed comes after who voided it', () => {
  const { rows, order } = open();
  order.add('live/main', rowOf('landed', 'a'));
  order.add('live/main', rowOf('voided', 'a'));
  order.add('live/main', rowOf('voided', 'a'));
  expect(rows).toEqual(['live/main a:landed']);
  rows.push('void a');
  order.told('a');
  order.told('b');
  order.add('live/main', rowOf('voided', 'b'));
  expect(rows).toEqual(['live/main a:landed', 'void a', 'live/main a:voided', 'live/main b:voided']);
});

test('it is told all the same where nobody can tell who, and at the end', async () => {
  const first = open(1);
  first.order.add('live/main', rowOf('voided', 'a'));
  await expect.poll(() => first.rows).toEqual(['live/main a:voided']);
  const second = open();
  second.order.add('live/main', rowOf('voided', 'a'));
  second.order.close();
  expect(second.rows).toEqual(['live/main a:voided']);
});
