import type { UnixMicroseconds } from '../../packet/time.ts';
import type { BoxesOfShow, Measure, MeasureName, MeasureTerms, ShowRules } from './measures.ts';
import type {
  Amount,
  By,
  Grant,
  Movement,
  Pool,
  PoolTerms,
  Refused,
  Right,
  RightState,
  Tier,
} from './treasury.ts';

interface Change {
  readonly by: By;
  readonly atUs: UnixMicroseconds;
}

/** What comes of asking for a change of a pool. */
export type PoolOutcome =
  | { readonly kind: 'done'; readonly pool: Pool }
  /** This was asked for before and stands. */
  | { readonly kind: 'already'; readonly pool: Pool }
  | Refused;

export type SweepOutcome =
  | {
      readonly kind: 'done' | 'already';
      readonly pool: Pool;
      readonly swept: Amount;
      /** Null: returned. */
      readonly to: string | null;
    }
  | Refused;

export interface TreasuryCommands {
  /** `budget`: funded at once. */
  readonly 'pool.open': {
    readonly in: Change & { readonly terms: PoolTerms; readonly budget: Amount | null };
    readonly out: PoolOutcome;
  };
  /** `key`: by which a repeat is known. */
  readonly 'pool.fund': {
    readonly in: Change & { readonly pool: string; readonly amount: Amount; readonly key: string };
    readonly out: PoolOutcome;
  };
  readonly 'pool.close': {
    readonly in: Change & { readonly pool: string; readonly why: string };
    readonly out: PoolOutcome;
  };
  readonly 'pool.reopen': {
    readonly in: Change & { readonly pool: string };
    readonly out: PoolOutcome;
  };
  /** What is free goes where the pool's rule says. Only once no right can be earned from it any more. */
  readonly 'pool.sweep': {
    readonly in: Change & { readonly pool: string; readonly key: string };
    readonly out: SweepOutcome;
  };

  // What the keeper does, again and again, a bounded batch at a time.
  /** Released rights become grants. */
  readonly 'grants.make': { readonly in: Batch; readonly out: { readonly granted: number } };
  /** Rights of rounds that were voided: voided, or their grants taken back where the pool says so. */
  readonly 'rounds.void': {
    readonly in: Batch;
    readonly out: { readonly voided: number; readonly reversed: number };
  };
  /** Reservations whose time is over. */
  readonly 'rights.expire': { readonly in: Batch; readonly out: { readonly expired: number } };
  /** Answers drop boxes, each once and in its turn. `key`: the secret behind `dropsBox`, as hex. */
  readonly 'boxes.deal': {
    readonly in: Batch & { readonly key: string };
    readonly out: { readonly looked: number; readonly dropped: number };
  };

  /** `why` is told downstream, and stands in the journal: it names nobody. */
  readonly 'grant.reverse': {
    readonly in: Change & { readonly grant: string; readonly why: string };
    readonly out: { readonly kind: 'done' | 'already'; readonly grant: Grant } | Refused;
  };

  /** Boxes for a viewer; `cause` is what they are for, once in a show, and names nobody. */
  readonly 'boxes.drop': {
    readonly in: Change & {
      readonly show: string;
      readonly viewer: string;
      readonly count: number;
      readonly cause: string;
    };
    /** `boxes`: that the viewer has now. */
    readonly out: { readonly kind: 'done' | 'already'; readonly boxes: number } | Refused;
  };
  /** The rules of a show's boxes, and the whole list of its measures. One that is applied stays as it is. */
  readonly 'show.rule': {
    readonly in: Change & {
      readonly show: string;
      readonly rules: ShowRules;
      readonly measures: readonly MeasureTerms[];
    };
    readonly out:
      | { readonly kind: 'done'; readonly rules: ShowRules; readonly measures: readonly Measure[] }
      | Refused;
  };
  /** `by` null: by itself, which is looked at once more. */
  readonly 'measure.apply': {
    readonly in: Change & MeasureNamed;
    readonly out: { readonly kind: 'done' | 'already' | 'not-due'; readonly measure: Measure } | Refused;
  };
  readonly 'measure.revert': {
    readonly in: Change & MeasureNamed;
    readonly out: { readonly kind: 'done' | 'already'; readonly measure: Measure } | Refused;
  };
}

/** `show` null: of the one show that has a measure of this id. */
interface MeasureNamed {
  readonly show: string | null;
  readonly measure: string;
}

interface Batch {
  readonly limit: number;
  readonly atUs: UnixMicroseconds;
}

export interface TreasuryQuestions {
  readonly 'pool.list': {
    readonly in: { readonly show: string | null; readonly limit: number; readonly after: string | null };
    readonly out: readonly Pool[];
  };
  readonly 'pool.get': { readonly in: { readonly pool: string }; readonly out: Pool | null };
  readonly 'right.get': { readonly in: { readonly right: string }; readonly out: Right | null };
  /** Newest first. */
  readonly 'right.list': {
    readonly in: {
      readonly interaction: string | null;
      readonly viewer: string | null;
      readonly pool: string | null;
      readonly state: RightState | null;
      readonly limit: number;
      readonly before: number | null;
    };
    readonly out: Page<Right>;
  };
  readonly 'grant.get': { readonly in: { readonly grant: string }; readonly out: Grant | null };
  /** Newest first. */
  readonly 'grant.list': {
    readonly in: {
      readonly interaction: string | null;
      readonly viewer: string | null;
      readonly pool: string | null;
      readonly limit: number;
      readonly before: number | null;
    };
    readonly out: Page<Grant>;
  };
  /** Newest first. */
  readonly 'pool.moves': {
    readonly in: { readonly pool: string; readonly limit: number; readonly before: number | null };
    readonly out: Page<MovementRecord>;
  };
  readonly 'show.get': {
    readonly in: { readonly show: string };
    readonly out: { readonly boxes: BoxesOfShow; readonly measures: readonly Measure[] };
  };
  readonly 'boxes.ofViewer': {
    readonly in: { readonly show: string; readonly viewer: string };
    readonly out: { readonly boxes: number; readonly tier: Tier };
  };
  /** What the keeper has to do now. */
  readonly 'treasury.due': {
    readonly in: { readonly nowUs: UnixMicroseconds };
    readonly out: TreasuryDue;
  };
  readonly 'treasury.view': {
    readonly in: { readonly show: string | null };
    readonly out: TreasuryView;
  };
  /** Where every piece is: an account that is closed has no piece that is not granted or swept. */
  readonly 'treasury.account': {
    readonly in: { readonly show: string | null; readonly atUs: UnixMicroseconds };
    readonly out: readonly PoolAccount[];
  };
}

export interface MovementRecord extends Movement {
  readonly seq: number;
  readonly atUs: UnixMicroseconds;
}

export interface TreasuryDue {
  readonly grants: boolean;
  readonly voids: boolean;
  readonly expired: boolean;
  readonly boxes: boolean;
  readonly measures: readonly MeasureName[];
  readonly sweeps: readonly string[];
}

/** For the operator's page. */
export interface TreasuryView {
  readonly pools: readonly Pool[];
  readonly rights: RightCounts;
  /** Pieces and money of all pools by currency. */
  readonly totals: readonly (Pick<Pool, 'currency' | 'balances'> & { readonly pools: number })[];
  readonly shows: readonly { readonly boxes: BoxesOfShow; readonly measures: readonly Measure[] }[];
}

export interface RightCounts {
  /** Wait for their round's reveal. */
  readonly earned: number;
  /** Reservations that are not released yet. */
  readonly reserved: number;
  readonly released: number;
  readonly granted: number;
  /** Of those granted. */
  readonly reversed: number;
  readonly voided: number;
}

/** One pool's account: every piece is granted, or it is said where it is and why. */
export interface PoolAccount {
  readonly pool: Pool;
  /** Grants that stand, counted one by one. */
  readonly grants: Amount;
  /** Rights that are not settled, counted one by one, and what they wait for. */
  readonly waiting: readonly (Amount & {
    readonly interaction: string;
    readonly waitsFor: 'reveal' | 'order' | 'grant' | 'voiding';
  })[];
  /** Where what was left went; `to` null: returned. */
  readonly swept: readonly (Amount & { readonly to: string | null; readonly atUs: UnixMicroseconds })[];
  readonly free: Amount;
  /** Nothing is free or waits: every piece is granted, or was swept by the rule. */
  readonly settled: boolean;
  /** What is not as it must be, in words; none where the account is in order. */
  readonly wrong: readonly string[];
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** `before` of the next page; null: this is the last. */
  readonly next: number | null;
}
