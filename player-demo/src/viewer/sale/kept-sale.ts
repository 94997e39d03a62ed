import { isObject, parseJson } from '../../shared/json.ts';
import type { SaleState } from './desk.ts';
import { type Offer, offerOf } from './offer.ts';

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** The sale in which a viewer has a piece, kept for this tab: behind its window no cue tells a page of it any more. */
export interface KeptSale {
  /** Null: none, as far as this tab knows. */
  read(): Offer | null;
  /** The viewer stands there now. */
  heed(offer: Offer, state: SaleState): void;
}

/** @param storage may throw, as it does where a page may keep nothing: what cannot be kept is not found again */
export function createKeptSale(place: string, storage: () => Store): KeptSale {
  const key = `framecue.sale.${place}`;
  const read = (): Offer | null => {
    const text = attempt(() => storage().getItem(key)) ?? null;
    const data = text === null ? null : parseJson(text);
    return isObject(data) ? offerOf(data) : null;
  };
  return {
    read,
    heed(offer, { kind }) {
      const keep = () => attempt(() => storage().setItem(key, JSON.stringify(offer)));
      const kept = read();
      const isOther = kept !== null && kept.interaction !== offer.interaction;
      switch (kind) {
        case 'reserved':
        case 'ordered':
          keep();
          break;
        case 'confirmed':
          // Another one may have to be paid yet.
          if (!isOther) keep();
          break;
        case 'declined':
        case 'over':
        case 'none':
          if (!isOther) attempt(() => storage().removeItem(key));
          break;
        default:
      }
    },
  };
}

function attempt<Of>(work: () => Of): Of | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
