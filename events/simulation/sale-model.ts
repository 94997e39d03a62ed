/** What a viewer was told of their reservation. */
export interface ReservationModel {
  readonly id: string;
  readonly expiresAtUs: number;
}

/** By viewer. */
export interface SaleModel {
  readonly reservations: Map<string, ReservationModel>;
  /** Who has asked for an order, and the order that they were told of. */
  readonly orders: Map<string, string | null>;
  /** Who has asked to give back, and whether they were told that it is done. */
  readonly returns: Map<string, boolean>;
}

export const newSaleModel = (): SaleModel => ({
  reservations: new Map(),
  orders: new Map(),
  returns: new Map(),
});
