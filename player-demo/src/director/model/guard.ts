import type { Wanted } from './decide.ts';

/** What is asked twice, one at a time. All times are of the monotonic clock, milliseconds. */
export type Guard =
  /** A prize item is armed: a take within the span takes it. */
  | { readonly kind: 'prize'; readonly item: string; readonly since: number; readonly until: number }
  /** One press has been: another within the span, or holding on, closes everything. */
  | { readonly kind: 'panic'; readonly since: number; readonly until: number; readonly held: boolean }
  | { readonly kind: 'void'; readonly cue: string; readonly since: number; readonly until: number }
  /** It comes before viewers who are far behind have seen the lock. */
  | {
      readonly kind: 'early';
      /** What the second press sends. */
      readonly wanted: Wanted;
      /** When it is no longer too early, Unix milliseconds; null: nobody knows. */
      readonly notBefore: number | null;
      readonly since: number;
      readonly until: number;
    }
  | { readonly kind: 'control'; readonly since: number; readonly until: number }
  | {
      readonly kind: 'mode';
      readonly rehearsal: boolean;
      readonly since: number;
      readonly until: number;
    };

export type GuardKind = Guard['kind'];

export const GUARD_MS: { readonly [kind in GuardKind]: number } = {
  prize: 10_000,
  panic: 3_000,
  void: 6_000,
  early: 8_000,
  control: 6_000,
  mode: 6_000,
};

/** How long the panic key is held. */
export const HOLD_MS = 1_000;

export const prizeGuard = (item: string, now: number): Guard => ({
  kind: 'prize',
  item,
  since: now,
  until: now + GUARD_MS.prize,
});
export const panicGuard = (now: number): Guard => ({
  kind: 'panic',
  since: now,
  until: now + GUARD_MS.panic,
  held: true,
});
export const voidGuard = (cue: string, now: number): Guard => ({
  kind: 'void',
  cue,
  since: now,
  until: now + GUARD_MS.void,
});
export const earlyGuard = (wanted: Wanted, notBefore: number | null, now: number): Guard => ({
  kind: 'early',
  ...{ wanted, notBefore },
  since: now,
  until: now + GUARD_MS.early,
});
export const controlGuard = (now: number): Guard => ({
  kind: 'control',
  since: now,
  until: now + GUARD_MS.control,
});
export const modeGuard = (rehearsal: boolean, now: number): Guard => ({
  kind: 'mode',
  rehearsal,
  since: now,
  until: now + GUARD_MS.mode,
});

export const isOver = (guard: Guard, now: number): boolean => now >= guard.until;

/** The panic key has been held long enough. */
export const isHeldOut = (guard: Guard, now: number): boolean =>
  guard.kind === 'panic' && guard.held && now - guard.since >= HOLD_MS;
