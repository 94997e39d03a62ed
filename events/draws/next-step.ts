import type { DrawSummary } from '../ledger/draws.ts';
import type { DrawProblem } from './draws.ts';

/** As operators see it: `open` before the list is closed, `revealed` once the result is shown. */
export type DrawStage = 'open' | 'frozen' | 'committed' | 'booking' | 'drawn' | 'revealed' | 'void';

export interface DrawToLookAfter
  extends Pick<DrawSummary, 'interaction' | 'round' | 'short' | 'excluded' | 'lacks' | 'isShadow'> {
  readonly state: DrawStage;
  readonly problem: DrawProblem | null;
}

/** What is the matter with a draw and what somebody can do about it, in words; null: it is over, and all is well. */
export function nextStepOf(draw: DrawToLookAfter): string | null {
  const { interaction, problem, state, round } = draw;
  const path = `/api/v1/interactions/${interaction}/draw`;
  switch (problem) {
    case 'no-randomness':
      return (
        `Round ${round} of drand is due, and no relay gives it; they are asked again by themselves. Look at the network ` +
        `and FRAMECUE_DRAND_RELAYS, or give the round by hand: its JSON, as any relay has it, to ` +
        `POST ${path}/randomness (right direct).`
      );
    case 'seed-lost':
      return (
        'The secret that its seed was made from is another one now. Put the old one back (prizeKey in secrets.json, or ' +
        'FRAMECUE_PRIZE_KEY) and restart events: it goes on from where it is.'
      );
    case 'list-changed':
      return 'The list as it was read is not what the ledger counts; it is read again by itself. If that stays: framecue ledger check.';
    case 'failed':
      return 'A step failed, and is tried again by itself. The log of events says why; look at the disk of the ledger.';
    case null:
      break;
  }
  switch (state) {
    case 'open':
      return 'Nothing yet: the list closes once the window is over for everybody.';
    case 'frozen':
      return 'Nothing: the list is read and committed to.';
    case 'committed':
      return round === null
        ? 'Nothing: it is being drawn.'
        : `Nothing: it waits for round ${round} of drand.`;
    case 'booking':
      return 'Nothing: the rights of its winners are being earned.';
    case 'void':
      return null;
    case 'drawn':
    case 'revealed': {
      const toDo = [...shortWords(draw, path), ...excludedWords(draw)];
      if (state === 'drawn' && draw.short === 0) toDo.push('Reveal it on the air.');
      return toDo.length === 0 ? null : toDo.join(' ');
    }
  }
}

function shortWords({ short, lacks, isShadow }: DrawToLookAfter, path: string): readonly string[] {
  if (short === 0 || isShadow) return [];
  const winners = short === 1 ? '1 winner has' : `${short} winners have`;
  const [why, mend] = lacks === null ? ['', 'Fill or open their pools'] : lackWords(lacks);
  return [`${winners} no right yet${why}. ${mend}, then ask again: POST ${path}/rebook (right treasurer).`];
}

function lackWords({
  pool,
  outcome,
}: NonNullable<DrawSummary['lacks']>): readonly [why: string, mend: string] {
  switch (outcome) {
    case 'empty':
      return [`: pool ${pool} has no piece, or not the money for one`, 'Fund it'];
    case 'closed':
      return [`: pool ${pool} is closed, or it is not its time`, 'Reopen it'];
    default:
      return [`: there is no pool ${pool} that prizes can be drawn from`, 'Open one with this id'];
  }
}

function excludedWords({ excluded, isShadow }: DrawToLookAfter): readonly string[] {
  if (excluded === 0) return [];
  if (isShadow) return ['A shadow round: nobody gets anything.'];
  return [
    `${excluded === 1 ? '1 winner has' : `${excluded} winners have`} no right and will get none: the pool is not for them ` +
      '(its regions). Their pieces stay in it.',
  ];
}
