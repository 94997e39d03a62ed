import { pause } from '../../../../client/src/net/http.ts';
import { browserNet } from '../../../../client/src/page/environment.ts';
import { seenInCue, seenInRundown, TRACE_BY_MS, traceOf } from '../model/look-up.ts';
import { onAir } from '../model/on-air.ts';
import type { Order } from '../model/orders.ts';
import type { ShowApi } from './show-api.ts';

const EVERY_MS = 400;

/**
 * Asks the server what became of an order, until it is known: never sends it again.
 * @returns whether it was carried out; null where the page went away meanwhile
 */
export async function lookUp(order: Order, api: ShowApi, signal: AbortSignal): Promise<boolean | null> {
  while (!signal.aborted) {
    const asked = Date.now();
    const seen = await look(order, api, signal);
    if (signal.aborted) return null;
    if (seen === true) return true;
    // A clock that was set back must not keep it open for ever.
    const age = Math.abs(asked - order.pressedAt);
    if (seen === false && age >= TRACE_BY_MS) return false;
    await pause(browserNet, EVERY_MS, signal);
  }
  return null;
}

/** Null: the server gave no answer that counts. */
async function look(order: Order, api: ShowApi, signal: AbortSignal): Promise<boolean | null> {
  const trace = traceOf(order);
  switch (trace?.kind) {
    case 'cue': {
      const outcome = await api.cue(trace.id);
      if (outcome.ok) return seenInCue(order, outcome.value);
      return outcome.failure.kind === 'refused' && outcome.failure.status === 404 ? false : null;
    }
    case 'item': {
      const outcome = await api.rundown(signal);
      if (outcome.ok) return seenInRundown(order, outcome.value) ?? false;
      return outcome.failure.kind === 'refused' && outcome.failure.status === 404 ? false : null;
    }
    default: {
      const outcome = await api.cues(signal);
      return outcome.ok ? onAir(outcome.value, Date.now()).length === 0 : null;
    }
  }
}
