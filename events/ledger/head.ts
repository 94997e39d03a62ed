import type { UnixMicroseconds } from '../../packet/time.ts';

/** How far the chain reaches. Whoever keeps `block` and `hash` elsewhere can tell later whether anything up to there was changed. */
export interface LedgerHead {
  /** Number of the last block; 0: nothing was written yet. */
  readonly block: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
  /** When it was written; 0 for block 0. */
  readonly atUs: UnixMicroseconds;
  /** Rows of each table up to there. */
  readonly rows: {
    readonly interactions: number;
    readonly transitions: number;
    readonly submissions: number;
    readonly journal: number;
  };
}

/** A head as people copy it: `N:HASH`. */
export const headText = ({ block, hash }: Pick<LedgerHead, 'block' | 'hash'>): string => `${block}:${hash}`;

/** @returns null where it is none */
export function parseHead(text: string): Pick<LedgerHead, 'block' | 'hash'> | null {
  const [, block, hash] = /^(0|[1-9]\d{0,14}):([0-9a-f]{64})$/i.exec(text) ?? [];
  return block === undefined || hash === undefined
    ? null
    : { block: Number(block), hash: hash.toLowerCase() };
}
