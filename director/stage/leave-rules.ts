import type { Cue } from '../../cues/cue.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { RundownView } from '../rundown/view.ts';
import type { LeaveRequest } from './requests.ts';
import type { StageLeave } from './shapes.ts';

/** Where a leave looks at what it is for. */
export interface LeaveSources {
  readonly cue: (stream: string, id: string) => Promise<Cue | null>;
  /** Null: none is loaded. */
  readonly rundown: (stream: string) => RundownView | null;
}

export type LeaveTarget = Pick<StageLeave, 'item' | 'cue' | 'title' | 'prize'>;

/**
 * What a leave is for, where it can be taken now; null: leave is taken back.
 * @throws {FramecueError} ERR_CUE_UNKNOWN, ERR_CUE_STATE, ERR_RUNDOWN_NONE, ERR_RUNDOWN_ITEM_UNKNOWN,
 * ERR_RUNDOWN_ITEM_STATE.
 */
export async function targetOf(
  stream: string,
  request: LeaveRequest,
  sources: LeaveSources,
): Promise<LeaveTarget | null> {
  const { item, cue: id } = request;
  if (typeof id === 'string') {
    const cue = await sources.cue(stream, id);
    if (cue === null) throw new FramecueError('ERR_CUE_UNKNOWN');
    if (cue.state !== 'armed') {
      throw new FramecueError('ERR_CUE_STATE', 'Leave is for a cue that is armed.', {
        details: { state: cue.state },
      });
    }
    return { item: null, cue: id, title: cue.title ?? null, prize: cue.prize === true };
  }
  if (typeof item !== 'string') return null;
  const rundown = sources.rundown(stream);
  if (rundown === null) throw new FramecueError('ERR_RUNDOWN_NONE');
  const found = rundown.items.find((one) => one.id === item);
  if (found === undefined) throw new FramecueError('ERR_RUNDOWN_ITEM_UNKNOWN');
  if (!isTakeable(found.state)) {
    throw new FramecueError('ERR_RUNDOWN_ITEM_STATE', 'Leave is for an item that waits or is armed.', {
      details: { state: found.state },
    });
  }
  return { item, cue: null, title: found.title ?? null, prize: found.prize === true };
}

/** Whether the rundown still has what the leave is for, and nobody has taken it. */
export function isStillThere(leave: StageLeave, rundown: RundownView | null): boolean {
  if (leave.item === null) return true;
  const item = rundown?.items.find(({ id }) => id === leave.item);
  return item !== undefined && isTakeable(item.state);
}

const isTakeable = (state: string): boolean => state === 'pending' || state === 'armed';
