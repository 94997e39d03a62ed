import type { BookParts } from './book-parts.ts';
import { checkStampSize } from './cue-maker.ts';
import type { HeldCue } from './held-cues.ts';
import { withRevealData } from './reveals.ts';

/**
 * An armed reveal gets what it has to carry with its take: that it fits is known when it is armed or edited, not on the air.
 * @throws {FramecueError} ERR_CUE_TOO_LARGE with `details` { bytes, limit }.
 */
export function checkRevealRoom({ options, record, life, reveals }: BookParts, held: HeldCue, epoch: string) {
  const { cue } = held;
  if (cue.state !== 'armed' || cue.ref === undefined || cue.rehearsal === true) return;
  const opening = record.cues.get(cue.ref)?.cue;
  if (opening === undefined || opening.rehearsal === true) return;
  const wanted = reveals.wantedFor(cue.type, cue.data, opening.data);
  if (wanted === null) return;
  const carrying = withRevealData(cue, reveals.atMost(wanted.interaction));
  checkStampSize(life.prepared({ ...held, cue: carrying }), epoch, options.limits.stampTextLimit);
}
