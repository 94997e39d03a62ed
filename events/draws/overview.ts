import { type DrandChain, timeOfRound } from '../../draws/drand.ts';
import { type UnixMicroseconds, unixUsToMs } from '../../packet/time.ts';
import type { DrawLine } from '../http/treasury-operations.ts';
import type { Books } from '../ledger/commands.ts';
import type { DrawSummary } from '../ledger/draws.ts';
import type { Draws, StuckDraw } from './draws.ts';
import { nextStepOf } from './next-step.ts';

/** Of the newest ones, of those that are not over, and of those whose winners lack a right: as many each. */
export const DRAWS_SHOWN = 50;

export interface DrawOverviewOptions {
  readonly books: Books;
  readonly draws: Pick<Draws, 'stuckBy'>;
  readonly chain: DrandChain;
}

/** Draws of a show, or all (null), newest first and bounded. */
export const prepareOverview =
  ({ books, draws, chain }: DrawOverviewOptions) =>
  async (show: string | null): Promise<readonly DrawLine[]> => {
    const found = await books.ask('draw.overview', { show, limit: DRAWS_SHOWN });
    return found.map((draw) => drawLine(draw, draws.stuckBy(draw.interaction), chain));
  };

function drawLine(draw: DrawSummary, stuck: StuckDraw | null, chain: DrandChain): DrawLine {
  const { interaction, show, title, isShadow, entrants, winners, short, excluded, round, lacks } = draw;
  const [state, sinceUs] = stageOf(draw);
  const problem = stuck?.problem ?? null;
  return {
    ...{ interaction, show, title, shadow: isShadow, state, since: unixUsToMs(sinceUs) },
    problem: stuck === null ? null : { code: stuck.problem, since: unixUsToMs(stuck.since) },
    ...{ entrants, winners, short, excluded, lacks },
    ...{ round, roundAt: round === null ? null : timeOfRound(chain, round) },
    /** Nothing is still to come of it for anybody. */
    settled:
      !['frozen', 'committed', 'booking'].includes(state) && (short === 0 || isShadow || state === 'void'),
    next: nextStepOf({ interaction, state, problem, round, short, excluded, lacks, isShadow }),
  };
}

function stageOf(draw: DrawSummary): readonly [DrawLine['state'], UnixMicroseconds] {
  const { state, frozenAtUs, committedAtUs, drawnAtUs, revealedAtUs } = draw;
  switch (state) {
    case 'frozen':
      return [state, frozenAtUs];
    case 'committed':
      return [state, committedAtUs ?? frozenAtUs];
    case 'booking':
      return [state, drawnAtUs ?? frozenAtUs];
    case 'drawn': {
      const drawn = drawnAtUs ?? frozenAtUs;
      if (revealedAtUs === null) return [state, drawn];
      return ['revealed', revealedAtUs > drawn ? revealedAtUs : drawn];
    }
    case 'void':
      return [state, draw.void?.atUs ?? frozenAtUs];
  }
}
