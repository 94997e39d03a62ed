import type { TreasuryBody } from './pool-look.ts';
import { counted, plain, span } from './words.ts';

/** A draw as the treasury lists it. */
export type DrawLine = TreasuryBody['draws'][number];

/** What a draw says of its troubles. */
interface Troubled {
  readonly interaction: string;
  readonly problem: 'seed-lost' | 'no-randomness' | 'list-changed' | 'failed' | null;
  /** Winners without a right. */
  readonly short: number;
}

/** The command that helps, where there is one; the server's own sentence says the rest. */
export function commandFor({ interaction, problem, short }: Troubled): string | null {
  if (problem === 'no-randomness') return `framecue draw randomness ${interaction} FILE`;
  if (problem === 'list-changed') return 'framecue ledger check';
  return problem === null && short > 0 ? `framecue draw rebook ${interaction} --yes` : null;
}

/** It is stuck, or it is over and somebody has won what they did not get. */
export const isDrawBad = ({ problem, state, settled, short }: DrawLine): boolean =>
  problem !== null || (!settled && short > 0 && (state === 'drawn' || state === 'revealed'));

/** Something is still to come of it. */
export const isDrawWaiting = (draw: DrawLine): boolean =>
  isDrawBad(draw) || !draw.settled || draw.state === 'drawn';

/** In one line: how far it is since when, and what to do next. */
export function drawLine(draw: DrawLine, now: number): string {
  const { interaction, state, since, problem, entrants, short, shadow, next } = draw;
  const facts = [
    `${state} since ${span(now - since)}${shadow ? ' (a shadow round)' : ''}`,
    ...(entrants === null ? [] : [counted(entrants, 'entrant')]),
    ...(problem === null ? [] : [`${problem.code} since ${span(now - problem.since)}`]),
    ...(short === 0 ? [] : [`${counted(short, 'winner')} without a right`]),
  ];
  const command = isDrawBad(draw) ? commandFor({ interaction, short, problem: problem?.code ?? null }) : null;
  const here = command === null ? '' : ` Here: \`${command}\`.`;
  return `draw ${interaction}: ${facts.join(', ')}.${next === null ? '' : ` ${plain(next)}`}${here}`;
}
