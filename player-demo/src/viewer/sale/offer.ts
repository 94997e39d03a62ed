import type { FiredCue } from '../../../../client/src/index.ts';
import { isObject, numberOf, textOf } from '../../shared/json.ts';
import type { LogEntry } from '../state.ts';

/** What viewers see of a flash sale: the `data` of its opening cue. */
export interface Offer {
  readonly interaction: string;
  readonly title: string;
  readonly priceMinor: number;
  readonly currency: string;
}

/** Null where the cue opens no sale. */
export function readOffer({ type, data }: Pick<FiredCue, 'type' | 'data'>): Offer | null {
  return type === 'interaction.open' && isObject(data) ? offerOf(data) : null;
}

/** Null where something is missing. */
export function offerOf(data: Readonly<Record<string, unknown>>): Offer | null {
  const interaction = textOf(data.interaction);
  const title = textOf(data.title);
  const currency = textOf(data.currency);
  const priceMinor = numberOf(data.priceMinor);
  if (interaction === null || title === null || currency === null || priceMinor === null) return null;
  return { interaction, title, priceMinor, currency };
}

/** The sale that was opened here last; null where something else was. */
export function saleIn(log: readonly LogEntry[]): { readonly cue: FiredCue; readonly offer: Offer } | null {
  for (const entry of log) {
    if (entry.kind !== 'fired' || entry.cue.type !== 'interaction.open') continue;
    const offer = readOffer(entry.cue);
    return offer === null ? null : { cue: entry.cue, offer };
  }
  return null;
}

/**
 * Whether an earlier page of this viewer may have begun to buy: this one came later than the opening. Where it opened on its
 * own frame there is nothing to ask, and the whole audience does not ask at once.
 */
export const mayHaveBegun = ({ outcome }: Pick<FiredCue, 'outcome'>): boolean => outcome === 'late';

/** `€19.00`, in the viewer's own way of writing it. */
export function priceWords({ priceMinor, currency }: Pick<Offer, 'priceMinor' | 'currency'>): string {
  try {
    const format = new Intl.NumberFormat(undefined, { style: 'currency', currency });
    return format.format(priceMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  } catch {
    // Not a code of ISO 4217: shown as it came.
    return `${priceMinor} ${currency}`;
  }
}
