import { type LotteryModel, newLotteryModel } from './lottery-model.ts';
import { type MoneyModel, newMoneyModel } from './money-model.ts';
import type { RoundsModel } from './rounds-model.ts';
import { newRoundsModel } from './rounds-model.ts';
import { newSaleModel, type SaleModel } from './sale-model.ts';

/** What an outsider knows to have happened: plain maps, without a database. */
export class Model {
  readonly rounds: RoundsModel = newRoundsModel();
  readonly money: MoneyModel = newMoneyModel();
  readonly lottery: LotteryModel = newLotteryModel();
  readonly sale: SaleModel = newSaleModel();
}

/** A law that does not hold; thrown, so that the sequence ends there. */
export class Breach extends Error {}

/** The SQL that a fault is to change is gone: it would show nothing, and nothing would be shown. */
export class PlantedNowhere extends Error {}

export function holds(condition: boolean, law: string, details?: unknown): asserts condition {
  if (condition) return;
  throw new Breach(details === undefined ? law : `${law}: ${JSON.stringify(details)}`);
}
