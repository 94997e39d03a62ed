import { ms } from '../../../packet/time.ts';
import { judgeWindow } from '../judge.ts';
import { type AnswerRead, defineType } from '../type.ts';
import { FlashSaleConfig } from './config.ts';

export const FLASH_SALE = 'flash-sale';

const WANTED: AnswerRead = { kind: 'answer', answer: {}, bucket: 'reserved' };

/** The answer is the wish to have one: it is accepted with a piece reserved, or refused. */
export const flashSale = defineType({
  name: FLASH_SALE,
  configSchema: FlashSaleConfig,
  prepare({ title, priceMinor, currency, reservationMs, durationMs }) {
    return {
      bookedBy: 'sale',
      durationMs: ms(durationMs),
      readAnswer: () => WANTED,
      judge: judgeWindow,
      openingData: { title, priceMinor, currency },
      publicConfig: () => ({ title, priceMinor, currency, reservationMs, durationMs, perViewer: 1 }),
      result: () => ({}),
    };
  },
});
