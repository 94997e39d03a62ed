import type { RundownIssue, RundownItem } from '../../cues/rundown/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { UnixMilliseconds } from '../../packet/time.ts';
import type { TakeRequest } from '../cue-request.ts';
import { isOnAir, isWaiting } from './kept.ts';
import type { LoadedRundown } from './loaded.ts';
import { notBeforeOf, roundInTheWay } from './moments.ts';

/** @throws {FramecueError} ERR_RUNDOWN_ITEM_UNKNOWN; ERR_RUNDOWN_ITEM_STATE where there is no next one (null). */
export function needItem(run: LoadedRundown, id: string | null): RundownItem {
  if (id === null) {
    throw new FramecueError('ERR_RUNDOWN_ITEM_STATE', 'There is no next item: the rundown is at its end.');
  }
  const item = run.item(id);
  if (item !== undefined) return item;
  throw new FramecueError('ERR_RUNDOWN_ITEM_UNKNOWN', `The rundown has no item "${id.slice(0, 64)}".`);
}

export function wrongState(run: LoadedRundown, { id }: RundownItem, wanted: string): FramecueError {
  const state = run.stateOf(id);
  const hint = isWaiting(state) || isOnAir(state) ? '' : ' Reset it first.';
  return new FramecueError('ERR_RUNDOWN_ITEM_STATE', `"${id}" is ${state} and cannot be ${wanted}.${hint}`, {
    details: { item: id, state, reason: run.reasonOf(id) },
  });
}

/** @throws {FramecueError} ERR_RUNDOWN_TOO_EARLY: a reveal before the lock and the spread, a second prize round. */
export function refuseEarly(
  run: LoadedRundown,
  item: RundownItem,
  body: TakeRequest,
  receivedAt: UnixMilliseconds,
  spreadCapMs: number,
): void {
  const at = receivedAt + (body.delayMs ?? 0);
  const early = notBeforeOf(run, item, spreadCapMs);
  if (early === 'unlocked') {
    throw tooEarly(item, null, 'Its round is not locked yet: take the lock first, or send anyway=1.');
  }
  if (early !== null && early.at > at) {
    const wait = Math.ceil(early.at - at);
    const text = `Viewers who are behind still answer for ${wait} ms; send anyway=1 to reveal now.`;
    throw tooEarly(item, early.at, text);
  }
  const other = roundInTheWay(run, item, at, spreadCapMs);
  if (other === null) return;
  const text = `The round of "${other.round}" is still open: lock it first, or send anyway=1.`;
  throw tooEarly(item, other.until, text);
}

const tooEarly = ({ id }: RundownItem, notBefore: number | null, text: string): FramecueError =>
  new FramecueError('ERR_RUNDOWN_TOO_EARLY', text, {
    details: { item: id, notBefore: notBefore === null ? null : Math.ceil(notBefore) },
  });

/** @throws {FramecueError} ERR_RUNDOWN_ON_AIR. */
export function refuseOnAir(run: LoadedRundown): void {
  const items = run.items.filter(({ id }) => isOnAir(run.stateOf(id))).map(({ id }) => id);
  if (items.length === 0) return;
  throw new FramecueError(
    'ERR_RUNDOWN_ON_AIR',
    `On air now: ${items.slice(0, 5).join(', ')}. Send replace=1 to do it all the same: what has landed stays.`,
    { details: { items } },
  );
}

export const invalidRundown = (issues: readonly RundownIssue[]): FramecueError =>
  new FramecueError(
    'ERR_RUNDOWN_INVALID',
    issues.length === 1 ? issues[0]!.problem : `${issues.length} things are wrong with the rundown.`,
    { details: { issues } },
  );

/**
 * A token that only rehearses leaves the show's rundown alone; one that such a token has loaded is a rehearsal's.
 * @throws {FramecueError} ERR_REHEARSAL_TOKEN.
 */
export function refuseForShow({ kept }: LoadedRundown, of: 'item' | 'rundown'): void {
  if (kept.rehearsal === true || (of === 'item' && kept.pass === 'rehearsal')) return;
  throw new FramecueError('ERR_REHEARSAL_TOKEN', undefined, { details: { rundown: kept.document.id } });
}
