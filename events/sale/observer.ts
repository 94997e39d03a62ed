import type { ErrorCode } from '../../packet/errors.ts';

/**
 * What came of somebody at the door of a sale: let through, given a place (`placed`), told again to wait (`waits`), or
 * turned away.
 */
export type DoorOutcome =
  | 'let-in'
  | 'placed'
  | 'waits'
  | 'sold-out'
  | 'all-reserved'
  | 'closed'
  | 'full'
  | 'too-late'
  | 'ticket-invalid';

export interface SaleObserver {
  door(outcome: DoorOutcome): void;
  /** From a place's being taken to its turn. */
  wait(waitMs: number): void;
  /** An order or a reservation given back; `code` where it was refused. */
  asked(what: 'order' | 'give-back', outcome: 'done' | 'repeated' | 'refused', code: ErrorCode | null): void;
}

const nothing = (): void => undefined;

export const silentSaleObserver: SaleObserver = { door: nothing, wait: nothing, asked: nothing };
