import type { JsonObject } from '../../cues/wire/index.ts';
import type { UnixMicroseconds } from '../../packet/time.ts';
import { unixUsToMs } from '../../packet/time.ts';
import type { InteractionView } from '../interactions/catalog.ts';
import type { LifeCycle } from '../interactions/life-cycle.ts';
import type { RehearsalRound } from '../interactions/rehearsal-round.ts';
import type { Tally } from '../ledger/facts.ts';

/** How interactions look over HTTP. Moments are Unix milliseconds. */

export function interactionBody({ facts, prepared, life }: InteractionView, forWhom: 'staff' | 'public') {
  const { id, type, show, stream, config, shadow, createdAtUs } = facts.record;
  const opened = facts.opened?.moment;
  return {
    id,
    type,
    ...(show === undefined ? {} : { show }),
    ...((opened?.stream ?? stream) === undefined ? {} : { stream: opened?.stream ?? stream }),
    ...(shadow === true ? { shadow } : {}),
    state: life.state,
    ...momentsOf(life),
    createdAt: unixUsToMs(createdAtUs),
    ...(opened === undefined ? {} : { cue: opened.cue }),
    config: forWhom === 'staff' ? config : prepared.publicConfig(facts),
  };
}

export function resultBody({ facts, prepared, life }: InteractionView, tally: Tally) {
  return {
    id: facts.record.id,
    // Of a round that is pressed on: no viewer has answered.
    ...(facts.record.shadow === true ? { shadow: true } : {}),
    state: life.state,
    ...momentsOf(life),
    total: tally.total,
    ...prepared.result(tally, facts),
  } satisfies JsonObject;
}

export function rehearsalBody(round: RehearsalRound, now: UnixMicroseconds, forWhom: 'staff' | 'public') {
  const life = round.life(now);
  return {
    ...{ id: round.interaction, cue: round.cue, rehearsal: true, state: life.state },
    ...momentsOf(life),
    ...round.result(forWhom),
  } satisfies JsonObject;
}

/** The moments that have come; `locksAt` and `settlesAt` may be ahead. */
function momentsOf(life: LifeCycle): { readonly [moment: string]: number } {
  const { state, ...moments } = life;
  return Object.fromEntries(
    Object.entries(moments)
      .filter((entry): entry is [string, UnixMicroseconds] => entry[1] !== null)
      .map(([name, at]) => [name, unixUsToMs(at)]),
  );
}
