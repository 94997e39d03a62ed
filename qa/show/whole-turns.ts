import type { ShowRecord } from './entry.ts';

/**
 * The records of a show. Of one that was cut off (its recorder killed, its disk full) without the last packet: what
 * came of that may not have been written any more, and it would differ from the recorded run by the cut alone.
 */
export function* wholeTurns<End>(records: Generator<ShowRecord, End>): Generator<ShowRecord, End> {
  let turn: ShowRecord[] = [];
  for (;;) {
    const { done, value } = records.next();
    if (done === true) {
      // It ended in order after all.
      if (turn.at(-1)?.kind === 'end') yield* turn;
      return value;
    }
    if (value.kind === 'input' && value.after === null) {
      yield* turn;
      turn = [];
    }
    turn.push(value);
  }
}
