import type {
  EarnOutcome,
  GrantOutcome,
  NewRight,
  PoolTerms,
  ReleaseOutcome,
  ReverseOutcome,
  VoidOutcome,
} from '../../treasury.ts';

/** The treasury as plainly as it can be said, for tests: what the books do must be what this does. */
export class TreasuryModel {
  readonly pools = new Map<string, ModelPool>();
  readonly rights = new Map<string, ModelRight>();
  readonly rounds = new Map<string, ModelRound>();
  readonly boxes = new Map<string, number>();
  threshold = 0;

  open(terms: PoolTerms, pieces: number, amount: number): string {
    if (this.pools.has(terms.id)) return 'refused';
    if (terms.leftover.rule === 'to' && !this.pools.has(terms.leftover.pool)) return 'refused';
    this.pools.set(terms.id, {
      terms,
      open: true,
      keys: new Set(),
      in: [pieces, amount],
      out: [0, 0],
      used: new Map(),
    });
    return 'done';
  }

  fund(id: string, key: string, pieces: number, amount: number): string {
    const pool = this.pools.get(id);
    if (pool === undefined) return 'refused';
    if (pool.keys.has(key)) return 'already';
    pool.keys.add(key);
    pool.in = [pool.in[0] + pieces, pool.in[1] + amount];
    return 'done';
  }

  setOpen(id: string, open: boolean): string {
    const pool = this.pools.get(id);
    if (pool === undefined) return 'refused';
    if (pool.open === open) return 'already';
    pool.open = open;
    return 'done';
  }

  sweep(id: string, now: number): string {
    const pool = this.pools.get(id);
    if (pool === undefined) return 'refused';
    if (pool.open && (pool.terms.closesAtUs === null || now < pool.terms.closesAtUs)) return 'refused';
    const [pieces, amount] = this.free(id);
    if (pieces + amount === 0) return 'already';
    pool.out = [pool.out[0] + pieces, pool.out[1] + amount];
    if (pool.terms.leftover.rule === 'to') {
      const to = this.pools.get(pool.terms.leftover.pool)!;
      to.in = [to.in[0] + pieces, to.in[1] + amount];
    }
    return 'done';
  }

  /** What nobody has or holds. */
  free(id: string): [number, number] {
    const pool = this.pools.get(id)!;
    const used = [...pool.used.values()];
    return [
      pool.in[0] - pool.out[0] - used.length,
      pool.in[1] - pool.out[1] - used.reduce((sum, amount) => sum + amount, 0),
    ];
  }

  earn(right: NewRight, now: number): EarnOutcome | 'unknown' {
    const round = this.rounds.get(right.interaction);
    const pool = this.pools.get(right.pool);
    const has = [...this.rights.values()].some(
      ({ of }) => of.interaction === right.interaction && of.viewer === right.viewer,
    );
    if (has) return 'already';
    if (pool === undefined || round === undefined) return 'unknown';
    const { opensAtUs, closesAtUs, tier } = pool.terms;
    const inTime = (opensAtUs === null || now >= opensAtUs) && (closesAtUs === null || now < closesAtUs);
    if (!pool.open || !inTime || round.canceled) return 'closed';
    if (!round.answered.has(right.viewer) || round.shadow) return 'not-eligible';
    if (tier === 'high' && (this.boxes.get(right.viewer) ?? 0) < this.threshold) return 'not-eligible';
    const [pieces, amount] = this.free(right.pool);
    if (pieces < 1 || amount < right.amountMinor) return 'empty';
    this.rights.set(right.id, { of: right, state: 'earned', reversed: false });
    pool.used.set(right.id, right.amountMinor);
    return 'earned';
  }

  stateOf(id: string): ModelRight['state'] | undefined {
    const right = this.rights.get(id);
    if (right?.state !== 'earned' || right.of.expiresAtUs !== null) return right?.state;
    const { revealed, canceled } = this.rounds.get(right.of.interaction)!;
    return revealed && !canceled ? 'released' : 'earned';
  }

  release(id: string, now: number): ReleaseOutcome {
    const state = this.stateOf(id);
    if (state === undefined) return 'unknown';
    if (state !== 'earned') return state === 'released' ? 'already' : state;
    const right = this.rights.get(id)!;
    if (right.of.expiresAtUs !== null && right.of.expiresAtUs <= now) {
      this.void(id);
      return 'voided';
    }
    right.state = 'released';
    return 'released';
  }

  void(id: string): VoidOutcome {
    const right = this.rights.get(id);
    if (right === undefined) return 'unknown';
    if (right.state === 'granted') return 'granted';
    if (right.state === 'voided') return 'already';
    right.state = 'voided';
    this.pools.get(right.of.pool)!.used.delete(id);
    return 'voided';
  }

  grant(id: string): GrantOutcome {
    const state = this.stateOf(id);
    if (state === undefined) return 'unknown';
    if (state === 'granted') return 'already';
    if (state === 'voided') return 'voided';
    const right = this.rights.get(id)!;
    if (state === 'earned' || this.rounds.get(right.of.interaction)!.canceled) return 'not-released';
    right.state = 'granted';
    return 'granted';
  }

  reverse(id: string): ReverseOutcome {
    const right = this.rights.get(id);
    if (right?.state !== 'granted') return 'unknown';
    if (right.reversed) return 'already';
    right.reversed = true;
    this.pools.get(right.of.pool)!.used.delete(id);
    return 'reversed';
  }

  /** All that the keeper does, however many batches it takes. */
  settle(now: number): void {
    for (const [id, right] of this.rights) {
      const { canceled } = this.rounds.get(right.of.interaction)!;
      const { reverseOnVoid } = this.pools.get(right.of.pool)!.terms;
      const { expiresAtUs } = right.of;
      if (right.state === 'earned' && expiresAtUs !== null && expiresAtUs <= now) this.void(id);
      if (canceled && right.state !== 'granted') this.void(id);
      if (canceled && right.state === 'granted' && reverseOnVoid) this.reverse(id);
      if (!canceled) this.grant(id);
    }
  }
}

interface ModelPool {
  readonly terms: PoolTerms;
  open: boolean;
  readonly keys: Set<string>;
  in: [number, number];
  out: [number, number];
  /** What each right has of it. */
  readonly used: Map<string, number>;
}

interface ModelRight {
  readonly of: NewRight;
  state: 'earned' | 'released' | 'granted' | 'voided';
  reversed: boolean;
}

export interface ModelRound {
  readonly answered: Set<string>;
  readonly shadow: boolean;
  revealed: boolean;
  canceled: boolean;
}
