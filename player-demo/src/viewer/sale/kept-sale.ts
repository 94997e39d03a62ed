import { isObject, parseJson } from '../../shared/json.ts';
import type { SaleState } from './desk.ts';
import { type Offer, offerOf } from './offer.ts';

/** The sale in which a viewer has a piece, kept for this tab: behind its window no cue tells a page of it any more. */
export interface KeptSale {
  /** Null: none, as far as this tab knows. */
  read(): Offer | null;
  /** The viewer stands there now. */
  heed(offer: Offer, state: SaleState): void;
}

export function createKeptSale(
  place: string,
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
): KeptSale {
  const key = `framecue.sale.${place}`;
  const read = (): Offer | null => {
    const text = storage.getItem(key);
    const data = text === null ? null : parseJson(text);
    return isObject(data) ? offerOf(data) : null;
  };
  return {
    read,
    heed(offer, { kind }) {
      if (kind === 'reserved' || kind === 'ordered' || kind === 'confirmed') {
        storage.setItem(key, JSON.stringify(offer));
      } else if ((kind === 'over' || kind === 'none') && read()?.interaction === offer.interaction) {
        storage.removeItem(key);
      }
    },
  };
}
