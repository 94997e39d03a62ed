import type { Cue } from '../cues/cue.ts';
import type { CueType } from '../cues/wire/index.ts';
import { FramecueError } from '../packet/errors.ts';
import { isReferring } from './cue-request.ts';
import type { HeldCues } from './held-cues.ts';

/** What of the same opening cue stands in the way of a lock, reveal or cancel. */
const IN_THE_WAY: Readonly<Record<string, readonly CueType[]>> = {
  'interaction.lock': ['interaction.lock', 'interaction.reveal', 'interaction.cancel'],
  'interaction.reveal': ['interaction.reveal', 'interaction.cancel'],
  // A round that is locked can still be called off; one that is resolved cannot.
  'interaction.cancel': ['interaction.reveal', 'interaction.cancel'],
};

const PAST: Readonly<Record<string, string>> = {
  'interaction.lock': 'locked',
  'interaction.reveal': 'revealed',
  'interaction.cancel': 'cancelled',
};

/**
 * A lock, reveal or cancel needs an opening cue of its stream that was not taken back or missed, and that nothing
 * has closed in a way that leaves no room for it.
 * @throws {FramecueError} ERR_REQUEST_INVALID, ERR_CUE_STATE.
 */
export function checkReference(cue: Cue, cues: HeldCues): void {
  const { type, ref, stream } = cue;
  if (ref === undefined || !isReferring(type)) return;
  const opening = cues.get(ref);
  if (opening === undefined || !opening.committed || opening.cue.stream !== stream) {
    throw invalid('there is no opening cue of this id on this stream');
  }
  if (opening.cue.type !== 'interaction.open') throw invalid('the cue of this id opens no interaction');
  const { state } = opening.cue;
  if (state === 'cancelled' || state === 'missed') {
    throw new FramecueError('ERR_CUE_STATE', `The opening cue is ${state}: nobody has seen it.`, {
      details: { ref, state },
    });
  }
  if (hasMode(cue, opening.cue) && isRehearsal(cue) !== isRehearsal(opening.cue)) {
    const which = isRehearsal(opening.cue) ? 'a rehearsal' : 'the show itself';
    throw new FramecueError('ERR_CUE_STATE', `The opening cue is of ${which}, and this one is not.`, {
      details: { ref, rehearsal: isRehearsal(opening.cue) },
    });
  }
  if (opening.cue.voided !== undefined) {
    throw new FramecueError('ERR_CUE_STATE', 'The opening cue is void: nothing of it is open any more.', {
      details: { ref, state },
    });
  }
  for (const other of cues.referringTo(ref)) {
    if (other.id === cue.id || !IN_THE_WAY[type]!.includes(other.type)) continue;
    throw new FramecueError('ERR_CUE_STATE', `The interaction is ${PAST[other.type]} by cue "${other.id}".`, {
      details: { ref, by: other.id, type: other.type, state: other.state },
    });
  }
}

/**
 * An armed one gets its mode when it is taken; what it refers to has it by then. A token that only rehearses gives it
 * to it at once.
 */
const hasMode = (cue: Cue, opening: Cue): boolean =>
  cue.state !== 'armed' || (isRehearsal(cue) && opening.state !== 'armed');

const isRehearsal = (cue: Cue): boolean => cue.rehearsal === true;

const invalid = (problem: string): FramecueError =>
  new FramecueError('ERR_REQUEST_INVALID', `ref: ${problem}`, {
    details: { issues: [{ field: 'ref', problem }] },
  });
