import type { Actor } from '../action.ts';
import type { RundownDesk } from './desk.ts';
import type { Why } from './kept.ts';
import { isAutomatic } from './loaded.ts';
import { type MarkKeeper, settledWithout } from './marks.ts';

/** What would run by itself is as much on its way as what waits for its picture: the panic key ends it. */
export async function panicked(
  desk: RundownDesk,
  marks: MarkKeeper,
  stream: string,
  who: Actor,
): Promise<void> {
  const run = desk.runs.get(stream);
  if (run === undefined) return;
  const why: Why = { code: 'PANIC', text: `Taken back by the panic key (${who.by}).` };
  const underWay = [...run.entering.keys()];
  for (const item of run.items) {
    if (!isAutomatic(item) || run.stateOf(item.id) !== 'pending' || underWay.includes(item.id)) continue;
    marks.settle(run, item, settledWithout('cancelled', why));
  }
  // Nothing would find this again after a crash.
  marks.save(run);
  // Those that were on their way into the log when the key was pressed.
  for (const id of underWay) {
    await run.entering.get(id)?.catch(() => undefined);
    const cue = run.cueOf(id);
    if (cue !== null && run.stateOf(id) !== 'landed') await desk.takeBack(stream, [cue.id], who);
  }
}
